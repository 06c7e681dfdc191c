use super::*;
use crate::hub::Thinking;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Events in short: names, numbers and what they say.
fn stream(events: &[Event<'_>]) -> Vec<String> {
    let mut writer = Messages.stream(context());
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.write(event, &mut out));
    writer.end(&mut out);
    short(&out)
}

fn short(out: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(out).unwrap();
    text.split_terminator("\n\n")
        .map(|frame| {
            let (name, data) = frame.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
            let data: Value = serde_json::from_str(data).unwrap();
            assert_eq!(data["type"], name);
            let said = |of: &Value| {
                let words = ["text", "thinking", "partial_json", "signature", "stop_reason", "name"];
                words.iter().filter_map(|word| of[*word].as_str()).collect::<Vec<_>>().join("|")
            };
            match name {
                "content_block_start" => format!("+{} {}", data["index"], said(&data["content_block"])),
                "content_block_delta" => format!("{} {}", data["index"], said(&data["delta"])),
                "content_block_stop" => format!("-{}", data["index"]),
                "message_delta" => said(&data["delta"]),
                other => other.to_owned(),
            }
        })
        .collect()
}

#[test]
fn a_stream_is_told_in_the_order_of_the_contract() {
    let events = [
        start(),
        text(""),
        text("Hi \"é\"\n"),
        text("!"),
        call(0, Some("c1"), "f"),
        arguments(0, "{\"a\":"),
        arguments(0, "1}"),
        finish(FinishReason::Stop),
        usage(),
    ];
    let expected = [
        "message_start",
        "+0 ",
        "0 Hi \"é\"\n",
        "0 !",
        "-0",
        "+1 f",
        "1 {\"a\":",
        "1 1}",
        "-1",
        "tool_use",
        "message_stop",
    ];
    assert_eq!(stream(&events), expected);
}

#[test]
fn the_first_and_the_last_event_tell_what_is_known_of_the_usage() {
    let mut writer = Messages.stream(context());
    let mut out = Vec::new();
    let known = Usage { input: 9, cached: 2, ..Usage::default() };
    for event in [start(), Event::Usage(known), text("a"), finish(FinishReason::Stop), usage()] {
        writer.write(&event, &mut out);
    }
    let told = String::from_utf8(std::mem::take(&mut out)).unwrap();
    assert!(!told.contains("message_delta"), "usage may come after the end of the choice");
    let first: Value = serde_json::from_str(told.lines().nth(1).unwrap().strip_prefix("data: ").unwrap()).unwrap();
    let message = json!({"id": "chatcmpl-p", "type": "message", "role": "assistant", "model": "m-1", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 7, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 2, "output_tokens": 0}});
    assert_eq!(first["message"], message);
    writer.end(&mut out);
    let last = String::from_utf8(out).unwrap();
    let last: Value = serde_json::from_str(last.lines().nth(1).unwrap().strip_prefix("data: ").unwrap()).unwrap();
    let counts = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"];
    assert_eq!(counts.map(|count| last["usage"][count].as_u64().unwrap()), [3, 3, 4, 7]);
}

#[test]
fn a_count_that_was_told_and_is_none_any_more_is_told_again() {
    let first = Usage { output: 1, reasoning: 1, ..Usage::default() };
    let events =
        [Event::Usage(first), Event::Finish { choice: 0, reason: FinishReason::Stop }, Event::Usage(Usage::default())];
    let mut writer = Messages.stream(context());
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.write(event, &mut out));
    writer.end(&mut out);
    let told = String::from_utf8(out).unwrap();
    assert_eq!(told.matches(r#""thinking_tokens":1"#).count(), 1, "{told}");
    assert_eq!(told.matches(r#""thinking_tokens":0"#).count(), 1, "{told}");
}

#[test]
fn a_signature_comes_just_before_the_end_of_its_block() {
    let events = [
        reasoning("h"),
        reasoning("m"),
        Event::Thinking { choice: 0, block: Thinking::Signed { text: "hm".into(), signature: "s".into() } },
        Event::Thinking { choice: 0, block: Thinking::Redacted { data: "d".into() } },
        text("x"),
        finish(FinishReason::Length),
    ];
    let expected = [
        "message_start",
        "+0 |",
        "0 h",
        "0 m",
        "0 s",
        "-0",
        "+1 ",
        "-1",
        "+2 ",
        "2 x",
        "-2",
        "max_tokens",
        "message_stop",
    ];
    assert_eq!(stream(&events), expected);
}

#[test]
fn mixed_fragments_of_calls_wait_for_their_block() {
    let events = [
        call(0, Some("a"), "f"),
        call(1, Some("b"), "g"),
        arguments(0, "{\"x\":"),
        arguments(1, "{\"y\":\"}"),
        arguments(0, "[1]}"),
        arguments(1, "\\\"\"}"),
        text("after"),
        finish(FinishReason::ToolCalls),
    ];
    let expected = [
        "message_start",
        "+0 f",
        "0 {\"x\":",
        "0 [1]}",
        "-0",
        "+1 g",
        "1 {\"y\":\"}",
        "1 \\\"\"}",
        "-1",
        "+2 ",
        "2 after",
        "-2",
        "tool_use",
        "message_stop",
    ];
    assert_eq!(stream(&events), expected);
}

#[test]
fn calls_one_after_another_are_told_as_they_come() {
    let mut writer = Messages.stream(context());
    let mut out = Vec::new();
    for event in [call(0, Some("a"), "f"), arguments(0, "{}"), call(1, Some("b"), "g"), arguments(1, "{\"y")] {
        writer.write(&event, &mut out);
    }
    assert_eq!(short(&out), ["message_start", "+0 f", "0 {}", "-0", "+1 g", "1 {\"y"]);
}

#[test]
fn what_waits_is_bounded() {
    let mut writer = Messages.stream(context());
    let mut out = Vec::new();
    writer.write(&call(0, Some("a"), "f"), &mut out);
    writer.write(&call(1, Some("b"), "g"), &mut out);
    let fragment = "x".repeat(1 << 20);
    for _ in 0..20 {
        writer.write(&Event::Arguments { choice: 0, index: 1, fragment: fragment.as_str().into() }, &mut out);
    }
    assert!(out.len() > 16 << 20, "the first call makes room");
}

#[test]
fn an_answer_that_says_nothing_is_whole_all_the_same() {
    assert_eq!(stream(&[start(), finish(FinishReason::ContentFilter)]), ["message_start", "refusal", "message_stop"]);
    assert_eq!(stream(&[]), ["message_start", "end_turn", "message_stop"]);
}

#[test]
fn a_call_without_arguments_has_no_empty_fragment() {
    let events = [call(0, Some("c"), "f"), arguments(0, ""), finish(FinishReason::ToolCalls)];
    assert_eq!(stream(&events), ["message_start", "+0 f", "-0", "tool_use", "message_stop"]);
}
