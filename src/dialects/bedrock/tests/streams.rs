use super::*;
use crate::dialects::Progress;
use crate::hub::{Event, FinishReason, Thinking};
use crate::stream::sse;
use crate::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What a stream of these events says, whether its end marker came, and the failure that ends it.
fn read(frames: &[(&str, Value)]) -> (Vec<Event<'static>>, bool, Option<ApiError>) {
    let (mut reader, mut out) = (BedrockConverse.stream(), Vec::new());
    for (name, data) in frames {
        match reader.read(&sse::Event { name: (*name).to_owned(), data: data.to_string() }, &mut out) {
            Ok(Progress::Open | Progress::Unread) => {}
            Ok(Progress::Done) => return (out, true, None),
            Err(error) => return (out, false, Some(error)),
        }
    }
    let failure = reader.end(&mut out).err();
    (out, false, failure)
}

fn start() -> (&'static str, Value) {
    ("messageStart", json!({ "role": "assistant", "p": "abc" }))
}

fn delta(at: u64, delta: &Value) -> (&'static str, Value) {
    ("contentBlockDelta", json!({ "contentBlockIndex": at, "delta": delta, "p": "abc" }))
}

fn closed(at: u64) -> (&'static str, Value) {
    ("contentBlockStop", json!({ "contentBlockIndex": at }))
}

fn calls(at: u64, id: &str) -> (&'static str, Value) {
    let start = json!({ "toolUse": { "toolUseId": id, "name": "f" } });
    ("contentBlockStart", json!({ "contentBlockIndex": at, "start": start }))
}

fn stop(reason: &str) -> (&'static str, Value) {
    ("messageStop", json!({ "stopReason": reason }))
}

fn metadata() -> (&'static str, Value) {
    ("metadata", json!({ "usage": { "inputTokens": 2, "outputTokens": 3 }, "metrics": {} }))
}

#[test]
fn a_stream_is_read_until_its_counts() {
    let (events, done, failure) = read(&[
        start(),
        delta(0, &json!({ "reasoningContent": { "text": "h" } })),
        delta(0, &json!({ "reasoningContent": { "text": "m" } })),
        delta(0, &json!({ "reasoningContent": { "signature": "s" } })),
        closed(0),
        delta(1, &json!({ "text": "hi" })),
        closed(1),
        calls(2, "t"),
        delta(2, &json!({ "toolUse": { "input": "" } })),
        delta(2, &json!({ "toolUse": { "input": "{}" } })),
        closed(2),
        calls(3, "u"),
        closed(3),
        stop("tool_use"),
        metadata(),
    ]);
    let call = |index, id: &'static str| Event::ToolCall { choice: 0, index, id: Some(id.into()), name: "f".into() };
    let expected = [
        Event::Start { id: None, model: None, created: None },
        Event::Reasoning { choice: 0, text: "h".into() },
        Event::Reasoning { choice: 0, text: "m".into() },
        Event::Thinking { choice: 0, block: Thinking::Signed { text: "hm".into(), signature: "s".into() } },
        Event::Text { choice: 0, text: "hi".into() },
        call(0, "t"),
        Event::Arguments { choice: 0, index: 0, fragment: "{}".into() },
        call(1, "u"),
        Event::Arguments { choice: 0, index: 1, fragment: "{}".into() },
        Event::Finish { choice: 0, reason: FinishReason::ToolCalls },
        Event::Usage(Usage { input: 2, output: 3, ..Usage::default() }),
    ];
    assert_eq!(events, expected);
    assert!(done && failure.is_none());
}

#[test]
fn sealed_thinking_is_told_when_its_block_ends_also_with_the_answer() {
    let sealed = |at, data: &str| delta(at, &json!({ "reasoningContent": { "redactedContent": data } }));
    let (events, ..) = read(&[start(), sealed(0, "QQ"), sealed(0, "=="), stop("end_turn")]);
    assert_eq!(events[1], Event::Thinking { choice: 0, block: Thinking::Redacted { data: "QQ==".into() } });
    assert_eq!(events[2], Event::Finish { choice: 0, reason: FinishReason::Stop });
}

#[test]
fn thinking_is_over_where_another_block_goes_on() {
    let thought = |thought: Value| delta(0, &json!({ "reasoningContent": thought }));
    for next in [delta(1, &json!({ "text": "x" })), calls(1, "t")] {
        let (text, signature) = (thought(json!({ "text": "hm" })), thought(json!({ "signature": "s" })));
        let (events, ..) = read(&[start(), text, signature, next, stop("end_turn")]);
        let block = Thinking::Signed { text: "hm".into(), signature: "s".into() };
        assert_eq!(events[2], Event::Thinking { choice: 0, block });
    }
}

#[test]
fn an_answer_without_its_end_was_cut_off_and_one_without_counts_was_not() {
    let text = delta(0, &json!({ "text": "x" }));
    assert_eq!(read(&[start(), text.clone()]).2.unwrap().status, 502);
    assert_eq!(read(&[]).2.unwrap().status, 502);
    assert_eq!(read(&[start(), text, stop("end_turn")]).2, None);
}

#[test]
fn exceptions_have_their_status_at_any_place_of_a_stream() {
    for (name, status) in [
        ("throttlingException", 429),
        ("serviceUnavailableException", 503),
        ("internalServerException", 500),
        ("modelStreamErrorException", 424),
        ("validationException", 400),
        ("modelTimeoutException", 408),
        ("brandNewException", 502),
    ] {
        let frame = format!("exception:{name}");
        let error = read(&[start(), (&frame, json!({ "message": "m" }))]).2.unwrap();
        assert_eq!((error.status, error.message.as_str(), error.code.as_deref()), (status, "m", Some(name)));
    }
    let mut reader = BedrockConverse.stream();
    let frame = sse::Event { name: "error:InternalFailure".to_owned(), data: "broken".to_owned() };
    let error = reader.read(&frame, &mut Vec::new()).unwrap_err();
    assert_eq!((error.status, error.message.as_str()), (500, "broken"));
}

#[test]
fn what_nobody_knows_and_what_comes_after_the_end_says_nothing() {
    let (events, done, failure) = read(&[
        start(),
        start(),
        ("brandNew", json!([1])),
        delta(0, &json!({ "citation": {} })),
        delta(7, &json!({ "toolUse": { "input": "lost" } })),
        ("contentBlockStart", json!({ "contentBlockIndex": 1, "start": { "image": {} } })),
        ("contentBlockDelta", json!("not an object")),
        stop("end_turn"),
        delta(0, &json!({ "text": "late" })),
        calls(9, "late"),
        stop("tool_use"),
        metadata(),
    ]);
    assert_eq!(events.len(), 3, "{events:?}");
    assert!(done && failure.is_none());
}

#[test]
fn blocks_need_no_start_of_the_message() {
    let (events, ..) = read(&[delta(0, &json!({ "text": "x" })), stop("end_turn")]);
    assert!(matches!(events[0], Event::Start { .. }) && events.len() == 3);
    let (events, ..) = read(&[metadata()]);
    assert!(events.is_empty(), "counts of nothing");
}
