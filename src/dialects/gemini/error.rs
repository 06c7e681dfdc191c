//! Failures.
//!
//! <https://ai.google.dev/gemini-api/docs/troubleshooting>, <https://google.aip.dev/193>

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::errors::{ApiError, Retry, excerpt};
use crate::json::{Text, lenient, or_empty};

#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Reported<'a> {
    #[serde(default)]
    code: Option<u16>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    status: Option<Text<'a>>,
    #[serde(borrow, default)]
    details: Option<Vec<&'a RawValue>>,
}

/// `google.rpc.ErrorInfo` and `google.rpc.RetryInfo`, which share no member.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(borrow, default)]
    reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    retry_delay: Option<Text<'a>>,
}

/// An answer with a status of failure.
pub(super) fn read(status: u16, body: &[u8]) -> ApiError {
    match parse(body) {
        Some(reported) => told(status, &reported),
        None => ApiError::new(status, shown(status, body)),
    }
}

/// A failure that comes without a status: in a stream, or in an answer that claims success.
pub(super) fn inside(raw: &RawValue) -> ApiError {
    let reported: Reported<'_> = lenient(Some(raw));
    let status = reported.code.filter(|code| (400..=599).contains(code)).unwrap_or(502);
    if reported.message.is_none() && reported.status.is_none() {
        return ApiError::new(status, shown(status, raw.get().as_bytes()));
    }
    told(status, &reported)
}

/// Streams that are JSON arrays fail with an array.
fn parse(body: &[u8]) -> Option<Reported<'_>> {
    let body: Body<'_> = if body.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice::<Vec<Body<'_>>>(body).ok()?.into_iter().next()?
    } else {
        serde_json::from_slice(body).ok()?
    };
    let reported: Reported<'_> = serde_json::from_str(body.error?.get()).ok()?;
    (reported.message.is_some() || reported.status.is_some()).then_some(reported)
}

fn told(status: u16, reported: &Reported<'_>) -> ApiError {
    let details = || reported.details.iter().flatten().map(|raw| lenient::<Detail<'_>>(Some(raw)));
    // A wrong key is a wrong argument to Google.
    let wrong_key = details().any(|detail| or_empty(detail.reason) == "API_KEY_INVALID");
    let status = if status == 400 && wrong_key { 401 } else { status };
    let native = reported.status.as_ref().map(|word| word.0.as_ref());
    let message = reported.message.as_ref().map_or("", |message| message.0.trim());
    let mut error =
        ApiError::new(status, if message.is_empty() { native.unwrap_or("unknown failure") } else { message });
    error.code = match (status, native) {
        (401, _) if wrong_key => None,
        (400, _) if is_too_long(message) => Some(Cow::Borrowed("context_length_exceeded")),
        (404, _) if message.contains("models/") => Some(Cow::Borrowed("model_not_found")),
        (_, native) => native.map(|word| Cow::Owned(word.to_owned())),
    };
    let delay = details().find_map(|detail| duration(&or_empty(detail.retry_delay)));
    match delay {
        Some(delay) => error.retry(Retry::After(delay)),
        None => error,
    }
}

/// `The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).`
fn is_too_long(message: &str) -> bool {
    message.contains("input token count") && message.contains("exceeds the maximum")
}

/// `34.4s`
///
/// <https://protobuf.dev/reference/protobuf/google.protobuf/#duration>
fn duration(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// A body that nobody understands, such as the page of a proxy, as text.
fn shown(status: u16, body: &[u8]) -> String {
    let text = excerpt(body);
    if text.is_empty() { format!("the provider answered with status {status}") } else { text }
}
