#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::hub::{Event, FinishReason};
use crate::usage::Usage;

#[test]
fn an_answer_is_read_in_the_order_of_its_parts() {
    let body = br#"{"id":"a1","message":{"role":"assistant","tool_plan":"I will","citations":[{}],"content":[
        {"type":"thinking","thinking":"hm"},{"type":"strange","data":1},{"type":"text","text":"hi"}],
        "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
        {"id":"","function":{"name":"g","arguments":"null"}}]},"finish_reason":"TOOL_CALL",
        "usage":{"billed_units":{"input_tokens":1,"output_tokens":2},"cached_tokens":3.0,
        "tokens":{"input_tokens":10.0,"output_tokens":20,"reasoning_tokens":5}}}"#;
    let fragment = |index, text: &'static str| Event::Arguments { choice: 0, index, fragment: text.into() };
    let usage = Usage { input: 10, output: 20, cached: 3, reasoning: 5, ..Usage::default() };
    let wanted = [
        Event::Start { id: Some("a1".into()), model: None, created: None },
        Event::Reasoning { choice: 0, text: "hm".into() },
        Event::Text { choice: 0, text: "hi".into() },
        Event::ToolCall { choice: 0, index: 0, id: Some("c1".into()), name: "f".into() },
        fragment(0, r#"{"a":1}"#),
        Event::ToolCall { choice: 0, index: 1, id: None, name: "g".into() },
        fragment(1, "{}"),
        Event::Finish { choice: 0, reason: FinishReason::ToolCalls },
        Event::Usage(usage),
    ];
    assert_eq!(Cohere.answer(body).unwrap(), wanted);
}

#[test]
fn content_may_be_bare_text_and_odd_parts_say_nothing() {
    let read = |message: &str| {
        let body = format!(r#"{{"message":{message}}}"#);
        let mut events = Cohere.answer(body.as_bytes()).unwrap();
        events.remove(1).into_owned()
    };
    assert_eq!(read(r#"{"content":"hi"}"#), Event::Text { choice: 0, text: "hi".into() });
    assert_eq!(read(r#"{"content":[1,{"text":5},null]}"#), Event::Finish { choice: 0, reason: FinishReason::Stop });
    let call = read(r#"{"content":null,"tool_calls":[{"function":{"name":5}}]}"#);
    assert_eq!(call, Event::ToolCall { choice: 0, index: 0, id: None, name: "".into() });
}

#[test]
fn every_reason_to_finish_has_its_word() {
    let finish = |reason: &str, calls: &str| {
        let body = format!(r#"{{"message":{{"tool_calls":[{calls}]}},"finish_reason":{reason}}}"#);
        Cohere.answer(body.as_bytes()).map(|events| match events.last() {
            Some(Event::Finish { reason, .. }) => reason.as_str().to_owned(),
            other => format!("{other:?}"),
        })
    };
    for reason in [r#""COMPLETE""#, r#""STOP_SEQUENCE""#, r#""NEWER""#, "null"] {
        assert_eq!(finish(reason, "").unwrap(), "stop", "{reason}");
        assert_eq!(finish(reason, r#"{"function":{"name":"f"}}"#).unwrap(), "tool_calls", "{reason}");
    }
    assert_eq!(finish(r#""MAX_TOKENS""#, "").unwrap(), "length");
    assert_eq!(finish(r#""ERROR""#, "").unwrap_err().status, 502);
    assert_eq!(finish(r#""TIMEOUT""#, "").unwrap_err().status, 504);
}

#[test]
fn without_counts_of_tokens_those_that_are_paid_for_stand_in() {
    let usage = |usage: &str| {
        let body = format!(r#"{{"message":{{}},"usage":{usage}}}"#);
        let events = Cohere.answer(body.as_bytes()).unwrap();
        events.into_iter().find_map(|event| if let Event::Usage(usage) = event { Some(usage) } else { None })
    };
    let billed = usage(r#"{"billed_units":{"input_tokens":4,"output_tokens":2}}"#).unwrap();
    assert_eq!((billed.input, billed.output), (4, 2));
    assert_eq!(usage("{}"), None);
    assert_eq!(usage("null"), None);
}

#[test]
fn what_is_no_answer_is_a_failure_of_the_provider() {
    for body in ["", "[]", "{}", r#"{"message":"late failure"}"#, "<html>"] {
        assert_eq!(Cohere.answer(body.as_bytes()).unwrap_err().status, 502, "{body}");
    }
}

#[test]
fn failures_keep_their_status_and_message() {
    let error = |status, body: &str| Cohere.error(status, body.as_bytes(), &|_| None);
    let told = error(401, r#"{"id":"x","message":"no such key"}"#);
    assert_eq!((told.status, told.message.as_str(), told.code), (401, "no such key", None));
    assert_eq!(error(404, r#"{"message":"model 'x' not found"}"#).code.as_deref(), Some("model_not_found"));
    let long = error(400, r#"{"message":"too many tokens: the limit is 5"}"#);
    assert_eq!(long.code.as_deref(), Some("context_length_exceeded"));
    assert_eq!(error(502, "<html>bad</html>").message, "<html>bad</html>");
    assert!(error(503, r#"{"message":""}"#).message.contains("503"));
}

#[test]
fn that_a_stop_sequence_was_met_is_told_but_not_which() {
    let told = |reason: &str| {
        let body = format!(r#"{{"message":{{}},"finish_reason":"{reason}"}}"#);
        let events = Cohere.answer(body.as_bytes()).unwrap();
        events.contains(&Event::StopSequence { choice: 0, sequence: "".into() })
    };
    assert!(told("STOP_SEQUENCE") && !told("COMPLETE"));
}
