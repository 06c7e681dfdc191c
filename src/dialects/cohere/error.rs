//! Failures.
//!
//! <https://docs.cohere.com/reference/errors>

use serde::Deserialize;

use crate::errors::{ApiError, excerpt};
use crate::json::Text;

#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
}

/// An answer with a status of failure.
pub(super) fn read(status: u16, body: &[u8]) -> ApiError {
    let told = serde_json::from_slice::<Body<'_>>(body).ok().and_then(|body| body.message);
    let message = told.map_or_else(|| excerpt(body), |message| message.0.trim().to_owned());
    if message.is_empty() {
        return ApiError::new(status, format!("the provider answered with status {status} and no message"));
    }
    let code = code(status, &message.to_lowercase());
    let error = ApiError::new(status, message);
    match code {
        Some(code) => error.code(code),
        None => error,
    }
}

/// Cohere has no words for programs; what its messages say stands for them.
fn code(status: u16, message: &str) -> Option<&'static str> {
    match status {
        400 | 413 | 422 if message.contains("too many tokens") => Some("context_length_exceeded"),
        404 if message.contains("model") => Some("model_not_found"),
        _ => None,
    }
}

/// A failure inside an answer that began with a status of success.
pub(super) fn inside(message: &str) -> ApiError {
    read(502, message.as_bytes())
}

/// The answer ended for a reason that is a failure.
pub(super) fn ended(reason: &str) -> ApiError {
    let status = if reason == "TIMEOUT" { 504 } else { 502 };
    ApiError::new(status, format!("the provider ended the answer with the reason `{reason}`"))
}

/// The body is no answer of this API.
pub(super) fn not_an_answer() -> ApiError {
    ApiError::new(502, "the provider's answer is not one of Cohere's API")
}

/// The stream stopped in the middle.
pub(super) fn cut_off() -> ApiError {
    ApiError::new(502, "the provider's stream ended before the answer was complete")
}
