//! OpenAI's Responses, as callers use them.
//!
//! <https://platform.openai.com/docs/api-reference/responses>

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::chat::{self, Chat};
use super::{AnswerContext, Asked, StreamWriter, Surface};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::{Object, optional_text};
use crate::wire::Wire;

mod answer;
mod content;
mod input;
mod item;
mod output;
mod request;
mod response;
mod stream;
mod tools;

/// `POST /v1/responses`.
pub struct Responses;

/// Members that can stand in for `input`: the provider knows what was said.
const INSTEAD_OF_INPUT: &[&str] = &["conversation", "previous_response_id", "prompt"];

impl Surface for Responses {
    fn name(&self) -> &'static str {
        "responses"
    }

    fn wire(&self) -> Wire {
        Wire::OpenAiResponses
    }

    fn asked(&self, body: &Object<'_>) -> Result<Asked, ApiError> {
        let model = body.read::<String>("model").map_err(chat::refused)?.ok_or_else(|| chat::missing("model"))?;
        if model.trim().is_empty() {
            return Err(chat::empty("model", "the name of a model"));
        }
        check_input(body)?;
        let stream = body.read("stream").map_err(chat::refused)?.unwrap_or(false);
        // A response always tells its usage.
        Ok(Asked { model, stream, include_usage: true, legacy_functions: false, ..Asked::default() })
    }

    fn request<'a>(&self, body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError> {
        request::read(body)
    }

    fn answer(&self, events: &[Event<'_>], context: &AnswerContext) -> Vec<u8> {
        answer::write(events, context)
    }

    fn stream(&self, context: AnswerContext) -> Box<dyn StreamWriter> {
        Box::new(stream::Writer::new(context))
    }

    /// The same body as for chat completions.
    ///
    /// <https://platform.openai.com/docs/guides/error-codes/api-errors>
    fn error(&self, error: &ApiError) -> Vec<u8> {
        Chat.error(error)
    }

    fn stream_error(&self, error: &ApiError) -> Vec<u8> {
        let body = self.error(error);
        let object = Object::parse(&body).unwrap_or_default();
        let told = object.get("error").and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let mut out = Vec::new();
        stream::push(&mut out, "error", &Failure::new(&told));
        out
    }
}

/// `input` is a text or a list. What is in it is read only where it has to be translated.
fn check_input(body: &Object<'_>) -> Result<(), ApiError> {
    let Some(input) = body.get("input").map(RawValue::get) else {
        let known = INSTEAD_OF_INPUT.iter().any(|name| body.get(name).is_some());
        return if known { Ok(()) } else { Err(chat::missing("input")) };
    };
    if let Some(inside) = input.strip_prefix('[') {
        let known = INSTEAD_OF_INPUT.iter().any(|name| body.get(name).is_some());
        let nothing = inside.trim_ascii_start().starts_with(']') && !known;
        return if nothing { Err(chat::empty("input", "a text or a list with at least one item")) } else { Ok(()) };
    }
    if input.starts_with('"') {
        return Ok(());
    }
    let message = "Invalid `input`: it is neither a text nor a list, expected one of them.";
    Err(ApiError::invalid(message).param("input").code("invalid_type"))
}

/// What the body of a failure says.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    message: String,
    #[serde(default, rename = "type", deserialize_with = "optional_string")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "optional_string")]
    code: Option<String>,
    #[serde(default, deserialize_with = "optional_string")]
    param: Option<String>,
}

fn optional_string<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<String>, D::Error> {
    optional_text(json).map(|text| text.map(std::borrow::Cow::into_owned))
}

/// The event `error`. Its reference has the members of the failure at the top; what the API sends, and what SDKs
/// raise at, has them in `error`.
///
/// <https://platform.openai.com/docs/api-reference/responses-streaming/error>
#[derive(Serialize)]
struct Failure<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Who tells a failure does not know how many events came before: a number that sorts last.
    sequence_number: i32,
    code: &'a str,
    message: &'a str,
    param: Option<&'a str>,
    error: FailureObject<'a>,
}

#[derive(Serialize)]
struct FailureObject<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    code: &'a str,
    message: &'a str,
    param: Option<&'a str>,
}

impl<'a> Failure<'a> {
    fn new(told: &'a Told) -> Self {
        let kind = told.kind.as_deref().unwrap_or("server_error");
        let (message, param) = (told.message.as_str(), told.param.as_deref());
        let code = told.code.as_deref().unwrap_or(kind);
        let error = FailureObject { kind, code, message, param };
        Self { kind: "error", sequence_number: i32::MAX, code, message, param, error }
    }
}

#[cfg(test)]
mod tests;
