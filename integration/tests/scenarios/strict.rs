//! What strict providers take, and what they do not.

use integration::caller::Call;
use integration::provider::Provider;
use integration::strict::{self, Host, InPath, KEYS};
use serde_json::{Value, json};

/// What a provider finds wrong with a body.
fn fault(host: &str, body: &Value) -> Option<String> {
    let path = InPath { model: None, stream: None };
    Host::named(host).api("").read(body.to_string().as_bytes(), &path).err()
}

#[test]
fn strict_providers_take_no_body_of_another_api() {
    let messages = json!([{ "role": "user", "content": "Say hello." }]);
    let contents = json!([{ "role": "user", "parts": [{ "text": "Say hello." }] }]);
    let blocks = json!([{ "role": "user", "content": [{ "text": "Say hello." }] }]);
    let bodies = [
        ("openai", json!({ "model": "m", "messages": messages, "max_completion_tokens": 9 })),
        ("mistral", json!({ "model": "m", "messages": messages, "max_tokens": 9, "random_seed": 1 })),
        ("anthropic", json!({ "model": "m", "messages": messages, "max_tokens": 9, "stop_sequences": ["x"] })),
        (
            "bedrock-anthropic",
            json!({ "anthropic_version": "bedrock-2023-05-31", "messages": messages, "max_tokens": 9 }),
        ),
        (
            "vertex-anthropic",
            json!({ "anthropic_version": "vertex-2023-10-16", "messages": messages, "max_tokens": 9 }),
        ),
        ("bedrock-converse", json!({ "messages": blocks, "inferenceConfig": { "maxTokens": 9 } })),
        ("gemini", json!({ "contents": contents, "generationConfig": { "maxOutputTokens": 9 } })),
        ("cohere", json!({ "model": "m", "messages": messages, "max_tokens": 9, "stream": false, "p": 0.5 })),
        ("ollama", json!({ "model": "m", "messages": messages, "stream": false, "options": { "num_predict": 9 } })),
        ("openai-responses", json!({ "model": "m", "input": messages, "max_output_tokens": 9 })),
    ];
    for (host, _) in &bodies {
        for (other, body) in &bodies {
            assert_eq!(fault(host, body).is_none(), host == other, "{other} to {host}: {:?}", fault(host, body));
        }
    }
}

#[test]
fn strict_providers_want_a_result_of_every_call() {
    let call = json!({ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let user = json!({ "role": "user", "content": "x" });
    let said = json!({ "role": "user", "content": [{ "text": "x" }] });
    let of_assistant = |content: Value| json!({ "role": "assistant", "content": content });
    let calls = json!({ "role": "assistant", "tool_calls": [call] });
    let to_gemini = json!([{ "role": "model", "parts": [
        { "functionCall": { "name": "f", "args": {} }, "thoughtSignature": "skip_thought_signature_validator" },
    ]}]);
    let item = json!({ "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}" });
    for (host, body) in [
        ("openai", json!({ "model": "m", "messages": [user, calls, user] })),
        ("cohere", json!({ "model": "m", "messages": [user, calls, user], "stream": false })),
        (
            "anthropic",
            json!({ "model": "m", "max_tokens": 9, "messages": [
                user, of_assistant(json!([{ "type": "tool_use", "id": "c", "name": "f", "input": {} }])),
            ]}),
        ),
        (
            "bedrock-converse",
            json!({ "messages": [
                said, of_assistant(json!([{ "toolUse": { "toolUseId": "c", "name": "f", "input": {} } }])), said,
            ]}),
        ),
        ("gemini", json!({ "contents": to_gemini })),
        ("openai-responses", json!({ "model": "m", "input": [user, item, user] })),
    ] {
        let fault = fault(host, &body).unwrap_or_default();
        assert!(fault.contains("no result"), "{host}: {fault}");
    }
}

#[tokio::test]
async fn strict_providers_want_their_own_path_and_key_and_nothing_of_others() {
    let provider = Provider::answering(|seen, _| strict::answer(Host::named("anthropic"), seen)).await;
    let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }], "max_tokens": 9 });
    let call = |path: &str, name: &str| {
        let call = Call::new(provider.address, "POST", path).header("content-type", "application/json");
        let call = call.header("x-api-key", &format!("{KEYS}{name}"));
        call.header("anthropic-version", "2023-06-01").json(&body)
    };
    let good = call("/v1/messages", "anthropic");
    assert_eq!(good.send().await.status, 200);
    for (bad, fault) in [
        (call("/v1/chat/completions", "anthropic"), "nothing at POST /v1/chat/completions"),
        (call("/v1/messages?beta=true", "anthropic"), "nothing at POST /v1/messages?beta=true"),
        (call("/v1/messages", "openai"), "x-api-key of anthropic"),
        (good.clone().without("x-api-key"), "x-api-key of anthropic is []"),
        (good.clone().without("anthropic-version"), "anthropic-version of anthropic is []"),
        (good.clone().header("authorization", "Bearer x"), "authorization beside x-api-key"),
        (good.clone().header("x-team", &format!("{KEYS}openai")), "x-team beside x-api-key"),
        (good.clone().header("x-tollhouse-target", "x"), "x-tollhouse-target: x"),
    ] {
        let answer = bad.send().await;
        assert!(answer.status == 400 && answer.text().contains(fault), "{fault}: {}", answer.text());
    }
}

#[tokio::test]
async fn strict_providers_want_a_signature_of_the_body() {
    let provider = Provider::answering(|seen, _| strict::answer(Host::named("bedrock-converse-signed"), seen)).await;
    let body = json!({ "messages": [{ "role": "user", "content": [{ "text": "x" }] }] });
    let call = Call::new(provider.address, "POST", "/model/m/converse").header("content-type", "application/json");
    let call = call.header("x-amz-date", "20260101T000000Z").json(&body);
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (call, fault) in [
        (call.clone(), "no x-amz-content-sha256"),
        (call.clone().header("x-amz-content-sha256", empty), "is not the hash of the body"),
    ] {
        let answer = call.send().await;
        assert!(answer.status == 400 && answer.text().contains(fault), "{}", answer.text());
    }
}
