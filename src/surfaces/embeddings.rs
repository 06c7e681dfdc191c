//! OpenAI's embeddings, as callers use them.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings>

use super::chat::{self, Chat};
use super::{Asked, EmbeddingSurface, Surface};
use crate::errors::ApiError;
use crate::hub::embeddings::{EmbeddingAnswer, EmbeddingRequest, Encoding};
use crate::json::{Object, Text};
use crate::wire::Wire;

mod answer;
mod request;

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
        // One that is odd is for the provider to refuse, or for who has to read the whole request.
        let encoding = body.read::<Text<'_>>("encoding_format").ok().flatten();
        let encoding = encoding.and_then(|word| Encoding::of(&word.0)).unwrap_or_default();
        Ok(Asked { model, encoding, ..Asked::default() })
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        Chat.error(error)
    }
}

impl EmbeddingSurface for Embeddings {
    fn request<'a>(&self, body: &Object<'a>) -> Result<EmbeddingRequest<'a>, ApiError> {
        request::read(body)
    }

    fn answer(&self, answer: &EmbeddingAnswer<'_>, encoding: Encoding, model: &str) -> Vec<u8> {
        answer::write(answer, encoding, model)
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
            assert_eq!((asked.model.as_str(), asked.stream, asked.encoding), ("m", false, Encoding::Float));
        }
        assert_eq!(asked("{\"model\":\"m\"}").unwrap_err().param.as_deref(), Some("input"));
        assert_eq!(asked("{\"input\":\"x\"}").unwrap_err().param.as_deref(), Some("model"));
    }

    #[test]
    fn the_encoding_is_known_and_an_odd_one_left_to_who_reads_the_request() {
        let of = |word: &str| asked(&format!("{{\"model\":\"m\",\"input\":\"x\",\"encoding_format\":{word}}}"));
        assert_eq!(of("\"base64\"").unwrap().encoding, Encoding::Base64);
        assert_eq!(of("\"hex\"").unwrap().encoding, Encoding::Float);
        assert_eq!(of("7").unwrap().encoding, Encoding::Float);
    }
}
