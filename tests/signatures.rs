//! Thinking that a provider signed comes back to it unchanged in the next turn, whatever API the caller speaks, and to
//! no other provider.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic is how a test fails")]

use serde_json::{Value, json};
use tollhouse_filter::dialects::{self, ChatFormat};
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::chat::Chat;
use tollhouse_filter::surfaces::messages::Messages;
use tollhouse_filter::surfaces::responses::Responses;
use tollhouse_filter::surfaces::{AnswerContext, ChatSurface};

const SURFACES: [&dyn ChatSurface; 3] = [&Chat, &Messages, &Responses];

/// What a signature may look like.
const SIGNED: &str = "EqQBCgIYAhIM+/9Z==";
const SEALED: &str = "EmwKAhgBEgy3va3p==";

fn format(dialect: &str) -> &'static dyn ChatFormat {
    dialects::find(dialect).unwrap().tasks()[0].chat().unwrap()
}

/// Answers that think, say something and call a tool, by the dialects that sign thinking.
fn signing() -> [(&'static str, &'static str, Value); 3] {
    let anthropic = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [
        { "type": "thinking", "thinking": "hm é \"x\"", "signature": SIGNED },
        { "type": "redacted_thinking", "data": SEALED },
        { "type": "text", "text": "I look." },
        { "type": "tool_use", "id": "toolu_1", "name": "f", "input": { "a": 1 } },
    ], "stop_reason": "tool_use", "usage": { "input_tokens": 1, "output_tokens": 2 } });
    let converse = json!({ "output": { "message": { "role": "assistant", "content": [
        { "reasoningContent": { "reasoningText": { "text": "hm é \"x\"", "signature": SIGNED } } },
        { "reasoningContent": { "redactedContent": SEALED } },
        { "text": "I look." },
        { "toolUse": { "toolUseId": "tooluse_1", "name": "f", "input": { "a": 1 } } },
    ] } }, "stopReason": "tool_use", "usage": { "inputTokens": 1, "outputTokens": 2, "totalTokens": 3 } });
    let gemini = json!({ "candidates": [{ "finishReason": "STOP", "content": { "role": "model", "parts": [
        { "text": "hm é \"x\"", "thought": true },
        { "text": "I look.", "thoughtSignature": SEALED },
        { "functionCall": { "name": "f", "args": { "a": 1 } }, "thoughtSignature": SIGNED },
        { "functionCall": { "name": "f", "args": { "a": 2 } } },
    ] } }] });
    [
        ("anthropic", "claude-sonnet-4-5", anthropic),
        ("bedrock-converse", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", converse),
        ("gemini", "gemini-3-pro-preview", gemini),
    ]
}

fn context() -> AnswerContext {
    AnswerContext { id: "x1".into(), created: 9, model: "m".into(), include_usage: true, legacy_functions: false }
}

/// What a caller gets of an answer; one that speaks the provider's own format gets it as it is.
fn answered(surface: &dyn ChatSurface, dialect: &str, answer: &Value) -> Value {
    let text = answer.to_string();
    if surface.wire() == format(dialect).wire() {
        return answer.clone();
    }
    let events = format(dialect).answer(text.as_bytes()).unwrap();
    serde_json::from_slice(&surface.answer(&events, &context())).unwrap()
}

/// The caller's next request: all that was answered, and the results of its calls.
fn next(surface: &dyn ChatSurface, answer: &Value) -> Value {
    let result = |id: &Value| match surface.name() {
        "chat" => json!({ "role": "tool", "tool_call_id": id, "content": "r" }),
        "messages" => json!({ "type": "tool_result", "tool_use_id": id, "content": "r" }),
        _ => json!({ "type": "function_call_output", "call_id": id, "output": "r" }),
    };
    let results = |list: &Value, path: &str| -> Vec<Value> {
        list.as_array().unwrap().iter().filter_map(|item| item.get(path)).map(result).collect()
    };
    let question = json!({ "role": "user", "content": "go" });
    match surface.name() {
        "chat" => {
            let message = &answer["choices"][0]["message"];
            let mut messages = vec![question, message.clone()];
            messages.extend(results(&message["tool_calls"], "id"));
            json!({ "model": "m", "messages": messages, "tools": [{ "type": "function", "function": { "name": "f" } }] })
        }
        "messages" => {
            let messages = json!([
                question, { "role": "assistant", "content": answer["content"] },
                { "role": "user", "content": results(&answer["content"], "id") },
            ]);
            let tools = json!([{ "name": "f", "input_schema": { "type": "object" } }]);
            json!({ "model": "m", "max_tokens": 9, "messages": messages, "tools": tools })
        }
        _ => {
            let mut input = vec![question];
            input.extend(answer["output"].as_array().unwrap().iter().cloned());
            input.extend(results(&answer["output"], "call_id"));
            json!({ "model": "m", "input": input, "tools": [{ "type": "function", "name": "f" }] })
        }
    }
}

/// What the provider gets of a request.
fn sent(surface: &dyn ChatSurface, dialect: &str, model: &str, request: &Value) -> Value {
    let text = request.to_string();
    let object = Object::parse(text.as_bytes()).unwrap();
    let body = if surface.wire() == format(dialect).wire() {
        format(dialect).pass_request(&object, &surface.asked(&object).unwrap(), model).body
    } else {
        format(dialect).request(&surface.request(&object).unwrap(), model).unwrap().body
    };
    serde_json::from_slice(&body).unwrap()
}

/// What the provider is told of the assistant's turn: the part of its answer that must come back.
fn replayed(dialect: &str, request: &Value) -> Value {
    match dialect {
        "gemini" => request["contents"][1]["parts"].clone(),
        _ => request["messages"][1]["content"].clone(),
    }
}

#[test]
fn signatures_come_back_to_the_provider_that_gave_them_from_every_surface() {
    for (dialect, model, answer) in signing() {
        let wanted = match dialect {
            "anthropic" => answer["content"].clone(),
            "bedrock-converse" => answer["output"]["message"]["content"].clone(),
            // What was thought is told, not read.
            _ => Value::Array(answer["candidates"][0]["content"]["parts"].as_array().unwrap()[1..].to_vec()),
        };
        for surface in SURFACES {
            let request = next(surface, &answered(surface, dialect, &answer));
            let got = replayed(dialect, &sent(surface, dialect, model, &request));
            assert_eq!(got, wanted, "{} {dialect}", surface.name());
        }
    }
}

#[test]
fn signatures_go_to_no_other_provider() {
    let others = [("anthropic", "claude-sonnet-4-5"), ("openai", "m"), ("openai-responses", "m"), ("cohere", "m")];
    for (dialect, _, answer) in signing() {
        for surface in SURFACES {
            let request = next(surface, &answered(surface, dialect, &answer));
            for (other, model) in others {
                let shares = other == "anthropic" && dialect != "gemini";
                let passes = surface.wire() == format(other).wire() && surface.name() == "chat";
                if shares || passes {
                    continue;
                }
                let got = sent(surface, other, model, &request).to_string();
                let pair = format!("{} {dialect} {other}", surface.name());
                assert!(!got.contains(SIGNED) && !got.contains(SEALED), "{pair}: {got}");
            }
        }
    }
}
