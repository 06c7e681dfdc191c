//! OpenAI's Responses.
//!
//! <https://platform.openai.com/docs/api-reference/responses/create>

#![allow(
    dead_code,
    clippy::large_enum_variant,
    reason = "what is not looked at is still read, and must be what it should be"
)]

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Api, Asked, Counts, Fault, InPath, SIGNATURE, Stream, answered, parse, require, schema};

mod words;

/// The API.
pub(crate) struct Responses;

impl Api for Responses {
    fn name(&self) -> &'static str {
        "responses"
    }

    fn read(&self, body: &[u8], _path: &InPath) -> Result<Asked, Fault> {
        responses(parse(body)?)
    }

    fn whole(&self, answer: &Answer) -> Value {
        words::whole(answer)
    }

    fn stream(&self, answer: &Answer) -> Stream {
        words::stream(answer)
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        super::chat::OPENAI.failure(status, message)
    }

    fn failure_event(&self, message: &str) -> Vec<u8> {
        let event = json!({ "type": "error", "code": "server_error", "message": message, "param": null });
        crate::speech::event(&event).into_bytes()
    }

    fn counts(&self) -> Counts {
        Counts::ALL
    }

    fn signs(&self) -> bool {
        true
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    model: String,
    input: Vec<Item>,
    instructions: Option<String>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Choice>,
    parallel_tool_calls: Option<bool>,
    text: Option<Form>,
    reasoning: Option<Reasoning>,
    include: Option<Vec<String>>,
    max_output_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    user: Option<String>,
    service_tier: Option<String>,
    store: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasoning {
    effort: Option<String>,
    summary: Option<String>,
}

/// A message may leave out its type, so what is written there decides nothing by itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    Typed(Typed),
    Bare(Message),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Typed {
    Message {
        id: Option<String>,
        status: Option<String>,
        role: Role,
        content: Content,
    },
    FunctionCall {
        id: Option<String>,
        status: Option<String>,
        call_id: String,
        name: String,
        arguments: String,
    },
    FunctionCallOutput {
        call_id: String,
        output: Content,
    },
    Reasoning {
        id: String,
        summary: Vec<Value>,
        content: Option<Vec<Value>>,
        encrypted_content: Option<String>,
        status: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: Role,
    content: Content,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Role {
    System,
    Developer,
    User,
    Assistant,
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
    InputText { text: String },
    OutputText { text: String, annotations: Option<Vec<Value>>, logprobs: Option<Vec<Value>> },
    Refusal { refusal: String },
    InputImage { image_url: String, detail: Option<String> },
    InputFile { file_data: Option<String>, file_id: Option<String>, filename: Option<String> },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Tool {
    Function { name: String, description: Option<String>, parameters: Value, strict: bool },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Choice {
    Mode(Mode),
    Named(Named),
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Auto,
    None,
    Required,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Named {
    Function { name: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: Option<Format>,
    verbosity: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Format {
    Text,
    JsonObject,
    JsonSchema { name: String, description: Option<String>, schema: Value, strict: Option<bool> },
}

fn responses(request: Request) -> Result<Asked, Fault> {
    let effort = request.reasoning.and_then(|reasoning| reasoning.effort);
    let mut asked = Asked {
        system: request.instructions.into_iter().collect(),
        stream: request.stream,
        alone: request.parallel_tool_calls == Some(false),
        thinking: effort.is_some_and(|effort| effort != "none"),
        limit: request.max_output_tokens,
        temperature: request.temperature,
        ..Asked::default()
    };
    listen(request.input, &mut asked)?;
    let tool = request.tools.first().map(|Tool::Function { name, .. }| name.clone());
    (asked.tool, asked.forced) = match request.tool_choice {
        None | Some(Choice::Mode(Mode::Auto)) => (tool, false),
        Some(Choice::Mode(Mode::None)) => (None, false),
        Some(Choice::Mode(Mode::Required)) => (tool, true),
        Some(Choice::Named(Named::Function { name })) => (Some(name), true),
    };
    if let Some(Format::JsonSchema { schema, strict, .. }) = request.text.and_then(|text| text.format) {
        require(strict != Some(true) || schema::is_closed(&schema), || "an open schema".to_owned())?;
        asked.schema = Some(schema);
    }
    Ok(asked)
}

/// Every call must have its result before a user speaks again.
fn listen(items: Vec<Item>, asked: &mut Asked) -> Result<(), Fault> {
    let mut open = Vec::new();
    for item in items {
        match item {
            Item::Bare(Message { role, content }) | Item::Typed(Typed::Message { role, content, .. }) => {
                require(open.is_empty() || role == Role::Assistant, || format!("no result of {open:?}"))?;
                said(role, &content, asked)?;
            }
            Item::Typed(Typed::FunctionCall { call_id, arguments, .. }) => {
                parse::<Map<String, Value>>(arguments.as_bytes())?;
                open.push(call_id);
            }
            Item::Typed(Typed::FunctionCallOutput { call_id, output }) => {
                answered(&mut open, &call_id)?;
                let result = heard(&output, asked)?;
                asked.results.push(result);
            }
            Item::Typed(Typed::Reasoning { encrypted_content, .. }) => {
                let sealed = encrypted_content.unwrap_or_default();
                require(sealed == SIGNATURE, || format!("reasoning that nobody sealed: {sealed}"))?;
                asked.signatures.push(sealed);
            }
        }
    }
    require(open.is_empty(), || format!("no result of {open:?}"))
}

fn said(role: Role, content: &Content, asked: &mut Asked) -> Result<(), Fault> {
    if role == Role::Assistant {
        let Content::Parts(parts) = content else { return Ok(()) };
        let own = |part: &Part| matches!(part, Part::OutputText { .. } | Part::Refusal { .. });
        return require(parts.iter().all(own), || "an assistant takes nothing in".to_owned());
    }
    let (text, images) = (heard(content, asked)?, asked.images.len());
    if role == Role::User {
        asked.results.clear();
        asked.user = text;
        return Ok(());
    }
    asked.system.push(text);
    require(images == asked.images.len(), || "an image of the system".to_owned())
}

/// The text of what is taken in, its images apart.
fn heard(content: &Content, asked: &mut Asked) -> Result<String, Fault> {
    let parts = match content {
        Content::Text(text) => return Ok(text.clone()),
        Content::Parts(parts) => parts,
    };
    let mut all = String::new();
    for part in parts {
        match part {
            Part::InputText { text } => all.push_str(text),
            Part::InputImage { image_url, .. } => {
                asked.images.push(image_url.rsplit_once("base64,").map_or(&**image_url, |(_, data)| data).to_owned());
            }
            Part::InputFile { .. } => {}
            Part::OutputText { .. } | Part::Refusal { .. } => return Err("only an assistant gives out".to_owned()),
        }
    }
    Ok(all)
}
