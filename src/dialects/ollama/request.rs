//! Requests.
//!
//! <https://docs.ollama.com/api/chat>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::messages::{self, Message};
use super::thinking::{self, Think};
use super::tools::{self, Tool};
use crate::dialects::Outbound;
use crate::dialects::unsaid;
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::ResponseFormat;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    /// Always said: Ollama streams unless told not to.
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    options: Options<'a>,
}

/// The word `json`, or a schema.
#[derive(Serialize)]
#[serde(untagged)]
enum Format<'a> {
    Any(&'static str),
    Schema(&'a RawValue),
}

/// <https://docs.ollama.com/modelfile#valid-parameters-and-values>
#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [Cow<'a, str>],
}

impl Options<'_> {
    fn is_empty(&self) -> bool {
        let Self { num_predict, temperature, top_p, top_k, seed, presence_penalty, frequency_penalty, stop } = self;
        let floats = [temperature, top_p, presence_penalty, frequency_penalty];
        floats.iter().all(|value| value.is_none())
            && num_predict.or(*top_k).is_none()
            && seed.is_none()
            && stop.is_empty()
    }
}

/// Writes a request for `model`.
pub(super) fn write(chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
    unsaid::refuse_audio(chat)?;
    let mut dropped = unmet(chat);
    let body = Body {
        model,
        messages: messages::write(chat)?,
        stream: chat.stream,
        tools: tools::tools(chat, &mut dropped),
        format: format(chat.response_format.as_ref()),
        think: thinking::wanted(chat, &mut dropped),
        options: options(chat),
    };
    let json = serde_json::to_vec(&body).map_err(|e| ApiError::new(500, format!("the request: {e}")))?;
    Ok(Outbound { body: json, dropped, headers: Vec::new() })
}

fn options<'a>(chat: &'a ChatRequest<'a>) -> Options<'a> {
    Options {
        num_predict: chat.max_tokens,
        temperature: chat.temperature,
        top_p: chat.top_p,
        top_k: chat.top_k,
        seed: chat.seed,
        presence_penalty: chat.presence_penalty,
        frequency_penalty: chat.frequency_penalty,
        stop: &chat.stop,
    }
}

/// <https://docs.ollama.com/capabilities/structured-outputs>
fn format<'a>(wanted: Option<&ResponseFormat<'a>>) -> Option<Format<'a>> {
    match wanted? {
        ResponseFormat::Text => None,
        ResponseFormat::JsonObject => Some(Format::Any("json")),
        ResponseFormat::JsonSchema(wanted) => Some(wanted.schema.map_or(Format::Any("json"), Format::Schema)),
    }
}

/// What the caller asked for and Ollama has no word for.
fn unmet(chat: &ChatRequest<'_>) -> Vec<Cow<'static, str>> {
    let default_tier = matches!(chat.service_tier.as_deref(), None | Some("auto" | "default"));
    let known = [
        ("parallel_tool_calls", chat.parallel_tool_calls == Some(false) && !chat.tools.is_empty()),
        ("service_tier", !default_tier),
    ];
    let known = known.into_iter().filter(|(_, there)| *there).map(|(name, _)| Cow::Borrowed(name));
    known.chain(unsaid::members(chat, &["frequency_penalty", "presence_penalty", "seed"])).collect()
}
