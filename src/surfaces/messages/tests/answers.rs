use super::*;
use crate::hub::Thinking;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn answer(events: &[Event<'_>]) -> Value {
    serde_json::from_slice(&Messages.answer(events, &context())).unwrap()
}

#[test]
fn a_plain_answer_has_every_member_of_the_contract() {
    let body = answer(&[start(), text("Hel"), text("lo"), finish(FinishReason::Stop), usage()]);
    let expected = json!({
        "id": "chatcmpl-p", "type": "message", "role": "assistant", "model": "m-1",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 3, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 4,
            "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 1},
            "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 3}},
    });
    assert_eq!(body, expected);
}

#[test]
fn what_the_provider_does_not_say_comes_from_the_gateway() {
    let nothing = Event::Start { id: Some("".into()), model: None, created: None };
    let body = answer(&[nothing, call(0, None, "f"), finish(FinishReason::Stop)]);
    assert_eq!((&body["id"], &body["model"]), (&json!("msg_AbC123"), &json!("target-model")));
    assert!(body["content"][0]["id"].as_str().unwrap().starts_with("call_"));
    assert_eq!(body["usage"]["input_tokens"], 0);
}

#[test]
fn blocks_keep_the_order_in_which_the_model_wrote() {
    let body = answer(&[
        start(),
        reasoning("hm"),
        Event::Thinking { choice: 0, block: Thinking::Signed { text: "hm".into(), signature: "s".into() } },
        Event::Thinking { choice: 0, block: Thinking::Redacted { data: "d".into() } },
        reasoning("unsigned"),
        text("a"),
        call(0, Some("c1"), "f"),
        arguments(0, "{\"x\":"),
        arguments(0, " 1.0}"),
        text(""),
        text("b"),
        finish(FinishReason::Stop),
    ]);
    let expected = json!([
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "thinking", "thinking": "unsigned", "signature": ""},
        {"type": "text", "text": "a"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"x": 1.0}},
        {"type": "text", "text": "b"},
    ]);
    assert_eq!((&body["content"], &body["stop_reason"]), (&expected, &json!("tool_use")));
}

#[test]
fn thinking_that_only_its_signature_tells_is_a_block_too() {
    let block = Thinking::Signed { text: "".into(), signature: "s".into() };
    let body = answer(&[start(), Event::Thinking { choice: 0, block }, text("a"), finish(FinishReason::Stop)]);
    assert_eq!(body["content"][0], json!({"type": "thinking", "thinking": "", "signature": "s"}));
}

#[test]
fn input_that_is_no_object_is_an_empty_one() {
    for cut in ["{\"a\":", "", "null", "[1]", "{\"a\":1}}"] {
        let body = answer(&[call(0, Some("c"), "f"), arguments(0, cut), finish(FinishReason::Length)]);
        assert_eq!((&body["content"][0]["input"], &body["stop_reason"]), (&json!({}), &json!("max_tokens")), "{cut}");
    }
}

#[test]
fn every_end_has_its_reason() {
    use FinishReason::{ContentFilter, FunctionCall, Length, Stop, ToolCalls};
    for (reason, called, expected) in [
        (Stop, false, "end_turn"),
        (Stop, true, "tool_use"),
        (ToolCalls, true, "tool_use"),
        (ToolCalls, false, "end_turn"),
        (FunctionCall, true, "tool_use"),
        (Length, true, "max_tokens"),
        (ContentFilter, false, "refusal"),
    ] {
        assert_eq!(stop_reason(Some(reason), called), expected, "{reason:?} {called}");
    }
    assert_eq!(stop_reason(None, false), "end_turn");
}

#[test]
fn a_refusal_is_told_as_text_and_other_choices_not_at_all() {
    let other = Event::Text { choice: 1, text: "other".into() };
    let body = answer(&[Event::Refusal { choice: 0, text: "No.".into() }, other, finish(FinishReason::ContentFilter)]);
    assert_eq!(
        (&body["content"], &body["stop_reason"]),
        (&json!([{"type": "text", "text": "No."}]), &json!("refusal"))
    );
}

#[test]
fn what_the_cache_read_is_what_the_provider_says_and_the_rest_is_never_below_zero() {
    let odd = Usage { input: 5, cached: 9, cache_write: 3, ..Usage::default() };
    let usage = &answer(&[Event::Usage(odd), finish(FinishReason::Stop)])["usage"];
    let kinds = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"].map(|kind| &usage[kind]);
    assert_eq!(kinds, [&json!(0), &json!(9), &json!(3)]);
}

#[test]
fn a_stop_sequence_is_told_where_it_is_known_that_one_was_met() {
    let met = |sequence: &'static str| Event::StopSequence { choice: 0, sequence: sequence.into() };
    for (events, told) in [
        (vec![met("END")], json!(["stop_sequence", "END"])),
        (vec![met("")], json!(["stop_sequence", null])),
        (vec![], json!(["end_turn", null])),
        (vec![call(0, Some("c"), "f"), arguments(0, "{}"), met("END")], json!(["tool_use", null])),
    ] {
        let events = [vec![start(), text("a")], events, vec![finish(FinishReason::Stop)]].concat();
        let body = answer(&events);
        assert_eq!(json!([body["stop_reason"], body["stop_sequence"]]), told);
        let (mut writer, mut out) = (Messages.stream(context()), Vec::new());
        events.iter().for_each(|event| writer.write(event, &mut out));
        writer.end(&mut out);
        let delta = format!(r#""delta":{{"stop_reason":{},"stop_sequence":{}}}"#, told[0], told[1]);
        assert!(String::from_utf8(out).unwrap().contains(&delta), "{delta}");
    }
}
