use super::*;
use crate::hub::{FinishReason, Thinking};
use crate::usage::{ServiceTier, Usage};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn answer(body: &str) -> Vec<Event<'_>> {
    Anthropic.answer(body.as_bytes()).unwrap()
}

fn finish(reason: &str) -> FinishReason {
    let body = format!(r#"{{"type":"message","content":[],"stop_reason":{reason}}}"#);
    let events = Anthropic.answer(body.as_bytes()).unwrap();
    match events.last() {
        Some(Event::Finish { reason, .. }) => *reason,
        other => panic!("{other:?}"),
    }
}

fn usage(counts: &str) -> Usage {
    let body = format!(r#"{{"type":"message","content":[],"stop_reason":"end_turn","usage":{counts}}}"#);
    match Anthropic.answer(body.as_bytes()).unwrap().pop() {
        Some(Event::Usage(usage)) => usage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_block_becomes_its_events_in_order() {
    let events = answer(
        r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[
            {"type":"thinking","thinking":"hm","signature":"sig"},
            {"type":"redacted_thinking","data":"sealed"},
            {"type":"text","text":"one "},
            {"type":"server_tool_use","id":"srv","name":"web_search","input":{"q":1}},
            {"type":"text","text":"two"},
            {"type":"tool_use","id":"t1","name":"a","input":{ "x": 1.0 }},
            {"type":"tool_use","id":"t2","name":"b","input":{ }}
        ],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}"#,
    );
    let call = |index, id: &'static str, name: &'static str| Event::ToolCall {
        choice: 0,
        index,
        id: Some(id.into()),
        name: name.into(),
    };
    let arguments = |index, fragment: &'static str| Event::Arguments { choice: 0, index, fragment: fragment.into() };
    assert_eq!(
        events,
        [
            Event::Start { id: Some("msg_1".into()), model: Some("claude-x".into()), created: None },
            Event::Reasoning { choice: 0, text: "hm".into() },
            Event::Thinking { choice: 0, block: Thinking::Signed { text: "hm".into(), signature: "sig".into() } },
            Event::Thinking { choice: 0, block: Thinking::Redacted { data: "sealed".into() } },
            Event::Text { choice: 0, text: "one ".into() },
            Event::Text { choice: 0, text: "two".into() },
            call(0, "t1", "a"),
            arguments(0, "{ \"x\": 1.0 }"),
            call(1, "t2", "b"),
            arguments(1, "{}"),
            Event::Finish { choice: 0, reason: FinishReason::ToolCalls },
            Event::Usage(Usage { input: 3, output: 4, ..Usage::default() }),
        ]
    );
}

#[test]
fn texts_are_borrowed_from_the_body() {
    let events = answer(r#"{"type":"message","content":[{"type":"text","text":"plain"}],"stop_reason":"end_turn"}"#);
    assert!(events.iter().any(|event| matches!(event, Event::Text { text: Cow::Borrowed("plain"), .. })));
}

#[test]
fn unsigned_thinking_is_readable_but_has_no_block() {
    let body = r#"{"type":"message","content":[{"type":"thinking","thinking":"hm"}],"stop_reason":"end_turn"}"#;
    let events = answer(body);
    assert!(events.iter().any(|event| matches!(event, Event::Reasoning { .. })));
    assert!(!events.iter().any(|event| matches!(event, Event::Thinking { .. })));
}

#[test]
fn blocks_of_unknown_types_are_not_looked_into() {
    let events = answer(
        r#"{"type":"message","content":[{"type":"odd","text":{"not":"text"}},{"type":"x","input":null},7],"stop_reason":null}"#,
    );
    assert_eq!(events.len(), 2, "{events:?}");
}

#[test]
fn stop_reasons_become_openais() {
    for (native, expected) in [
        (r#""end_turn""#, FinishReason::Stop),
        (r#""stop_sequence""#, FinishReason::Stop),
        (r#""pause_turn""#, FinishReason::Stop),
        (r#""something_new""#, FinishReason::Stop),
        ("null", FinishReason::Stop),
        (r#""max_tokens""#, FinishReason::Length),
        (r#""model_context_window_exceeded""#, FinishReason::Length),
        (r#""tool_use""#, FinishReason::ToolCalls),
        (r#""refusal""#, FinishReason::ContentFilter),
    ] {
        assert_eq!(finish(native), expected, "{native}");
    }
}

#[test]
fn an_answer_that_calls_tools_waits_for_them_whatever_it_says() {
    let of = |reason: &str| {
        let tool = r#"{"type":"tool_use","id":"t","name":"a","input":{}}"#;
        let body = format!(r#"{{"type":"message","content":[{tool}],"stop_reason":"{reason}"}}"#);
        Anthropic
            .answer(body.as_bytes())
            .unwrap()
            .into_iter()
            .map(|event| match event {
                Event::Finish { reason, .. } => Some(reason),
                _ => None,
            })
            .next_back()
            .flatten()
    };
    assert_eq!(of("end_turn"), Some(FinishReason::ToolCalls));
    assert_eq!(of("max_tokens"), Some(FinishReason::Length));
}

#[test]
fn a_refusal_says_why() {
    let events = answer(
        r#"{"type":"message","content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"Not this."}}"#,
    );
    assert_eq!(
        events[1..],
        [
            Event::Refusal { choice: 0, text: "Not this.".into() },
            Event::Finish { choice: 0, reason: FinishReason::ContentFilter },
        ]
    );
}

#[test]
fn input_includes_what_the_cache_read_and_wrote() {
    let counts = r#"{"input_tokens":4,"cache_read_input_tokens":100,"cache_creation_input_tokens":30,
        "cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},
        "output_tokens":9,"output_tokens_details":{"thinking_tokens":5},"service_tier":"standard"}"#;
    let expected = Usage {
        input: 134,
        cached: 100,
        cache_write: 20,
        cache_write_1h: 10,
        output: 9,
        reasoning: 5,
        ..Usage::default()
    };
    assert_eq!(usage(counts), expected);
}

#[test]
fn the_fast_mode_is_a_service_tier() {
    let tier = |speed| usage(&format!(r#"{{"input_tokens":1,"output_tokens":1,"speed":{speed}}}"#)).service_tier;
    assert_eq!(
        [r#""fast""#, r#""standard""#, r#""warp""#, "null"].map(tier),
        [ServiceTier::Priority, ServiceTier::Standard, ServiceTier::Standard, ServiceTier::Standard]
    );
}

#[test]
fn cache_writes_without_a_split_live_five_minutes() {
    let written =
        usage(r#"{"input_tokens":1,"cache_creation_input_tokens":7,"cache_creation":null,"output_tokens":1}"#);
    assert_eq!((written.input, written.cache_write, written.cache_write_1h), (8, 7, 0));
    let split = usage(r#"{"input_tokens":1,"cache_creation":{"ephemeral_1h_input_tokens":5},"output_tokens":1}"#);
    assert_eq!((split.input, split.cache_write, split.cache_write_1h), (6, 0, 5));
}

#[test]
fn an_error_that_claims_success_is_a_failure() {
    let body = br#"{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}"#;
    let error = Anthropic.answer(body).unwrap_err();
    assert_eq!((error.status, error.message.as_str(), error.code.as_deref()), (529, "Busy", Some("overloaded_error")));
}

#[test]
fn a_body_of_another_kind_is_a_failure() {
    for body in ["", "<html>", "[]", "{}", r#"{"type":"message","content":null}"#, r#"{"object":"list"}"#] {
        assert_eq!(Anthropic.answer(body.as_bytes()).unwrap_err().status, 502, "{body}");
    }
}
