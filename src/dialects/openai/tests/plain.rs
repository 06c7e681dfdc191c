use serde_json::json;

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// An answer with one choice.
fn answer(message: &str, finish: &str) -> String {
    format!(
        r#"{{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{{"index":0,"message":{message},"finish_reason":{finish}}}],"usage":{{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}}}"#
    )
}

fn told(body: &str) -> Vec<Event<'_>> {
    OpenAi.answer(body.as_bytes()).unwrap()
}

/// The answer as it passes; `None` if it passes as it is.
fn passed(body: &str) -> Option<Value> {
    OpenAi.pass_answer(body.as_bytes()).ok()?.mended.map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn a_clean_answer_is_read_and_passes_untouched() {
    let body = answer(r#"{"role":"assistant","content":"Hi","refusal":null,"annotations":[]}"#, "\"stop\"");
    let expected = [
        Event::Start { id: Some("c1".into()), model: Some("m".into()), created: Some(7) },
        Event::Text { choice: 0, text: "Hi".into() },
        Event::Finish { choice: 0, reason: FinishReason::Stop },
        Event::Usage(Usage { input: 3, output: 2, ..Usage::default() }),
    ];
    assert_eq!(told(&body), expected);
    assert_eq!(passed(&body), None);
}

#[test]
fn blank_lines_before_an_answer_are_tolerated() {
    let body = format!("\n\n \r\n{}\n", answer(r#"{"role":"assistant","content":"x"}"#, "\"stop\""));
    assert_eq!(texts(&told(&body)).0, "x");
}

#[test]
fn calls_of_an_answer_are_read_in_order_even_when_they_look_alike() {
    let body = answer(
        r#"{"role":"assistant","content":null,"tool_calls":[
        {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
        {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]}"#,
        "\"tool_calls\"",
    );
    assert_eq!(calls(&told(&body)), ["0 a f {}", "1 - f {\"x\":1}"], "an id that is taken is none");
    let calls = passed(&body).unwrap()["choices"][0]["message"]["tool_calls"].clone();
    assert_eq!(calls[0]["id"], "a");
    assert!(calls[1]["id"].as_str().unwrap().starts_with("call_"), "{calls}");
}

#[test]
fn what_sdks_trip_over_is_mended() {
    let body = answer(
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"x"}],
        "tool_calls":[{"id":"","function":{"name":"f","arguments":""}},{"id":"b","type":"function","function":{"name":"g","arguments":{"y":1}}}]}"#,
        "\"stop\"",
    )
    .replace("\"chat.completion\"", "\"chat.completion.done\"");
    let passed = passed(&body).unwrap();
    let choice = &passed["choices"][0];
    assert_eq!(passed["object"], "chat.completion");
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!((&choice["message"]["content"], &choice["message"]["reasoning_content"]), (&json!("x"), &json!("hm")));
    assert_eq!(choice["message"]["role"], "assistant");
    let calls = &choice["message"]["tool_calls"];
    assert!(calls[0]["id"].as_str().unwrap().starts_with("call_"));
    assert_eq!((&calls[0]["type"], &calls[0]["function"]["arguments"]), (&json!("function"), &json!("{}")));
    assert_eq!(calls[1], json!({"id": "b", "type": "function", "function": {"name": "g", "arguments": "{\"y\":1}"}}));
    assert!(calls[0].get("index").is_none(), "whole calls have no index");
}

#[test]
fn finish_words_of_other_providers_are_replaced() {
    for (word, meant) in [("\"eos\"", "stop"), ("\"model_length\"", "length"), ("null", "stop"), ("\"\"", "stop")] {
        let body = answer(r#"{"role":"assistant","content":"x"}"#, word);
        assert_eq!(passed(&body).unwrap()["choices"][0]["finish_reason"], meant, "{word}");
        assert_eq!(finishes(&told(&body))[0].as_str(), meant);
    }
}

#[test]
fn usage_that_is_counted_otherwise_is_mended_and_the_rest_keeps_its_bytes() {
    let body = answer(r#"{"role":"assistant","content":"\u0078"}"#, "\"stop\"").replace(
        r#""total_tokens":5"#,
        r#""total_tokens":9,"completion_tokens_details":{"reasoning_tokens":4},"cost":0.10"#,
    );
    let bytes = OpenAi.pass_answer(body.as_bytes()).unwrap().mended.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(r#""content":"\u0078""#), "{text}");
    assert!(text.contains(r#""completion_tokens":6"#), "{text}");
}

#[test]
fn several_choices_are_read_and_mended_apart() {
    let body = answer(r#"{"role":"assistant","content":"a"}"#, "\"stop\"").replace(
        "}],\"usage\"",
        r#"},{"index":1,"message":{"role":"assistant","content":"b"},"finish_reason":"eos"}],"usage""#,
    );
    assert_eq!(told(&body)[3], Event::Text { choice: 1, text: "b".into() });
    let choices = passed(&body).unwrap()["choices"].clone();
    assert_eq!((&choices[0]["finish_reason"], &choices[1]["finish_reason"]), (&json!("stop"), &json!("stop")));
}

#[test]
fn an_error_in_an_answer_of_success_is_a_failure() {
    let cases = [
        (r#"{"error":{"message":"m","code":503}}"#, 503, Some("503")),
        (r#"{"error":{"message":"m","code":"429"}}"#, 429, Some("429")),
        (r#"{"error":{"message":"m","code":200}}"#, 502, Some("200")),
        (r#"{"error":{"message":"m","code":"upstream"},"choices":[]}"#, 502, Some("upstream")),
        (r#"{"error":"m"}"#, 502, None),
    ];
    for (body, status, code) in cases {
        let error = OpenAi.answer(body.as_bytes()).unwrap_err();
        assert_eq!((error.status, error.message.as_str(), error.code.as_deref()), (status, "m", code), "{body}");
    }
}

#[test]
fn what_is_no_answer_is_a_failure_and_passes_as_it_is() {
    for body in ["", "<html>", "[]", "{}", r#"{"object":"list","data":[]}"#] {
        let error = OpenAi.answer(body.as_bytes()).unwrap_err();
        assert_eq!(error.status, 502, "{body}");
        assert!(!error.message.is_empty());
    }
    assert_eq!(passed("<html>"), None);
    assert_eq!(passed(r#"{"error":{"message":"m"}}"#), None);
}

#[test]
fn no_body_however_broken_brings_the_dialect_down() {
    let body = answer(
        r#"{"role":"assistant","content":[{"type":"text","text":"é"}],"tool_calls":[{"id":"a","function":{"name":"f","arguments":{}}}]}"#,
        "\"eos\"",
    );
    let mut bodies: Vec<Vec<u8>> = (0..body.len()).map(|end| body.as_bytes()[..end].to_vec()).collect();
    for at in 0..body.len() {
        for byte in [b'0', b'{', b'[', b'"', b'}', 0xFF] {
            let mut changed = body.clone().into_bytes();
            changed[at] = byte;
            bodies.push(changed);
        }
    }
    bodies.push([b"{\"choices\":".as_slice(), &b"[".repeat(100_000)].concat());
    for body in &bodies {
        let _ = OpenAi.answer(body);
        let _ = OpenAi.pass_answer(body);
        let _ = OpenAi.error(400, body, &|_| None);
        let _ = read(&[&String::from_utf8_lossy(body), DONE]);
    }
}

#[test]
fn a_legacy_function_call_is_read_as_a_call() {
    let body = answer(r#"{"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}}"#, "\"stop\"");
    let events = told(&body);
    assert_eq!((calls(&events), finishes(&events)), (vec!["0 - f {}".to_owned()], vec![FinishReason::FunctionCall]));
    let choice = passed(&body).unwrap()["choices"][0].clone();
    assert_eq!(choice["message"]["function_call"]["arguments"], "{}");
    assert_eq!(choice["finish_reason"], "function_call");
}

#[test]
fn a_refusal_and_thinking_of_an_answer_are_read() {
    let body = answer(r#"{"role":"assistant","content":null,"refusal":"No.","reasoning":"hm"}"#, "\"stop\"");
    let events = told(&body);
    assert_eq!(texts(&events), (String::new(), "hm".to_owned()));
    assert!(events.contains(&Event::Refusal { choice: 0, text: "No.".into() }));
}
