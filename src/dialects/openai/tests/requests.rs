use serde_json::json;

use super::*;
use crate::surfaces::chat::Chat;
use crate::surfaces::{ChatSurface, Surface};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn passed(body: &str) -> String {
    let object = Object::parse(body.as_bytes()).unwrap();
    let asked = Chat.asked(&object).unwrap();
    String::from_utf8(OpenAi.pass_request(&object, &asked, "target").body).unwrap()
}

fn written(body: &str) -> (Value, Vec<String>) {
    let object = Object::parse(body.as_bytes()).unwrap();
    let outbound = OpenAi.request(&Chat.request(&object).unwrap(), "target").unwrap();
    (serde_json::from_slice(&outbound.body).unwrap(), outbound.dropped.iter().map(ToString::to_string).collect())
}

#[test]
fn a_request_that_passes_changes_in_its_model_only() {
    let body = r#"{"messages":[ {"role":"user","content":"\u00e9"} ],"model":"alias","max_tokens":5,"temperature":1.0,"x":{"b":1,"a":[ ]}}"#;
    assert_eq!(passed(body), body.replace("alias", "target"));
}

#[test]
fn a_stream_that_passes_is_asked_for_its_usage() {
    let plain = r#"{"model":"a","stream":true,"messages":[1]}"#;
    assert!(passed(plain).ends_with(r#""stream_options":{"include_usage":true}}"#));
    let options = r#"{"stream_options":{"include_usage":false,"include_obfuscation":false},"model":"a","stream":true,"messages":[1]}"#;
    let expected = r#"{"stream_options":{"include_usage":true,"include_obfuscation":false},"model":"target","#;
    assert!(passed(options).starts_with(expected), "{}", passed(options));
    let null = r#"{"model":"a","stream":true,"stream_options":null,"messages":[1]}"#;
    assert!(passed(null).contains(r#""stream_options":{"include_usage":true}"#));
}

#[test]
fn a_request_is_written_with_everything_that_openai_knows() {
    let (body, dropped) = written(
        r#"{"model":"a","max_tokens":9,"temperature":0.5,"top_p":0.9,"top_k":3,"stop":"X","stream":true,"seed":1,
        "parallel_tool_calls":false,"reasoning_effort":"low","user":"u","service_tier":"auto","thinking":{},
        "response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"},"strict":true}},
        "tool_choice":{"type":"function","function":{"name":"f"}},
        "tools":[{"type":"function","cache_control":{},"function":{"name":"f","description":"d","parameters":{"type":"object"}}}],
        "messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"},
        {"type":"image_url","image_url":{"url":"https://x/y"}},{"type":"file","file":{"file_data":"data:z","filename":"n"}}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":""}}],
        "thinking_blocks":[{}]},{"role":"tool","tool_call_id":"c","content":"r"}]}"#,
    );
    let expected = json!({
        "model": "target", "max_completion_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["X"], "stream": true,
        "stream_options": {"include_usage": true}, "parallel_tool_calls": false, "reasoning_effort": "low", "user": "u",
        "service_tier": "auto",
        "response_format": {"type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": true}},
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "tools": [{"type": "function",
            "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}],
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "t"},
                {"type": "image_url", "image_url": {"url": "https://x/y"}},
                {"type": "file", "file": {"file_data": "data:z", "filename": "n"}}]},
            {"role": "assistant",
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "r"},
        ],
    });
    assert_eq!(body, expected);
    assert_eq!(dropped, ["top_k", "seed"]);
}

#[test]
fn a_result_of_a_tool_is_text_that_tells_failures_and_its_images_follow() {
    let (body, _) = written(
        r#"{"messages":[{"role":"tool","tool_call_id":"a","is_error":true,"content":"broken"},
        {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"x"},{"type":"text","text":"y"},
        {"type":"image_url","image_url":{"url":"data:i"}}]},{"role":"tool","tool_call_id":"c","content":null},
        {"role":"user","content":"go on"}]}"#,
    );
    let messages = json!([
        {"role": "tool", "content": "Error: broken", "tool_call_id": "a"},
        {"role": "tool", "content": "x\ny", "tool_call_id": "b"},
        {"role": "tool", "content": "", "tool_call_id": "c"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:i"}}]},
        {"role": "user", "content": "go on"},
    ]);
    assert_eq!(body["messages"], messages);
}

#[test]
fn tool_choices_are_written_in_all_their_forms() {
    for choice in [
        json!("auto"),
        json!("none"),
        json!("required"),
        json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto",
            "tools": [{"type": "function", "function": {"name": "f"}}]}}),
    ] {
        let (body, _) = written(&json!({"tool_choice": choice}).to_string());
        assert_eq!(body["tool_choice"], choice);
    }
}

#[test]
fn content_that_openai_has_no_word_for_is_refused_with_its_place() {
    let body = r#"{"messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"hologram"}]}]}"#;
    let object = Object::parse(body.as_bytes()).unwrap();
    let error = OpenAi.request(&Chat.request(&object).unwrap(), "m").unwrap_err();
    assert_eq!((error.status, error.param.as_deref()), (400, Some("messages[0].content[1]")));
    assert!(error.message.contains("hologram"));
}

#[test]
fn a_user_s_name_that_is_too_long_is_told_by_its_digest() {
    let long = "u".repeat(65);
    let user = |name: &str| written(&format!(r#"{{"messages":[],"user":"{name}"}}"#)).0["user"].clone();
    assert_eq!(user("short"), "short");
    let digest = user(&long);
    assert!(digest.as_str().unwrap().len() == 64 && digest == user(&long) && digest != user(&"v".repeat(65)));
}
