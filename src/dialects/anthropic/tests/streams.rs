use super::*;
use crate::hub::{FinishReason, Thinking};
use crate::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const START: &str = r#"{"type":"message_start","message":{"id":"m1","model":"c","usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;
const TOOL: &str =
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"a","input":{}}}"#;
const CLOSE_1: &str = r#"{"type":"content_block_stop","index":1}"#;

fn whole(data: &[&str]) -> Vec<Event<'static>> {
    let (events, error) = stream(data);
    assert_eq!(error, None);
    events
}

/// The events but for the start, counts and the end.
fn content(data: &[&str]) -> Vec<Event<'static>> {
    let mut all = vec![START];
    all.extend(data);
    all.push(STOP);
    let keep = |event: &Event<'_>| !matches!(event, Event::Start { .. } | Event::Usage(_) | Event::Finish { .. });
    whole(&all).into_iter().filter(keep).collect()
}

fn usages(data: &[&str]) -> Vec<Usage> {
    let usage = |event| match event {
        Event::Usage(usage) => Some(usage),
        _ => None,
    };
    stream(data).0.into_iter().filter_map(usage).collect()
}

fn said(text: &'static str) -> Event<'static> {
    Event::Text { choice: 0, text: text.into() }
}

fn thought(text: &'static str) -> Event<'static> {
    Event::Reasoning { choice: 0, text: text.into() }
}

fn called(index: u32, id: &'static str, name: &'static str) -> Event<'static> {
    Event::ToolCall { choice: 0, index, id: Some(id.into()), name: name.into() }
}

fn arguments(index: u32, fragment: &'static str) -> Event<'static> {
    Event::Arguments { choice: 0, index, fragment: fragment.into() }
}

#[test]
fn a_stream_of_text_is_told_as_it_comes() {
    let events = whole(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"He"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"llo"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":7}}"#,
        STOP,
    ]);
    let usage = Usage { input: 15, cached: 5, output: 1, ..Usage::default() };
    assert_eq!(
        events,
        [
            Event::Start { id: Some("m1".into()), model: Some("c".into()), created: None },
            Event::Usage(usage),
            said("He"),
            said("llo"),
            Event::Usage(Usage { output: 7, ..usage }),
            Event::Finish { choice: 0, reason: FinishReason::Length },
        ]
    );
}

#[test]
fn a_second_start_says_nothing() {
    let again = START.replace("\"output_tokens\":1", "\"output_tokens\":100");
    assert_eq!(whole(&[START, &again, STOP]).len(), 3);
}

#[test]
fn later_counts_replace_earlier_ones_and_absent_ones_stay() {
    let usages = usages(&[
        r#"{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_creation_input_tokens":8,"cache_creation":{"ephemeral_5m_input_tokens":6,"ephemeral_1h_input_tokens":2},"output_tokens":3}}}"#,
        r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":20,"input_tokens":null}}"#,
        r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":20}}"#,
        r#"{"type":"message_delta","delta":{},"usage":{"input_tokens":0,"cache_creation_input_tokens":1,"output_tokens":0}}"#,
    ]);
    let first = Usage { input: 18, cache_write: 6, cache_write_1h: 2, output: 3, ..Usage::default() };
    assert_eq!(
        usages,
        [
            first,
            Usage { output: 20, ..first },
            Usage { input: 1, cache_write: 0, cache_write_1h: 1, ..Usage::default() },
        ],
        "a zero that is told counts, and counts that did not change are not told again"
    );
}

#[test]
fn calls_are_counted_from_zero_and_fragments_follow_at_once() {
    let second = TOOL.replace("\"index\":1", "\"index\":4").replace("\"t\"", "\"u\"");
    let events = content(&[
        TOOL,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"x\""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":":1}"}}"#,
        CLOSE_1,
        &second,
        r#"{"type":"content_block_stop","index":4}"#,
    ]);
    assert_eq!(
        events,
        [called(0, "t", "a"), arguments(0, "{\"x\""), arguments(0, ":1}"), called(1, "u", "a"), arguments(1, "{}")]
    );
}

#[test]
fn input_that_comes_with_the_start_is_told_once() {
    let full = TOOL.replace("\"input\":{}", "\"input\":{\"x\":1}");
    assert_eq!(content(&[&full, CLOSE_1]), [called(0, "t", "a"), arguments(0, "{\"x\":1}")]);
    let delta = r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#;
    assert_eq!(content(&[&full, delta, CLOSE_1]), [called(0, "t", "a"), arguments(0, "{}")]);
}

#[test]
fn a_call_that_is_never_closed_still_has_arguments() {
    assert_eq!(content(&[TOOL]), [called(0, "t", "a"), arguments(0, "{}")]);
}

#[test]
fn thinking_is_told_as_it_comes_and_whole_at_its_end() {
    let events = content(&[
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"a"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"b"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"d"}}"#,
        CLOSE_1,
    ]);
    let signed = Thinking::Signed { text: "ab".into(), signature: "s".into() };
    assert_eq!(
        events,
        [
            thought("a"),
            thought("b"),
            Event::Thinking { choice: 0, block: signed },
            Event::Thinking { choice: 0, block: Thinking::Redacted { data: "d".into() } },
        ]
    );
}

#[test]
fn thinking_without_a_signature_has_no_block() {
    let events = content(&[
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"x"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
    ]);
    assert_eq!(events, [thought("x")]);
}

#[test]
fn endless_thinking_is_a_failure() {
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#;
    let more = "x".repeat(5 << 20);
    let delta = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"thinking_delta","thinking":"{more}"}}}}"#
    );
    let (events, error) = stream(&[START, start, &delta, &delta]);
    assert_eq!(error.unwrap().status, 502);
    assert_eq!(events.len(), 3);
}

