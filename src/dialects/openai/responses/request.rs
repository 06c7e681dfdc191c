//! Requests, written anew from the hub's words.
//!
//! <https://platform.openai.com/docs/api-reference/responses/create>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::input::{self, WrittenItem};
use crate::dialects::Outbound;
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::{Function, ResponseFormat, Tool, ToolChoice};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: Vec<WrittenItem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WrittenTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextOptions<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    /// Responses are kept by default, which callers of other APIs neither ask for nor can use.
    store: bool,
}

/// Writes a request for `model`.
pub(super) fn write(chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
    let request = Request {
        model,
        input: input::write(&chat.messages)?,
        max_output_tokens: chat.max_tokens,
        temperature: chat.temperature,
        top_p: chat.top_p,
        stream: chat.stream.then_some(true),
        tools: chat.tools.iter().map(WrittenTool::from).collect(),
        tool_choice: chat.tool_choice.as_ref().map(choice),
        parallel_tool_calls: chat.parallel_tool_calls.filter(|_| !chat.tools.is_empty()),
        text: chat.response_format.as_ref().map(|format| TextOptions { format: format.into() }),
        reasoning: chat.reasoning_effort.as_deref().map(|effort| Reasoning { effort }),
        user: chat.user.as_deref(),
        service_tier: chat.service_tier.as_deref(),
        store: false,
    };
    // Writing strings and numbers cannot fail.
    let body = serde_json::to_vec(&request).unwrap_or_default();
    Ok(Outbound { body, dropped: dropped(chat), headers: Vec::new() })
}

fn dropped(chat: &ChatRequest<'_>) -> Vec<Cow<'static, str>> {
    let unsaid = [
        ("stop", !chat.stop.is_empty()),
        ("top_k", chat.top_k.is_some()),
        ("thinking", chat.thinking.is_some()),
        ("cache_control", chat.cache_control.is_some()),
    ];
    let unsaid = unsaid.into_iter().filter(|(_, there)| *there).map(|(name, _)| Cow::Borrowed(name));
    // Nothing is kept, which is what `store` would say.
    let others = chat.others.iter().filter(|name| *name != "store");
    unsaid.chain(others.map(|name| Cow::Owned(name.as_ref().to_owned()))).collect()
}

#[derive(Serialize)]
struct Reasoning<'a> {
    effort: &'a str,
}

#[derive(Serialize)]
struct WrittenTool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    /// Required here.
    parameters: Parameters<'a>,
    /// The default here is `true`, which not every schema can be.
    strict: bool,
}

/// A schema, or that of no parameters at all.
struct Parameters<'a>(Option<&'a RawValue>);

impl Serialize for Parameters<'_> {
    fn serialize<S: serde::Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(schema) => schema.serialize(json),
            None => json!({"type": "object", "properties": {}}).serialize(json),
        }
    }
}

impl<'a> From<&'a Tool<'_>> for WrittenTool<'a> {
    fn from(tool: &'a Tool<'_>) -> Self {
        let Function { name, description, parameters, strict } = &tool.function;
        let parameters = Parameters(parameters.filter(|raw| raw.get() != "null"));
        let (description, strict) = (description.as_deref(), strict.unwrap_or(false));
        Self { kind: "function", name, description, parameters, strict }
    }
}

fn choice(choice: &ToolChoice<'_>) -> Value {
    let function = |name: &str| json!({"type": "function", "name": name});
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Function(name) => function(name),
        ToolChoice::Allowed { required, names } => {
            let tools: Vec<_> = names.iter().map(|name| function(name)).collect();
            json!({"type": "allowed_tools", "mode": if *required { "required" } else { "auto" }, "tools": tools})
        }
    }
}

#[derive(Serialize)]
struct TextOptions<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'a> {
    Text,
    JsonObject,
    JsonSchema {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        schema: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

impl<'a> From<&'a ResponseFormat<'_>> for Format<'a> {
    fn from(format: &'a ResponseFormat<'_>) -> Self {
        match format {
            ResponseFormat::Text => Self::Text,
            ResponseFormat::JsonObject => Self::JsonObject,
            ResponseFormat::JsonSchema(schema) => Self::JsonSchema {
                // Required here; other surfaces have no such name.
                name: if schema.name.is_empty() { "answer" } else { &schema.name },
                description: schema.description.as_deref(),
                schema: schema.schema,
                strict: schema.strict,
            },
        }
    }
}
