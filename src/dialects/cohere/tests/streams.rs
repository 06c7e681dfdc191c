#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::dialects::Progress;
use crate::hub::{Event, FinishReason};
use crate::stream::sse;
use crate::surfaces::Asked;
use crate::usage::Usage;

fn event(data: &str) -> sse::Event {
    sse::Event { name: String::new(), data: data.to_owned() }
}

fn stream(data: &[&str]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let (mut reader, mut out) = (Cohere.stream(), Vec::new());
    for data in data {
        match reader.read(&event(data), &mut out) {
            Ok(Progress::Open | Progress::Unread) => {}
            Ok(Progress::Done) => return (out, None),
            Err(error) => return (out, Some(error)),
        }
    }
    let end = reader.end(&mut out);
    (out, end.err())
}

fn start() -> Event<'static> {
    Event::Start { id: Some("a1".into()), model: None, created: None }
}

const START: &str = r#"{"type":"message-start","id":"a1","delta":{"message":{"content":[],"tool_calls":[]}}}"#;
const END: &str = r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#;

#[test]
fn a_stream_is_read_event_by_event() {
    let (events, error) = stream(&[
        START,
        r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I will"}}}"#,
        r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":"h"}}}}"#,
        r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"m"}}}}"#,
        r#"{"type":"content-end","index":0}"#,
        r#"{"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
        r#"{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"hi"}}}}"#,
        r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"text":"hi"}}}}"#,
        r#"{"type":"debug","prompt":"secret"}"#,
        "not json",
        r#"{"type":"message-end","delta":{"finish_reason":"MAX_TOKENS","usage":{"tokens":{"input_tokens":3}}}}"#,
        r#"{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"late"}}}}"#,
    ]);
    let reasoning = |text: &'static str| Event::Reasoning { choice: 0, text: text.into() };
    let wanted = [
        start(),
        reasoning("h"),
        reasoning("m"),
        Event::Text { choice: 0, text: "hi".into() },
        Event::Usage(Usage { input: 3, ..Usage::default() }),
        Event::Finish { choice: 0, reason: FinishReason::Length },
    ];
    assert_eq!((events.as_slice(), error), (wanted.as_slice(), None));
}

/// The arguments of the only call, whose fragments are these.
fn arguments(fragments: &[&str], closed: bool) -> String {
    let mut data = vec![
        START.to_owned(),
        r#"{"type":"tool-call-start","index":4,"delta":{"message":{"tool_calls":{"id":"c","function":{"name":"f",
            "arguments":""}}}}}"#
            .to_owned(),
    ];
    data.extend(fragments.iter().map(|fragment| {
        let fragment = crate::json::string(fragment);
        format!(
            r#"{{"type":"tool-call-delta","index":4,"delta":{{"message":{{"tool_calls":{{"function":{{
            "arguments":{fragment}}}}}}}}}}}"#
        )
    }));
    data.extend(closed.then(|| r#"{"type":"tool-call-end","index":4}"#.to_owned()));
    data.push(END.to_owned());
    let (events, error) = stream(&data.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(error, None);
    assert_eq!(events[1], Event::ToolCall { choice: 0, index: 0, id: Some("c".into()), name: "f".into() });
    assert_eq!(events.last(), Some(&Event::Finish { choice: 0, reason: FinishReason::ToolCalls }));
    let told = events.iter().map(|event| match event {
        Event::Arguments { index: 0, fragment, .. } => fragment.as_ref(),
        _ => "",
    });
    told.collect()
}

#[test]
fn arguments_come_in_fragments_and_are_never_nothing() {
    for closed in [true, false] {
        assert_eq!(arguments(&["{\"a\":", "1}"], closed), "{\"a\":1}");
        assert_eq!(arguments(&[], closed), "{}");
        assert_eq!(arguments(&["null"], closed), "{}");
        assert_eq!(arguments(&["nu", "ll"], closed), "{}");
        assert_eq!(arguments(&["", "nu", "llable"], closed), "nullable");
        assert_eq!(arguments(&["n"], closed), "n");
    }
}

#[test]
fn calls_are_counted_from_0_in_the_order_they_begin() {
    let call = |at: u32, name: &str| {
        format!(
            r#"{{"type":"tool-call-start","index":{at},"delta":{{"message":{{"tool_calls":{{"function":{{
            "name":"{name}"}}}}}}}}}}"#
        )
    };
    let (events, _) = stream(&[START, &call(1, "f"), &call(3, "g"), &call(3, "h"), END]);
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::ToolCall { index, name, .. } => Some(format!("{index}{name}")),
            Event::Arguments { index, fragment, .. } => Some(format!("{index}{fragment}")),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["0f", "1g", "1{}", "2h", "0{}", "2{}"]);
}

#[test]
fn a_failure_in_the_stream_is_told_after_what_it_used() {
    let failed = r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"it broke",
        "usage":{"tokens":{"input_tokens":3}}}}"#;
    let (events, error) = stream(&[START, failed]);
    assert_eq!(events.last(), Some(&Event::Usage(Usage { input: 3, ..Usage::default() })));
    assert_eq!((error.clone().unwrap().status, error.unwrap().message.as_str()), (502, "it broke"));
    let reason = r#"{"type":"message-end","delta":{"finish_reason":"TIMEOUT"}}"#;
    assert_eq!(stream(&[START, reason]).1.unwrap().status, 504);
    assert_eq!(stream(&[START, r#"{"id":"x","message":"internal"}"#]).1.unwrap().message, "internal");
}

#[test]
fn a_stream_without_its_end_was_cut_off() {
    assert_eq!(stream(&[START, "[DONE]"]).1.unwrap().status, 502);
    assert_eq!(stream(&[END]).1, None, "an end alone is an empty answer");
}

#[test]
fn a_stream_passes_and_is_metered() {
    let asked = Asked { model: "m".into(), stream: true, ..Asked::default() };
    let (mut passer, mut events, mut out) = (Cohere.pass_stream(&asked), Vec::new(), Vec::new());
    let named = sse::Event { name: "message-start".into(), data: START.into() };
    assert_eq!(passer.pass(&named, &mut events, &mut out).unwrap(), Progress::Open);
    assert!(passer.end(&mut events, &mut out).is_err(), "it is not over");
    assert_eq!(passer.pass(&event(END), &mut events, &mut out).unwrap(), Progress::Done);
    assert!(passer.end(&mut events, &mut out).is_ok());
    assert_eq!(events, [start(), Event::Finish { choice: 0, reason: FinishReason::Stop }]);
    assert_eq!(String::from_utf8(out).unwrap(), format!("event: message-start\ndata: {START}\n\ndata: {END}\n\n"));
}
