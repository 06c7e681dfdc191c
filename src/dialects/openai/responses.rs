//! OpenAI's Responses. Far fewer servers speak them than chat completions, so they are a dialect of their own.
//!
//! <https://platform.openai.com/docs/api-reference/responses>

use super::OpenAi;
use crate::dialects::{Address, ChatFormat, Dialect, Format, Outbound, StreamReader, Task};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::{self, Object};
use crate::surfaces::Asked;
use crate::wire::Wire;

mod answer;
mod error;
mod finish;
mod input;
mod item;
mod replay;
mod request;
mod stream;
mod usage;

/// The dialect `openai-responses`. Callers of chat completions are translated too: some models answer only here, and
/// `openai` is there for the others.
pub struct OpenAiResponses;

impl Dialect for OpenAiResponses {
    fn name(&self) -> &'static str {
        "openai-responses"
    }

    fn endpoint(&self) -> &'static str {
        OpenAi.endpoint()
    }

    fn tasks(&self) -> &'static [Task] {
        &[Task::Chat(&Responses)]
    }

    fn path(&self, _to: &Address<'_>) -> String {
        "/responses".to_owned()
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        OpenAi.credential(key)
    }

    fn caller_headers(&self) -> &'static [&'static str] {
        OpenAi.caller_headers()
    }
}

/// The format.
pub struct Responses;

impl Format for Responses {
    fn wire(&self) -> Wire {
        Wire::OpenAiResponses
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        super::error::read(status, body)
    }
}

impl ChatFormat for Responses {
    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        request::write(chat, model)
    }

    fn pass_request(&self, body: &Object<'_>, _asked: &Asked, model: &str) -> Outbound {
        let mut edits = vec![("model", Some(json::string(model)))];
        let input = body.get("input").and_then(replay::without_others);
        edits.extend(input.map(|input| ("input", Some(input))));
        Outbound::whole(body.write_with(&edits))
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        answer::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::<stream::Reader>::default()
    }
}

#[cfg(test)]
mod tests;
