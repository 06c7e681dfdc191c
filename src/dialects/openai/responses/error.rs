//! Failures inside an answer that began with a status of success.
//!
//! <https://platform.openai.com/docs/api-reference/responses-streaming/error>

use serde_json::value::RawValue;

use super::super::error;
use crate::errors::{ApiError, Kind};

/// The `error` of a response, or of the event of that name.
pub(super) fn failed(raw: Option<&RawValue>) -> ApiError {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
        return ApiError::new(502, "The provider's response failed for no reason that it tells.");
    };
    let told = error::in_answer(raw.get());
    match told.code.as_deref().and_then(status_of) {
        Some(status) if told.status == 502 => ApiError { status, kind: Kind::of(status), ..told },
        _ => told,
    }
}

/// The response was given up.
pub(super) fn cancelled() -> ApiError {
    ApiError::new(502, "The provider's response was cancelled.").code("cancelled")
}

/// The body is no answer of this API.
pub(super) fn no_answer() -> ApiError {
    ApiError::new(502, "The provider's answer is not a response.")
}

/// The status that a code stands for, where a request would have been answered with one.
///
/// <https://platform.openai.com/docs/guides/error-codes/api-errors>,
/// <https://platform.openai.com/docs/api-reference/responses/object#responses/object-error>
fn status_of(code: &str) -> Option<u16> {
    match code {
        "rate_limit_exceeded" | "insufficient_quota" => Some(429),
        "server_error" => Some(500),
        "context_length_exceeded" => Some(400),
        _ if code.starts_with("invalid_") || code.contains("image") => Some(400),
        _ => None,
    }
}
