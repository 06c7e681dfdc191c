//! Ollama's own embeddings.
//!
//! <https://docs.ollama.com/api/embed>

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error;
use crate::dialects::{EmbeddingFormat, Format, Outbound, embedding};
use crate::errors::ApiError;
use crate::hub::embeddings::{EmbeddingAnswer, EmbeddingRequest};
use crate::json::Text;
use crate::wire::Wire;

/// The format of embeddings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Embeddings;

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<bool>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    model: Option<Text<'a>>,
    #[serde(borrow, default)]
    embeddings: Vec<&'a RawValue>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl Format for Embeddings {
    fn wire(&self) -> Wire {
        Wire::OllamaEmbed
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl EmbeddingFormat for Embeddings {
    /// Its models have no purposes and titles, but words that stand before the text, which are for the caller to know.
    fn request(&self, wanted: &EmbeddingRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        let input = wanted.inputs.iter().map(|input| input.text.as_ref()).collect();
        let truncate = embedding::cuts_end(wanted)?;
        let request = Request { model, input, dimensions: wanted.dimensions, truncate };
        Ok(Outbound::json(&request, wanted.others_than(&["truncate", "auto_truncate"])))
    }

    fn answer<'a>(
        &self,
        body: &'a [u8],
        _header: &dyn Fn(&str) -> Option<String>,
    ) -> Result<EmbeddingAnswer<'a>, ApiError> {
        let answer: Answer<'a> = serde_json::from_slice(body).map_err(|_| error::not_an_answer())?;
        if let Some(failure) = answer.error {
            return Err(error::inside(failure));
        }
        let told = EmbeddingAnswer::new(answer.embeddings).ok_or_else(error::not_an_answer)?;
        Ok(EmbeddingAnswer { model: answer.model.map(|model| model.0), ..told.counted(answer.prompt_eval_count) })
    }
}
