use std::borrow::Cow;

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const UNSIGNED: &str = r#"{"type":"thinking","thinking":"","signature":""}"#;

fn context() -> AnswerContext {
    AnswerContext { id: "x1".into(), created: 9, model: "m".into(), include_usage: true, legacy_functions: false }
}

fn start() -> Event<'static> {
    Event::Start { id: Some("chatcmpl-1".into()), model: Some("real".into()), created: None }
}

fn say(text: &'static str) -> Event<'static> {
    Event::Text { choice: 0, text: text.into() }
}

fn call(index: u32, id: &'static str) -> Event<'static> {
    let id = Some(Cow::Borrowed(id)).filter(|id| !id.is_empty());
    Event::ToolCall { choice: 0, index, id, name: "f".into() }
}

fn argue(index: u32, fragment: &'static str) -> Event<'static> {
    Event::Arguments { choice: 0, index, fragment: fragment.into() }
}

fn finish(reason: FinishReason) -> Event<'static> {
    Event::Finish { choice: 0, reason }
}

fn whole(events: &[Event<'_>]) -> Value {
    serde_json::from_slice(&Responses.answer(events, &context())).unwrap()
}

/// The events that are written, as a list.
fn streamed(events: &[Event<'_>]) -> Vec<Value> {
    let (mut writer, mut out) = (Responses.stream(context()), Vec::new());
    events.iter().for_each(|event| writer.write(event, &mut out));
    writer.end(&mut out);
    let text = String::from_utf8(out).unwrap();
    let read = |(count, frame): (usize, &str)| {
        let (name, data) = frame.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(data["type"], name.strip_prefix("event: ").unwrap());
        assert_eq!(data["sequence_number"], count);
        data
    };
    text.split_terminator("\n\n").enumerate().map(read).collect()
}

fn kinds(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["type"].as_str().unwrap().trim_start_matches("response.").to_owned()).collect()
}

#[test]
fn an_answer_is_a_response_with_items_in_their_order() {
    let thought = Event::Reasoning { choice: 0, text: "hm".into() };
    let usage = Usage { input: 10, cached: 4, cache_write: 1, output: 5, reasoning: 2, ..Usage::default() };
    let events = [
        start(),
        thought,
        say("Hel"),
        say("lo"),
        call(0, "call_1"),
        argue(0, "{}"),
        finish(FinishReason::ToolCalls),
        Event::Usage(usage),
    ];
    let response = whole(&events);
    assert_eq!(response["id"], "resp_x1", "ids of other APIs are none of this");
    assert_eq!(
        (&response["status"], &response["model"], &response["created_at"]),
        (&json!("completed"), &json!("real"), &json!(9))
    );
    let part = json!({"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []});
    let expected = json!([
        {"id": "rs_x10000", "type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": UNSIGNED},
        {"id": "msg_x10001", "type": "message", "status": "completed", "role": "assistant", "content": [part]},
        {"id": "fc_x10002", "type": "function_call", "status": "completed", "call_id": "call_1", "name": "f",
            "arguments": "{}"},
    ]);
    assert_eq!(response["output"], expected);
    let expected = json!({"input_tokens": 10, "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
        "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 15});
    assert_eq!(response["usage"], expected);
    let streamed = streamed(&events);
    assert_eq!(streamed.last().unwrap()["response"], response, "streamed or not, the response is the same");
}

#[test]
fn an_answer_that_was_cut_off_says_why() {
    for (reason, word) in [(FinishReason::Length, "max_output_tokens"), (FinishReason::ContentFilter, "content_filter")]
    {
        let events = [start(), say("Hel"), finish(reason)];
        let response = whole(&events);
        assert_eq!(response["status"], "incomplete");
        assert_eq!(response["incomplete_details"], json!({"reason": word}));
        assert_eq!(response["output"][0]["status"], "incomplete");
        assert_eq!(streamed(&events).last().unwrap()["type"], "response.incomplete");
    }
}

#[test]
fn events_of_text_come_in_the_documented_order() {
    let events = streamed(&[start(), say("Hel"), say("lo"), finish(FinishReason::Stop)]);
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(kinds(&events), expected);
    assert_eq!(events[2]["item"]["content"], json!([]));
    assert_eq!(events[4]["item_id"], events[2]["item"]["id"]);
    assert_eq!(events[6]["text"], "Hello");
}

#[test]
fn events_of_thinking_and_refusals_come_in_the_documented_order() {
    let thought = Event::Reasoning { choice: 0, text: "hm".into() };
    let refusal = Event::Refusal { choice: 0, text: "no".into() };
    let events = streamed(&[start(), thought, say("Well,"), refusal, finish(FinishReason::Stop)]);
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(kinds(&events), expected);
    assert_eq!((&events[14]["content_index"], &events[15]["refusal"]), (&json!(1), &json!("no")));
}

#[test]
fn calls_come_one_after_the_other_and_side_by_side_only_if_they_are_written_so() {
    let in_turn =
        [start(), call(0, "a"), argue(0, "{\"x\":"), argue(0, "1}"), call(1, ""), finish(FinishReason::ToolCalls)];
    let events = streamed(&in_turn);
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(kinds(&events), expected);
    assert_eq!(events[8]["delta"], "{}", "arguments are never empty");
    assert!(events[7]["item"]["call_id"].as_str().unwrap().starts_with("call_"), "an id is made");
    let mixed = [start(), call(0, "a"), argue(0, "{"), call(1, "b"), argue(1, "{"), argue(0, "}"), argue(1, "}")];
    let response = streamed(&mixed).pop().unwrap()["response"].clone();
    for at in 0..2 {
        assert_eq!(
            (&response["output"][at]["arguments"], &response["output"][at]["status"]),
            (&json!("{}"), &json!("completed"))
        );
    }
}

#[test]
fn text_after_a_call_is_another_message() {
    let events = [start(), say("a"), call(0, "c"), argue(0, "{}"), say("b"), finish(FinishReason::Stop)];
    let kinds: Vec<_> = whole(&events)["output"].as_array().unwrap().iter().map(|item| item["type"].clone()).collect();
    assert_eq!(kinds, ["message", "function_call", "message"]);
}

#[test]
fn an_answer_without_content_has_no_items() {
    let response = whole(&[start(), finish(FinishReason::Stop)]);
    assert_eq!((&response["status"], &response["output"]), (&json!("completed"), &json!([])));
    assert_eq!(kinds(&streamed(&[])), ["created", "in_progress", "completed"]);
}

#[test]
fn other_choices_are_not_told() {
    let other = Event::Text { choice: 1, text: "b".into() };
    let end = Event::Finish { choice: 1, reason: FinishReason::Length };
    assert_eq!(
        whole(&[start(), say("a"), other, end, finish(FinishReason::Stop)]),
        whole(&[start(), say("a"), finish(FinishReason::Stop)])
    );
}

#[test]
fn an_id_of_a_response_is_kept() {
    let start = Event::Start { id: Some("resp_abc".into()), model: None, created: Some(3) };
    let response = whole(&[start, finish(FinishReason::Stop)]);
    assert_eq!(
        (&response["id"], &response["model"], &response["created_at"]),
        (&json!("resp_abc"), &json!("m"), &json!(3))
    );
}

#[test]
fn a_failure_inside_a_stream_is_an_event_that_sdks_raise_at() {
    let error = ApiError::new(429, "Slow\ndown").code("rate_limit_exceeded");
    let bytes = Responses.stream_error(&error);
    let text = String::from_utf8(bytes).unwrap();
    let data: Value = serde_json::from_str(text.strip_prefix("event: error\ndata: ").unwrap()).unwrap();
    let inner =
        json!({"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "Slow\ndown", "param": null});
    assert_eq!((&data["type"], &data["error"]), (&json!("error"), &inner));
    assert_eq!((&data["message"], &data["code"]), (&inner["message"], &inner["code"]));
    let bare: Value = serde_json::from_slice(&Responses.error(&error)).unwrap();
    assert_eq!(bare["error"], inner, "the body of a failure is that of chat completions");
}

#[test]
fn signed_and_sealed_thinking_ends_an_item_that_says_it_all() {
    use crate::hub::Thinking;
    let think = |block| Event::Thinking { choice: 0, block };
    let signed = Thinking::Signed { text: "hm".into(), signature: "s".into() };
    let events = [
        start(),
        Event::Reasoning { choice: 0, text: "hm".into() },
        think(signed.clone()),
        think(signed),
        call(0, "a"),
        argue(0, "{"),
        Event::Signature { choice: 0, index: 0, signature: "c".into() },
        argue(0, "}"),
        finish(FinishReason::ToolCalls),
    ];
    let response = whole(&events);
    let output = response["output"].as_array().unwrap();
    let sealed: Vec<_> = output.iter().map(|item| item["encrypted_content"].as_str().unwrap_or("")).collect();
    let block = r#"{"type":"thinking","thinking":"hm","signature":"s"}"#;
    assert_eq!(sealed, [block, block, "", r#"{"type":"redacted_thinking","data":"call:0:c"}"#]);
    assert_eq!((&output[1]["summary"], &output[2]["arguments"]), (&json!([]), &json!("{}")));
    let streamed = streamed(&events);
    assert_eq!(streamed.last().unwrap()["response"], response);
    let open = streamed.iter().find(|event| event["type"] == "response.output_item.added").unwrap();
    assert!(open["item"].get("encrypted_content").is_none(), "it is known in the end only");
}
