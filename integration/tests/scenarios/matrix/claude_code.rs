//! Requests as Claude Code sends them, in the middle of a session: an OpenAI-compatible provider and Bedrock get all of
//! it that they have words for, and nothing else.

use integration::speech::PROMPT;
use integration::strict::{Host, SIGNATURE, THOUGHT};
use serde_json::{Value, json};

use super::house::house;
use super::messages::Messages;
use super::surface::{Surface, Told, events};

const PNG: &str = "iVBORw0KGgo=";
const USER: &str = "user_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef_account__session_11111111";

fn schema(member: &str) -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
        "properties": { member: { "type": "string", "description": "Which" } }, "required": [member],
        "additionalProperties": false,
    })
}

fn request(model: &str) -> Value {
    let kept = json!({ "type": "ephemeral" });
    json!({
        "model": model,
        "system": [
            { "type": "text", "text": "You are Claude Code.", "cache_control": kept },
            { "type": "text", "text": PROMPT, "cache_control": { "type": "ephemeral", "ttl": "1h" } },
        ],
        "messages": [
            { "role": "user", "content": [
                { "type": "text", "text": "<system-reminder>Be careful.</system-reminder>" },
                { "type": "text", "text": "Mend the page." },
            ]},
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE },
                { "type": "text", "text": "I look at it." },
                { "type": "tool_use", "id": "toolu_01", "name": "Read", "input": { "file_path": "/a.png" } },
                { "type": "tool_use", "id": "toolu_02", "name": "Bash", "input": { "command": "make" } },
            ]},
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "toolu_01", "content": [
                    { "type": "text", "text": "A picture:" },
                    { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": PNG } },
                ]},
                { "type": "tool_result", "tool_use_id": "toolu_02", "content": "exit 2", "is_error": true },
                { "type": "text", "text": "Go on.", "cache_control": kept },
            ]},
        ],
        "tools": [
            { "name": "Read", "description": "Reads", "input_schema": schema("file_path") },
            { "name": "Bash", "description": "Runs", "input_schema": schema("command"), "cache_control": kept },
        ],
        "metadata": { "user_id": USER },
        "max_tokens": 32_000,
        "thinking": { "type": "enabled", "budget_tokens": 31_999 },
        "context_management": { "edits": [{ "type": "clear_thinking_20251015", "keep": "all" }] },
        "stream": true,
    })
}

/// Sends a request of a session to a provider: what that got, what came back, and what the answer says was left out.
async fn send(host: &str, change: impl FnOnce(&mut Value)) -> (Value, Told, String) {
    let host = Host::named(host);
    let model = format!("{}-claude-code", host.models);
    let mut body = request(&format!("{}/{model}", host.name));
    change(&mut body);
    let call = house().call("/v1/messages?beta=true").header("anthropic-version", "2023-06-01");
    let call = call
        .header("anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27");
    let call = call.header("x-app", "cli").header("x-stainless-lang", "js").header("accept-encoding", "gzip, br");
    let answer = call.json(&body).send().await;
    assert_eq!((answer.status, answer.whole), (200, true), "{}", answer.text());
    let told = Messages.streamed(&events(&answer));
    let seen = house().provider(host).one(&model).await;
    host.read(&seen).expect("a request that the provider takes");
    for header in ["anthropic-beta", "anthropic-version", "x-app"] {
        assert!(seen.head.get(header).is_none(), "{:?}", seen.head);
    }
    house().gateway.check();
    (seen.json(), told, answer.header("x-tollhouse-dropped").unwrap_or_default().to_owned())
}

/// A member that no provider but Anthropic could know.
fn unknown(body: &mut Value) {
    body["future"] = json!({ "a": 1 });
}

