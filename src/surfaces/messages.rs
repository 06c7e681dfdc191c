//! Anthropic's messages, as callers use them.
//!
//! <https://docs.anthropic.com/en/api/messages>

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{AnswerContext, Asked, Bounds, ChatSurface, StreamWriter, Surface, bound};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event, FinishReason};
use crate::json::{FieldError, Object};
use crate::wire::Wire;

mod answer;
mod blocks;
mod content;
pub mod count;
mod error;
mod object;
mod request;
mod source;
mod stream;
mod thinking;
mod tools;
mod turns;
mod usage;

/// `POST /v1/messages`.
pub struct Messages;

impl Surface for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn wire(&self) -> Wire {
        Wire::AnthropicMessages
    }

    fn asked(&self, body: &Object<'_>) -> Result<Asked, ApiError> {
        let model = model(body)?;
        check_messages(body.get("messages"))?;
        body.read::<u64>("max_tokens").map_err(refused)?.ok_or_else(|| missing("max_tokens"))?;
        let stream = body.read("stream").map_err(refused)?.unwrap_or(false);
        // Usage is part of the format.
        Ok(Asked { model, stream, include_usage: true, ..Asked::default() })
    }

    fn bounds(&self, body: &Object<'_>) -> Bounds {
        Bounds {
            output: bound(body, "max_tokens"),
            tools: body.get("tools").is_some(),
            user: bound::<Metadata>(body, "metadata").and_then(|metadata| metadata.user_id),
        }
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        error::write(error)
    }
}

impl ChatSurface for Messages {
    fn request<'a>(&self, body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError> {
        if body.get("thread").is_some() {
            return Err(threaded());
        }
        request::read(body).map_err(refused)
    }

    fn answer(&self, events: &[Event<'_>], context: &AnswerContext) -> Vec<u8> {
        answer::write(events, context)
    }

    fn stream(&self, context: AnswerContext) -> Box<dyn StreamWriter> {
        Box::new(stream::Writer::new(context))
    }

    fn stream_error(&self, error: &ApiError) -> Vec<u8> {
        error::write_event(error)
    }
}

/// The model that is asked for.
fn model(body: &Object<'_>) -> Result<String, ApiError> {
    let model = body.read::<String>("model").map_err(refused)?.ok_or_else(|| missing("model"))?;
    if model.trim().is_empty() { Err(empty("model", "the name of a model")) } else { Ok(model) }
}

/// Only Anthropic keeps conversations; its packages understand this and send all of one.
fn threaded() -> ApiError {
    let message = "thread: this provider keeps no conversations; send all of this one";
    ApiError::invalid(message).param("thread").code(error::NO_THREADS)
}

/// Members of `metadata` that are the gateway's business.
#[derive(Deserialize)]
struct Metadata {
    user_id: Option<String>,
}

fn refused(error: FieldError) -> ApiError {
    ApiError::invalid(format!("{}: {}", error.path, error.reason)).param(error.path).code("invalid_type")
}

fn missing(field: &'static str) -> ApiError {
    ApiError::invalid(format!("{field}: Field required")).param(field).code("missing_required_parameter")
}

fn empty(field: &'static str, expected: &str) -> ApiError {
    ApiError::invalid(format!("{field}: it is empty, expected {expected}")).param(field).code("invalid_value")
}

/// `messages` must be a list with something in it. What is in it is read only where it has to be translated.
fn check_messages(messages: Option<&RawValue>) -> Result<(), ApiError> {
    let text = messages.ok_or_else(|| missing("messages"))?.get();
    let Some(inside) = text.strip_prefix('[') else {
        let message = "messages: it is no list, expected a list of messages";
        return Err(ApiError::invalid(message).param("messages").code("invalid_type"));
    };
    if inside.trim_ascii_start().starts_with(']') {
        return Err(empty("messages", "a list with at least one message"));
    }
    Ok(())
}

/// Why an answer ended, and by which stop sequence, where the provider tells.
#[derive(Debug, Default)]
struct Stop {
    reason: Option<FinishReason>,
    /// Empty if it is not known which.
    sequence: Option<String>,
}

impl Stop {
    /// `stop_reason`, and `stop_sequence`. `called`: there were calls.
    fn told(&self, called: bool) -> (&'static str, Option<&str>) {
        match (stop_reason(self.reason, called), &self.sequence) {
            ("end_turn", Some(sequence)) => ("stop_sequence", Some(sequence.as_str()).filter(|text| !text.is_empty())),
            (reason, _) => (reason, None),
        }
    }
}

/// The `stop_reason` of an answer. Some providers say `stop` after tool calls, and callers run tools only when they
/// are asked to; one that is asked to run none would ask again for ever.
///
/// <https://docs.anthropic.com/en/api/handling-stop-reasons>
fn stop_reason(reason: Option<FinishReason>, called: bool) -> &'static str {
    match reason.unwrap_or(FinishReason::Stop) {
        FinishReason::Length => "max_tokens",
        FinishReason::ContentFilter => "refusal",
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::FunctionCall if called => "tool_use",
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::FunctionCall => "end_turn",
    }
}

/// The id of an answer: the provider's own, or one that we make.
fn answer_id(id: Option<&str>, context: &AnswerContext) -> String {
    id.filter(|id| !id.is_empty()).map_or_else(|| format!("msg_{}", context.id), str::to_owned)
}

#[cfg(test)]
mod tests;
