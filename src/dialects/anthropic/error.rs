//! Failures.
//!
//! <https://docs.anthropic.com/en/api/errors>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::errors::{ApiError, excerpt};
use crate::json::{Text, lenient};

/// What the prompt being too long is called in OpenAI's API; programs shorten their prompts by this word.
const TOO_LONG: &str = "context_length_exceeded";

#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    /// Hosts of Anthropic's models that fail before the model does have no more to say.
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

/// Anthropic says `type`; Google, in front of Anthropic's models, says `status`.
#[derive(Default, Deserialize)]
struct Reported<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    status: Option<Text<'a>>,
}

/// The status that a type of error has when it does not come with one.
fn status_of(kind: &str) -> u16 {
    match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "api_error" => 500,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 502,
    }
}

/// An answer with a status of failure.
pub(in crate::dialects) fn read(status: u16, body: &[u8]) -> ApiError {
    match parse(body) {
        Some(reported) => told(status, &reported, body),
        None => ApiError::new(status, shown(status, body)),
    }
}

/// A failure that comes without a status: in a stream, or in an answer that claims success.
pub(in crate::dialects) fn inside(body: &[u8]) -> ApiError {
    let kind = parse(body).and_then(|reported| reported.kind);
    read(kind.map_or(502, |kind| status_of(&kind.0)), body)
}

fn parse(body: &[u8]) -> Option<Reported<'_>> {
    let body: Body<'_> = serde_json::from_slice(body).ok()?;
    let mut reported: Reported<'_> = lenient(body.error);
    if body.error.is_none() {
        reported.message = lenient(body.message);
    }
    (reported.kind.is_some() || reported.message.is_some()).then_some(reported)
}

fn told(status: u16, reported: &Reported<'_>, body: &[u8]) -> ApiError {
    let message = reported.message.as_ref().map_or_else(|| shown(status, body).into(), |m| m.0.clone());
    let mut error = ApiError::new(status, message);
    error.code = if error.message.contains("prompt is too long") {
        Some(Cow::Borrowed(TOO_LONG))
    } else {
        reported.kind.as_ref().or(reported.status.as_ref()).map(|word| Cow::Owned(word.0.clone().into_owned()))
    };
    // Callers that speak Anthropic's format get the body as it is, but only if it has that format.
    error.original = reported.kind.is_some().then(|| body.into());
    error
}

/// A body that nobody understands, as text.
fn shown(status: u16, body: &[u8]) -> String {
    let text = excerpt(body);
    if text.is_empty() { format!("the provider answered with status {status}") } else { text }
}