#[test]
fn tools_of_the_provider_and_unknown_blocks_say_nothing() {
    let server = r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#;
    let fragment =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"q\":1}"}}"#;
    let unknown = r#"{"type":"content_block_start","index":0,"content_block":{"type":"compaction","text":"x"}}"#;
    let text = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}"#;
    let stop = r#"{"type":"content_block_stop","index":0}"#;
    assert_eq!(content(&[server, fragment, stop, unknown, text, stop]), []);
}

#[test]
fn what_nobody_understands_is_skipped() {
    assert_eq!(content(&["not json", "[]", "7", "", "{}", r#"{"type":"brand_new","index":0}"#]), []);
}

#[test]
fn events_go_by_their_data_and_by_their_name_only_without_it() {
    let mut reader = Anthropic.stream();
    let mut out = Vec::new();
    let mut read = |name: &str, data: &str| {
        reader.read(&sse::Event { name: name.to_owned(), data: data.to_owned() }, &mut out).unwrap()
    };
    assert_eq!(read("ping", START), Progress::Open);
    assert_eq!(read("message_stop", r#"{"type":"ping"}"#), Progress::Open);
    assert_eq!(read("message_stop", "{}"), Progress::Done);
    assert_eq!(read("ping", START), Progress::Done, "nothing follows the end");
}

#[test]
fn the_end_is_told_once_and_by_every_reason() {
    let delta = |reason: &str| format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}}}}"#);
    let ends = |data: &[&str]| {
        let events = whole(data).into_iter();
        events.filter(|event| matches!(event, Event::Finish { .. })).collect::<Vec<_>>()
    };
    let end = |reason| vec![Event::Finish { choice: 0, reason }];
    assert_eq!(ends(&[START, &delta("end_turn"), &delta("tool_use"), STOP]), end(FinishReason::Stop));
    assert_eq!(ends(&[START, TOOL, CLOSE_1, &delta("end_turn"), STOP]), end(FinishReason::ToolCalls));
    assert_eq!(ends(&[START, STOP]), end(FinishReason::Stop));
}

#[test]
fn a_refusal_says_why() {
    let delta = r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"explanation":"No."}}}"#;
    let events = whole(&[START, delta, STOP]);
    assert_eq!(
        events[2..],
        [
            Event::Refusal { choice: 0, text: "No.".into() },
            Event::Finish { choice: 0, reason: FinishReason::ContentFilter },
        ]
    );
}

#[test]
fn an_error_event_ends_the_stream_with_its_own_status() {
    for (kind, status) in [
        ("invalid_request_error", 400),
        ("authentication_error", 401),
        ("billing_error", 402),
        ("permission_error", 403),
        ("not_found_error", 404),
        ("request_too_large", 413),
        ("rate_limit_error", 429),
        ("api_error", 500),
        ("timeout_error", 504),
        ("overloaded_error", 529),
        ("brand_new_error", 502),
    ] {
        let data = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"Oh"}}}}"#);
        let error = stream(&[START, &data]).1.unwrap();
        assert_eq!((error.status, error.code.as_deref(), error.message.as_str()), (status, Some(kind), "Oh"));
        assert_eq!(error.original.as_deref(), Some(data.as_bytes()));
    }
}

#[test]
fn an_error_event_without_json_is_a_failure_all_the_same() {
    let event = sse::Event { name: "error".to_owned(), data: "upstream gone".to_owned() };
    let error = Anthropic.stream().read(&event, &mut Vec::new()).unwrap_err();
    assert_eq!((error.status, error.message.as_str()), (502, "upstream gone"));
}

#[test]
fn an_error_without_a_type_of_event_is_a_failure_all_the_same() {
    let error = stream(&[START, r#"{"error":{"code":503,"message":"Gone","status":"UNAVAILABLE"}}"#]).1.unwrap();
    assert_eq!((error.status, error.message.as_str()), (502, "Gone"));
}

#[test]
fn a_stream_without_its_end_is_a_failure() {
    let finished = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;
    for data in [&[][..], &[START], &[START, finished]] {
        let error = stream(data).1.unwrap();
        assert_eq!(error.status, 502);
        assert!(error.message.contains("ended before the answer was complete"));
    }
}

#[test]
fn a_stream_that_lacks_its_start_gets_one() {
    let text = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"hi"}}"#;
    let events = whole(&[text, STOP]);
    assert_eq!(events[..2], [Event::Start { id: None, model: None, created: None }, said("hi")]);
}

#[test]
fn an_end_without_a_beginning_is_no_answer() {
    let (events, error) = stream(&[r#"{"type":"message_stop"}"#]);
    assert_eq!((events, error.map(|e| e.status)), (vec![], Some(502)));
}

#[test]
fn nothing_is_read_after_the_end_of_the_answer() {
    let finished = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;
    let late = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"late"}}"#;
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"late"}}"#;
    let events = whole(&[START, finished, late, delta, STOP]);
    assert!(matches!(events.last(), Some(Event::Finish { .. })), "{events:?}");
}

#[test]
fn a_block_whose_number_comes_again_has_ended() {
    let tool = |id: &str| {
        format!(
            r#"{{"type":"content_block_start","index":0,"content_block":{{"type":"tool_use","id":"{id}","name":"f","input":{{}}}}}}"#
        )
    };
    let told = whole(&[START, &tool("a"), &tool("b"), STOP]);
    let arguments = told.iter().filter(|event| matches!(event, Event::Arguments { .. })).count();
    assert_eq!(arguments, 2, "{told:?}");
}
