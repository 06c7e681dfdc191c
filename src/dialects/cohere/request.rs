//! Requests.
//!
//! <https://docs.cohere.com/reference/chat#request>

use std::borrow::Cow;

use serde::Serialize;

use super::messages::{self, Message};
use super::schema::{self, Format};
use super::thinking::{self, Thinking};
use super::tools::{self, Tool};
use crate::dialects::Outbound;
use crate::dialects::unsaid;
use crate::errors::ApiError;
use crate::hub::ChatRequest;

/// How many stop sequences there may be.
const STOPS: usize = 5;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
}

/// Writes a request for `model`.
pub(super) fn write(chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
    unsaid::refuse_audio(chat)?;
    let mut dropped = unmet(chat);
    let body = body(chat, model, &mut dropped)?;
    let json = serde_json::to_vec(&body).map_err(|e| ApiError::new(500, format!("the request: {e}")))?;
    Ok(Outbound { body: json, dropped, headers: Vec::new() })
}

/// Where Cohere's ranges are narrower than OpenAI's, the nearest value is sent.
fn body<'a>(
    chat: &'a ChatRequest<'a>,
    model: &'a str,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Body<'a>, ApiError> {
    let (tools, tool_choice) = tools::tools(chat)?;
    let (response_format, instruction) = schema::form(chat.response_format.as_ref(), !tools.is_empty());
    let mut messages = messages::write(chat)?;
    if let Some(text) = instruction {
        let system = messages.iter().take_while(|message| message.is_system()).count();
        messages.insert(system, Message::instruction(text));
    }
    Ok(Body {
        model,
        messages,
        stream: chat.stream,
        max_tokens: chat.max_tokens,
        temperature: chat.temperature.map(|wish| wish.clamp(0.0, 1.0)),
        p: chat.top_p.map(|wish| wish.clamp(0.01, 0.99)),
        k: chat.top_k.map(|wish| wish.min(500)),
        seed: chat.seed.map(i64::cast_unsigned),
        presence_penalty: chat.presence_penalty.map(|wish| wish.clamp(0.0, 1.0)),
        frequency_penalty: chat.frequency_penalty.map(|wish| wish.clamp(0.0, 1.0)),
        stop_sequences: chat.stop.get(..STOPS).unwrap_or(&chat.stop),
        tools,
        tool_choice,
        response_format,
        thinking: thinking::wanted(chat, model, dropped),
    })
}

/// What the caller asked for and Cohere has no word for.
fn unmet(chat: &ChatRequest<'_>) -> Vec<Cow<'static, str>> {
    let default_tier = matches!(chat.service_tier.as_deref(), None | Some("auto" | "default"));
    let known = [
        ("parallel_tool_calls", chat.parallel_tool_calls == Some(false) && !chat.tools.is_empty()),
        ("service_tier", !default_tier),
        ("stop", chat.stop.len() > STOPS),
    ];
    let known = known.into_iter().filter(|(_, there)| *there).map(|(name, _)| Cow::Borrowed(name));
    known.chain(unsaid::members(chat, &["frequency_penalty", "presence_penalty", "seed"])).collect()
}
