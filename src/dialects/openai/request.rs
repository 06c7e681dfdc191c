//! Chat requests, written anew from the hub's words or passed with what is the gateway's changed.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::messages::{self, WrittenMessage};
use crate::dialects::Outbound;
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::{Function, ResponseFormat, Tool, ToolChoice};
use crate::json::{self, Object};
use crate::surfaces::Asked;

/// The caller's own request, with the target's model; a stream must tell its usage, which the caller may not want
/// to see. All else keeps its bytes, since providers cache prompts by them.
pub(super) fn pass(body: &Object<'_>, asked: &Asked, model: &str) -> Vec<u8> {
    let mut edits = vec![("model", Some(json::string(model)))];
    if asked.stream {
        edits.push(("stream_options", Some(stream_options(body.get("stream_options")))));
    }
    body.write_with(&edits)
}

fn stream_options(given: Option<&RawValue>) -> String {
    let include = [("include_usage", Some("true".to_owned()))];
    let merged =
        given.and_then(|raw| Object::parse(raw.get().as_bytes()).ok()).map(|object| object.write_with(&include));
    merged.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| r#"{"include_usage":true}"#.to_owned())
}

/// A request in OpenAI's form.
///
/// The limit of tokens is written as `max_completion_tokens`: OpenAI's reasoning models refuse the older name.
pub(super) fn write(chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
    let request = Request {
        model,
        messages: messages::write(&chat.messages)?,
        max_completion_tokens: chat.max_tokens,
        temperature: chat.temperature,
        top_p: chat.top_p,
        stop: &chat.stop,
        stream: chat.stream.then_some(true),
        stream_options: chat.stream.then_some(StreamOptions { include_usage: true }),
        tools: chat.tools.iter().map(WrittenTool::from).collect(),
        tool_choice: chat.tool_choice.as_ref().map(WrittenChoice),
        parallel_tool_calls: chat.parallel_tool_calls.filter(|_| !chat.tools.is_empty()),
        response_format: chat.response_format.as_ref().map(WrittenFormat::from),
        reasoning_effort: chat.reasoning_effort.as_deref(),
        user: chat.user.as_deref().map(user),
        service_tier: chat.service_tier.as_deref(),
    };
    // Writing strings and numbers cannot fail.
    let body = serde_json::to_vec(&request).unwrap_or_default();
    Ok(Outbound { body, dropped: dropped(chat), headers: Vec::new() })
}

/// OpenAI takes 64 characters. Longer names of users, which Claude Code has, are told by their digest.
fn user(name: &str) -> Cow<'_, str> {
    if name.chars().count() <= 64 {
        return Cow::Borrowed(name);
    }
    Cow::Owned(Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn dropped(chat: &ChatRequest<'_>) -> Vec<Cow<'static, str>> {
    let extensions = [
        ("top_k", chat.top_k.is_some()),
        // An effort says as much as can be said here.
        ("thinking", chat.thinking.is_some() && chat.reasoning_effort.is_none()),
        ("cache_control", chat.cache_control.is_some()),
    ];
    let extensions = extensions.into_iter().filter(|(_, there)| *there).map(|(name, _)| Cow::Borrowed(name));
    extensions.chain(chat.others.iter().map(|name| Cow::Owned(name.as_ref().to_owned()))).collect()
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: Vec<WrittenMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WrittenTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<WrittenChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<WrittenFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct WrittenTool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: WrittenFunction<'a>,
}

#[derive(Serialize)]
struct WrittenFunction<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

impl<'a> From<&'a Tool<'_>> for WrittenTool<'a> {
    fn from(tool: &'a Tool<'_>) -> Self {
        let Function { name, description, parameters, strict } = &tool.function;
        let description = description.as_deref();
        let function = WrittenFunction { name, description, parameters: *parameters, strict: *strict };
        Self { kind: "function", function }
    }
}

struct WrittenChoice<'a>(&'a ToolChoice<'a>);

impl Serialize for WrittenChoice<'_> {
    fn serialize<S: serde::Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let function = |name: &str| serde_json::json!({"type": "function", "function": {"name": name}});
        match self.0 {
            ToolChoice::Auto => json.serialize_str("auto"),
            ToolChoice::None => json.serialize_str("none"),
            ToolChoice::Required => json.serialize_str("required"),
            ToolChoice::Function(name) => function(name).serialize(json),
            ToolChoice::Allowed { required, names } => {
                let tools: Vec<_> = names.iter().map(|name| function(name)).collect();
                let mode = if *required { "required" } else { "auto" };
                let allowed = serde_json::json!({"mode": mode, "tools": tools});
                serde_json::json!({"type": "allowed_tools", "allowed_tools": allowed}).serialize(json)
            }
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WrittenFormat<'a> {
    Text,
    JsonObject,
    JsonSchema { json_schema: WrittenSchema<'a> },
}

#[derive(Serialize)]
struct WrittenSchema<'a> {
    /// Required here; other surfaces have no such name.
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

impl<'a> From<&'a ResponseFormat<'_>> for WrittenFormat<'a> {
    fn from(format: &'a ResponseFormat<'_>) -> Self {
        match format {
            ResponseFormat::Text => Self::Text,
            ResponseFormat::JsonObject => Self::JsonObject,
            ResponseFormat::JsonSchema(schema) => Self::JsonSchema {
                json_schema: WrittenSchema {
                    name: if schema.name.is_empty() { "answer" } else { &schema.name },
                    description: schema.description.as_deref(),
                    schema: schema.schema,
                    strict: schema.strict,
                },
            },
        }
    }
}
