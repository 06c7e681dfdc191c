//! OpenAI's completions, which preceded chat: a prompt is continued.
//!
//! They pass to providers that have them. For others the prompt becomes a user's turn.
//!
//! <https://platform.openai.com/docs/api-reference/completions>

use super::chat::{self, Chat};
use super::{AnswerContext, Asked, ChatSurface, StreamWriter, Surface};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::wire::Wire;

mod answer;
mod request;
mod stream;

/// `POST /v1/completions`.
pub struct Completions;

impl Surface for Completions {
    fn name(&self) -> &'static str {
        "completions"
    }

    fn wire(&self) -> Wire {
        Wire::OpenAiCompletions
    }

    fn asked(&self, body: &Object<'_>) -> Result<Asked, ApiError> {
        let model = chat::model(body)?;
        if body.get("prompt").is_none() {
            return Err(chat::missing("prompt"));
        }
        let (stream, include_usage) = chat::streaming(body)?;
        Ok(Asked { model, stream, include_usage, ..Asked::default() })
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        Chat.error(error)
    }
}

impl ChatSurface for Completions {
    fn request<'a>(&self, body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError> {
        request::read(body)
    }

    fn answer(&self, events: &[Event<'_>], context: &AnswerContext) -> Vec<u8> {
        answer::write(events, context)
    }

    fn stream(&self, context: AnswerContext) -> Box<dyn StreamWriter> {
        Box::new(stream::Writer::new(context))
    }

    fn stream_error(&self, error: &ApiError) -> Vec<u8> {
        Chat.stream_error(error)
    }
}

#[cfg(test)]
mod tests;
