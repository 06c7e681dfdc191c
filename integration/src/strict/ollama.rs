//! Ollama's own chat.
//!
//! <https://docs.ollama.com/api/chat>

#![allow(dead_code, reason = "what is not looked at is still read, and must be what it should be")]

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Answer, Api, Asked, Counts, End, Fault, INPUT, InPath, OUTPUT, Said, Stream, THOUGHT, parse, pieces, require,
};

/// The API.
pub(crate) struct Ollama;

impl Api for Ollama {
    fn name(&self) -> &'static str {
        "ollama"
    }

    fn read(&self, body: &[u8], _path: &InPath) -> Result<Asked, Fault> {
        ollama(parse(body)?)
    }

    fn whole(&self, answer: &Answer) -> Value {
        let mut message = json!({ "role": "assistant", "content": "" });
        if answer.thinking {
            message["thinking"] = json!(THOUGHT);
        }
        match &answer.said {
            Said::Text(text) => message["content"] = json!(text),
            Said::Calls(tool, calls) => {
                message["tool_calls"] = calls.iter().map(|arguments| call(tool, arguments)).collect()
            }
        }
        over(message, answer.end)
    }

    /// A line for each piece; calls come whole.
    fn stream(&self, answer: &Answer) -> Stream {
        let say = |member: &str, said: Value| {
            let mut message = json!({ "role": "assistant", "content": "" });
            message[member] = said;
            line(&json!({ "model": "up-model", "created_at": NOW, "message": message, "done": false }))
        };
        let mut content = Vec::new();
        if answer.thinking {
            content.extend(pieces(THOUGHT).into_iter().map(|piece| say("thinking", json!(piece))));
        }
        match &answer.said {
            Said::Text(text) => content.extend(pieces(text).into_iter().map(|piece| say("content", json!(piece)))),
            Said::Calls(tool, calls) => {
                content.extend(calls.iter().map(|arguments| say("tool_calls", json!([call(tool, arguments)]))))
            }
        }
        let last = over(json!({ "role": "assistant", "content": "" }), answer.end);
        Stream { opening: Vec::new(), content, closing: vec![line(&last)] }
    }

    fn stream_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn failure(&self, _status: u16, message: &str) -> Value {
        json!({ "error": message })
    }

    fn failure_event(&self, message: &str) -> Vec<u8> {
        line(&json!({ "error": message }))
    }

    fn counts(&self) -> Counts {
        Counts::default()
    }
}

const NOW: &str = "2026-01-01T00:00:00Z";

fn line(value: &Value) -> Vec<u8> {
    format!("{value}\n").into_bytes()
}

fn over(message: Value, end: End) -> Value {
    let reason = if end == End::Limit { "length" } else { "stop" };
    json!({
        "model": "up-model", "created_at": NOW, "message": message, "done": true, "done_reason": reason,
        "total_duration": 7, "prompt_eval_count": INPUT, "eval_count": OUTPUT,
    })
}

/// Calls have no ids here.
fn call(tool: &str, arguments: &Value) -> Value {
    json!({ "function": { "name": tool, "arguments": arguments } })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    model: String,
    messages: Vec<Message>,
    /// Streams are the default.
    stream: bool,
    #[serde(default)]
    tools: Vec<Tool>,
    format: Option<Value>,
    think: Option<Value>,
    #[serde(default)]
    options: Options,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: Role,
    content: String,
    thinking: Option<String>,
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    tool_calls: Vec<Call>,
    tool_name: Option<String>,
    tool_call_id: Option<String>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Role {
    System,
    User,
    Assistant,
    Tool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    id: Option<String>,
    function: Called,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    name: String,
    arguments: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    r#type: Function,
    function: Defined,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Function {
    Function,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defined {
    name: String,
    description: Option<String>,
    parameters: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    num_predict: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u64>,
    seed: Option<i64>,
    presence_penalty: Option<f64>,
    frequency_penalty: Option<f64>,
    #[serde(default)]
    stop: Vec<String>,
}

fn ollama(request: Request) -> Result<Asked, Fault> {
    let mut asked = Asked {
        tool: request.tools.into_iter().next().map(|tool| tool.function.name),
        stream: request.stream,
        thinking: request.think.is_some_and(|think| think != json!(false)),
        limit: request.options.num_predict,
        temperature: request.options.temperature,
        stop: request.options.stop,
        schema: request.format.filter(Value::is_object),
        ..Asked::default()
    };
    require(!request.messages.is_empty(), || "no messages".to_owned())?;
    let mut open: Vec<String> = Vec::new();
    for message in request.messages {
        require(message.tool_calls.is_empty() || message.role == Role::Assistant, || "calls by others".to_owned())?;
        asked.images.extend(message.images);
        match message.role {
            Role::System => asked.system.push(message.content),
            Role::User => {
                asked.results.clear();
                asked.user = message.content;
            }
            Role::Assistant => open.extend(message.tool_calls.into_iter().map(|call| call.function.name)),
            Role::Tool => {
                super::answered(&mut open, &message.tool_name.unwrap_or_default())?;
                asked.results.push(message.content);
            }
        }
    }
    Ok(asked)
}
