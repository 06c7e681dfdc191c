use serde_json::json;

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn asked(include_usage: bool) -> Asked {
    Asked { model: "m".to_owned(), stream: true, include_usage, legacy_functions: false, ..Asked::default() }
}

/// What passes of a stream: the text, and the failure that ended it.
fn pass(data: &[&str], include_usage: bool) -> (String, Option<ApiError>) {
    let mut passer = OpenAi.pass_stream(&asked(include_usage));
    let (mut events, mut out) = (Vec::new(), Vec::new());
    for event in frames(data) {
        let before = out.len();
        match passer.pass(&event, &mut events, &mut out) {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(out.len(), before, "a failure passes nothing");
                return (String::from_utf8(out).unwrap(), Some(error));
            }
        }
    }
    let error = passer.end(&mut events, &mut out).err();
    if error.is_none() {
        assert_eq!(events, said(data), "the meter reads what a reader reads");
    }
    (String::from_utf8(out).unwrap(), error)
}

/// The chunks that pass of a whole stream that ends with the end marker.
fn chunks(data: &[&str], include_usage: bool) -> Vec<Value> {
    let (text, error) = pass(data, include_usage);
    assert_eq!(error, None);
    let mut frames: Vec<&str> = text.split_terminator("\n\n").map(|f| f.strip_prefix("data: ").unwrap()).collect();
    assert_eq!(frames.pop(), Some(DONE));
    frames.into_iter().map(|frame| serde_json::from_str(frame).unwrap()).collect()
}

/// The first choice of every chunk that passes.
fn choices(data: &[&str]) -> Vec<Value> {
    chunks(data, false).into_iter().map(|chunk| chunk["choices"][0].clone()).collect()
}

fn deltas(data: &[&str]) -> Vec<Value> {
    choices(data).into_iter().map(|choice| choice["delta"].clone()).collect()
}

#[test]
fn clean_chunks_keep_their_bytes() {
    let odd = r#"{ "id":"c1", "object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"\u00e9"},"finish_reason":null,"x":1.0}],"usage":null, "extra": [ ] }"#;
    let (text, _) = pass(&[odd, &stop(), DONE], false);
    assert_eq!(text, format!("data: {odd}\n\ndata: {}\n\ndata: [DONE]\n\n", stop()));
}

#[test]
fn data_of_several_lines_passes_in_one() {
    let lines = first().replacen(',', ",\n", 1);
    let (text, _) = pass(&[&lines, &stop(), DONE], false);
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with("data: ")), "{text}");
}

#[test]
fn usage_passes_only_to_those_who_asked() {
    let data = [&first(), &stop(), &usage_chunk(), DONE].map(|s: &str| s.to_owned());
    let data: Vec<&str> = data.iter().map(String::as_str).collect();
    assert_eq!(chunks(&data, false).len(), 2);
    let with = chunks(&data, true);
    assert_eq!((with.len(), &with[2]["usage"]["total_tokens"]), (3, &json!(5)));
}

