//! Failures.
//!
//! <https://docs.ollama.com/api/errors>

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::errors::{ApiError, excerpt};
use crate::json::{Text, lenient};

/// Parts of messages that say that a prompt is too long for its model.
const TOO_LONG: &[&str] = &["prompt too long", "exceeds the available context size", "exceeded max context length"];

#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// The form of OpenAI's errors, which servers in front of Ollama have.
#[derive(Default, Deserialize)]
struct Reported<'a> {
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
}

/// An answer with a status of failure.
pub(super) fn read(status: u16, body: &[u8]) -> ApiError {
    let told = serde_json::from_slice::<Body<'_>>(body).ok().and_then(|body| body.error);
    failure(status, told.map_or_else(|| excerpt(body), said))
}

/// A failure inside an answer that began with a status of success.
pub(super) fn inside(error: &RawValue) -> ApiError {
    failure(502, said(error))
}

/// A text, or an object with one.
fn said(error: &RawValue) -> String {
    let text: Option<Text<'_>> = lenient(Some(error));
    let text = text.or_else(|| lenient::<Reported<'_>>(Some(error)).message);
    text.map_or_else(|| excerpt(error.get().as_bytes()), |text| text.0.trim().to_owned())
}

fn failure(status: u16, message: String) -> ApiError {
    if message.is_empty() {
        return ApiError::new(status, format!("the provider answered with status {status} and no message"));
    }
    let code = code(status, &message);
    let error = ApiError::new(status, message);
    match code {
        Some(code) => error.code(code),
        None => error,
    }
}

/// Ollama has no words for programs; what its messages say stands for them.
fn code(status: u16, message: &str) -> Option<&'static str> {
    match status {
        400 | 413 | 500 if TOO_LONG.iter().any(|part| message.contains(part)) => Some("context_length_exceeded"),
        404 if message.contains("model") => Some("model_not_found"),
        _ => None,
    }
}

/// The body is no answer of this API.
pub(super) fn not_an_answer() -> ApiError {
    ApiError::new(502, "the provider's answer is not one of Ollama's API")
}

/// The answer stopped in the middle.
pub(super) fn cut_off() -> ApiError {
    ApiError::new(502, "the provider's answer ended before it was complete")
}
