use serde_json::{Value, json};

use super::*;
use crate::hub::FinishReason;
use crate::hub::request::{Content, PartKind, ResponseFormat, Role, ToolChoice};
use crate::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod answers;

fn with_request<T>(body: &Value, read: impl FnOnce(Result<ChatRequest<'_>, ApiError>) -> T) -> T {
    let text = body.to_string();
    read(Responses.request(&Object::parse(text.as_bytes()).unwrap()))
}

fn asked(body: &Value) -> Result<Asked, ApiError> {
    Responses.asked(&Object::parse(body.to_string().as_bytes()).unwrap())
}

fn refusal(body: &Value) -> ApiError {
    with_request(body, |request| request.unwrap_err())
}

fn text<'a>(content: &'a Content<'_>) -> &'a str {
    match content {
        Content::Text(text) => text,
        Content::Parts(parts) => match parts.first().map(|part| &part.kind) {
            Some(PartKind::Text(text)) => text,
            other => panic!("no text: {other:?}"),
        },
        Content::None => "",
    }
}

#[test]
fn model_and_stream_are_read_and_usage_is_always_told() {
    let expected = Asked { model: "m".into(), stream: true, include_usage: true, ..Asked::default() };
    assert_eq!(asked(&json!({"model": "m", "input": "hi", "stream": true})), Ok(expected));
    assert!(asked(&json!({"model": "m", "previous_response_id": "resp_1"})).is_ok(), "input may be kept elsewhere");
}

#[test]
fn a_request_without_model_or_input_is_refused_with_the_name_of_the_field() {
    for (body, param) in [
        (json!({"input": "hi"}), "model"),
        (json!({"model": " ", "input": "hi"}), "model"),
        (json!({"model": "m"}), "input"),
        (json!({"model": "m", "input": []}), "input"),
        (json!({"model": "m", "input": 3}), "input"),
        (json!({"model": "m", "input": "hi", "stream": "yes"}), "stream"),
    ] {
        let error = asked(&body).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(param)), "{body}");
    }
}

#[test]
fn instructions_come_first_and_a_text_is_what_the_user_says() {
    let body = json!({"model": "m", "instructions": "Be short.", "input": "hi"});
    with_request(&body, |request| {
        let messages = request.unwrap().messages;
        let said: Vec<_> = messages.iter().map(|message| (message.role, text(&message.content))).collect();
        assert_eq!(said, [(Role::System, "Be short."), (Role::User, "hi")]);
    });
}

#[test]
fn neighbouring_calls_and_what_is_said_beside_them_are_one_message() {
    let body = json!({"model": "m", "input": [
        {"role": "user", "content": "weather?"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {"type": "function_call", "call_id": "c1", "name": "get", "arguments": "{\"a\":1}"},
        {"type": "function_call", "call_id": "c2", "name": "get", "arguments": ""},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
        {"type": "function_call_output", "call_id": "c1", "output": "sun"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "rain"}]},
    ]});
    with_request(&body, |request| {
        let messages = request.unwrap().messages;
        let roles: Vec<_> = messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::Tool]);
        let calls: Vec<_> = messages[1].tool_calls.iter().map(|call| (&*call.id, &*call.function.arguments)).collect();
        assert_eq!(calls, [("c1", "{\"a\":1}"), ("c2", "")]);
        assert_eq!(text(&messages[1].content), "I look.");
        assert_eq!((messages[2].tool_call_id.as_deref(), text(&messages[2].content)), (Some("c1"), "sun"));
        assert_eq!((messages[3].tool_call_id.as_deref(), text(&messages[3].content)), (Some("c2"), "rain"));
    });
}

#[test]
fn thinking_comes_back_to_the_turn_that_it_came_before() {
    let block = r#"{"type":"thinking","thinking":"hm \\u00e9","signature":"s"}"#;
    let body = json!({"model": "m", "input": [
        {"role": "user", "content": "weather?"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAA"},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": block},
        {"type": "message", "role": "assistant", "content": "I look."},
        {"type": "reasoning", "id": "rs_3", "summary": [], "encrypted_content": "{"},
        {"type": "function_call", "call_id": "c1", "name": "get", "arguments": ""},
    ]});
    with_request(&body, |request| {
        let messages = request.unwrap().messages;
        assert_eq!(messages.len(), 2);
        let blocks: Vec<_> = messages[1].thinking_blocks.iter().map(|block| block.get()).collect();
        assert_eq!(blocks, [block]);
    });
}

#[test]
fn parts_have_their_counterparts() {
    let body = json!({"model": "m", "input": [{"role": "user", "content": [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "low"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"},
        {"type": "input_file", "file_url": "data:text/csv;base64,AA=="},
    ]}]});
    with_request(&body, |request| {
        let request = request.unwrap();
        let Content::Parts(parts) = &request.messages[0].content else { panic!("parts") };
        assert!(matches!(&parts[1].kind, PartKind::ImageUrl(url) if url == "https://x.test/a.png"));
        let PartKind::File(file) = &parts[2].kind else { panic!("a file") };
        assert_eq!(file.filename.as_deref(), Some("a.pdf"));
        let PartKind::File(file) = &parts[3].kind else { panic!("a file") };
        assert_eq!(file.file_data.as_deref(), Some("data:text/csv;base64,AA=="));
    });
}

