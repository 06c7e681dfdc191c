//! Embeddings, which pass as they are: only the model is ours, and the tokens are counted.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings>

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{error, stream, usage};
use crate::dialects::{Format, Outbound, StreamPasser, StreamReader};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::{self, Object};
use crate::surfaces::Asked;
use crate::wire::Wire;

/// The format of embeddings.
#[derive(Clone, Copy, Debug)]
pub struct Embeddings;

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl Format for Embeddings {
    fn wire(&self) -> Wire {
        Wire::OpenAiEmbeddings
    }

    fn request(&self, _chat: &ChatRequest<'_>, _model: &str) -> Result<Outbound, ApiError> {
        Err(ApiError::invalid("A conversation cannot be embedded."))
    }

    fn pass_request(&self, body: &Object<'_>, _asked: &Asked, model: &str) -> Outbound {
        Outbound::whole(body.write_with(&[("model", Some(json::string(model)))]))
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        let answer: Answer<'a> = serde_json::from_slice(body).map_err(|_| error::no_answer())?;
        if let Some(failure) = answer.error {
            return Err(error::in_answer(failure.get()));
        }
        if answer.data.is_none() {
            return Err(error::no_answer());
        }
        Ok(answer.usage.and_then(usage::read).map(Event::Usage).into_iter().collect())
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(stream::Reader::new(true))
    }

    fn pass_stream(&self, asked: &Asked) -> Box<dyn StreamPasser> {
        Box::new(super::pass::Passer::new(asked))
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn only_the_model_is_ours() {
        let body = Object::parse(b"{\"input\": [\"a\" ,\"b\"],\"model\":\"tier\",\"dimensions\":3}").unwrap();
        let asked = Asked {
            model: "tier".into(),
            stream: false,
            include_usage: false,
            legacy_functions: false,
            ..Asked::default()
        };
        let sent = Embeddings.pass_request(&body, &asked, "small").body;
        assert_eq!(sent, b"{\"input\":[\"a\" ,\"b\"],\"model\":\"small\",\"dimensions\":3}");
    }

    #[test]
    fn tokens_are_counted_and_vectors_left_alone() {
        let body = b"{\"object\":\"list\",\"data\":[{\"embedding\":[0.1]}],\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}";
        let events = Embeddings.answer(body).unwrap();
        let Some(Event::Usage(usage)) = events.first() else { panic!("{events:?}") };
        assert_eq!((usage.input, usage.output), (8, 0));
        assert_eq!(Embeddings.pass_answer(body), None);
    }

    #[test]
    fn what_is_no_answer_is_a_failure() {
        for body in ["", "{}", "[]", "{\"error\":{\"message\":\"no\",\"code\":\"x\"}}"] {
            assert!(Embeddings.answer(body.as_bytes()).is_err(), "{body}");
        }
    }
}
