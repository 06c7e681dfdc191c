//! OpenAI's chat completions, as callers use them.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{AnswerContext, Asked, Bounds, ChatSurface, StreamWriter, Surface, bound};
use crate::errors::{ApiError, Kind};
use crate::hub::{ChatRequest, Event, FinishReason};
use crate::json::{FieldError, Object};
use crate::stream::sse;
use crate::usage::Usage;
use crate::wire::Wire;

mod answer;
mod stream;

/// `POST /v1/chat/completions`.
pub struct Chat;

impl Surface for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn wire(&self) -> Wire {
        Wire::OpenAiChat
    }

    fn asked(&self, body: &Object<'_>) -> Result<Asked, ApiError> {
        let model = model(body)?;
        check_messages(body.get("messages"))?;
        let (stream, include_usage) = streaming(body)?;
        let legacy_functions = body.get("functions").is_some();
        Ok(Asked { model, stream, include_usage, legacy_functions, ..Asked::default() })
    }

    fn bounds(&self, body: &Object<'_>) -> Bounds {
        let output = bound::<u64>(body, "max_completion_tokens").or_else(|| bound(body, "max_tokens"));
        let choices = bound(body, "n").unwrap_or(1).max(1);
        Bounds {
            output: output.map(|tokens| tokens.saturating_mul(choices)),
            tools: body.get("tools").or(body.get("functions")).is_some(),
            user: bound(body, "safety_identifier").or_else(|| bound(body, "user")),
        }
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        if let Some(original) = error.original.as_deref()
            && is_error_body(original)
        {
            return original.to_vec();
        }
        let body = ErrorBody {
            error: ErrorObject {
                message: message(error),
                kind: error_type(error),
                param: error.param.as_deref(),
                code: error.code.as_deref().or_else(|| default_code(error)),
            },
        };
        // Writing strings cannot fail.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl ChatSurface for Chat {
    fn request<'a>(&self, body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError> {
        ChatRequest::parse(body).map_err(refused)
    }

    fn answer(&self, events: &[Event<'_>], context: &AnswerContext) -> Vec<u8> {
        answer::write(events, context)
    }

    fn stream(&self, context: AnswerContext) -> Box<dyn StreamWriter> {
        Box::new(stream::Writer::new(context))
    }

    /// SDKs raise an error at an event with `error`; without `[DONE]` nobody takes the answer for whole.
    fn stream_error(&self, error: &ApiError) -> Vec<u8> {
        let mut out = Vec::new();
        sse::write_json(&mut out, &self.error(error));
        out
    }
}

/// Members of `stream_options` that are the gateway's business.
#[derive(Default, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// The model that is asked for.
pub(super) fn model(body: &Object<'_>) -> Result<String, ApiError> {
    let model = body.read::<String>("model").map_err(refused)?.ok_or_else(|| missing("model"))?;
    if model.trim().is_empty() { Err(empty("model", "the name of a model")) } else { Ok(model) }
}

/// Is the answer to be streamed, and is its usage to be told at the end?
pub(super) fn streaming(body: &Object<'_>) -> Result<(bool, bool), ApiError> {
    let stream = body.read("stream").map_err(refused)?.unwrap_or(false);
    let options = body.read::<StreamOptions>("stream_options").map_err(refused)?.unwrap_or_default();
    Ok((stream, stream && options.include_usage == Some(true)))
}

pub(super) fn refused(error: FieldError) -> ApiError {
    let message = error.to_string();
    ApiError::invalid(message).param(error.path).code("invalid_type")
}

pub(super) fn missing(field: &'static str) -> ApiError {
    ApiError::invalid(format!("The request must have a `{field}`.")).param(field).code("missing_required_parameter")
}

pub(super) fn empty(field: &'static str, expected: &str) -> ApiError {
    ApiError::invalid(format!("Invalid `{field}`: it is empty, expected {expected}."))
        .param(field)
        .code("invalid_value")
}

