//! Cohere's chat and embeddings, version 2.
//!
//! <https://docs.cohere.com/reference/chat>

use super::raw::Raw;
use super::{Address, ChatFormat, Dialect, Format, Outbound, StreamReader, Task};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::{self, Object};
use crate::surfaces::Asked;
use crate::wire::Wire;

mod answer;
pub(super) mod embeddings;
mod error;
mod messages;
mod request;
mod schema;
mod stream;
mod thinking;
mod tools;
mod usage;

/// <https://docs.cohere.com/reference/rerank>
static RERANK: Raw = Raw { wire: Wire::CohereRerank, error: error::read };

/// <https://docs.cohere.com/v1/reference/rerank>
static RERANK_V1: Raw = Raw { wire: Wire::CohereRerankV1, error: error::read };

/// The dialect `cohere`.
#[derive(Clone, Copy, Debug)]
pub struct Cohere;

impl Dialect for Cohere {
    fn name(&self) -> &'static str {
        "cohere"
    }

    fn endpoint(&self) -> &'static str {
        "https://api.cohere.com"
    }

    fn tasks(&self) -> &'static [Task] {
        static TASKS: &[Task] = &[
            Task::Chat(&Cohere),
            Task::Embeddings(&embeddings::Embeddings),
            Task::Pass(&RERANK),
            Task::Pass(&RERANK_V1),
        ];
        TASKS
    }

    fn path(&self, to: &Address<'_>) -> String {
        match to.wire {
            Wire::CohereEmbed => "/v2/embed",
            Wire::CohereRerank => "/v2/rerank",
            Wire::CohereRerankV1 => "/v1/rerank",
            _ => "/v2/chat",
        }
        .to_owned()
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }
}

impl Format for Cohere {
    fn wire(&self) -> Wire {
        Wire::CohereChat
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl ChatFormat for Cohere {
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
}

#[cfg(test)]
mod tests;
