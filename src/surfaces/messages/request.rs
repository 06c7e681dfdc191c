//! Requests, in the hub's words.
//!
//! <https://docs.anthropic.com/en/api/messages>

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::content::leave_out;
use super::object::Placed;
use super::{thinking, tools, turns};
use crate::hub::ChatRequest;
use crate::hub::request::{JsonSchema, ResponseFormat};
use crate::json::{FieldError, Object, Text};

/// Members that a request in the hub's words says, or that are the gateway's business.
const KNOWN: &[&str] = &[
    "anthropic_version",
    "cache_control",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

/// Reads a request. Types are checked, ranges are not: they differ between providers.
///
/// # Errors
/// A field has another type than Anthropic's documents say.
pub(super) fn read<'a>(body: &Object<'a>) -> Result<ChatRequest<'a>, FieldError> {
    let turns::Turns { messages, mut others } = turns::read(body.get("system"), body.get("messages"))?;
    let tools = tools::tools(body.get("tools"), &mut others)?;
    let (tool_choice, parallel_tool_calls) = tools::choice(body.get("tool_choice"))?;
    let output = body.get("output_config").map(|raw| Placed::read(raw, "output_config".to_owned())).transpose()?;
    let effort = output.as_ref().map(|output| output.optional_text("effort")).transpose()?.flatten();
    let response_format = format(body, output.as_ref())?;
    unknown(body, response_format.is_some(), &mut others);
    Ok(ChatRequest {
        messages,
        max_tokens: body.read("max_tokens")?,
        temperature: body.read("temperature")?,
        top_p: body.read("top_p")?,
        top_k: body.read("top_k")?,
        stop: body.read::<Vec<Text<'a>>>("stop_sequences")?.unwrap_or_default().into_iter().map(|t| t.0).collect(),
        stream: body.read("stream")?.unwrap_or_default(),
        // A choice among no tools is refused.
        tool_choice: tool_choice.filter(|_| !tools.is_empty()),
        parallel_tool_calls,
        tools,
        response_format,
        reasoning_effort: thinking::effort(body.get("thinking"), effort)?,
        thinking: body.get("thinking"),
        user: user(body)?,
        service_tier: body.read::<Text<'a>>("service_tier")?.map(|tier| service_tier(tier.0)),
        cache_control: body.get("cache_control"),
        others,
        ..ChatRequest::default()
    })
}

/// <https://docs.anthropic.com/en/api/service-tiers>
fn service_tier(tier: Cow<'_, str>) -> Cow<'_, str> {
    if tier == "standard_only" { Cow::Borrowed("default") } else { tier }
}

fn user<'a>(body: &Object<'a>) -> Result<Option<Cow<'a, str>>, FieldError> {
    let Some(raw) = body.get("metadata") else { return Ok(None) };
    Placed::read(raw, "metadata".to_owned())?.optional_text("user_id")
}

/// The form of the answer. `output_format` is what `output_config.format` was called before.
///
/// <https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs>
fn format<'a>(body: &Object<'a>, output: Option<&Placed<'a>>) -> Result<Option<ResponseFormat<'a>>, FieldError> {
    let (raw, path) = match output.and_then(|output| output.get("format")) {
        Some(raw) => (raw, "output_config.format"),
        None => match body.get("output_format").filter(|raw| is_object(raw)) {
            Some(raw) => (raw, "output_format"),
            None => return Ok(None),
        },
    };
    let format = Placed::read(raw, path.to_owned())?;
    match format.kind()?.as_ref() {
        "json_schema" => Ok(Some(ResponseFormat::JsonSchema(JsonSchema {
            name: Cow::Borrowed(""),
            description: None,
            schema: format.get("schema"),
            strict: None,
        }))),
        other => Err(format.unknown("type", other, "`json_schema`")),
    }
}

fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}

/// Members that nobody else has a word for.
fn unknown<'a>(body: &Object<'a>, formatted: bool, others: &mut Vec<Cow<'a, str>>) {
    for (name, value) in body.names() {
        let known = KNOWN.contains(&name.as_ref()) || (formatted && name == "output_format");
        if !known && value.get() != "null" {
            leave_out(name.clone(), others);
        }
    }
}
