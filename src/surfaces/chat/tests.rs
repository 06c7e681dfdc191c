use serde_json::{Value, json};

use super::*;
use crate::hub::{FinishReason, Thinking};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn asked(json: &str) -> Result<Asked, ApiError> {
    Chat.asked(&Object::parse(json.as_bytes()).unwrap())
}

fn context() -> AnswerContext {
    AnswerContext {
        id: "AbC123".to_owned(),
        created: 1_700_000_000,
        model: "target-model".to_owned(),
        include_usage: false,
        legacy_functions: false,
    }
}

fn legacy() -> AnswerContext {
    AnswerContext { legacy_functions: true, ..context() }
}

fn answer(events: &[Event<'_>], context: &AnswerContext) -> Value {
    serde_json::from_slice(&Chat.answer(events, context)).unwrap()
}

/// The chunks of a stream, and whether `[DONE]` came last.
fn stream(events: &[Event<'_>], context: AnswerContext) -> Vec<Value> {
    let mut writer = Chat.stream(context);
    let mut out = Vec::new();
    for event in events {
        writer.write(event, &mut out);
    }
    writer.end(&mut out);
    let text = String::from_utf8(out).unwrap();
    let mut frames: Vec<&str> = text.split_terminator("\n\n").map(|f| f.strip_prefix("data: ").unwrap()).collect();
    assert_eq!(frames.pop(), Some("[DONE]"));
    frames.iter().map(|frame| serde_json::from_str(frame).unwrap()).collect()
}

fn start() -> Event<'static> {
    Event::Start { id: Some("chatcmpl-p".into()), model: Some("m-1".into()), created: Some(5) }
}

fn text(choice: u32, text: &'static str) -> Event<'static> {
    Event::Text { choice, text: text.into() }
}

fn call(index: u32, id: Option<&'static str>, name: &'static str) -> Event<'static> {
    Event::ToolCall { choice: 0, index, id: id.map(Into::into), name: name.into() }
}

fn arguments(index: u32, fragment: &'static str) -> Event<'static> {
    Event::Arguments { choice: 0, index, fragment: fragment.into() }
}

fn finish(choice: u32, reason: FinishReason) -> Event<'static> {
    Event::Finish { choice, reason }
}

fn usage() -> Event<'static> {
    Event::Usage(Usage {
        input: 10,
        cached: 4,
        cache_write: 2,
        cache_write_1h: 1,
        output: 7,
        reasoning: 3,
        ..Usage::default()
    })
}

