use super::*;
use crate::errors::Kind;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn error(status: u16, body: &str) -> ApiError {
    Anthropic.error(status, body.as_bytes())
}

#[test]
fn the_status_the_message_and_the_type_stay() {
    let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"Slow down"},"request_id":"r"}"#;
    let error = error(429, body);
    assert_eq!((error.status, error.kind), (429, Kind::RateLimit));
    assert_eq!((error.message.as_str(), error.code.as_deref()), ("Slow down", Some("rate_limit_error")));
    assert_eq!(error.original.as_deref(), Some(body.as_bytes()));
}

#[test]
fn a_prompt_that_is_too_long_has_openais_word() {
    let body = r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}"#;
    assert_eq!(error(400, body).code.as_deref(), Some("context_length_exceeded"));
}

#[test]
fn googles_form_is_read_but_not_passed_on_as_anthropics() {
    let body = r#"{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[]}}"#;
    let error = error(429, body);
    assert_eq!((error.status, error.message.as_str()), (429, "Quota exceeded"));
    assert_eq!(error.code.as_deref(), Some("RESOURCE_EXHAUSTED"));
    assert_eq!(error.original, None);
}

#[test]
fn a_message_without_an_error_around_it_is_told_too() {
    let error = error(400, r#"{"message":"max_tokens: too small"}"#);
    assert_eq!((error.message.as_str(), error.code, error.original), ("max_tokens: too small", None, None));
}

#[test]
fn other_bodies_are_shown_as_text_up_to_a_limit() {
    assert_eq!(error(502, "<html>Bad gateway</html>").message, "<html>Bad gateway</html>");
    assert_eq!(error(502, &"ü".repeat(3000)).message, "ü".repeat(1000));
    assert_eq!(error(503, " ").message, "the provider answered with status 503");
    assert!(error(500, r#"{"error":"odd"}"#).message.contains("odd"));
    assert_eq!(error(500, "[]").original, None);
}
