use serde_json::json;

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A request that says hello, and this.
fn with(more: Value) -> Value {
    let mut request = json!({ "model": "m", "messages": [{ "role": "user", "content": "hello" }] });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

fn with_tools(more: Value) -> Value {
    let mut request = with(json!({ "tools": [
        { "type": "function", "function": { "name": "a", "parameters": {
            "type": "object", "properties": { "x": { "type": "integer", "exclusiveMinimum": 0 } } } } },
        { "type": "function", "function": { "name": "b", "description": "B", "parameters": {
            "type": "object", "properties": {} } } },
    ] }));
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

#[test]
fn a_plain_request_has_nothing_but_what_is_required() {
    let expected = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hello" }] }], "generationConfig": {} });
    assert_eq!(body(&with(json!({ "stream": true }))), expected);
}

#[test]
fn fields_with_a_counterpart_are_renamed() {
    let request = with(json!({
        "max_completion_tokens": 77, "temperature": 3, "top_p": 0.5, "top_k": 9, "stop": ["END", ""], "n": 2,
        "seed": 7, "presence_penalty": 0.1, "frequency_penalty": -0.1,
    }));
    let expected = json!({
        "maxOutputTokens": 77, "temperature": 2.0, "topP": 0.5, "topK": 9, "stopSequences": ["END"],
        "candidateCount": 2, "seed": 7, "presencePenalty": 0.1, "frequencyPenalty": -0.1,
    });
    assert_eq!(body(&request)["generationConfig"], expected);
    assert_eq!(dropped(&request), ["stop"]);
}

#[test]
fn what_changes_the_answer_is_told_when_it_is_dropped() {
    let request = with_tools(json!({
        "logit_bias": { "1": 2 }, "store": true, "user": "u", "n": 1, "parallel_tool_calls": false,
        "service_tier": "flex", "seed": 5_000_000_000_u64, "stop": ["1", "2", "3", "4", "5", "6"],
    }));
    let mut told = dropped(&request);
    told.sort();
    assert_eq!(told, ["logit_bias", "parallel_tool_calls", "seed", "service_tier", "stop"]);
    assert_eq!(body(&request)["generationConfig"]["stopSequences"], json!(["1", "2", "3", "4", "5"]));
}

#[test]
fn what_no_model_can_do_is_refused_by_its_name() {
    for (more, param) in [
        (json!({ "n": 9 }), "n"),
        (json!({ "n": 0 }), "n"),
        (json!({ "audio": { "voice": "alloy" }, "modalities": ["audio"] }), "audio"),
        (json!({ "reasoning_effort": "extreme" }), "reasoning_effort"),
        (json!({ "tool_choice": "required" }), "tool_choice"),
        (json!({ "tools": [{ "type": "function", "function": { "name": "1 2" } }] }), "tools[0].function.name"),
    ] {
        assert_eq!(refused(&with(more)), param);
    }
    let unknown = json!({ "tool_choice": { "type": "function", "function": { "name": "c" } } });
    assert_eq!(refused(&with_tools(unknown)), "tool_choice");
}

#[test]
fn schemas_keep_their_bytes_where_the_model_takes_them() {
    let request = with_tools(json!({}));
    let declared = &body(&request)["tools"][0]["functionDeclarations"];
    let schema = json!({ "type": "object", "properties": { "x": { "type": "integer", "exclusiveMinimum": 0 } } });
    assert_eq!(declared[0], json!({ "name": "a", "parametersJsonSchema": schema }));
    assert_eq!(declared[1], json!({ "name": "b", "description": "B" }), "no properties are no schema");
    let declared = &body_for(&request, "gemini-2.0-flash")["tools"][0]["functionDeclarations"];
    let schema = json!({ "type": "object", "properties": { "x": { "type": "integer", "minimum": 0 } } });
    assert_eq!(declared[0], json!({ "name": "a", "parameters": schema }));
}

#[test]
fn the_choice_of_tools_is_a_mode_and_names() {
    let function = |name: &str| json!({ "type": "function", "function": { "name": name } });
    let allowed =
        |mode: &str| json!({ "type": "allowed_tools", "allowed_tools": { "mode": mode, "tools": [function("b")] } });
    for (choice, config, declared) in [
        (json!("auto"), json!({ "mode": "AUTO" }), 2),
        (json!("none"), json!({ "mode": "NONE" }), 2),
        (json!("required"), json!({ "mode": "ANY" }), 2),
        (function("a"), json!({ "mode": "ANY", "allowedFunctionNames": ["a"] }), 2),
        (allowed("required"), json!({ "mode": "ANY", "allowedFunctionNames": ["b"] }), 2),
        (allowed("auto"), json!({ "mode": "AUTO" }), 1),
    ] {
        let body = body(&with_tools(json!({ "tool_choice": choice })));
        assert_eq!(body["toolConfig"]["functionCallingConfig"], config);
        assert_eq!(body["tools"][0]["functionDeclarations"].as_array().unwrap().len(), declared);
    }
    assert!(body(&with(json!({ "tool_choice": "auto" }))).get("toolConfig").is_none());
}

#[test]
fn json_is_asked_for_by_type_and_schema() {
    let schema = json!({ "type": "object", "properties": { "x": { "type": "integer" } }, "$schema": "s" });
    let request =
        with(json!({ "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": schema } } }));
    let config = &body(&request)["generationConfig"];
    assert_eq!(config, &json!({ "responseMimeType": "application/json", "responseJsonSchema": schema }));
    let config = &body_for(&request, "gemini-1.5-pro")["generationConfig"];
    let subset = json!({ "type": "object", "properties": { "x": { "type": "integer" } } });
    assert_eq!(config, &json!({ "responseMimeType": "application/json", "responseSchema": subset }));
    let config = &body(&with(json!({ "response_format": { "type": "json_object" } })))["generationConfig"];
    assert_eq!(config, &json!({ "responseMimeType": "application/json" }));
}

