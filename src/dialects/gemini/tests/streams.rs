use super::*;
use crate::hub::FinishReason;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn the_answer_ends_with_the_bytes_and_the_last_counts_hold() {
    let (events, failure) = stream(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1}}"#,
        "not json",
        r#"{"candidates":[{"content":{"parts":[{"text":"b"}]}}]}"#,
        r#"{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}"#,
        r#"{"usageMetadata":{"trafficType":"ON_DEMAND"}}"#,
    ]);
    assert_eq!(failure, None);
    let last = events.iter().rev().find_map(|event| if let Event::Usage(usage) = event { Some(usage) } else { None });
    assert_eq!(last.map(|usage| (usage.input, usage.output)), Some((5, 2)));
    assert_eq!(events.last(), Some(&Event::Finish { choice: 0, reason: FinishReason::Stop }));
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Finish { .. })).count(), 1);
}

#[test]
fn a_stream_without_a_reason_was_cut_off() {
    let (events, failure) = stream(&[r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#]);
    assert_eq!(failure.map(|error| error.status), Some(502));
    assert!(!events.iter().any(|event| matches!(event, Event::Finish { .. })));
    assert_eq!(stream(&[]).1.and_then(|error| error.code).as_deref(), Some("empty_answer"));
}

#[test]
fn a_failure_in_the_stream_is_told() {
    let (events, failure) = stream(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#,
        r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
    ]);
    let failure = failure.unwrap();
    assert_eq!((failure.status, failure.message.as_str()), (503, "The model is overloaded."));
    assert_eq!(events.len(), 2);
}

#[test]
fn arguments_in_pieces_are_put_together() {
    let part = |part: &str| format!(r#"{{"candidates":[{{"content":{{"parts":[{part}]}}}}]}}"#);
    let chunks = [
        part(r#"{"functionCall":{"name":"f","willContinue":true},"thoughtSignature":"s"}"#),
        part(r#"{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"x"}],"willContinue":true}}"#),
        part(r#"{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"y"}],"willContinue":true}}"#),
        part(r#"{"functionCall":{}}"#),
        part(r#"{"functionCall":{"name":"g"}}"#),
        part(r#"{"functionCall":{"name":"h","willContinue":true}}"#),
        r#"{"candidates":[{"finishReason":"STOP"}]}"#.to_owned(),
    ];
    let (events, failure) = stream(&chunks.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(failure, None);
    let arguments: Vec<_> = events
        .iter()
        .filter_map(|event| {
            if let Event::Arguments { index, fragment, .. } = event { Some((*index, fragment.as_ref())) } else { None }
        })
        .collect();
    assert_eq!(arguments, [(0, r#"{"a":"xy"}"#), (1, "{}"), (2, "{}")]);
    assert_eq!(events.last(), Some(&Event::Finish { choice: 0, reason: FinishReason::ToolCalls }));
}
