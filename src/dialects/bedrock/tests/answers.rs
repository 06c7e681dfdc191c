use super::*;
use crate::errors::Kind;
use crate::hub::{Event, FinishReason, Thinking};
use crate::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn answer(content: &Value, reason: &str, usage: &Value) -> Vec<u8> {
    let message = json!({ "role": "assistant", "content": content });
    json!({ "output": { "message": message }, "stopReason": reason, "usage": usage, "metrics": {} }).to_string().into()
}

#[test]
fn an_answer_is_read_in_its_order_with_unknown_blocks_skipped() {
    let content = json!([
        { "reasoningContent": { "reasoningText": { "text": "hm", "signature": "s" } } },
        { "reasoningContent": { "redactedContent": "QQ==" } },
        { "text": "a" }, { "brandNew": { "x": 1 } },
        { "citationsContent": { "content": [{ "text": "b" }], "citations": [] } },
        { "toolUse": { "toolUseId": "t", "name": "f", "input": { "x": 1 } } },
        { "toolUse": { "toolUseId": "u", "name": "g" } },
    ]);
    let body = answer(&content, "tool_use", &json!({ "inputTokens": 2, "outputTokens": 3, "totalTokens": 5 }));
    let call = |index, id: &'static str, name: &'static str| Event::ToolCall {
        choice: 0,
        index,
        id: Some(id.into()),
        name: name.into(),
    };
    let expected = [
        Event::Start { id: None, model: None, created: None },
        Event::Reasoning { choice: 0, text: "hm".into() },
        Event::Thinking { choice: 0, block: Thinking::Signed { text: "hm".into(), signature: "s".into() } },
        Event::Thinking { choice: 0, block: Thinking::Redacted { data: "QQ==".into() } },
        Event::Text { choice: 0, text: "a".into() },
        Event::Text { choice: 0, text: "b".into() },
        call(0, "t", "f"),
        Event::Arguments { choice: 0, index: 0, fragment: r#"{"x":1}"#.into() },
        call(1, "u", "g"),
        Event::Arguments { choice: 0, index: 1, fragment: "{}".into() },
        Event::Finish { choice: 0, reason: FinishReason::ToolCalls },
        Event::Usage(Usage { input: 2, output: 3, ..Usage::default() }),
    ];
    assert_eq!(BedrockConverse.answer(&body).unwrap(), expected);
}

#[test]
fn every_reason_has_its_word_and_unknown_ones_are_a_plain_end() {
    for (word, expected) in [
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("guardrail_intervened", FinishReason::ContentFilter),
        ("content_filtered", FinishReason::ContentFilter),
        ("malformed_tool_use", FinishReason::Stop),
        ("brand_new", FinishReason::Stop),
    ] {
        let body = answer(&json!([]), word, &Value::Null);
        let events = BedrockConverse.answer(&body).unwrap();
        assert_eq!(events.last(), Some(&Event::Finish { choice: 0, reason: expected }), "{word}");
    }
}

#[test]
fn counts_include_the_cache_once_and_tell_its_lifetimes() {
    let usage = json!({
        "inputTokens": 10, "outputTokens": 4, "cacheReadInputTokens": 100, "cacheReadInputTokenCount": 100,
        "cacheWriteInputTokens": 30, "cacheDetails": [{ "inputTokens": 20, "ttl": "1h" }, { "inputTokens": 10, "ttl": "5m" }],
    });
    let body = answer(&json!([]), "end_turn", &usage);
    let events = BedrockConverse.answer(&body).unwrap();
    let expected =
        Usage { input: 140, cached: 100, cache_write: 10, cache_write_1h: 20, output: 4, ..Usage::default() };
    assert_eq!(events.last(), Some(&Event::Usage(expected)));
}

#[test]
fn what_is_not_an_answer_is_a_failure() {
    for body in ["", "{}", "[]", r#"{"output":{}}"#, r#"{"message":"m"}"#] {
        assert_eq!(BedrockConverse.answer(body.as_bytes()).unwrap_err().status, 502, "{body}");
    }
}

#[test]
fn failures_keep_their_status_and_message_and_are_named_by_the_header() {
    let header = |name: &str| {
        (name == "x-amzn-errortype").then(|| "ThrottlingException:http://internal.amazon.com/coral/".to_owned())
    };
    let error = BedrockConverse.error(429, br#"{"message":"Slow down"}"#, &header);
    assert_eq!((error.status, error.kind, error.message.as_str()), (429, Kind::RateLimit, "Slow down"));
    assert_eq!(error.code.as_deref(), Some("ThrottlingException"));
    let bare = BedrockConverse.error(403, br#"{"Message":"No","__type":"com.amazon#AccessDenied"}"#, &|_| None);
    assert_eq!((bare.message.as_str(), bare.code.as_deref()), ("No", Some("AccessDenied")));
    let page = BedrockConverse.error(503, b" <html> ", &|_| None);
    assert_eq!((page.message.as_str(), page.code.as_deref()), ("<html>", None));
    assert!(BedrockConverse.error(500, b"", &|_| None).message.contains("500"));
}

#[test]
fn a_prompt_that_is_too_long_and_a_model_that_fails_are_told_apart() {
    let long = BedrockConverse.error(400, br#"{"message":"Input is too long for requested model."}"#, &|_| None);
    assert_eq!(long.code.as_deref(), Some("context_length_exceeded"));
    let model = BedrockConverse.error(424, br#"{"message":"m"}"#, &|_| None);
    assert_eq!((model.status, model.kind), (424, Kind::Server));
}

#[test]
fn a_stop_sequence_is_told_whole_or_streamed() {
    let sequence = |answer: &str| {
        let events = BedrockConverse.answer(answer.as_bytes()).unwrap();
        events.into_iter().find(|event| matches!(event, Event::StopSequence { .. })).map(Event::into_owned)
    };
    let met = |which: &str| Event::StopSequence { choice: 0, sequence: which.to_owned().into() };
    let answer = |reason: &str, fields: Value| {
        let output = json!({ "message": { "content": [{ "text": "a" }] } });
        json!({ "output": output, "stopReason": reason, "additionalModelResponseFields": fields }).to_string()
    };
    let named = json!({ "stop_sequence": "END" });
    assert_eq!(sequence(&answer("stop_sequence", named.clone())), Some(met("END")));
    assert_eq!(sequence(&answer("stop_sequence", Value::Null)), Some(met("")));
    assert_eq!(sequence(&answer("end_turn", json!({ "stop_sequence": null }))), None);
    let data = json!({ "stopReason": "stop_sequence", "additionalModelResponseFields": named }).to_string();
    let event = crate::stream::sse::Event { name: "messageStop".to_owned(), data };
    let mut events = Vec::new();
    let _ = BedrockConverse.stream().read(&event, &mut events);
    assert_eq!(events[1..], [met("END"), Event::Finish { choice: 0, reason: FinishReason::Stop }]);
}
