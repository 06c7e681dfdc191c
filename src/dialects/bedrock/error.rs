//! Failures, as all of Bedrock's APIs tell them.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html>

use std::borrow::Cow;

use serde::Deserialize;

use crate::errors::{ApiError, Kind, excerpt};
use crate::json::Text;
use crate::stream::sse;

/// What the prompt being too long is called in OpenAI's API; programs shorten their prompts by this word.
const TOO_LONG: &str = "context_length_exceeded";

#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(borrow, default, alias = "Message")]
    message: Option<Text<'a>>,
    /// Where a proxy has taken the header away.
    #[serde(borrow, default, rename = "__type")]
    kind: Option<Text<'a>>,
}

/// The status that an exception has when it does not come with one. Streams write names with a small letter.
fn status_of(kind: &str) -> u16 {
    match kind.to_ascii_lowercase().as_str() {
        "validationexception" | "servicequotaexceededexception" | "badrequest" => 400,
        "accessdeniedexception" | "unrecognizedclientexception" | "expiredtokenexception" => 403,
        "resourcenotfoundexception" => 404,
        "modeltimeoutexception" => 408,
        "modelerrorexception" | "modelstreamerrorexception" => 424,
        "throttlingexception" | "modelnotreadyexception" => 429,
        "internalserverexception" | "internalfailure" => 500,
        "serviceunavailableexception" => 503,
        _ => 502,
    }
}

/// An answer with a status of failure.
pub(in crate::dialects) fn read(status: u16, body: &[u8], header: &dyn Fn(&str) -> Option<String>) -> ApiError {
    let told: Body<'_> = serde_json::from_slice(body).unwrap_or_default();
    let kind = header("x-amzn-errortype").or(told.kind.map(|kind| kind.0.into_owned())).unwrap_or_default();
    // `ThrottlingException:http://internal.amazon.com/...`, `com.amazon.coral.service#ThrottlingException`
    let kind = kind.split(':').next().unwrap_or_default();
    let kind = kind.rsplit('#').next().unwrap_or_default();
    failure(status, kind, told.message.map(|message| message.0.into_owned()).unwrap_or_else(|| shown(status, body)))
}

/// The failure that a frame tells, if it does.
pub(in crate::dialects) fn in_stream(frame: &sse::Event) -> Option<ApiError> {
    let kind = frame.name.strip_prefix("exception:").or(frame.name.strip_prefix("error:"))?;
    let told: Body<'_> = serde_json::from_str(&frame.data).unwrap_or_default();
    let message = told.message.map(|message| message.0.into_owned());
    let status = status_of(kind);
    Some(failure(status, kind, message.unwrap_or_else(|| shown(status, frame.data.as_bytes()))))
}

fn failure(status: u16, kind: &str, message: String) -> ApiError {
    let too_long = ["Input is too long", "Input Tokens Exceeded", "prompt is too long"];
    let code = if too_long.iter().any(|words| message.contains(words)) {
        Some(Cow::Borrowed(TOO_LONG))
    } else {
        (!kind.is_empty()).then(|| Cow::Owned(kind.to_owned()))
    };
    let mut error = ApiError { code, ..ApiError::new(status, message) };
    if status == 424 {
        // The model failed, not the request.
        error.kind = Kind::Server;
    }
    error
}

/// A body that nobody understands, as text.
fn shown(status: u16, body: &[u8]) -> String {
    let text = excerpt(body);
    if text.is_empty() { format!("the provider answered with status {status}") } else { text }
}
