//! Counting the tokens of a message before it is sent.
//!
//! <https://docs.anthropic.com/en/api/messages-count-tokens>

use super::{check_messages, error, model, refused, request};
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::json::Object;
use crate::surfaces::{Asked, CountSurface, Surface};
use crate::wire::Wire;

/// `POST /v1/messages/count_tokens`.
pub struct CountTokens;

impl Surface for CountTokens {
    fn name(&self) -> &'static str {
        "count_tokens"
    }

    fn wire(&self) -> Wire {
        Wire::AnthropicCountTokens
    }

    fn asked(&self, body: &Object<'_>) -> Result<Asked, ApiError> {
        let model = model(body)?;
        check_messages(body.get("messages"))?;
        Ok(Asked { model, ..Asked::default() })
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        error::write(error)
    }
}

impl CountSurface for CountTokens {
    fn request<'a>(&self, body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError> {
        request::read(body).map_err(refused)
    }

    fn answer(&self, tokens: u64) -> Vec<u8> {
        format!("{{\"input_tokens\":{tokens}}}").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_message_is_counted_without_saying_how_long_its_answer_may_be() {
        let body = Object::parse(br#"{"model":"m","messages":[{"role":"user","content":"12345678"}]}"#).unwrap();
        assert_eq!(CountTokens.asked(&body).unwrap().model, "m");
        assert_eq!(CountTokens.request(&body).unwrap().estimated_tokens(), 6);
        assert_eq!(CountTokens.answer(641), b"{\"input_tokens\":641}");
    }

    #[test]
    fn what_is_missing_is_told_in_anthropics_form() {
        for (body, field) in
            [("{}", "model"), ("{\"model\":\"m\"}", "messages"), ("{\"model\":\"m\",\"messages\":[]}", "messages")]
        {
            let error = CountTokens.asked(&Object::parse(body.as_bytes()).unwrap()).unwrap_err();
            assert_eq!((error.status, error.param.as_deref()), (400, Some(field)), "{body}");
            assert!(CountTokens.error(&error).starts_with(b"{\"type\":\"error\""));
        }
    }
}
