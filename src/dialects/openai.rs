//! OpenAI's chat completions, and the many APIs that are compatible with them.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

use super::{Address, Dialect, Format, Outbound, StreamPasser, StreamReader};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::surfaces::Asked;
use crate::wire::Wire;

mod answer;
mod calls;
mod choice;
mod chunk;
mod content;
pub mod embeddings;
mod error;
mod finish;
mod lax;
mod mend;
mod messages;
mod pass;
mod request;
pub mod responses;
mod stream;
mod usage;

use embeddings::Embeddings;

/// The dialect `openai`.
pub struct OpenAi;

impl Dialect for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn endpoint(&self) -> &'static str {
        "https://api.openai.com/v1"
    }

    fn formats(&self) -> &'static [&'static dyn Format] {
        &[&OpenAi, &Embeddings]
    }

    fn path(&self, to: &Address<'_>) -> String {
        match to.wire {
            Wire::OpenAiEmbeddings => "/embeddings",
            _ => "/chat/completions",
        }
        .to_owned()
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }

    /// Not `openai-organization` and `openai-project`: whose account it is belongs to the key.
    fn caller_headers(&self) -> &'static [&'static str] {
        &["idempotency-key", "openai-beta", "x-client-request-id"]
    }
}

impl Format for OpenAi {
    fn wire(&self) -> Wire {
        Wire::OpenAiChat
    }

    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        request::write(chat, model)
    }

    fn pass_request(&self, body: &Object<'_>, asked: &Asked, model: &str) -> Outbound {
        Outbound::whole(request::pass(body, asked, model))
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        answer::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(stream::Reader::new(true))
    }

    fn pass_stream(&self, asked: &Asked) -> Box<dyn StreamPasser> {
        Box::new(pass::Passer::new(asked))
    }

    fn pass_answer(&self, body: &[u8]) -> Option<Vec<u8>> {
        answer::mend(body)
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

#[cfg(test)]
mod tests;
