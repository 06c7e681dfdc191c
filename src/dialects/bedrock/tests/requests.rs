use super::*;
use crate::dialects::{Address, Dialect, Settings};
use crate::wire::Wire;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn the_model_is_one_segment_of_the_path_and_the_path_says_whether_to_stream() {
    let path = |model: &str, stream| {
        BedrockConverse.path(&Address { wire: Wire::BedrockConverse, model, stream, settings: &Settings::default() })
    };
    assert_eq!(path("a.b-v1:0", false), "/model/a.b-v1%3A0/converse");
    assert_eq!(
        path("arn:aws:bedrock:x:1:p/é", true),
        "/model/arn%3Aaws%3Abedrock%3Ax%3A1%3Ap%2F%C3%A9/converse-stream"
    );
    assert_eq!(BedrockConverse.credential("k"), ("authorization", "Bearer k".to_owned()));
}

#[test]
fn a_request_is_written_with_everything_that_converse_knows() {
    let (body, dropped) = written_for(
        &json!({
            "model": "a", "stream": true, "max_tokens": 9, "temperature": 1.5, "top_k": 3, "stop": ["X", " "], "user": "u1",
            "service_tier": "flex", "seed": 1, "tools": [tool("f")], "tool_choice": "required",
            "messages": [{ "role": "system", "content": "s" }, { "role": "user", "content": "hi" }],
        }),
        MODEL,
    );
    let expected = json!({
        "messages": [{ "role": "user", "content": [{ "text": "hi" }] }],
        "system": [{ "text": "s" }],
        "inferenceConfig": { "maxTokens": 9, "temperature": 1.0, "stopSequences": ["X"] },
        "toolConfig": {
            "tools": [{ "toolSpec": { "name": "f", "inputSchema": { "json": { "type": "object", "b": 1, "a": 2 } } } }],
            "toolChoice": { "any": {} },
        },
        "additionalModelRequestFields": { "top_k": 3 },
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "requestMetadata": { "user_id": "u1" },
        "serviceTier": { "type": "flex" },
    });
    assert_eq!(body, expected);
    assert_eq!(dropped, ["seed", "stop"]);
    assert_eq!(
        written(&hello(&json!({}))),
        json!({ "messages": [{ "role": "user", "content": [{ "text": "hello" }] }] })
    );
}

#[test]
fn results_come_first_in_the_turn_after_their_calls() {
    let messages = json!([
        { "role": "user", "content": "go" }, call("a/1"),
        { "role": "tool", "tool_call_id": "a/1", "content": "r", "is_error": true },
        { "role": "user", "content": "and?" },
    ]);
    let turns = written(&asking(&messages, &json!({ "tools": [tool("f")] })))["messages"].take();
    let id = turns[1]["content"][0]["toolUse"]["toolUseId"].clone();
    assert!(id.as_str().unwrap().starts_with("a_1_"));
    assert_eq!(turns[1]["content"][0]["toolUse"], json!({ "toolUseId": id, "name": "f", "input": { "x": 1 } }));
    let result = json!({ "toolResult": { "toolUseId": id, "content": [{ "text": "r" }], "status": "error" } });
    assert_eq!(turns[2]["content"], json!([result, { "text": "and?" }]));
}

#[test]
fn long_ids_keep_their_end_in_call_and_result_alike() {
    let id = format!("{}end", "x".repeat(80));
    let messages =
        json!([{ "role": "user", "content": "go" }, call(&id), { "role": "tool", "tool_call_id": id, "content": "" }]);
    let turns = written(&asking(&messages, &json!({})))["messages"].take();
    let made = turns[1]["content"][0]["toolUse"]["toolUseId"].as_str().unwrap();
    assert!(made.len() == 64 && made.ends_with("end"));
    assert_eq!(turns[2]["content"][0]["toolResult"], json!({ "toolUseId": made, "content": [] }));
}

