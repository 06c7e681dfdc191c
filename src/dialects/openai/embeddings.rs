//! Embeddings, which pass: the model is ours, the tokens are counted, and vectors have the encoding that was asked for.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings>

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{error, usage};
use crate::dialects::{Format, Outbound, PassFormat};
use crate::errors::ApiError;
use crate::json::{self, Object};
use crate::surfaces::Asked;
use crate::usage::Usage;
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

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl PassFormat for Embeddings {
    fn pass_request(&self, body: &Object<'_>, _asked: &Asked, model: &str) -> Outbound {
        Outbound::whole(body.write_with(&[("model", Some(json::string(model)))]))
    }

    fn usage(&self, body: &[u8]) -> Result<Option<Usage>, ApiError> {
        let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| error::no_answer())?;
        if let Some(failure) = answer.error {
            return Err(error::in_answer(failure.get()));
        }
        if answer.data.is_none() {
            return Err(error::no_answer());
        }
        Ok(answer.usage.and_then(usage::read))
    }

    /// Many servers know one encoding only, and SDKs that ask for base64 by themselves take it for what they get.
    fn pass_answer(&self, body: &[u8], asked: &Asked) -> Option<Vec<u8>> {
        let answer = Object::parse(body).ok()?;
        let data: Vec<Object<'_>> = answer.read("data").ok()??;
        let mended: Vec<_> = data.iter().map(|item| asked.encoding.apply(item.get("embedding")?)).collect();
        if mended.iter().all(Option::is_none) {
            return None;
        }
        let items = data.iter().zip(&mended).map(|(item, vector)| match vector {
            Some(vector) => item.write_with(&[("embedding", Some(vector.get().to_owned()))]),
            None => item.write_with(&[]),
        });
        let list = String::from_utf8(items.collect::<Vec<_>>().join(&b","[..])).ok()?;
        Some(answer.write_with(&[("data", Some(format!("[{list}]")))]))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::hub::embeddings::Encoding;

    #[test]
    fn only_the_model_is_ours() {
        let body = Object::parse(b"{\"input\": [\"a\" ,\"b\"],\"model\":\"tier\",\"dimensions\":3}").unwrap();
        let asked = Asked { model: "tier".into(), stream: false, ..Asked::default() };
        let sent = Embeddings.pass_request(&body, &asked, "small").body;
        assert_eq!(sent, b"{\"input\":[\"a\" ,\"b\"],\"model\":\"small\",\"dimensions\":3}");
    }

    #[test]
    fn tokens_are_counted() {
        let body = b"{\"object\":\"list\",\"data\":[{\"embedding\":[0.1]}],\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}";
        assert_eq!(Embeddings.usage(body), Ok(Some(Usage { input: 8, ..Usage::default() })));
    }

    #[test]
    fn vectors_have_the_encoding_that_was_asked_for() {
        let floats = br#"{"id":"x","data":[{"index":0,"embedding":[1.0]},{"embedding":[-2.5],"index":1}]}"#;
        let base64 = br#"{"id":"x","data":[{"index":0,"embedding":"AACAPw=="},{"embedding":"AAAgwA==","index":1}]}"#;
        let asked = |encoding| Asked { encoding, ..Asked::default() };
        let (float, base) = (asked(Encoding::Float), asked(Encoding::Base64));
        assert_eq!(Embeddings.pass_answer(floats, &base), Some(base64.to_vec()));
        assert_eq!(Embeddings.pass_answer(base64, &float), Some(floats.to_vec()));
        assert_eq!(Embeddings.pass_answer(floats, &float), None);
        assert_eq!(Embeddings.pass_answer(base64, &base), None);
    }

    #[test]
    fn what_is_no_answer_is_a_failure() {
        for body in ["", "{}", "[]", "{\"error\":{\"message\":\"no\",\"code\":\"x\"}}"] {
            assert!(Embeddings.usage(body.as_bytes()).is_err(), "{body}");
        }
    }
}
