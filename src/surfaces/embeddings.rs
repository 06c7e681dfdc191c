//! OpenAI's embeddings, as callers use them. They pass to providers of the same format.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings>

use super::chat::{self, Chat};
use super::{Asked, Bounds, Surface, bound};
use crate::errors::ApiError;
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
        Ok(Asked { model, stream: false, include_usage: false, legacy_functions: false })
    }

    /// Vectors are no tokens.
    fn bounds(&self, body: &Object<'_>) -> Bounds {
        Bounds { output: Some(0), tools: false, user: bound(body, "user") }
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        Chat.error(error)
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
}