#[test]
fn the_first_turn_is_the_users_and_no_text_is_only_space() {
    let messages = json!([{ "role": "assistant", "content": "I began" }, { "role": "user", "content": "" }]);
    let turns = written(&asking(&messages, &json!({})))["messages"].take();
    let expected = json!([
        { "role": "user", "content": [{ "text": "." }] },
        { "role": "assistant", "content": [{ "text": "I began" }] },
        { "role": "user", "content": [{ "text": "." }] },
    ]);
    assert_eq!(turns, expected);
    let lone = written(&asking(&json!([{ "role": "system", "content": "s" }]), &json!({})));
    assert_eq!(lone, json!({ "messages": [{ "role": "user", "content": [{ "text": "s" }] }] }));
}

#[test]
fn images_and_documents_are_bytes_with_names_that_differ() {
    let file = |name: &str| json!({ "type": "file", "file": { "file_data": "data:application/pdf;base64,QQ==", "filename": name } });
    let image = json!({ "type": "image_url", "image_url": { "url": "data:image/jpg;base64,Qg==" } });
    let content = json!([
        file("Q3  report_(v1).final.pdf"),
        file("Q3 report (v1)-final.pdf"),
        file("q.pdf"),
        file("é/q.x"),
        image
    ]);
    let turns = written(&asking(&json!([{ "role": "user", "content": content }]), &json!({})))["messages"].take();
    let blocks = turns[0]["content"].as_array().unwrap();
    assert_eq!(blocks[0], json!({ "text": "." }), "a document has text beside it");
    let names: Vec<_> = blocks.iter().filter_map(|block| block["document"]["name"].as_str()).collect();
    assert_eq!(names, ["Q3 report (v1) final", "Q3 report (v1)-final", "q", "q (2)"]);
    assert_eq!(blocks[1]["document"]["format"], "pdf");
    assert_eq!(blocks[5], json!({ "image": { "format": "jpeg", "source": { "bytes": "Qg==" } } }));
}

#[test]
fn a_file_of_bytes_is_what_its_name_says() {
    let file = |name: &str| {
        let url = "data:application/octet-stream;base64,QQ==";
        asking(
            &json!([{ "role": "user", "content": [{ "type": "file", "file": { "file_data": url, "filename": name } }] }]),
            &json!({}),
        )
    };
    assert_eq!(written(&file("notes.MD"))["messages"][0]["content"][1]["document"]["format"], "md");
    assert_eq!(refused(&file("notes.bin")).status, 400);
}

#[test]
fn media_that_bedrock_does_not_take_is_refused_with_its_place() {
    let url = |url: &str| json!({ "type": "image_url", "image_url": { "url": url } });
    let file = |file: Value| json!({ "type": "file", "file": file });
    for (part, word) in [
        (url("https://x/y.png"), "data: URL"),
        (url("data:image/svg+xml;base64,QQ=="), "image/svg+xml"),
        (url("data:image/png,raw"), "base64"),
        (file(json!({ "file_id": "f" })), "file_data"),
        (file(json!({ "file_data": "data:application/zip;base64,QQ==" })), "application/zip"),
        (json!({ "type": "input_audio" }), "input_audio"),
    ] {
        let error = refused(&asking(
            &json!([{ "role": "user", "content": [{ "type": "text", "text": "x" }, part] }]),
            &json!({}),
        ));
        assert_eq!((error.status, error.param.as_deref()), (400, Some("messages[0].content[1]")));
        assert!(error.message.contains(word), "{}", error.message);
    }
}

#[test]
fn hints_for_the_cache_become_blocks_but_never_after_a_document() {
    let hint = json!({ "type": "ephemeral", "ttl": "1h" });
    let file = json!({ "type": "file", "file": { "file_data": "data:text/csv;base64,QQ==" }, "cache_control": hint });
    let messages = json!([
        { "role": "system", "content": "s", "cache_control": { "type": "ephemeral" } },
        { "role": "user", "content": [{ "type": "text", "text": "t", "cache_control": hint }, file] },
    ]);
    let mut tools = tool("f");
    tools["cache_control"] = hint.clone();
    let body = asking(&messages, &json!({ "tools": [tools] }));
    let claude = written(&body);
    let hour = json!({ "cachePoint": { "type": "default", "ttl": "1h" } });
    assert_eq!(claude["system"], json!([{ "text": "s" }, { "cachePoint": { "type": "default" } }]));
    assert_eq!(claude["messages"][0]["content"][1], hour);
    assert_eq!(claude["messages"][0]["content"].as_array().unwrap().len(), 3);
    assert_eq!(claude["toolConfig"]["tools"][1], hour);
    let (nova, _) = written_for(&body, "amazon.nova-lite-v1:0");
    assert_eq!(nova["toolConfig"]["tools"].as_array().unwrap().len(), 1);
    assert_eq!(nova["messages"][0]["content"][1], hour);
    assert!(!written_for(&body, "meta.llama3-1-70b-instruct-v1:0").0.to_string().contains("cachePoint"));
}