#[test]
fn settings_have_their_counterparts_and_the_rest_is_named() {
    let body = json!({
        "model": "m", "input": "hi", "max_output_tokens": 7, "temperature": 0.5, "top_p": 0.9, "user": "u",
        "service_tier": "flex", "parallel_tool_calls": false, "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true},
            "verbosity": "low"},
        "tools": [{"type": "function", "name": "f", "parameters": {"b": 1, "a": 2}, "strict": true}],
        "tool_choice": {"type": "function", "name": "f"},
        "store": true, "truncation": "disabled", "include": [], "background": false, "metadata": {"k": "v"},
    });
    with_request(&body, |request| {
        let request = request.unwrap();
        assert_eq!((request.max_tokens, request.temperature, request.top_p), (Some(7), Some(0.5), Some(0.9)));
        assert_eq!((request.user.as_deref(), request.service_tier.as_deref()), (Some("u"), Some("flex")));
        assert_eq!((request.parallel_tool_calls, request.reasoning_effort.as_deref()), (Some(false), Some("low")));
        assert_eq!(request.tool_choice, Some(ToolChoice::Function("f".into())));
        let function = &request.tools[0].function;
        assert_eq!((function.parameters.unwrap().get(), function.strict), (r#"{"b":1,"a":2}"#, Some(true)));
        assert!(matches!(&request.response_format, Some(ResponseFormat::JsonSchema(s)) if s.name == "n"));
        let mut others = request.others;
        others.sort();
        assert_eq!(others, ["metadata", "store", "text.verbosity"]);
    });
}

#[test]
fn a_choice_among_tools_names_them() {
    let tools = json!([{"type": "function", "name": "f"}, {"type": "function", "name": "g"}]);
    let choice = json!({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "g"}]});
    with_request(&json!({"model": "m", "input": "hi", "tools": tools, "tool_choice": choice}), |request| {
        let expected = ToolChoice::Allowed { required: true, names: vec!["g".into()] };
        assert_eq!(request.unwrap().tool_choice, Some(expected));
    });
}

#[test]
fn what_needs_state_or_hosting_is_refused_with_the_name_of_the_field() {
    let item = |item: Value| json!({"model": "m", "input": [{"role": "user", "content": "hi"}, item]});
    let part = |part: Value| json!({"model": "m", "input": [{"role": "user", "content": [part]}]});
    let with = |name: &str, value: Value| json!({"model": "m", "input": "hi", name: value});
    for (body, param) in [
        (with("previous_response_id", json!("resp_1")), "previous_response_id"),
        (with("conversation", json!({"id": "conv_1"})), "conversation"),
        (with("prompt", json!({"id": "pmpt_1"})), "prompt"),
        (with("background", json!(true)), "background"),
        (with("tools", json!([{"type": "function", "name": "f"}, {"type": "web_search"}])), "tools[1]"),
        (with("tools", json!([{"type": "mcp", "server_label": "s"}])), "tools[0]"),
        (with("tool_choice", json!({"type": "file_search"})), "tool_choice"),
        (item(json!({"type": "item_reference", "id": "msg_1"})), "input[1]"),
        (item(json!({"type": "web_search_call", "id": "ws_1"})), "input[1]"),
        (part(json!({"type": "input_audio", "input_audio": {}})), "input[0].content[0]"),
        (part(json!({"type": "input_image", "file_id": "file_1"})), "input[0].content[0].file_id"),
        (part(json!({"type": "input_file", "file_url": "https://x.test"})), "input[0].content[0].file_url"),
    ] {
        let error = refusal(&body);
        assert_eq!((error.status, error.param.as_deref()), (400, Some(param)), "{body}");
    }
}

#[test]
fn what_has_another_type_is_refused_with_its_path() {
    let item = |item: Value| json!({"model": "m", "input": [item]});
    for (body, param) in [
        (item(json!({"role": "nobody", "content": "hi"})), "input[0].role"),
        (item(json!({"content": "hi"})), "input[0].role"),
        (item(json!({"role": "user", "content": 3})), "input[0].content"),
        (item(json!({"role": "user", "content": [{"type": "input_text", "text": 3}]})), "input[0].content[0].text"),
        (item(json!({"role": "user", "content": [{"type": "input_text"}]})), "input[0].content[0].text"),
        (item(json!({"type": "function_call", "name": "f"})), "input[0].call_id"),
        (item(json!("hi")), "input[0]"),
        (json!({"model": "m", "input": "hi", "max_output_tokens": "7"}), "max_output_tokens"),
        (json!({"model": "m", "input": "hi", "tools": [{"type": "function"}]}), "tools[0].name"),
        (json!({"model": "m", "input": "hi", "text": {"format": {"type": "xml"}}}), "text.format.type"),
    ] {
        let error = refusal(&body);
        assert_eq!((error.status, error.param.as_deref()), (400, Some(param)), "{body}");
    }
}
