use serde_json::json;

use super::*;
use crate::hub::request::{JsonSchema, ResponseFormat, ToolChoice};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_plain_request_has_nothing_but_what_is_required() {
    let expected = json!({
        "model": "claude-haiku-4-5", "max_tokens": 4096,
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "hello" }] }],
    });
    assert_eq!(body(&hello()), expected);
    assert!(outbound(&hello(), MODEL).headers.is_empty());
}

#[test]
fn fields_with_a_counterpart_are_renamed() {
    let chat = ChatRequest {
        max_tokens: Some(77),
        top_p: Some(0.5),
        top_k: Some(9),
        stop: vec!["END".into()],
        stream: true,
        user: Some("u-1".into()),
        service_tier: Some("default".into()),
        cache_control: Some(raw(r#"{"type":"ephemeral"}"#)),
        ..hello()
    };
    let body = body(&chat);
    assert_eq!(body["max_tokens"], 77);
    assert_eq!((&body["top_p"], &body["top_k"]), (&json!(0.5), &json!(9)));
    assert_eq!(body["stop_sequences"], json!(["END"]));
    assert_eq!(body["stream"], true);
    assert_eq!(body["metadata"], json!({ "user_id": "u-1" }));
    assert_eq!(body["service_tier"], "standard_only");
    assert_eq!(body["cache_control"], json!({ "type": "ephemeral" }));
    assert!(outbound(&chat, MODEL).dropped.is_empty());
}

#[test]
fn a_service_tier_without_a_counterpart_is_dropped() {
    let chat = ChatRequest { service_tier: Some("flex".into()), ..hello() };
    assert!(body(&chat).get("service_tier").is_none());
    assert_eq!(outbound(&chat, MODEL).dropped, ["service_tier"]);
    let auto = ChatRequest { service_tier: Some("auto".into()), ..hello() };
    assert_eq!(body(&auto)["service_tier"], "auto");
}

#[test]
fn stop_sequences_of_space_only_are_dropped() {
    let chat = ChatRequest { stop: vec!["\n".into(), " END".into(), "".into()], ..hello() };
    assert_eq!(body(&chat)["stop_sequences"], json!([" END"]));
    assert_eq!(outbound(&chat, MODEL).dropped, ["stop"]);
}

#[test]
fn fields_that_change_the_answer_are_told_when_they_are_dropped() {
    let others = ["modalities", "seed", "prompt_cache_key", "logit_bias", "n", "store", "frobnicate", "metadata"];
    let chat = ChatRequest { others: others.map(Cow::Borrowed).to_vec(), ..hello() };
    assert_eq!(outbound(&chat, MODEL).dropped, ["seed", "logit_bias", "n", "frobnicate"]);
}

#[test]
fn spoken_answers_are_refused() {
    let chat = ChatRequest { others: vec!["modalities".into(), "audio".into()], ..hello() };
    assert_eq!((refused(&chat).status, refused(&chat).param.as_deref()), (400, Some("audio")));
}

#[test]
fn temperatures_end_at_one() {
    for (wish, sent) in [(1.7, 1.0), (0.3, 0.3), (-1.0, 0.0)] {
        assert_eq!(body(&ChatRequest { temperature: Some(wish), ..hello() })["temperature"], json!(sent));
    }
}

#[test]
fn sampling_goes_by_what_the_model_takes() {
    let chat = ChatRequest { temperature: Some(0.5), top_p: Some(0.9), top_k: Some(3), ..hello() };
    let sent = |model: &str| {
        let body = body_for(&chat, model);
        ["temperature", "top_p", "top_k"].map(|name| body.get(name).is_some())
    };
    assert_eq!(sent("claude-3-5-haiku-latest"), [true, true, true]);
    assert_eq!(sent("some-proxy-name"), [true, true, true]);
    assert_eq!(sent("claude-opus-4-1-20250805"), [true, false, true]);
    assert_eq!(sent("claude-sonnet-4-5"), [true, false, true]);
    assert_eq!(sent("claude-opus-4-7"), [false, false, false]);
    assert_eq!(outbound(&chat, "claude-sonnet-4-5").dropped, ["top_p"]);
    assert_eq!(outbound(&chat, "claude-opus-5").dropped, ["temperature", "top_p", "top_k"]);
}

#[test]
fn schemas_of_tools_keep_their_bytes() {
    let schema =
        r#"{ "type":"object", "required":["b","a"],"properties":{"b":{"type":"number","maximum":1e2},  "a":{}} }"#;
    let mut described = tool("look", Some(schema));
    described.function.description = Some("Looks.".into());
    described.cache_control = Some(raw(r#"{"type":"ephemeral","ttl":"1h"}"#));
    let written = written(&ChatRequest { tools: vec![described], ..hello() });
    let expected = format!(
        r#""tools":[{{"name":"look","description":"Looks.","input_schema":{schema},"cache_control":{{"type":"ephemeral","ttl":"1h"}}}}]"#
    );
    assert!(written.contains(&expected), "{written}");
}

#[test]
fn a_tool_without_parameters_takes_an_empty_object() {
    for schema in [None, Some("{}"), Some("{ }")] {
        let chat = ChatRequest { tools: vec![tool("t", schema)], ..hello() };
        assert_eq!(body(&chat)["tools"][0]["input_schema"], json!({ "type": "object" }));
    }
}

#[test]
fn strict_tools_stay_strict_where_the_model_can() {
    let mut strict = tool("t", None);
    strict.function.strict = Some(true);
    let chat = ChatRequest { tools: vec![strict], ..hello() };
    assert_eq!(body(&chat)["tools"][0]["strict"], true);
    assert!(body_for(&chat, "claude-3-5-haiku-latest")["tools"][0].get("strict").is_none());
}

#[test]
fn a_tool_name_that_cannot_be_sent_is_refused_by_its_place() {
    let long: &'static str = "a".repeat(65).leak();
    for name in ["has space", "dot.ted", "", "größe", long] {
        let error = refused(&ChatRequest { tools: vec![tool("fine", None), tool(name, None)], ..hello() });
        assert_eq!((error.status, error.param.as_deref()), (400, Some("tools[1].function.name")));
    }
    assert!(refused(&ChatRequest { tools: vec![tool("dot.ted", None)], ..hello() }).message.contains("dot.ted"));
}

#[test]
fn every_tool_choice_has_a_counterpart() {
    let sent = |choice| {
        body(&ChatRequest { tools: vec![tool("a", None)], tool_choice: Some(choice), ..hello() })["tool_choice"].take()
    };
    assert_eq!(sent(ToolChoice::Auto), json!({ "type": "auto" }));
    assert_eq!(sent(ToolChoice::None), json!({ "type": "none" }));
    assert_eq!(sent(ToolChoice::Required), json!({ "type": "any" }));
    assert_eq!(sent(ToolChoice::Function("a".into())), json!({ "type": "tool", "name": "a" }));
}

#[test]
fn allowed_tools_are_the_only_ones_sent() {
    let of = |required| ChatRequest {
        tools: vec![tool("a", None), tool("b", None), tool("c", None)],
        tool_choice: Some(ToolChoice::Allowed { required, names: vec!["c".into(), "a".into()] }),
        ..hello()
    };
    let body = body(&of(true));
    assert_eq!(body["tools"].as_array().unwrap().iter().map(|t| &t["name"]).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(body["tool_choice"], json!({ "type": "any" }));
    assert_eq!(super::body(&of(false))["tool_choice"], json!({ "type": "auto" }));
}

#[test]
fn one_call_at_a_time_is_said_with_the_choice() {
    let of = |choice, tools| ChatRequest { parallel_tool_calls: Some(false), tool_choice: choice, tools, ..hello() };
    let expected = json!({ "type": "auto", "disable_parallel_tool_use": true });
    assert_eq!(body(&of(None, vec![tool("a", None)]))["tool_choice"], expected);
    let forced = body(&of(Some(ToolChoice::Required), vec![tool("a", None)]));
    assert_eq!(forced["tool_choice"], json!({ "type": "any", "disable_parallel_tool_use": true }));
    let none = body(&of(Some(ToolChoice::None), vec![tool("a", None)]));
    assert_eq!(none["tool_choice"], json!({ "type": "none" }));
    assert!(body(&of(None, Vec::new())).get("tool_choice").is_none());
}

#[test]
fn a_forced_choice_without_tools_is_refused() {
    for choice in [ToolChoice::Required, ToolChoice::Function("a".into())] {
        let error = refused(&ChatRequest { tool_choice: Some(choice), ..hello() });
        assert_eq!((error.status, error.param.as_deref()), (400, Some("tool_choice")));
    }
}

fn schema(schema: &'static str) -> ChatRequest<'static> {
    let wanted = JsonSchema { name: "n".into(), description: None, schema: Some(raw(schema)), strict: Some(true) };
    ChatRequest { response_format: Some(ResponseFormat::JsonSchema(wanted)), ..hello() }
}

#[test]
fn objects_of_a_schema_are_closed_and_keep_their_order() {
    let chat = schema(
        r##"{"type":"object","properties":{"z":{"type":["object","null"]},"properties":{"type":"string"},"l":{"type":"array","items":{"properties":{}}},"open":{"type":"object","additionalProperties":{"type":"object"}}},"anyOf":[{"type":"object"}],"$defs":{"d":{"type":"object"}},"enum":[{"type":"object"}]}"##,
    );
    let expected = r##""output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"z":{"type":["object","null"],"additionalProperties":false},"properties":{"type":"string"},"l":{"type":"array","items":{"properties":{},"additionalProperties":false}},"open":{"type":"object","additionalProperties":{"type":"object","additionalProperties":false}}},"anyOf":[{"type":"object","additionalProperties":false}],"$defs":{"d":{"type":"object","additionalProperties":false}},"enum":[{"type":"object"}],"additionalProperties":false}}}"##;
    let written = written(&chat);
    assert!(written.contains(expected), "{written}");
}

#[test]
fn a_closed_schema_keeps_its_bytes() {
    let given = r#"{ "type":"object", "additionalProperties":false,  "properties":{ "a":{ "const":1.50 } } }"#;
    assert!(written(&schema(given)).contains(given));
}

#[test]
fn models_without_schemas_are_asked_in_words() {
    let chat = schema(r#"{"type":"object"}"#);
    for model in ["claude-3-7-sonnet-20250219", "claude-sonnet-4-20250514"] {
        let body = body_for(&chat, model);
        assert!(body.get("output_config").is_none());
        assert!(body["system"].as_str().unwrap().ends_with("{\"type\":\"object\"}"));
        assert!(outbound(&chat, model).dropped.is_empty());
    }
}

#[test]
fn any_json_object_is_asked_for_in_words_after_the_callers_own() {
    let format = Some(ResponseFormat::JsonObject);
    let chat = ChatRequest { response_format: format, ..chat(vec![system("Be brief."), user("hello")]) };
    let blocks = body(&chat)["system"].take();
    assert_eq!(blocks[0], json!({ "type": "text", "text": "Be brief." }));
    assert!(blocks[1]["text"].as_str().unwrap().contains("JSON object"));
    assert!(body(&ChatRequest { response_format: Some(ResponseFormat::Text), ..hello() }).get("system").is_none());
}
