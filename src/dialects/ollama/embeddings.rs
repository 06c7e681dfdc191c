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

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::dialects::{Address, Dialect, Settings, ollama::Ollama};
    use crate::hub::embeddings::{Input, Truncate};

    fn wanted(truncate: Option<Truncate>) -> EmbeddingRequest<'static> {
        let inputs = vec![Input { text: "a".into(), purpose: None, title: None }];
        EmbeddingRequest { inputs, dimensions: Some(64), truncate, others: vec!["truncate".into(), "title".into()] }
    }

    #[test]
    fn a_request_is_written_in_its_own_words() {
        let outbound = Embeddings.request(&wanted(Some(Truncate::Never)), "nomic").unwrap();
        assert_eq!(outbound.body, br#"{"model":"nomic","input":["a"],"dimensions":64,"truncate":false}"#);
        assert_eq!(outbound.dropped, ["title"]);
        let error = Embeddings.request(&wanted(Some(Truncate::Start)), "nomic").unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some("truncate")));
    }

    #[test]
    fn vectors_model_and_tokens_are_read() {
        let body = br#"{"model":"nomic","embeddings":[[0.5,1e-2]],"total_duration":1,"prompt_eval_count":4}"#;
        let answer = Embeddings.answer(body, &|_| None).unwrap();
        assert_eq!(answer.vectors.iter().map(|vector| vector.get()).collect::<Vec<_>>(), ["[0.5,1e-2]"]);
        assert_eq!((answer.model.as_deref(), answer.usage.unwrap().input), (Some("nomic"), 4));
        let uncounted = Embeddings.answer(br#"{"embeddings":[[1]]}"#, &|_| None).unwrap();
        assert_eq!(uncounted.usage, None);
        for body in ["{}", r#"{"error":"no such model"}"#, r#"{"embeddings":[]}"#] {
            assert_eq!(Embeddings.answer(body.as_bytes(), &|_| None).unwrap_err().status, 502, "{body}");
        }
    }

    #[test]
    fn the_path_is_one_of_its_own() {
        let settings = Settings::default();
        let to = Address { wire: Embeddings.wire(), model: "m", stream: false, settings: &settings };
        assert_eq!(Ollama.path(&to), "/api/embed");
    }
}
