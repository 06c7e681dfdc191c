//! Requests, where they have to be translated.
//!
//! <https://platform.openai.com/docs/api-reference/responses/create>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{input, tools};
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::{JsonSchema, ResponseFormat};
use crate::json::{FieldError, Object, Text, optional_text, text_or_empty};

/// Members that a [`ChatRequest`] says, or that are settled here.
const KNOWN: &[&str] = &[
    "background",
    "cache_control",
    "input",
    "instructions",
    "max_output_tokens",
    "model",
    "parallel_tool_calls",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
    "user",
];

/// What only the provider that keeps the conversation can answer.
const STATE: &[&str] = &["conversation", "previous_response_id", "prompt"];

/// Reads a request in the hub's words.
pub(super) fn read<'a>(body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError> {
    check_state(body)?;
    let reasoning = member::<Reasoning<'a>>(body, "reasoning")?.unwrap_or_default();
    let text = member::<TextOptions<'a>>(body, "text")?.unwrap_or_default();
    let mut others = others(body);
    others.extend(text.verbosity.map(|_| Cow::Borrowed("text.verbosity")));
    Ok(ChatRequest {
        messages: input::messages(body)?,
        max_tokens: member(body, "max_output_tokens")?,
        temperature: member(body, "temperature")?,
        top_p: member(body, "top_p")?,
        top_k: member(body, "top_k")?,
        stream: member(body, "stream")?.unwrap_or_default(),
        tools: tools::tools(body)?,
        tool_choice: tools::choice(body)?,
        parallel_tool_calls: member(body, "parallel_tool_calls")?,
        response_format: text.format.map(Format::read).transpose()?,
        reasoning_effort: reasoning.effort,
        thinking: body.get("thinking"),
        user: word(body, "user")?.or(word(body, "safety_identifier")?),
        service_tier: word(body, "service_tier")?,
        cache_control: body.get("cache_control"),
        others,
        ..ChatRequest::default()
    })
}

fn check_state(body: &Object<'_>) -> Result<(), ApiError> {
    if let Some(name) = STATE.iter().find(|name| body.get(name).is_some()) {
        return Err(needs_state(name));
    }
    if member::<bool>(body, "background")? == Some(true) {
        return Err(needs_state("background"));
    }
    Ok(())
}

/// The field refers to what a provider keeps, and this one keeps nothing.
pub(super) fn needs_state(path: &str) -> ApiError {
    let message = format!(
        "Invalid `{path}`: the model's provider does not speak the Responses API, and nothing is kept for it between \
         requests. Send the whole conversation in `input`."
    );
    ApiError::invalid(message).param(path).code("unsupported_parameter")
}

/// The field names a tool that is no function.
pub(super) fn hosted(path: &str, kind: &str) -> ApiError {
    let message = format!(
        "Invalid `{path}`: the model's provider does not speak the Responses API, so it has no tools of type `{kind}`, \
         only `function`."
    );
    ApiError::invalid(message).param(path).code("unsupported_value")
}

/// A field of another type than the documents say; `path` is the object that it is in, or nothing.
pub(super) fn refused(path: &str, error: FieldError) -> ApiError {
    if path.is_empty() {
        return crate::surfaces::chat::refused(error);
    }
    crate::surfaces::chat::refused(FieldError { path: format!("{path}.{}", error.path), reason: error.reason })
}

fn member<'a, T: Deserialize<'a>>(body: &Object<'a>, name: &str) -> Result<Option<T>, ApiError> {
    body.read(name).map_err(|e| refused("", e))
}

fn word<'a>(body: &Object<'a>, name: &str) -> Result<Option<Cow<'a, str>>, ApiError> {
    Ok(member::<Text<'a>>(body, name)?.map(|text| text.0))
}

/// Members that the hub has no word for, unless they say no more than their absence.
fn others<'a>(body: &Object<'a>) -> Vec<Cow<'a, str>> {
    const SAY_NOTHING: &[&str] = &["null", "[]", "{}", "\"disabled\"", "false"];
    let says = |raw: &RawValue| !SAY_NOTHING.contains(&raw.get());
    body.names().filter(|(n, v)| says(v) && !KNOWN.contains(&n.as_ref())).map(|(n, _)| n.clone()).collect()
}

#[derive(Default, Deserialize)]
struct Reasoning<'a> {
    #[serde(borrow, default, deserialize_with = "optional_text")]
    effort: Option<Cow<'a, str>>,
}

/// `text`.
#[derive(Default, Deserialize)]
struct TextOptions<'a> {
    #[serde(borrow, default)]
    format: Option<Format<'a>>,
    #[serde(borrow, default)]
    verbosity: Option<&'a RawValue>,
}

/// The form of the text that is asked for, flat.
#[derive(Deserialize)]
struct Format<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text_or_empty")]
    name: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    description: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    schema: Option<&'a RawValue>,
    #[serde(default)]
    strict: Option<bool>,
}

impl<'a> Format<'a> {
    fn read(self) -> Result<ResponseFormat<'a>, ApiError> {
        let Self { kind, name, description, schema, strict } = self;
        match kind.as_ref() {
            "text" => Ok(ResponseFormat::Text),
            "json_object" => Ok(ResponseFormat::JsonObject),
            "json_schema" => Ok(ResponseFormat::JsonSchema(JsonSchema { name, description, schema, strict })),
            other => {
                let message = format!(
                    "Invalid `text.format.type`: `{other}` is unknown, expected `text`, `json_object` or `json_schema`."
                );
                Err(ApiError::invalid(message).param("text.format.type").code("invalid_value"))
            }
        }
    }
}
