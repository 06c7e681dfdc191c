//! Failures, in the bodies of everyone who speaks this API, or whose proxies answer before they do.
//!
//! <https://platform.openai.com/docs/guides/error-codes/api-errors>

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::errors::{ApiError, Retry, excerpt};

/// Parts of messages that say that a prompt is too long for its model.
const TOO_LONG: &[&str] = &[
    "maximum context length",
    "context length exceeded",
    "context window",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "input tokens exceeded",
    "too many tokens",
    "too_many_prompt_tokens",
];

/// An answer with a status of failure.
pub(super) fn read(status: u16, body: &[u8]) -> ApiError {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => {
            let value = first(value);
            let original = is_original(&value).then(|| body.into());
            let error = told(status, &value);
            ApiError { original: original.filter(|_| error.status == status), ..error }
        }
        Err(_) => ApiError::new(status, text(status, &excerpt(body))),
    }
}

/// A failure inside an answer that began with a status of success: `error`, or a body that is one.
pub(super) fn in_answer(raw: &str) -> ApiError {
    let Ok(inner) = serde_json::from_str::<Value>(raw) else {
        return ApiError::new(502, text(502, &excerpt(raw.as_bytes())));
    };
    let value = match inner {
        Value::Object(body) if body.get("error").is_some_and(|e| e.is_object() || e.is_string()) => Value::Object(body),
        inner => Value::Object(Map::from_iter([("error".to_owned(), inner)])),
    };
    let error = told(status_of(&value).unwrap_or(502), &value);
    let original = is_original(&value).then(|| value.to_string().into_bytes().into());
    ApiError { original, ..error }
}

/// The answer ended for a reason that is a failure.
pub(super) fn ended(word: &str) -> ApiError {
    ApiError::new(502, format!("The provider ended the answer with the reason `{word}`."))
}

/// The stream stopped in the middle.
pub(super) fn cut_off() -> ApiError {
    ApiError::new(502, "The provider's stream ended before the answer was complete.")
}

/// The body is no answer of this API.
pub(super) fn no_answer() -> ApiError {
    ApiError::new(502, "The provider's answer is not a chat completion.")
}

/// Some servers wrap an error in a list.
fn first(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().next().unwrap_or_default(),
        value => value,
    }
}

fn told(status: u16, body: &Value) -> ApiError {
    let error = body.get("error").filter(|e| e.is_object()).unwrap_or(body);
    let message = message(body).unwrap_or_default();
    let lower = message.to_lowercase();
    // xAI answers a wrong key with 400.
    let status = if status == 400 && lower.contains("incorrect api key") { 401 } else { status };
    let native = word(error.get("code"));
    let kind = word(error.get("type")).unwrap_or_default();
    let code = known_code(status, &lower, &kind, native.as_deref()).map(Cow::Borrowed).or(native.map(Cow::Owned));
    let broke = code.as_deref() == Some("insufficient_quota");
    let param = error.get("param").and_then(Value::as_str).map(str::to_owned);
    let error = ApiError { code, param, ..ApiError::new(status, text(status, &message)) };
    if broke { error.retry(Retry::Never) } else { error }
}

/// A code that says more than the provider's own, if that is none or a number.
fn known_code(status: u16, message: &str, kind: &str, native: Option<&str>) -> Option<&'static str> {
    if kind == "insufficient_quota" {
        return Some("insufficient_quota");
    }
    let says_nothing = native.is_none_or(|code| code == kind || code.bytes().all(|b| b.is_ascii_digit()));
    if matches!(status, 400 | 413 | 422) && says_nothing {
        let too_long = TOO_LONG.iter().any(|part| message.contains(part) || kind == *part);
        return too_long.then_some("context_length_exceeded");
    }
    if status == 401 && message.contains("incorrect api key") {
        return Some("invalid_api_key");
    }
    (status == 404 && native.is_none() && message.contains("model")).then_some("model_not_found")
}

/// The message, from wherever a body has it.
fn message(body: &Value) -> Option<String> {
    if let Value::String(text) = body {
        return Some(text.clone());
    }
    let error = body.get("error").and_then(|error| match error {
        Value::String(text) => Some(text.clone()),
        error => said(error),
    });
    error.or_else(|| said(body)).filter(|text| !text.trim().is_empty())
}

fn said(object: &Value) -> Option<String> {
    ["message", "Message", "detail", "details"].into_iter().find_map(|name| flat(object.get(name)?))
}

/// A message that may be a text, an object with one, or a list of what is wrong with which field.
fn flat(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => said(value).or_else(|| Some(Value::Object(object.clone()).to_string())),
        Value::Array(list) => Some(list.iter().filter_map(complaint).collect::<Vec<_>>().join("; ")),
        _ => None,
    }
    .filter(|text| !text.is_empty())
}

/// FastAPI's `{"loc": ["body", "messages", 0], "msg": "..."}`.
///
/// <https://fastapi.tiangolo.com/tutorial/handling-errors/#requestvalidationerror>
fn complaint(value: &Value) -> Option<String> {
    let Some(msg) = value.get("msg").and_then(Value::as_str) else { return flat(value) };
    let place = value.get("loc").and_then(Value::as_array).map(|loc| {
        let steps = loc.iter().filter_map(|step| word(Some(step)));
        steps.collect::<Vec<_>>().join(".")
    });
    Some(place.map_or_else(|| msg.to_owned(), |place| format!("{place}: {msg}")))
}

/// A word for programs; numbers become words.
fn word(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What the caller reads; never nothing.
fn text(status: u16, message: &str) -> String {
    match message.trim() {
        "" => format!("The provider answered with status {status} and no message."),
        message => message.to_owned(),
    }
}

/// The status that a failure inside an answer stands for: OpenRouter's `code` or Groq's `status_code`.
fn status_of(body: &Value) -> Option<u16> {
    let error = body.get("error")?;
    let number = |name: &str| match error.get(name)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let status = ["code", "status_code", "status"].into_iter().find_map(number)?;
    u16::try_from(status).ok().filter(|status| (400..=599).contains(status))
}

/// May the body pass as it is? It must be what SDKs read, and hold nothing about the gateway's own account.
fn is_original(body: &Value) -> bool {
    let Some(error) = body.get("error") else { return false };
    let message = error.get("message").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    let code = error.get("code").is_none_or(|code| code.is_string() || code.is_null());
    message && code && body.get("user_id").is_none()
}
