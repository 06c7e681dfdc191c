use serde_json::{Value, json};

use super::*;
use crate::hub::FinishReason;
use crate::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod answers;
mod requests;
mod streams;

fn asked(json: &str) -> Result<Asked, ApiError> {
    Messages.asked(&Object::parse(json.as_bytes()).unwrap())
}

fn context() -> AnswerContext {
    let (id, model) = ("AbC123".to_owned(), "target-model".to_owned());
    AnswerContext { id, created: 1_700_000_000, model, include_usage: true, legacy_functions: false }
}

fn start() -> Event<'static> {
    Event::Start { id: Some("chatcmpl-p".into()), model: Some("m-1".into()), created: Some(5) }
}

fn text(text: &'static str) -> Event<'static> {
    Event::Text { choice: 0, text: text.into() }
}

fn reasoning(text: &'static str) -> Event<'static> {
    Event::Reasoning { choice: 0, text: text.into() }
}

fn call(index: u32, id: Option<&'static str>, name: &'static str) -> Event<'static> {
    Event::ToolCall { choice: 0, index, id: id.map(Into::into), name: name.into() }
}

fn arguments(index: u32, fragment: &'static str) -> Event<'static> {
    Event::Arguments { choice: 0, index, fragment: fragment.into() }
}

fn finish(reason: FinishReason) -> Event<'static> {
    Event::Finish { choice: 0, reason }
}

fn usage() -> Event<'static> {
    Event::Usage(Usage {
        input: 10,
        cached: 4,
        cache_write: 2,
        cache_write_1h: 1,
        output: 7,
        reasoning: 3,
        ..Usage::default()
    })
}

#[test]
fn a_request_says_its_model_and_whether_it_streams() {
    let plain = asked(r#"{"model":"m","max_tokens":1,"messages":[{}]}"#).unwrap();
    assert_eq!(
        plain,
        Asked {
            model: "m".to_owned(),
            stream: false,
            include_usage: true,
            legacy_functions: false,
            ..Asked::default()
        }
    );
    assert!(asked(r#"{"stream":true,"model":"m","max_tokens":1,"messages":[{}]}"#).unwrap().stream);
}

#[test]
fn a_request_that_nobody_could_answer_is_refused_with_the_field_to_blame() {
    let cases = [
        (r#"{"max_tokens":1,"messages":[{}]}"#, "model"),
        (r#"{"model":" ","max_tokens":1,"messages":[{}]}"#, "model"),
        (r#"{"model":7,"max_tokens":1,"messages":[{}]}"#, "model"),
        (r#"{"model":"m","max_tokens":1}"#, "messages"),
        (r#"{"model":"m","max_tokens":1,"messages":[ ]}"#, "messages"),
        (r#"{"model":"m","max_tokens":1,"messages":"hi"}"#, "messages"),
        (r#"{"model":"m","messages":[{}]}"#, "max_tokens"),
        (r#"{"model":"m","max_tokens":"many","messages":[{}]}"#, "max_tokens"),
        (r#"{"model":"m","max_tokens":-1,"messages":[{}]}"#, "max_tokens"),
        (r#"{"model":"m","max_tokens":1,"messages":[{}],"stream":"yes"}"#, "stream"),
    ];
    for (json, param) in cases {
        let error = asked(json).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(param)), "{json}");
        let body: Value = serde_json::from_slice(&Messages.error(&error)).unwrap();
        assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!("invalid_request_error")));
        assert!(body["error"]["message"].as_str().unwrap().contains(param), "{body}");
    }
}

#[test]
fn an_error_has_the_type_of_its_class() {
    let cases = [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (408, "timeout_error"),
        (409, "invalid_request_error"),
        (413, "request_too_large"),
        (415, "invalid_request_error"),
        (424, "api_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ];
    for (status, kind) in cases {
        let body: Value = serde_json::from_slice(&Messages.error(&ApiError::new(status, "why"))).unwrap();
        assert_eq!(body, json!({"type": "error", "error": {"type": kind, "message": "why"}}), "{status}");
    }
    let body: Value = serde_json::from_slice(&Messages.error(&ApiError::new(500, " "))).unwrap();
    assert!(body["error"]["message"].as_str().unwrap().len() > 10, "a message is never empty");
}

#[test]
fn a_prompt_that_is_too_long_is_told_in_the_words_that_programs_look_for() {
    let error = ApiError::new(400, "The context has 9 tokens.").code("context_length_exceeded");
    let body: Value = serde_json::from_slice(&Messages.error(&error)).unwrap();
    assert_eq!(body["error"]["message"], "prompt is too long: The context has 9 tokens.");
}

#[test]
fn a_provider_s_own_error_passes_only_in_the_form_that_sdks_read() {
    let with = |original: &str| {
        let error = ApiError { original: Some(original.as_bytes().into()), ..ApiError::new(400, "told") };
        String::from_utf8(Messages.error(&error)).unwrap()
    };
    let own = r#"{"type": "error","error":{"type":"t","message":"m"},"request_id":"r"}"#;
    assert_eq!(with(own), own);
    for other in [
        r#"{"error":{"type":"t","message":"m"}}"#,
        r#"{"type":"error","error":"text"}"#,
        r#"{"type":"error","error":{"type":"t","message":""}}"#,
        "<html>",
    ] {
        assert!(with(other).contains("told"), "{other}");
    }
}

#[test]
fn an_error_in_a_stream_is_one_named_event() {
    let mut error = ApiError::new(529, "line one\nline two");
    let event = String::from_utf8(Messages.stream_error(&error)).unwrap();
    let json: Value = serde_json::from_str(event.strip_prefix("event: error\ndata: ").unwrap()).unwrap();
    assert_eq!(json["error"], json!({"type": "overloaded_error", "message": "line one\nline two"}));
    error.original = Some(b"{\n\"type\":\"error\",\n\"error\":{\"type\":\"t\",\"message\":\"m\"}}".as_slice().into());
    let event = String::from_utf8(Messages.stream_error(&error)).unwrap();
    assert_eq!(event.lines().count(), 3, "a name, one data line, one empty line: {event:?}");
}
