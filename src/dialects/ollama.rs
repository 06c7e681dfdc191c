//! Ollama's own chat and embeddings.
//!
//! <https://docs.ollama.com/api/chat>

use super::{Address, ChatFormat, Dialect, Format, Outbound, StreamPasser, StreamReader, Task};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::{self, Object};
use crate::stream::Framing;
use crate::surfaces::Asked;
use crate::wire::Wire;

mod answer;
mod embeddings;
mod error;
mod images;
mod messages;
mod pass;
mod request;
mod stream;
mod thinking;
mod tools;

/// The dialect `ollama`.
#[derive(Clone, Copy, Debug)]
pub struct Ollama;

impl Dialect for Ollama {
    fn name(&self) -> &'static str {
        "ollama"
    }

    fn endpoint(&self) -> &'static str {
        "http://localhost:11434"
    }

    fn tasks(&self) -> &'static [Task] {
        &[Task::Chat(&Ollama), Task::Embeddings(&embeddings::Embeddings)]
    }

    fn path(&self, to: &Address<'_>) -> String {
        if to.wire == Wire::OllamaEmbed { "/api/embed" } else { "/api/chat" }.to_owned()
    }

    /// A server of one's own asks for no key; its cloud does.
    ///
    /// <https://docs.ollama.com/api/authentication>
    fn credential(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }
}

impl Format for Ollama {
    fn wire(&self) -> Wire {
        Wire::OllamaChat
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl ChatFormat for Ollama {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        request::write(chat, model)
    }

    fn pass_request(&self, body: &Object<'_>, _asked: &Asked, model: &str) -> Outbound {
        Outbound::whole(body.write_with(&[("model", Some(json::string(model)))]))
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        answer::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::<stream::Reader>::default()
    }

    fn pass_stream(&self, _asked: &Asked) -> Box<dyn StreamPasser> {
        Box::<pass::Passer>::default()
    }
}

#[cfg(test)]
mod tests;
