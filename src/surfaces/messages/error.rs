//! Failures in Anthropic's form.
//!
//! <https://docs.anthropic.com/en/api/errors>

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::errors::{ApiError, Kind};
use crate::json::Object;
use crate::stream::sse;

/// What other providers call a prompt that is too long, and how Anthropic's messages say it: programs shorten their
/// prompts when they read these words.
const TOO_LONG: (&str, &str) = ("context_length_exceeded", "prompt is too long");

/// By this word Anthropic's packages learn that a conversation must be sent whole.
pub(super) const NO_THREADS: &str = "thread_unsupported_request";

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Reported<'a>,
}

#[derive(Serialize)]
struct Reported<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

#[derive(Serialize)]
struct Details<'a> {
    error_code: &'a str,
}

/// The body of a failure.
pub(super) fn write(error: &ApiError) -> Vec<u8> {
    if let Some(original) = error.original.as_deref()
        && is_error_body(original)
    {
        return original.to_vec();
    }
    let details = error.code.as_deref().filter(|code| *code == NO_THREADS).map(|error_code| Details { error_code });
    let body = Body { kind: "error", error: Reported { kind: error_type(error), message: message(error), details } };
    // Writing strings cannot fail.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// The event of a failure inside a stream.
pub(super) fn write_event(error: &ApiError) -> Vec<u8> {
    let mut out = b"event: error\n".to_vec();
    sse::write_json(&mut out, &write(error));
    out
}

fn message(error: &ApiError) -> Cow<'_, str> {
    let (code, words) = TOO_LONG;
    if error.message.trim().is_empty() {
        return Cow::Borrowed("The provider gave no reason for this failure.");
    }
    if error.code.as_deref() == Some(code) && !error.message.contains(words) {
        return Cow::Owned(format!("{words}: {}", error.message));
    }
    Cow::Borrowed(&error.message)
}

/// The `type` of a failure.
fn error_type(error: &ApiError) -> &'static str {
    match error.kind {
        // A failure of the model, which Bedrock tells with a status of the 4xx.
        _ if error.status == 424 => "api_error",
        Kind::Authentication => "authentication_error",
        Kind::Billing => "billing_error",
        Kind::Conflict | Kind::InvalidRequest => "invalid_request_error",
        Kind::NotFound => "not_found_error",
        Kind::Overloaded => "overloaded_error",
        Kind::Permission => "permission_error",
        Kind::RateLimit => "rate_limit_error",
        Kind::Server => "api_error",
        Kind::Timeout => "timeout_error",
        Kind::TooLarge => "request_too_large",
    }
}

/// Is this what Anthropic's SDKs read?
fn is_error_body(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Read {
        #[serde(rename = "type")]
        kind: String,
        message: String,
    }
    let Ok(object) = Object::parse(body) else { return false };
    let error = object.get("error").and_then(|raw| serde_json::from_str::<Read>(raw.get()).ok());
    object.get("type").is_some_and(|kind| kind.get() == r#""error""#)
        && error.is_some_and(|e| !e.kind.is_empty() && !e.message.trim().is_empty())
}