#[test]
fn hints_within_a_result_follow_it() {
    let part = json!({ "type": "text", "text": "r", "cache_control": { "type": "ephemeral" } });
    let result = json!({ "role": "tool", "tool_call_id": "a", "content": [part, { "type": "text", "text": "s" }] });
    let body = written(&asking(&json!([{ "role": "user", "content": "go" }, call("a"), result]), &json!({})));
    let content = &body["messages"][2]["content"];
    assert_eq!(content[0]["toolResult"]["content"], json!([{ "text": "r" }, { "text": "s" }]));
    assert_eq!(content[1], json!({ "cachePoint": { "type": "default" } }));
}

#[test]
fn a_hint_for_the_whole_request_ends_its_last_turn() {
    let body = written(&hello(&json!({ "cache_control": { "type": "ephemeral" } })));
    assert_eq!(body["messages"][0]["content"][1], json!({ "cachePoint": { "type": "default" } }));
}

#[test]
fn a_conversation_with_calls_has_tools_whatever_the_caller_sends() {
    let messages = json!([{ "role": "user", "content": "go" }, call("a"), { "role": "tool", "tool_call_id": "a", "content": "r" }]);
    let bare = written(&asking(&messages, &json!({})));
    assert_eq!(bare["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"], json!({ "type": "object" }));
    let none = asking(&messages, &json!({ "tools": [tool("f")], "tool_choice": "none" }));
    let (body, dropped) = written_for(&none, MODEL);
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["name"], "f");
    assert_eq!(dropped, ["tool_choice"]);
    let fresh = written(&hello(&json!({ "tools": [tool("f")], "tool_choice": "none" })));
    assert!(fresh.get("toolConfig").is_none());
}

#[test]
fn one_call_at_a_time_is_asked_of_claude_in_its_own_words() {
    let body = hello(&json!({ "tools": [tool("f")], "parallel_tool_calls": false, "tool_choice": "required" }));
    let (claude, dropped) = written_for(&body, MODEL);
    let choice = json!({ "type": "any", "disable_parallel_tool_use": true });
    assert_eq!(claude["additionalModelRequestFields"]["tool_choice"], choice);
    assert!(claude["toolConfig"].get("toolChoice").is_none() && dropped.is_empty());
    let (nova, dropped) = written_for(&body, "amazon.nova-lite-v1:0");
    assert_eq!(nova["toolConfig"]["toolChoice"], json!({ "any": {} }));
    assert_eq!(dropped, ["parallel_tool_calls"]);
}

#[test]
fn each_maker_is_asked_to_think_in_its_own_words() {
    let body = hello(&json!({ "reasoning_effort": "high", "temperature": 0.5 }));
    let extra = |model: &str| {
        let (mut body, dropped) = written_for(&body, model);
        (body["additionalModelRequestFields"].take(), dropped)
    };
    let (claude, dropped) = extra(MODEL);
    assert_eq!(claude, json!({ "thinking": { "type": "enabled", "budget_tokens": 16384 } }));
    assert_eq!(dropped, ["temperature"]);
    let adaptive = json!({ "thinking": { "type": "adaptive" }, "output_config": { "effort": "high" } });
    assert_eq!(extra("anthropic.claude-opus-4-6-v1").0, adaptive);
    assert_eq!(extra("openai.gpt-oss-120b-1:0").0, json!({ "reasoning_effort": "high" }));
    let nova = json!({ "reasoningConfig": { "type": "enabled", "maxReasoningEffort": "medium" } });
    assert_eq!(extra("us.amazon.nova-2-lite-v1:0").0, nova, "the highest effort excludes a temperature");
    assert_eq!(extra("mistral.mistral-large").1, ["reasoning_effort"]);
    assert_eq!(refused(&hello(&json!({ "reasoning_effort": "huge" }))).param.as_deref(), Some("reasoning_effort"));
}

