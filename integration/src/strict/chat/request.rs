//! Requests of chat completions.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>

#![allow(
    dead_code,
    clippy::large_enum_variant,
    reason = "what is not looked at is still read, and must be what it should be"
)]

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::{Asked, Fault, answered, parse, require, schema};

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
    reasoning_effort: Option<Effort>,
    max_completion_tokens: Option<u64>,
    /// What it was called before there was thinking.
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop: Option<Vec<String>>,
    seed: Option<i64>,
    /// Mistral's word for it.
    random_seed: Option<i64>,
    user: Option<String>,
    service_tier: Option<String>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Deserialize)]
#[serde(tag = "role", rename_all = "snake_case", deny_unknown_fields)]
enum Message {
    #[serde(alias = "developer")]
    System {
        content: Content,
        name: Option<String>,
    },
    User {
        content: Content,
        name: Option<String>,
    },
    Assistant {
        content: Option<Content>,
        #[serde(default)]
        tool_calls: Vec<Call>,
        name: Option<String>,
        refusal: Option<String>,
        // What packages send back as they got it.
        reasoning_content: Option<String>,
        reasoning: Option<String>,
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
    ImageUrl { image_url: Image },
    File { file: File },
    Refusal { refusal: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    url: String,
    detail: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    file_data: Option<String>,
    file_id: Option<String>,
    filename: Option<String>,
}

impl Content {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().filter_map(Part::text).collect(),
        }
    }

    fn images(&self) -> Vec<String> {
        let Self::Parts(parts) = self else { return Vec::new() };
        let images = parts.iter().filter_map(|part| match part {
            Part::ImageUrl { image_url } => Some(image_url.url.as_str()),
            _ => None,
        });
        images.map(|url| url.rsplit_once("base64,").map_or(url, |(_, data)| data).to_owned()).collect()
    }
}

impl Part {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text } | Self::Refusal { refusal: text } => Some(text),
            Self::ImageUrl { .. } | Self::File { .. } => None,
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
    #[serde(alias = "any")]
    Required,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Format {
    Text,
    JsonObject,
    JsonSchema { json_schema: Schema },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schema {
    name: String,
    schema: Value,
    strict: Option<bool>,
}

/// Reads a request to a server that may tell its usage unasked.
pub(super) fn read(body: &[u8], unasked: bool) -> Result<Asked, Fault> {
    let request: Request = parse(body)?;
    let usage = request.stream_options.is_some_and(|options| options.include_usage);
    require(usage == (request.stream && !unasked), || "streams tell their usage".to_owned())?;
    require(request.user.is_none_or(|name| name.chars().count() <= 64), || "user: more than 64 characters".to_owned())?;
    let mut asked = Asked {
        stream: request.stream,
        alone: request.parallel_tool_calls == Some(false),
        thinking: request.reasoning_effort.is_some_and(|effort| effort != Effort::None),
        limit: request.max_completion_tokens.or(request.max_tokens),
        temperature: request.temperature,
        stop: request.stop.unwrap_or_default(),
        ..Asked::default()
    };
    listen(&request.messages, &mut asked)?;
    require(!request.tools.is_empty() || request.tool_choice.is_none(), || "a choice among no tools".to_owned())?;
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
    require(!messages.is_empty(), || "no messages".to_owned())?;
    let mut open: Vec<String> = Vec::new();
    for message in messages {
        if let Message::Tool { tool_call_id, content } = message {
            answered(&mut open, tool_call_id)?;
            require(content.images().is_empty(), || "an image of a tool".to_owned())?;
            asked.results.push(content.text());
            continue;
        }
        require(open.is_empty(), || format!("no result of {open:?}"))?;
        match message {
            Message::System { content, .. } => asked.system.push(content.text()),
            Message::User { content, .. } => {
                asked.images.extend(content.images());
                // Images of tools follow their results.
                if !content.text().is_empty() {
                    asked.results.clear();
                    asked.user = content.text();
                }
            }
            Message::Assistant { tool_calls, content, .. } => {
                asked.results.clear();
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
