//! Counting the tokens of a request.
//!
//! <https://ai.google.dev/api/tokens>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens>

use serde::Deserialize;

use super::{error, request};
use crate::dialects::{CountFormat, Format, Outbound};
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::json::{self, Object};
use crate::wire::Wire;

/// Who counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// AI Studio, which takes a whole request to generate.
    Studio,
    /// Vertex, which takes what there is to read of it.
    Vertex,
}

#[derive(Deserialize)]
struct Counted {
    #[serde(rename = "totalTokens")]
    total_tokens: u64,
}

impl Format for Count {
    fn wire(&self) -> Wire {
        Wire::GeminiCountTokens
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl CountFormat for Count {
    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        let outbound = request::write(chat, model)?;
        let body = match self {
            Self::Studio => whole(&outbound.body, model),
            Self::Vertex => readable(&outbound.body),
        };
        Ok(Outbound { body, ..outbound })
    }

    fn tokens(&self, body: &[u8]) -> Result<u64, ApiError> {
        let counted = serde_json::from_slice::<Counted>(body).map(|counted| counted.total_tokens);
        counted.map_err(|_| ApiError::new(502, "The provider's answer is no number of tokens."))
    }
}

/// The request as a member, which has to name its model again.
fn whole(body: &[u8], model: &str) -> Vec<u8> {
    let name = if model.contains('/') { model.to_owned() } else { format!("models/{model}") };
    let request = Object::parse(body).unwrap_or_default().write_with(&[("model", Some(json::string(&name)))]);
    [b"{\"generateContentRequest\":", request.as_slice(), b"}"].concat()
}

/// The members that hold something to read.
fn readable(body: &[u8]) -> Vec<u8> {
    let request = Object::parse(body).unwrap_or_default();
    let others = request.members().map(|(name, _)| name);
    let others = others.filter(|name| !matches!(*name, "contents" | "systemInstruction" | "tools"));
    let edits: Vec<_> = others.map(|name| (name, None)).collect();
    request.write_with(&edits)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value, json};

    use super::*;

    fn written(count: Count) -> Value {
        let body = br#"{"max_tokens":9,"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],
            "tools":[{"type":"function","function":{"name":"f"}}]}"#;
        let chat = ChatRequest::parse(&Object::parse(body).unwrap()).unwrap();
        serde_json::from_slice(&count.request(&chat, "gemini-2.5-pro").unwrap().body).unwrap()
    }

    #[test]
    fn each_host_gets_what_it_takes() {
        let studio = &written(Count::Studio)["generateContentRequest"];
        assert_eq!(studio["model"], "models/gemini-2.5-pro");
        assert_eq!(studio["contents"][0]["parts"][0]["text"], "u");
        let vertex = written(Count::Vertex);
        let names: Vec<_> = vertex.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(["contents", "systemInstruction", "tools"].iter().all(|name| names.contains(name)), "{vertex}");
        assert_eq!(names.len(), 3, "{vertex}");
        assert_eq!(vertex["contents"], studio["contents"]);
    }

    #[test]
    fn the_total_is_the_answer() {
        assert_eq!(Count::Studio.tokens(json!({"totalTokens": 31, "x": 1}).to_string().as_bytes()), Ok(31));
        assert_eq!(Count::Vertex.tokens(b"[]").unwrap_err().status, 502);
    }
}