#[test]
fn betas_are_said_to_a_claude_that_knows_them() {
    let text = hello(&json!({})).to_string();
    let object = Object::parse(text.as_bytes()).unwrap();
    let mut chat = Chat.request(&object).unwrap();
    chat.betas = vec!["context-1m-2025-08-07".into(), "claude-code-20250219".into()];
    let extra = |model: &str| {
        let outbound = BedrockConverse.request(&chat, model).unwrap();
        let mut body: Value = serde_json::from_slice(&outbound.body).unwrap();
        (body["additionalModelRequestFields"].take(), outbound.dropped)
    };
    let (claude, dropped) = extra(MODEL);
    assert_eq!(claude, json!({ "anthropic_beta": ["context-1m-2025-08-07"] }));
    assert_eq!(dropped, ["anthropic-beta:claude-code-20250219"]);
    assert_eq!(extra("meta.llama3-1-8b-instruct-v1:0"), (Value::Null, Vec::new()), "nothing to do with it");
}

#[test]
fn a_claude_that_thinks_has_a_limit_above_its_budget_and_a_free_choice() {
    let more = json!({ "reasoning_effort": "low", "tools": [tool("f")], "tool_choice": "required", "top_k": 4 });
    let (body, dropped) = written_for(&hello(&more), MODEL);
    assert_eq!(body["inferenceConfig"], json!({ "maxTokens": 4096 + 2048 }));
    assert_eq!(body["toolConfig"]["toolChoice"], json!({ "auto": {} }));
    assert_eq!(dropped, ["tool_choice", "top_k"]);
}

#[test]
fn signed_and_sealed_thinking_goes_back_and_other_thinking_does_not() {
    let blocks = json!([
        { "type": "thinking", "thinking": "hm", "signature": "s" },
        { "type": "redacted_thinking", "data": "QQ==" },
        { "type": "thinking", "thinking": "unsigned" },
    ]);
    let messages = json!([{ "role": "user", "content": "go" },
        { "role": "assistant", "content": "yes", "thinking_blocks": blocks }, { "role": "user", "content": "on" }]);
    let turns = written(&asking(&messages, &json!({})))["messages"].take();
    let expected = json!([
        { "reasoningContent": { "reasoningText": { "text": "hm", "signature": "s" } } },
        { "reasoningContent": { "redactedContent": "QQ==" } },
        { "text": "yes" },
    ]);
    assert_eq!(turns[1]["content"], expected);
}

#[test]
fn a_schema_is_json_in_a_string_or_words_where_no_model_keeps_to_it() {
    let schema = json!({ "type": "object", "properties": { "x": { "type": "string" } } });
    let format = json!({ "type": "json_schema", "json_schema": { "name": "n", "schema": schema } });
    let body = hello(&json!({ "response_format": format }));
    let made = written(&body)["outputConfig"]["textFormat"].take();
    assert_eq!((&made["type"], &made["structure"]["jsonSchema"]["name"]), (&json!("json_schema"), &json!("n")));
    let text = made["structure"]["jsonSchema"]["schema"].as_str().unwrap();
    let closed: Value = serde_json::from_str(text).unwrap();
    assert_eq!(closed["additionalProperties"], false);
    let (nova, _) = written_for(&body, "amazon.nova-lite-v1:0");
    assert!(nova.get("outputConfig").is_none());
    assert!(nova["system"][0]["text"].as_str().unwrap().contains("JSON Schema"));
}

#[test]
fn what_converse_has_no_word_for_is_dropped_and_told() {
    let more = json!({ "top_k": 1, "user": "ü", "service_tier": "scale", "logit_bias": {}, "store": true });
    let (body, dropped) = written_for(&hello(&more), "mistral.mistral-large");
    assert_eq!(dropped, ["logit_bias", "top_k", "user", "service_tier"]);
    assert_eq!(body.as_object().unwrap().len(), 1);
    let (nova, _) = written_for(&hello(&json!({ "top_k": 1 })), "amazon.nova-pro-v1:0");
    assert_eq!(nova["additionalModelRequestFields"], json!({ "inferenceConfig": { "topK": 1 } }));
}