#[tokio::test]
async fn an_openai_compatible_provider_gets_all_that_it_has_words_for() {
    for host in ["openai", "groq"] {
        let (mut body, told, dropped) = send(host, unknown).await;
        let user = body["user"].take();
        assert!(user.as_str().is_some_and(|user| user.len() == 64), "{user}");
        let call = |id: &str, name: &str, arguments: &Value| json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments.to_string() } });
        let tool = |name: &str, description: &str, member: &str| {
            let function = json!({ "name": name, "description": description, "parameters": schema(member) });
            json!({ "type": "function", "function": function })
        };
        let text = |text: &str| json!({ "type": "text", "text": text });
        let calls = [
            call("toolu_01", "Read", &json!({ "file_path": "/a.png" })),
            call("toolu_02", "Bash", &json!({ "command": "make" })),
        ];
        let image = json!({ "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{PNG}") } });
        let expected = json!({
            "model": format!("{}-claude-code", Host::named(host).models),
            "messages": [
                { "role": "system", "content": [text("You are Claude Code."), text(PROMPT)] },
                { "role": "user", "content": [
                    text("<system-reminder>Be careful.</system-reminder>"), text("Mend the page."),
                ]},
                { "role": "assistant", "content": "I look at it.", "tool_calls": calls },
                { "role": "tool", "tool_call_id": "toolu_01", "content": "A picture:" },
                { "role": "tool", "tool_call_id": "toolu_02", "content": "Error: exit 2" },
                { "role": "user", "content": [image] },
                { "role": "user", "content": [text("Go on.")] },
            ],
            "max_completion_tokens": 32_000,
            "stream": true,
            "stream_options": { "include_usage": true },
            "tools": [tool("Read", "Reads", "file_path"), tool("Bash", "Runs", "command")],
            "reasoning_effort": "high",
            "user": null,
        });
        assert_eq!(body, expected);
        assert!(dropped.contains("context_management") && dropped.contains("future"), "{dropped}");
        assert_eq!(told.text, format!("(You are Claude Code.{PROMPT}) You said: Go on."));
    }
}

#[tokio::test]
async fn bedrocks_invoke_model_gets_the_request_itself() {
    for host in ["bedrock-anthropic", "bedrock-anthropic-signed"] {
        let (mut body, told, _) = send(host, |_| {}).await;
        body.as_object_mut().unwrap().remove("anthropic_beta");
        let mut expected = request("");
        for member in ["model", "stream"] {
            expected.as_object_mut().unwrap().remove(member);
        }
        expected["anthropic_version"] = json!("bedrock-2023-05-31");
        assert_eq!(body, expected);
        assert_eq!((told.text.as_str(), told.thought.as_str()), ("I heard: A picture: | exit 2", THOUGHT));
    }
}

#[tokio::test]
async fn converse_gets_every_block_in_its_own_words() {
    for host in ["bedrock-converse", "bedrock-converse-signed"] {
        let (mut body, told, dropped) = send(host, unknown).await;
        body["additionalModelRequestFields"].as_object_mut().unwrap().remove("anthropic_beta");
        let (kept, longer) = (
            json!({ "cachePoint": { "type": "default" } }),
            json!({ "cachePoint": { "type": "default", "ttl": "1h" } }),
        );
        let tool = |name: &str, description: &str, member: &str| {
            let json = schema(member);
            json!({ "toolSpec": { "name": name, "description": description, "inputSchema": { "json": json } } })
        };
        let image = json!({ "image": { "format": "png", "source": { "bytes": PNG } } });
        let expected = json!({
            "system": [{ "text": "You are Claude Code." }, kept, { "text": PROMPT }, longer],
            "messages": [
                { "role": "user", "content": [
                    { "text": "<system-reminder>Be careful.</system-reminder>" }, { "text": "Mend the page." },
                ]},
                { "role": "assistant", "content": [
                    { "reasoningContent": { "reasoningText": { "text": THOUGHT, "signature": SIGNATURE } } },
                    { "text": "I look at it." },
                    { "toolUse": { "toolUseId": "toolu_01", "name": "Read", "input": { "file_path": "/a.png" } } },
                    { "toolUse": { "toolUseId": "toolu_02", "name": "Bash", "input": { "command": "make" } } },
                ]},
                { "role": "user", "content": [
                    { "toolResult": { "toolUseId": "toolu_01", "content": [{ "text": "A picture:" }, image] } },
                    { "toolResult": { "toolUseId": "toolu_02", "content": [{ "text": "exit 2" }], "status": "error" } },
                    { "text": "Go on." },
                    kept,
                ]},
            ],
            "inferenceConfig": { "maxTokens": 32_000 },
            "toolConfig": { "tools": [tool("Read", "Reads", "file_path"), tool("Bash", "Runs", "command"), kept] },
            "additionalModelRequestFields": { "thinking": { "type": "enabled", "budget_tokens": 31_999 } },
            "requestMetadata": { "user_id": USER },
        });
        assert_eq!(body, expected);
        assert!(dropped.contains("context_management") && dropped.contains("future"), "{dropped}");
        assert_eq!((told.text.as_str(), told.thought.as_str()), ("I heard: A picture: | exit 2", THOUGHT));
    }
}