/// `messages` must be a list with something in it. What is in it is read only where it has to be translated.
fn check_messages(messages: Option<&RawValue>) -> Result<(), ApiError> {
    let text = messages.ok_or_else(|| missing("messages"))?.get();
    let Some(inside) = text.strip_prefix('[') else {
        let message = "Invalid `messages`: it is no list, expected a list of messages.";
        return Err(ApiError::invalid(message).param("messages").code("invalid_type"));
    };
    if inside.trim_ascii_start().starts_with(']') {
        return Err(empty("messages", "a list with at least one message"));
    }
    Ok(())
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: ErrorObject<'a>,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

fn message(error: &ApiError) -> &str {
    match error.message.trim() {
        "" => "The provider gave no reason for this failure.",
        _ => &error.message,
    }
}

/// The `type` of a failure, in OpenAI's words where it has one.
fn error_type(error: &ApiError) -> &'static str {
    match error.kind {
        // A failure of the model, which Bedrock tells with a status of the 4xx.
        _ if error.status == 424 => "server_error",
        Kind::Authentication => "authentication_error",
        Kind::Billing => "insufficient_quota",
        Kind::Conflict => "conflict_error",
        Kind::InvalidRequest | Kind::TooLarge => "invalid_request_error",
        Kind::NotFound => "not_found_error",
        Kind::Overloaded | Kind::Server => "server_error",
        Kind::Permission => "permission_error",
        Kind::RateLimit => "rate_limit_error",
        Kind::Timeout => "timeout_error",
    }
}

/// The `code` of a failure that has none of its own.
fn default_code(error: &ApiError) -> Option<&'static str> {
    match error.kind {
        Kind::Authentication => Some("invalid_api_key"),
        Kind::Billing => Some("insufficient_quota"),
        Kind::Conflict => Some("conflict"),
        Kind::InvalidRequest if error.status == 424 => Some("model_error"),
        Kind::InvalidRequest | Kind::NotFound | Kind::TooLarge => None,
        Kind::Overloaded => Some("overloaded"),
        Kind::Permission => Some("permission_denied"),
        Kind::RateLimit => Some("rate_limit_exceeded"),
        Kind::Server => Some("server_error"),
        Kind::Timeout => Some("timeout"),
    }
}

/// Is this what OpenAI's SDKs read: an object with an `error` that has a message? Anthropic's bodies look nearly
/// the same, but have a `type` beside `error`.
fn is_error_body(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Message {
        message: String,
    }
    let Ok(object) = Object::parse(body) else { return false };
    let error = object.get("error").and_then(|raw| serde_json::from_str::<Message>(raw.get()).ok());
    object.get("type").is_none() && error.is_some_and(|e| !e.message.trim().is_empty())
}

/// `usage` as OpenAI writes it.
///
/// <https://platform.openai.com/docs/api-reference/completions/object#completions/object-usage>
#[derive(Serialize)]
pub(super) struct WrittenUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    audio_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
}

impl From<&Usage> for WrittenUsage {
    fn from(usage: &Usage) -> Self {
        Self {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.total(),
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.cached,
                cache_write_tokens: Some(usage.cache_writes()).filter(|n| *n > 0),
                audio_tokens: usage.audio_input,
            },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: usage.reasoning,
                audio_tokens: usage.audio_output,
            },
        }
    }
}

/// The `finish_reason` of a choice. Some providers say `stop` after tool calls, and a caller that asked in the form
/// that preceded tools knows no tool calls.
fn finish_word(reason: Option<FinishReason>, called: bool, legacy: bool) -> &'static str {
    let reason = match reason.unwrap_or(FinishReason::Stop) {
        FinishReason::Stop if called => FinishReason::ToolCalls,
        reason => reason,
    };
    match reason {
        FinishReason::ToolCalls if legacy => FinishReason::FunctionCall.as_str(),
        FinishReason::FunctionCall if !legacy => FinishReason::ToolCalls.as_str(),
        reason => reason.as_str(),
    }
}

/// The extension of a call that carries its signature, as Google's own compatible API writes it.
///
/// <https://ai.google.dev/gemini-api/docs/thought-signatures#openai>
#[derive(Serialize)]
struct ExtraContent<'a> {
    google: Google<'a>,
}

#[derive(Serialize)]
struct Google<'a> {
    thought_signature: &'a str,
}

impl<'a> ExtraContent<'a> {
    fn of(thought_signature: &'a str) -> Self {
        Self { google: Google { thought_signature } }
    }
}

#[cfg(test)]
mod tests;
