//! OpenAI's chat completions, and the many APIs that are compatible with them.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

use super::{Address, ChatFormat, Dialect, Format, Outbound, PassedAnswer, StreamPasser, StreamReader, Task};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::surfaces::Asked;
use crate::wire::Wire;

mod answer;
mod calls;
mod choice;
mod chunk;
pub mod completions;
mod content;
pub mod embeddings;
mod error;
mod finish;
mod lax;
mod mend;
mod messages;
mod pass;
pub mod raw;
mod request;
pub mod responses;
mod stream;
mod usage;

use completions::Completions;
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

    fn tasks(&self) -> &'static [Task] {
        static TASKS: &[Task] = &[
            Task::Chat(&OpenAi),
            Task::Chat(&Completions),
            Task::Pass(&Embeddings),
            Task::Pass(&raw::FILES),
            Task::Pass(&raw::IMAGE_EDITS),
            Task::Pass(&raw::IMAGE_GENERATIONS),
            Task::Pass(&raw::IMAGE_VARIATIONS),
            Task::Pass(&raw::MODERATIONS),
            Task::Pass(&raw::RERANK),
            Task::Pass(&raw::RERANK_V1),
            Task::Pass(&raw::SPEECH),
            Task::Pass(&raw::TRANSCRIPTIONS),
            Task::Pass(&raw::TRANSLATIONS),
        ];
        TASKS
    }

    fn path(&self, to: &Address<'_>) -> String {
        format!("/{}", operation(to.wire))
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("authorization", format!("Bearer {key}"))
    }

    /// Not `openai-organization` and `openai-project`: whose account it is belongs to the key.
    fn caller_headers(&self) -> &'static [&'static str] {
        &["idempotency-key", "openai-beta", "x-client-request-id"]
    }
}

/// What is asked for, as the paths of the API say it.
pub(super) fn operation(wire: Wire) -> &'static str {
    match wire {
        Wire::CohereRerank | Wire::CohereRerankV1 => "rerank",
        Wire::OpenAiCompletions => "completions",
        Wire::OpenAiEmbeddings => "embeddings",
        Wire::OpenAiImageEdits => "images/edits",
        Wire::OpenAiImageGenerations => "images/generations",
        Wire::OpenAiImageVariations => "images/variations",
        Wire::OpenAiModerations => "moderations",
        Wire::OpenAiSpeech => "audio/speech",
        Wire::OpenAiTranscriptions => "audio/transcriptions",
        Wire::OpenAiTranslations => "audio/translations",
        _ => "chat/completions",
    }
}

impl Format for OpenAi {
    fn wire(&self) -> Wire {
        Wire::OpenAiChat
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl ChatFormat for OpenAi {
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

    fn pass_answer<'a>(&self, body: &'a [u8]) -> Result<PassedAnswer<'a>, ApiError> {
        answer::pass(body)
    }
}

#[cfg(test)]
mod tests;