#[test]
fn a_request_says_its_model_and_whether_it_streams() {
    let plain = asked(r#"{"model":"m","messages":[{}]}"#).unwrap();
    assert_eq!(plain, Asked { model: "m".to_owned(), stream: false, ..Asked::default() });
    let streamed =
        asked(r#"{"stream":true,"messages":[ {}],"model":"m","stream_options":{"include_usage":true,"x":1}}"#);
    assert_eq!(
        streamed.unwrap(),
        Asked { model: "m".to_owned(), stream: true, include_usage: true, ..Asked::default() }
    );
    let options = asked(r#"{"model":"m","messages":[1],"stream_options":{"include_usage":true}}"#).unwrap();
    assert!(!options.include_usage, "a plain answer has no chunk of usage");
}

#[test]
fn a_request_that_nobody_could_answer_is_refused_with_the_field_to_blame() {
    let cases = [
        (r#"{"messages":[{}]}"#, "model", "missing_required_parameter"),
        (r#"{"model":null,"messages":[{}]}"#, "model", "missing_required_parameter"),
        (r#"{"model":" ","messages":[{}]}"#, "model", "invalid_value"),
        (r#"{"model":7,"messages":[{}]}"#, "model", "invalid_type"),
        (r#"{"model":"m"}"#, "messages", "missing_required_parameter"),
        (r#"{"model":"m","messages":[ ]}"#, "messages", "invalid_value"),
        (r#"{"model":"m","messages":"hi"}"#, "messages", "invalid_type"),
        (r#"{"model":"m","messages":[{}],"stream":"yes"}"#, "stream", "invalid_type"),
        (r#"{"model":"m","messages":[{}],"stream_options":[]}"#, "stream_options", "invalid_type"),
        (
            r#"{"model":"m","messages":[{}],"stream_options":{"include_usage":1}}"#,
            "stream_options.include_usage",
            "invalid_type",
        ),
    ];
    for (json, param, code) in cases {
        let error = asked(json).unwrap_err();
        assert_eq!(
            (error.status, error.param.as_deref(), error.code.as_deref()),
            (400, Some(param), Some(code)),
            "{json}"
        );
        let body: Value = serde_json::from_slice(&Chat.error(&error)).unwrap();
        assert_eq!(body["error"]["type"], "invalid_request_error");
        assert!(body["error"]["message"].as_str().unwrap().contains(param), "{body}");
    }
}

#[test]
fn a_field_of_another_type_is_refused_with_its_path() {
    let object = Object::parse(br#"{"messages":[{"role":"user","content":[{"type":"text","text":4}]}]}"#).unwrap();
    let error = Chat.request(&object).unwrap_err();
    assert_eq!((error.status, error.param.as_deref()), (400, Some("messages[0].content[0]")));
    assert!(error.message.contains("integer `4`"), "{}", error.message);
}

#[test]
fn a_plain_answer_has_every_member_of_the_contract() {
    let events = [start(), text(0, "Hel"), text(0, "lo"), finish(0, FinishReason::Stop), usage()];
    let expected = json!({
        "id": "chatcmpl-p", "object": "chat.completion", "created": 5, "model": "m-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello", "refusal": null},
            "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 0}},
    });
    assert_eq!(answer(&events, &context()), expected);
}

#[test]
fn what_the_provider_does_not_say_comes_from_the_gateway() {
    let nothing = Event::Start { id: None, model: None, created: None };
    let body = answer(&[nothing, finish(0, FinishReason::Stop)], &context());
    assert_eq!((&body["id"], &body["model"]), (&json!("chatcmpl-AbC123"), &json!("target-model")));
    assert_eq!((&body["created"], &body["choices"][0]["message"]["content"]), (&json!(1_700_000_000), &json!("")));
    assert_eq!(body["usage"]["total_tokens"], 0);
}

#[test]
fn content_is_null_beside_calls_and_refusals_only() {
    let calls = [call(0, Some("c1"), "f"), arguments(0, "{\"a\":"), arguments(0, "1}"), finish(0, FinishReason::Stop)];
    let body = answer(&calls, &context());
    assert_eq!(body["choices"][0]["message"]["content"], Value::Null);
    assert_eq!(
        body["choices"][0]["message"]["tool_calls"],
        json!([{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}])
    );
    assert_eq!(body["choices"][0]["finish_reason"], "tool_calls", "stop after calls means that they are awaited");
    let refused = [Event::Refusal { choice: 0, text: "No.".into() }, finish(0, FinishReason::Stop)];
    let message = answer(&refused, &context())["choices"][0]["message"].clone();
    assert_eq!((&message["content"], &message["refusal"]), (&Value::Null, &json!("No.")));
}

#[test]
fn thinking_is_told_as_text_and_as_blocks() {
    let events = [
        Event::Reasoning { choice: 0, text: "hm".into() },
        Event::Thinking { choice: 0, block: Thinking::Signed { text: "hm".into(), signature: "s".into() } },
        Event::Thinking { choice: 0, block: Thinking::Redacted { data: "d".into() } },
        text(0, "x"),
        finish(0, FinishReason::Length),
    ];
    let blocks = json!([{"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"}]);
    let message = answer(&events, &context())["choices"][0]["message"].clone();
    assert_eq!((&message["reasoning_content"], &message["thinking_blocks"]), (&json!("hm"), &blocks));
    let chunks = stream(&events, context());
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({"role": "assistant", "reasoning_content": "hm"}));
    assert_eq!(chunks[1]["choices"][0]["delta"], json!({"content": "x"}));
    assert_eq!(chunks[2]["choices"][0]["delta"], json!({"thinking_blocks": blocks}), "once, or SDKs lose some");
    assert_eq!(chunks[3]["choices"][0]["finish_reason"], "length");
}

#[test]
fn signatures_go_with_their_calls_in_an_extension() {
    let signature = |index, signature: &'static str| Event::Signature { choice: 0, index, signature: signature.into() };
    let events = [
        signature(0, "s0"),
        call(0, Some("a"), "f"),
        arguments(0, "{}"),
        call(1, Some("b"), "g"),
        signature(1, "s1"),
        finish(0, FinishReason::ToolCalls),
    ];
    let extra = |signature: &str| json!({ "google": { "thought_signature": signature } });
    let calls = answer(&events, &context())["choices"][0]["message"]["tool_calls"].take();
    assert_eq!((&calls[0]["extra_content"], &calls[1]["extra_content"]), (&extra("s0"), &extra("s1")));
    let chunks = stream(&events, context());
    let delta = |at: usize| chunks[at]["choices"][0]["delta"]["tool_calls"][0].clone();
    assert_eq!((&delta(0)["id"], &delta(0)["extra_content"]), (&json!("a"), &extra("s0")), "where the call begins");
    assert!(delta(2)["id"] == "b" && delta(2).get("extra_content").is_none());
    assert_eq!(delta(3), json!({ "index": 1, "extra_content": extra("s1") }));
    assert!(!answer(&events, &legacy()).to_string().contains("extra_content"));
}

#[test]
fn calls_without_ids_get_the_same_ones_plain_and_streamed() {
    let events = [call(0, None, "f"), arguments(0, "{}"), call(1, Some(""), "g"), finish(0, FinishReason::ToolCalls)];
    let plain = answer(&events, &context());
    let ids: Vec<Value> = (0..2).map(|n| plain["choices"][0]["message"]["tool_calls"][n]["id"].clone()).collect();
    assert!(ids[0] != ids[1] && ids[0].as_str().unwrap().starts_with("call_"));
    assert_eq!(plain["choices"][0]["message"]["tool_calls"][1]["function"]["arguments"], "{}");
    let streamed: Vec<Value> = stream(&events, context())
        .iter()
        .map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["id"].clone())
        .filter(|id| !id.is_null())
        .collect();
    assert_eq!(streamed, ids);
}

#[test]
fn a_caller_of_functions_gets_a_function_call() {
    let events = [call(0, Some("c"), "f"), arguments(0, "{\"a\":1}"), finish(0, FinishReason::ToolCalls)];
    let choice = answer(&events, &legacy())["choices"][0].clone();
    assert_eq!(choice["message"]["function_call"], json!({"name": "f", "arguments": "{\"a\":1}"}));
    assert!(choice["message"].get("tool_calls").is_none());
    assert_eq!(choice["finish_reason"], "function_call");
    let chunks = stream(&events, legacy());
    assert_eq!(
        chunks[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": ""}})
    );
    assert_eq!(chunks[1]["choices"][0]["delta"], json!({"function_call": {"arguments": "{\"a\":1}"}}));
    assert_eq!(chunks[2]["choices"][0]["finish_reason"], "function_call");
}

#[test]
fn several_choices_are_kept_apart_and_in_order() {
    let events =
        [text(1, "b"), text(0, "a"), finish(1, FinishReason::Length), text(0, "a"), finish(0, FinishReason::Stop)];
    let body = answer(&events, &context());
    assert_eq!(body["choices"][0]["message"]["content"], "aa");
    assert_eq!((&body["choices"][1]["index"], &body["choices"][1]["finish_reason"]), (&json!(1), &json!("length")));
    let chunks = stream(&events, context());
    let roles: Vec<u64> = chunks
        .iter()
        .filter(|c| c["choices"][0]["delta"].get("role").is_some())
        .map(|c| c["choices"][0]["index"].as_u64().unwrap())
        .collect();
    assert_eq!(roles, [1, 0], "the first delta of every choice says who speaks");
}

#[test]
fn a_stream_is_told_in_the_order_of_the_contract() {
    let events = [
        start(),
        text(0, ""),
        text(0, "Hi \"é\"\n"),
        call(0, Some("c1"), "f"),
        arguments(0, "{\"a\":"),
        arguments(0, "1}"),
        finish(0, FinishReason::Stop),
        finish(0, FinishReason::Stop),
        usage(),
    ];
    let chunks = stream(&events, context());
    let choice = |delta: Value, finish: Value| json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
    let expected = [
        choice(json!({"role": "assistant", "content": "Hi \"é\"\n"}), Value::Null),
        choice(
            json!({"tool_calls": [{"index": 0, "id": "c1", "type": "function",
                "function": {"name": "f", "arguments": ""}}]}),
            Value::Null,
        ),
        choice(json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"a\":"}}]}), Value::Null),
        choice(json!({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}), Value::Null),
        choice(json!({}), json!("tool_calls")),
    ];
    assert_eq!(chunks.iter().map(|chunk| chunk["choices"].clone()).collect::<Vec<_>>(), expected);
    for chunk in &chunks {
        assert_eq!((&chunk["id"], &chunk["object"]), (&json!("chatcmpl-p"), &json!("chat.completion.chunk")));
        assert_eq!((&chunk["created"], &chunk["model"]), (&json!(5), &json!("m-1")));
        assert!(chunk.get("usage").is_none(), "usage was not asked for");
    }
}

#[test]
fn usage_comes_last_and_only_when_asked_for() {
    let events = [start(), text(0, "x"), finish(0, FinishReason::Stop), usage()];
    let chunks = stream(&events, AnswerContext { include_usage: true, ..context() });
    assert_eq!(chunks.len(), 3);
    assert!(chunks[..2].iter().all(|chunk| chunk["usage"].is_null()));
    assert_eq!((&chunks[2]["choices"], &chunks[2]["usage"]["total_tokens"]), (&json!([]), &json!(17)));
    assert_eq!(chunks[2]["usage"]["prompt_tokens_details"]["cache_write_tokens"], 3);
}

#[test]
fn a_choice_without_content_still_says_who_speaks_and_why_it_ended() {
    let chunks = stream(&[start(), finish(0, FinishReason::ContentFilter)], context());
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    assert_eq!(chunks[1]["choices"][0], json!({"index": 0, "delta": {}, "finish_reason": "content_filter"}));
}

#[test]
fn an_answer_that_says_nothing_has_a_choice_all_the_same() {
    let answer: Value = serde_json::from_slice(&Chat.answer(&[start()], &context())).unwrap();
    let choices = answer["choices"].as_array().unwrap();
    assert_eq!((choices.len(), &choices[0]["message"]["content"]), (1, &json!("")));
}

#[test]
fn a_call_without_arguments_is_told_as_an_empty_object() {
    let chunks = stream(&[call(0, Some("c"), "f"), arguments(0, ""), finish(0, FinishReason::ToolCalls)], context());
    assert_eq!(chunks[1]["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"], "{}");
    assert_eq!(chunks.len(), 3);
}

#[test]
fn an_error_has_the_type_and_code_of_its_class() {
    let cases = [
        (400, "invalid_request_error", Value::Null),
        (401, "authentication_error", json!("invalid_api_key")),
        (402, "insufficient_quota", json!("insufficient_quota")),
        (403, "permission_error", json!("permission_denied")),
        (404, "not_found_error", Value::Null),
        (408, "timeout_error", json!("timeout")),
        (409, "conflict_error", json!("conflict")),
        (413, "invalid_request_error", Value::Null),
        (424, "server_error", json!("model_error")),
        (429, "rate_limit_error", json!("rate_limit_exceeded")),
        (500, "server_error", json!("server_error")),
        (503, "server_error", json!("overloaded")),
        (504, "timeout_error", json!("timeout")),
        (529, "server_error", json!("overloaded")),
    ];
    for (status, kind, code) in cases {
        let body: Value = serde_json::from_slice(&Chat.error(&ApiError::new(status, "why"))).unwrap();
        assert_eq!(body, json!({"error": {"message": "why", "type": kind, "param": null, "code": code}}), "{status}");
    }
}

#[test]
fn an_error_never_has_an_empty_message() {
    let body: Value = serde_json::from_slice(&Chat.error(&ApiError::new(500, " "))).unwrap();
    assert!(body["error"]["message"].as_str().unwrap().len() > 10);
}

#[test]
fn a_provider_s_own_error_passes_only_in_the_form_that_sdks_read() {
    let with = |original: &str| {
        let error = ApiError { original: Some(original.as_bytes().into()), ..ApiError::new(400, "told") };
        String::from_utf8(Chat.error(&error)).unwrap()
    };
    let own = r#"{"error": {"message":"m","type":"t","extra":1}}"#;
    assert_eq!(with(own), own);
    for other in [
        r#"{"type":"error","error":{"type":"api_error","message":"m"}}"#,
        r#"{"error":"text"}"#,
        r#"{"error":{"message":""}}"#,
        "<html>",
    ] {
        assert!(with(other).contains("told"), "{other}");
    }
}

#[test]
fn an_error_in_a_stream_is_one_event_without_an_end_marker() {
    let mut error = ApiError::new(503, "line one\nline two").code("overloaded");
    let event = String::from_utf8(Chat.stream_error(&error)).unwrap();
    let json: Value = serde_json::from_str(event.strip_prefix("data: ").unwrap().trim_end()).unwrap();
    assert_eq!(
        (&json["error"]["code"], &json["error"]["message"]),
        (&json!("overloaded"), &json!("line one\nline two"))
    );
    error.original = Some(b"{\n\"error\": {\n\"message\": \"m\"}}".as_slice().into());
    let event = String::from_utf8(Chat.stream_error(&error)).unwrap();
    assert_eq!(event.lines().count(), 2, "one data line, one empty line: {event:?}");
}