#[test]
fn json_beside_tools_is_asked_for_in_words_where_the_model_refuses_both() {
    let request = with_tools(json!({ "response_format": { "type": "json_object" } }));
    assert!(body(&request)["generationConfig"].get("responseMimeType").is_none());
    assert!(body(&request)["systemInstruction"]["parts"][0]["text"].as_str().unwrap().contains("JSON"));
    assert_eq!(dropped(&request), ["response_format"]);
    let third = outbound(&request, "gemini-3-flash-preview").unwrap();
    assert!(third.dropped.is_empty() && String::from_utf8(third.body).unwrap().contains("application/json"));
}

#[test]
fn efforts_become_budgets_or_levels() {
    for (model, effort, config) in [
        ("gemini-2.5-flash", "none", json!({ "includeThoughts": false, "thinkingBudget": 0 })),
        ("gemini-2.5-pro", "none", json!({ "includeThoughts": false, "thinkingBudget": 128 })),
        ("gemini-2.5-flash", "medium", json!({ "includeThoughts": true, "thinkingBudget": 8192 })),
        ("gemini-2.5-flash", "max", json!({ "includeThoughts": true, "thinkingBudget": 24576 })),
        ("gemini-2.5-pro", "max", json!({ "includeThoughts": true, "thinkingBudget": 32768 })),
        ("gemini-3-flash-preview", "none", json!({ "includeThoughts": false, "thinkingLevel": "minimal" })),
        ("gemini-3-pro-preview", "minimal", json!({ "includeThoughts": true, "thinkingLevel": "low" })),
        ("gemini-3-pro-preview", "medium", json!({ "includeThoughts": true, "thinkingLevel": "high" })),
        ("gemini-3.1-pro-preview", "medium", json!({ "includeThoughts": true, "thinkingLevel": "medium" })),
        ("gemini-3-flash", "xhigh", json!({ "includeThoughts": true, "thinkingLevel": "high" })),
    ] {
        let body = body_for(&with(json!({ "reasoning_effort": effort })), model);
        assert_eq!(body["generationConfig"]["thinkingConfig"], config, "{model} {effort}");
    }
    let old = outbound(&with(json!({ "reasoning_effort": "low" })), "gemini-2.0-flash").unwrap();
    assert_eq!(old.dropped, ["reasoning_effort"]);
    assert!(body(&with(json!({})))["generationConfig"].get("thinkingConfig").is_none());
}

#[test]
fn a_budget_of_the_callers_own_is_kept() {
    let config =
        |thinking: Value| body(&with(json!({ "thinking": thinking })))["generationConfig"]["thinkingConfig"].clone();
    let given = json!({ "type": "enabled", "budget_tokens": 2000 });
    assert_eq!(config(given), json!({ "includeThoughts": true, "thinkingBudget": 2000 }));
    assert_eq!(config(json!({ "type": "disabled" })), json!({ "includeThoughts": false, "thinkingBudget": 0 }));
}

#[test]
fn callers_of_the_same_format_keep_their_bytes() {
    let text = br#"{ "contents": [ ],"x":1.50}"#;
    let asked = crate::surfaces::Asked { model: "m".into(), stream: false, ..crate::surfaces::Asked::default() };
    let passed = Gemini.pass_request(&Object::parse(text).unwrap(), &asked, "other").body;
    assert_eq!(passed, br#"{"contents":[ ],"x":1.50}"#);
    let answer = br#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}"#;
    assert_eq!(Gemini.pass_answer(answer).unwrap().mended, None);
}
