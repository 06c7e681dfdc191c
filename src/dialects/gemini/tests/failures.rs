use std::time::Duration;

use super::*;
use crate::errors::{Kind, Retry};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn told(status: u16, body: &str) -> ApiError {
    Gemini.error(status, body.as_bytes(), &|_| None)
}

#[test]
fn the_message_and_the_word_are_googles() {
    for body in [
        r#"{"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}"#,
        r#" [{"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}]"#,
    ] {
        let error = told(503, body);
        assert_eq!(
            (error.status, error.message.as_str(), error.code.as_deref()),
            (503, "Overloaded.", Some("UNAVAILABLE"))
        );
        assert_eq!(error.original, None, "no caller speaks this format");
    }
}

#[test]
fn a_wrong_key_is_a_matter_of_keys() {
    let body = r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT",
        "details":[{"reason":"API_KEY_INVALID"}]}}"#;
    let error = told(400, body);
    assert_eq!((error.status, error.kind, error.code), (401, Kind::Authentication, None));
    assert_eq!(told(400, &body.replace("API_KEY_INVALID", "OTHER")).status, 400);
}

#[test]
fn the_delay_stands_in_the_body() {
    let body = |delay: &str| {
        format!(
            r#"{{"error":{{"code":429,"message":"Quota.","status":"RESOURCE_EXHAUSTED","details":[{{"quotaId":1}},{{"retryDelay":"{delay}"}}]}}}}"#
        )
    };
    assert_eq!(told(429, &body("34.4s")).retry, Retry::After(Duration::from_millis(34_400)));
    for nonsense in ["", "-1s", "soon", "NaNs", "1e99s"] {
        assert_eq!(told(429, &body(nonsense)).retry, Retry::Unsaid, "{nonsense}");
    }
}

#[test]
fn words_that_programs_know_are_used() {
    let body = |message: &str| format!(r#"{{"error":{{"message":"{message}","status":"X"}}}}"#);
    let long = told(400, &body("The input token count (9) exceeds the maximum number of tokens allowed (8)."));
    assert_eq!(long.code.as_deref(), Some("context_length_exceeded"));
    assert_eq!(told(404, &body("models/x is not found")).code.as_deref(), Some("model_not_found"));
    assert_eq!(told(404, &body("no such project")).code.as_deref(), Some("X"));
}

#[test]
fn a_body_that_is_no_error_is_shown_as_text() {
    assert_eq!(told(502, "<html>Bad gateway</html>").message, "<html>Bad gateway</html>");
    for body in ["", "{}", "[]", r#"{"error":null}"#, r#"{"error":{}}"#] {
        let error = told(500, body);
        assert!(error.status == 500 && !error.message.is_empty(), "{body}");
    }
}
