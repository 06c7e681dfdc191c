//! Chat completions as OpenAI takes them.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>

#![allow(
    dead_code,
    clippy::large_enum_variant,
    reason = "what is not looked at is still read, and must be what it should be"
)]

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Asked, Fault, require, schema};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Choice>,
    parallel_tool_calls: Option<bool>,
    response_format: Option<Format>,
    max_completion_tokens: Option<u64>,
    temperature: Option<f64>,
    stop: Option<Vec<String>>,
    user: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Deserialize)]
#[serde(tag = "role", rename_all = "snake_case", deny_unknown_fields)]
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
        refusal: Option<String>,
        // What packages send back as they got it.
        annotations: Option<Value>,
        audio: Option<Value>,
        function_call: Option<Value>,
        parsed: Option<Value>,
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
}

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().map(|Part::Text { text }| text.as_str()).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    id: String,
    r#type: Function,
    function: Called,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Function {
    Function,
}

#[derive(Deserialize)]
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
    parameters: Value,
    strict: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Choice {
    Mode(Mode),
    Named { r#type: Function, function: Named },
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Auto,
    None,
    Required,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Format {
    JsonSchema { json_schema: Schema },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schema {
    name: String,
    schema: Value,
    strict: Option<bool>,
}

/// Reads a request.
///
/// # Errors
/// It is none that the API takes.
pub fn read(body: &[u8]) -> Result<Asked, Fault> {
    let request: Request = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let usage = request.stream_options.is_some_and(|options| options.include_usage);
    require(usage == request.stream, || "streams tell their usage".to_owned())?;
    let mut asked =
        Asked { stream: request.stream, alone: request.parallel_tool_calls == Some(false), ..Asked::default() };
    listen(&request.messages, &mut asked)?;
    let tool = request.tools.first().map(|tool| tool.function.name.clone());
    (asked.tool, asked.forced) = match request.tool_choice {
        None | Some(Choice::Mode(Mode::Auto)) => (tool, false),
        Some(Choice::Mode(Mode::None)) => (None, false),
        Some(Choice::Mode(Mode::Required)) => (tool, true),
        Some(Choice::Named { function, .. }) => (Some(function.name), true),
    };
    if let Some(Format::JsonSchema { json_schema }) = request.response_format {
        require(json_schema.strict != Some(true) || schema::is_closed(&json_schema.schema), || {
            "an open schema".to_owned()
        })?;
        asked.schema = Some(json_schema.schema);
    }
    Ok(asked)
}

/// Every call must have its result before anything else is said.
fn listen(messages: &[Message], asked: &mut Asked) -> Result<(), Fault> {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        if let Message::Tool { tool_call_id, content } = message {
            let called = open.iter().position(|id| id == tool_call_id);
            open.remove(called.ok_or_else(|| format!("{tool_call_id} was not called"))?);
            asked.results.push(content.text());
            continue;
        }
        require(open.is_empty(), || format!("no result of {open:?}"))?;
        asked.results.clear();
        match message {
            Message::System { content } => asked.system.push(content.text()),
            Message::User { content } => asked.user = content.text(),
            Message::Assistant { tool_calls, content, .. } => {
                require(content.is_some() || !tool_calls.is_empty(), || "an empty message".to_owned())?;
                for call in tool_calls {
                    serde_json::from_str::<Map<String, Value>>(&call.function.arguments).map_err(|e| e.to_string())?;
                    open.push(&call.id);
                }
            }
            Message::Tool { .. } => {}
        }
    }
    require(open.is_empty(), || format!("no result of {open:?}"))
}