#[test]
fn usage_in_other_chunks_is_removed_unless_asked_for() {
    let counted = stop().replace("}]}", r#"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#);
    let without = chunks(&[&first(), &counted, DONE], false);
    assert!(without[1].get("usage").is_none());
    assert_eq!(without[1]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks(&[&first(), &counted, DONE], true)[1]["usage"]["total_tokens"], 2);
}

#[test]
fn usage_that_is_counted_otherwise_passes_in_openai_s_sense() {
    let xai = usage_chunk()
        .replace(r#""total_tokens":5"#, r#""total_tokens":9,"completion_tokens_details":{"reasoning_tokens":4}"#);
    assert_eq!(chunks(&[&first(), &stop(), &xai, DONE], true)[2]["usage"]["completion_tokens"], 6);
}

#[test]
fn the_prelude_of_azure_does_not_pass() {
    let prelude = r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[]}"#;
    assert_eq!(chunks(&[prelude, &first(), &stop(), DONE], true).len(), 2);
}

#[test]
fn padding_does_not_pass() {
    let padded = first().replacen('{', r#"{"obfuscation":"xyz","p":"abc","#, 1);
    let (text, _) = pass(&[&padded, &stop(), DONE], false);
    assert!(text.starts_with(&format!("data: {}\n\n", first())), "the rest keeps its bytes: {text}");
}

#[test]
fn tool_calls_pass_numbered_from_zero_with_id_name_and_type_once() {
    let deltas = deltas(&[
        &first(),
        &piece(r#"{"index":1,"id":"a","function":{"name":"f","arguments":""}}"#),
        &piece(r#"{"index":1,"id":"a","type":"function","function":{"name":"","arguments":"{}"}}"#),
        &piece(r#"{"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}"#),
        &chunk("{}", "\"tool_calls\""),
        DONE,
    ]);
    assert_eq!(
        deltas[1]["tool_calls"],
        json!([{"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}, "type": "function"}])
    );
    assert_eq!(deltas[2]["tool_calls"], json!([{"index": 0, "type": "function", "function": {"arguments": "{}"}}]));
    assert_eq!(deltas[3]["tool_calls"][0]["index"], 1);
}

#[test]
fn a_call_without_an_id_gets_one() {
    let call = |name: &str| {
        piece(&format!(r#"{{"index":0,"type":"function","function":{{"name":"{name}","arguments":"{{}}"}}}}"#))
    };
    let deltas = deltas(&[&first(), &call("f"), &call("g"), &stop(), DONE]);
    let ids: Vec<&Value> = deltas[1..3].iter().map(|delta| &delta["tool_calls"][0]["id"]).collect();
    assert!(ids.iter().all(|id| id.as_str().unwrap().starts_with("call_")) && ids[0] != ids[1]);
}

#[test]
fn an_id_that_two_calls_share_passes_for_the_first_only() {
    let call = |index: u32| {
        piece(&format!(r#"{{"index":{index},"id":"a","type":"function","function":{{"name":"f","arguments":"{{"}}}}"#))
    };
    let more = |index: u32| piece(&format!(r#"{{"index":{index},"id":"a","function":{{"arguments":"}}"}}}}"#));
    let deltas = deltas(&[&first(), &call(0), &call(1), &more(0), &more(1), &stop(), DONE]);
    let ids: Vec<&Value> = deltas[1..5].iter().map(|delta| &delta["tool_calls"][0]["id"]).collect();
    assert_eq!((ids[0], ids[2], ids[3]), (&json!("a"), &Value::Null, &Value::Null));
    assert!(ids[1].as_str().unwrap().starts_with("call_"));
    assert_eq!(deltas[4]["tool_calls"][0]["index"], 1);
}

#[test]
fn a_call_without_arguments_passes_with_an_empty_object() {
    let call = piece(r#"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}"#);
    let apart = deltas(&[&first(), &call, &chunk("{}", "\"tool_calls\""), DONE]);
    assert_eq!(apart[2]["tool_calls"], json!([{"index": 0, "function": {"arguments": "{}"}}]));
    let together = call.replace("\"finish_reason\":null", "\"finish_reason\":\"tool_calls\"");
    let together = deltas(&[&first(), &together, DONE]);
    assert_eq!(together[1]["tool_calls"][0]["function"], json!({"name": "f", "arguments": "{}"}));
    let unended = choices(&[&first(), &call, DONE]);
    assert_eq!(unended[2]["delta"]["tool_calls"][0]["function"]["arguments"], "{}");
    assert_eq!(unended[2]["finish_reason"], "tool_calls");
}

#[test]
fn finish_reasons_pass_in_openai_s_words_and_once() {
    let call = piece(r#"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}"#);
    let words = |data: &[&str]| -> Vec<Value> { choices(data).iter().map(|c| c["finish_reason"].clone()).collect() };
    assert_eq!(words(&[&first(), &call, &stop(), DONE])[2], "tool_calls");
    assert_eq!(words(&[&first(), &chunk("{}", "\"model_length\""), DONE])[1], "length");
    assert_eq!(words(&[&first(), &chunk("{}", "\"eos\""), DONE])[1], "stop");
    assert_eq!(words(&[&first(), &stop(), &stop(), DONE]).len(), 2, "the repeated end does not pass");
    let empty = chunk(r#"{"role":"assistant","content":"x"}"#, "\"\"");
    assert_eq!(words(&[&empty, &stop(), DONE]), [Value::Null, json!("stop")]);
    let missing = first().replace(r#","finish_reason":null"#, "");
    let mended = choices(&[&missing, &stop(), DONE]);
    assert!(mended[0].as_object().unwrap().contains_key("finish_reason"), "{mended:?}");
}

#[test]
fn a_repeated_end_with_usage_passes_as_usage() {
    let again = stop().replace("}]}", r#"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#);
    let passed = chunks(&[&first(), &stop(), &again, DONE], true);
    assert_eq!((&passed[2]["choices"], &passed[2]["usage"]["total_tokens"]), (&json!([]), &json!(2)));
    assert_eq!(chunks(&[&first(), &stop(), &again, DONE], false).len(), 2);
}

#[test]
fn an_end_that_is_never_told_is_supplied() {
    let text = chunk(r#"{"role":"assistant","content":"x"}"#, "\"\"");
    let passed = chunks(&[&text, DONE], false);
    assert_eq!(passed[1]["choices"], json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]));
    assert_eq!((&passed[1]["id"], &passed[1]["model"], &passed[1]["created"]), (&json!("c1"), &json!("m"), &json!(7)));
}

#[test]
fn the_end_marker_is_supplied_to_whole_answers_only() {
    let (text, error) = pass(&[&first(), &stop()], false);
    assert!(error.is_none() && text.ends_with("data: [DONE]\n\n"), "{text}");
    let (text, error) = pass(&[&first()], false);
    assert!(error.is_some() && !text.contains(DONE), "{text}");
}

#[test]
fn what_follows_the_end_marker_does_not_pass() {
    let (text, _) = pass(&[&first(), &stop(), DONE, &first(), DONE], false);
    assert_eq!(text.matches("data: ").count(), 3);
}

#[test]
fn content_in_parts_passes_as_text_and_reasoning() {
    let parts = chunk(
        r#"{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"x"}]}"#,
        "null",
    );
    let deltas = deltas(&[&parts, &stop(), DONE]);
    assert_eq!(deltas[0], json!({"role": "assistant", "content": "x", "reasoning_content": "hm"}));
}

#[test]
fn the_first_delta_of_every_choice_says_who_speaks() {
    let two = chunk(r#"{"content":"x"}"#, "null")
        .replace("}]}", r#"},{"index":1,"delta":{"content":"y"},"finish_reason":null}]}"#);
    let ends = stop().replace("}]}", r#"},{"index":1,"delta":{},"finish_reason":"stop"}]}"#);
    let passed = chunks(&[&two, &two, &ends, DONE], false);
    assert_eq!(passed[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(passed[0]["choices"][1]["delta"]["role"], "assistant");
    assert!(passed[1]["choices"][0]["delta"].get("role").is_none());
}

#[test]
fn chunks_of_another_name_or_form_pass_as_chunks() {
    let renamed = first().replace("chat.completion.chunk", "chat.completion.done");
    assert_eq!(chunks(&[&renamed, &stop(), DONE], false)[0]["object"], "chat.completion.chunk");
    let message = chunk("null", "null").replace(r#""delta":null"#, r#""message":{"role":"assistant","content":"x"}"#);
    assert_eq!(choices(&[&message, &stop(), DONE])[0]["delta"]["content"], "x");
    let bare = chunk("null", "\"stop\"");
    assert_eq!(deltas(&[&first(), &bare, DONE])[1], json!({}));
}

#[test]
fn a_failure_ends_the_stream_and_does_not_pass() {
    let failed = r#"{"error":{"message":"m","code":"c"},"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"error"}]}"#;
    let (text, error) = pass(&[&first(), failed, DONE], true);
    assert_eq!(error.unwrap().message, "m");
    assert_eq!(text, format!("data: {}\n\n", first()));
}
