use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn outbound(chat: &Value) -> Result<(Value, Vec<String>), ApiError> {
    let text = chat.to_string();
    let outbound = Responses.request(&Chat.request(&Object::parse(text.as_bytes()).unwrap()).unwrap(), "real")?;
    let dropped = outbound.dropped.iter().map(|name| name.to_string()).collect();
    Ok((serde_json::from_slice(&outbound.body).unwrap(), dropped))
}

fn written(chat: &Value) -> Value {
    outbound(chat).unwrap().0
}

#[test]
fn turns_are_items() {
    let chat = json!({"messages": [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "see"},
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"}}]},
        {"role": "assistant", "content": "I look.", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "sun"},
        {"role": "assistant", "content": null, "refusal": "no"},
    ]});
    let expected = json!([
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be short."}]},
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"},
            {"type": "input_file", "file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"}]},
        {"type": "message", "role": "assistant", "content": "I look."},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "sun"},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
    ]);
    assert_eq!(written(&chat)["input"], expected);
}

#[test]
fn texts_of_the_model_stay_apart_and_need_no_ids() {
    let part = |text: &str| json!({"type": "text", "text": text});
    let chat = json!({"messages": [
        {"role": "assistant", "content": [part("One."), part("Two."), {"type": "refusal", "refusal": "no"}]},
        {"role": "assistant", "content": ""},
    ]});
    let expected = json!([
        {"type": "message", "role": "assistant", "content": "One."},
        {"type": "message", "role": "assistant", "content": "Two."},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
    ]);
    assert_eq!(written(&chat)["input"], expected);
}

#[test]
fn settings_are_written_in_their_own_form() {
    let (body, dropped) = outbound(&json!({
        "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9, "temperature": 0.5, "top_p": 0.9,
        "stream": true, "reasoning_effort": "low", "user": "u", "service_tier": "flex", "parallel_tool_calls": false,
        "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"b": 1}}},
            {"type": "function", "function": {"name": "g", "strict": true}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "object"}, "strict": true}},
        "stop": ["x"], "top_k": 3, "seed": 4, "store": false,
    }))
    .unwrap();
    let expected = json!({
        "model": "real", "max_output_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stream": true, "user": "u",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
        "reasoning": {"effort": "low"}, "service_tier": "flex", "parallel_tool_calls": false, "store": false,
        "tools": [
            {"type": "function", "name": "f", "description": "d", "parameters": {"b": 1}, "strict": false},
            {"type": "function", "name": "g", "parameters": {"type": "object", "properties": {}}, "strict": true}],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": true}},
    });
    assert_eq!(body, expected);
    assert_eq!(dropped, ["stop", "top_k", "seed"]);
}

#[test]
fn a_choice_among_tools_names_them() {
    let function = json!({"type": "function", "function": {"name": "f"}});
    let allowed = json!({"mode": "required", "tools": [function]});
    let chat = json!({"messages": [{"role": "user", "content": "hi"}], "tools": [function],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": allowed}});
    let expected = json!({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]});
    assert_eq!(written(&chat)["tool_choice"], expected);
}

#[test]
fn calls_without_ids_get_one_that_their_results_name() {
    let chat = json!({"messages": [
        {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "1"},
    ]});
    let input = &written(&chat)["input"];
    assert!(input[0]["call_id"].as_str().unwrap().starts_with("call_"));
    assert_eq!(input[0]["call_id"], input[1]["call_id"]);
    let lost = json!({"messages": [{"role": "tool", "content": "1"}]});
    assert_eq!(outbound(&lost).unwrap_err().param.as_deref(), Some("messages[0].tool_call_id"));
}

#[test]
fn results_may_hold_images_and_say_that_they_failed() {
    let image = json!({"type": "image_url", "image_url": {"url": "https://x.test"}});
    let chat = json!({"messages": [
        {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "see"}, image]},
        {"role": "tool", "tool_call_id": "b", "content": "broken", "is_error": true},
        {"role": "tool", "tool_call_id": "c", "content": ""},
    ]});
    let input = &written(&chat)["input"];
    let kinds: Vec<_> = input[0]["output"].as_array().unwrap().iter().map(|part| part["type"].clone()).collect();
    assert_eq!(kinds, ["input_text", "input_image"]);
    assert_eq!(input[1]["output"][0]["text"], "Error:");
    assert_eq!(input[2]["output"], "");
}

#[test]
fn content_that_has_no_form_here_is_refused_with_its_place() {
    let image = json!({"type": "image_url", "image_url": {"url": "https://x.test"}});
    for (role, part) in [("user", json!({"type": "input_audio", "input_audio": {}})), ("assistant", image)] {
        let error = outbound(&json!({"messages": [{"role": role, "content": [part]}]})).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some("messages[0].content[0]")));
    }
}
