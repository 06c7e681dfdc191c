//! OpenAI's embeddings, as callers use them. They pass to providers of the same format.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings>

use super::chat::{self, Chat};
use super::{AnswerContext, Asked, StreamWriter, Surface};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::wire::Wire;

/// `POST /v1/embeddings`.
pub struct Embeddings;

impl Surface for Embeddings {
    fn name(&self) -> &'static str {
        "embeddings"
    }

    fn wire(&self) -> Wire {
        Wire::OpenAiEmbeddings
    }

    fn asked(&self, body: &Object<'_>) -> Result<Asked, ApiError> {
        let model = body.read::<String>("model").map_err(chat::refused)?.ok_or_else(|| chat::missing("model"))?;
        if model.trim().is_empty() {
            return Err(chat::empty("model", "the name of a model"));
        }
        if body.get("input").is_none() {
            return Err(chat::missing("input"));
        }
        Ok(Asked { model, stream: false, include_usage: false, legacy_functions: false, ..Asked::default() })
    }

    /// There are no words for vectors in the hub.
    fn request<'a>(&self, _body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError> {
        Err(ApiError::invalid("The provider of this model has no embeddings in OpenAI's form.")
            .code("unsupported_operation")
            .param("model"))
    }

    fn answer(&self, _events: &[Event<'_>], _context: &AnswerContext) -> Vec<u8> {
        b"{}".to_vec()
    }

    fn stream(&self, context: AnswerContext) -> Box<dyn StreamWriter> {
        Chat.stream(context)
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        Chat.error(error)
    }

    fn stream_error(&self, error: &ApiError) -> Vec<u8> {
        Chat.stream_error(error)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn asked(body: &str) -> Result<Asked, ApiError> {
        Embeddings.asked(&Object::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn a_model_and_an_input_are_all_that_is_needed() {
        for input in ["\"text\"", "[\"a\",\"b\"]", "[1,2]", "[[1],[2]]"] {
            let asked = asked(&format!("{{\"model\":\"m\",\"input\":{input}}}")).unwrap();
            assert_eq!((asked.model.as_str(), asked.stream), ("m", false));
        }
        assert_eq!(asked("{\"model\":\"m\"}").unwrap_err().param.as_deref(), Some("input"));
        assert_eq!(asked("{\"input\":\"x\"}").unwrap_err().param.as_deref(), Some("model"));
    }

    #[test]
    fn providers_without_embeddings_are_told_of() {
        let body = Object::parse(b"{\"model\":\"m\",\"input\":\"x\"}").unwrap();
        assert_eq!(Embeddings.request(&body).unwrap_err().code.as_deref(), Some("unsupported_operation"));
    }
}
