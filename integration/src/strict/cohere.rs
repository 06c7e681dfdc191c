//! Cohere's chat, version 2.
//!
//! <https://docs.cohere.com/reference/chat>

#![allow(dead_code, reason = "what is not looked at is still read, and must be what it should be")]

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Api, Asked, CACHED, Counts, Fault, InPath, REASONING, Stream, answered, parse, require};

mod words;

/// The API.
pub(crate) struct Cohere;

impl Api for Cohere {
    fn name(&self) -> &'static str {
        "cohere"
    }

    fn read(&self, body: &[u8], _path: &InPath) -> Result<Asked, Fault> {
        cohere(parse(body)?)
    }

    fn whole(&self, answer: &Answer) -> Value {
        words::whole(answer)
    }

    fn stream(&self, answer: &Answer) -> Stream {
        words::stream(answer)
    }

    fn failure(&self, _status: u16, message: &str) -> Value {
        json!({ "id": "up", "message": message })
    }

    fn failure_event(&self, message: &str) -> Vec<u8> {
        let delta = json!({ "finish_reason": "ERROR", "error": message });
        words::event(&json!({ "type": "message-end", "delta": delta }))
    }

    fn counts(&self) -> Counts {
        Counts { cached: CACHED, written: 0, reasoning: REASONING }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    model: String,
    messages: Vec<Message>,
    stream: bool,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Choice>,
    response_format: Option<Format>,
    thinking: Option<Thinking>,
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    p: Option<f64>,
    k: Option<u64>,
    seed: Option<u64>,
    presence_penalty: Option<f64>,
    frequency_penalty: Option<f64>,
    #[serde(default)]
    stop_sequences: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "role", rename_all = "lowercase", deny_unknown_fields)]
enum Message {
    System {
        content: Content,
    },
    User {
        content: Content,
    },
    Assistant {
        content: Option<Content>,
        #[serde(default)]
        tool_calls: Vec<Call>,
    },
    Tool {
        tool_call_id: String,
        content: Content,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Part {
    Text { text: String },
    ImageUrl { image_url: Image },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    id: String,
    r#type: Function,
    function: Called,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Function {
    Function,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    r#type: Function,
    function: Defined,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defined {
    name: String,
    description: Option<String>,
    parameters: Map<String, Value>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Choice {
    Required,
    None,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Format {
    Text,
    JsonObject { json_schema: Option<Value> },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum Thinking {
    Enabled { token_budget: Option<u64> },
    Disabled,
}

fn cohere(request: Request) -> Result<Asked, Fault> {
    require(request.temperature.is_none_or(|heat| (0.0..=1.0).contains(&heat)), || "temperature".to_owned())?;
    require(request.stop_sequences.len() <= 5, || "stop_sequences".to_owned())?;
    let form = !matches!(request.response_format, None | Some(Format::Text));
    require(!form || request.tools.is_empty(), || "response_format beside tools".to_owned())?;
    require(request.tool_choice.is_none() || !request.tools.is_empty(), || "a choice among no tools".to_owned())?;
    let mut asked = Asked {
        tool: request.tools.first().map(|tool| tool.function.name.clone()),
        forced: request.tool_choice == Some(Choice::Required),
        stream: request.stream,
        thinking: matches!(request.thinking, Some(Thinking::Enabled { .. })),
        limit: request.max_tokens,
        temperature: request.temperature,
        stop: request.stop_sequences,
        ..Asked::default()
    };
    asked.tool = asked.tool.filter(|_| request.tool_choice != Some(Choice::None));
    if let Some(Format::JsonObject { json_schema }) = request.response_format {
        asked.schema = json_schema;
    }
    listen(&request.messages, &mut asked)?;
    Ok(asked)
}

/// Every call must have its result before anything else is said.
fn listen(messages: &[Message], asked: &mut Asked) -> Result<(), Fault> {
    require(!messages.is_empty(), || "no messages".to_owned())?;
    let mut open = Vec::new();
    for message in messages {
        if let Message::Tool { tool_call_id, content } = message {
            answered(&mut open, tool_call_id)?;
            let before = asked.images.len();
            let result = text(content, asked);
            asked.results.push(result);
            require(asked.images.len() == before, || "an image of a tool".to_owned())?;
            continue;
        }
        require(open.is_empty(), || format!("no result of {open:?}"))?;
        asked.results.clear();
        match message {
            Message::System { content } => {
                let text = text(content, asked);
                asked.system.push(text);
            }
            Message::User { content } => asked.user = text(content, asked),
            Message::Assistant { content, tool_calls } => {
                require(content.is_some() || !tool_calls.is_empty(), || "an empty message".to_owned())?;
                for call in tool_calls {
                    parse::<Map<String, Value>>(call.function.arguments.as_bytes())?;
                    open.push(call.id.clone());
                }
            }
            Message::Tool { .. } => {}
        }
    }
    require(open.is_empty(), || format!("no result of {open:?}"))
}

fn text(content: &Content, asked: &mut Asked) -> String {
    let parts = match content {
        Content::Text(text) => return text.clone(),
        Content::Parts(parts) => parts,
    };
    let mut all = String::new();
    for part in parts {
        match part {
            Part::Text { text } => all.push_str(text),
            Part::ImageUrl { image_url: Image { url } } => {
                asked.images.push(url.rsplit_once("base64,").map_or(&**url, |(_, data)| data).to_owned());
            }
        }
    }
    all
}
