//! Gemini's `generateContent` and embeddings, in AI Studio and in Vertex.
//!
//! <https://ai.google.dev/api/generate-content>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference>

mod answer;
mod contents;
mod count;
mod created;
mod embeddings;
mod error;
mod finish;
mod media;
mod model;
mod partial;
mod parts;
mod path;
mod request;
mod schema;
mod signatures;
mod stream;
mod thinking;
mod tools;
mod usage;

#[cfg(test)]
mod tests;

use count::Count;

use crate::dialects::{Address, ChatFormat, Dialect, Format, Outbound, StreamReader, Task};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::surfaces::Asked;
use crate::wire::Wire;

/// Gemini in AI Studio; the format is the same everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Gemini;

/// Gemini in Google Cloud's Vertex AI.
#[derive(Clone, Copy, Debug)]
pub struct VertexGemini;

impl Dialect for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn endpoint(&self) -> &'static str {
        "https://generativelanguage.googleapis.com/v1beta"
    }

    fn tasks(&self) -> &'static [Task] {
        &[Task::Chat(&Gemini), Task::Count(&Count::Studio), Task::Embeddings(&embeddings::Embeddings)]
    }

    fn path(&self, to: &Address<'_>) -> String {
        path::studio(to)
    }

    /// <https://ai.google.dev/gemini-api/docs/api-key>
    fn credential(&self, key: &str) -> (&'static str, String) {
        ("x-goog-api-key", key.to_owned())
    }
}

impl Dialect for VertexGemini {
    fn name(&self) -> &'static str {
        "vertex-gemini"
    }

    /// The host of the location `global`; others have a host of their own, which the configuration gives.
    ///
    /// <https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations>
    fn endpoint(&self) -> &'static str {
        "https://aiplatform.googleapis.com/v1"
    }

    fn tasks(&self) -> &'static [Task] {
        &[Task::Chat(&Gemini), Task::Count(&Count::Vertex), Task::Embeddings(&embeddings::VertexEmbeddings)]
    }

    fn path(&self, to: &Address<'_>) -> String {
        path::vertex(to)
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }
}

impl Format for Gemini {
    fn wire(&self) -> Wire {
        Wire::Gemini
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl ChatFormat for Gemini {
    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        request::write(chat, model)
    }

    /// The model is in the path, so nothing in the body is ours.
    fn pass_request(&self, body: &Object<'_>, _asked: &Asked, _model: &str) -> Outbound {
        Outbound::whole(body.write_with(&[("model", None)]))
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        answer::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::<stream::Reader>::default()
    }
}
