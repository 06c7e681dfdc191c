//! Requests of callers: refused, or refused by a dialect, or written by it as one JSON object for its own model.

use super::{check_failure, parsed};
use crate::dialects;
use crate::errors::ApiError;
use crate::json::{self, Object};
use crate::surfaces::ChatSurface;
use crate::surfaces::chat::Chat;
use crate::surfaces::completions::Completions;
use crate::surfaces::messages::Messages;
use crate::surfaces::responses::Responses;

/// A request for chat completions, to every dialect.
pub fn chat_request(data: &[u8]) {
    request(&Chat, data);
}

/// The same for a caller of completions.
pub fn completions_request(data: &[u8]) {
    request(&Completions, data);
}

/// The same for a caller of messages.
pub fn messages_request(data: &[u8]) {
    request(&Messages, data);
}

/// The same for a caller of Responses.
pub fn responses_request(data: &[u8]) {
    request(&Responses, data);
}

fn request(surface: &dyn ChatSurface, data: &[u8]) {
    if json::too_deep(data) {
        return;
    }
    let Ok(object) = Object::parse(data) else { return };
    let Ok(asked) = surface.asked(&object) else { return };
    for format in dialects::chat_formats() {
        if format.wire() == surface.wire() {
            let passed = format.pass_request(&object, &asked, "our-model").body;
            check_request(&passed);
            let again = parsed(&passed);
            let says =
                again.get("model").is_none() || surface.asked(&again).is_ok_and(|again| again.stream == asked.stream);
            assert!(says, "it asks for the same");
        }
        let Ok(chat) = surface.request(&object) else { continue };
        match format.request(&chat, "our-model") {
            Ok(outbound) => check_request(&outbound.body),
            Err(error) => check_refusal(&error),
        }
    }
}

/// Some hosts are told the model by the path; none is told the caller's.
fn check_request(body: &[u8]) {
    let model = parsed(body).read::<String>("model");
    assert!(matches!(model.as_ref().map(Option::as_deref), Ok(None | Some("our-model"))), "{model:?}");
}

pub(super) fn check_refusal(error: &ApiError) {
    assert!((400..500).contains(&error.status) && !error.message.is_empty(), "{error:?}");
    check_failure(error);
}
