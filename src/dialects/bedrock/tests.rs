mod answers;
mod embeddings;
mod requests;
mod streams;

use serde_json::{Value, json};

use super::BedrockConverse;
use crate::dialects::{ChatFormat, Format, Outbound};
use crate::errors::ApiError;
use crate::json::Object;
use crate::surfaces::ChatSurface;
use crate::surfaces::chat::Chat;

/// A model that takes every documented field.
const MODEL: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// The request that a caller's body becomes.
fn sent(body: &Value, model: &str) -> Result<Outbound, ApiError> {
    let text = body.to_string();
    let object = Object::parse(text.as_bytes()).unwrap();
    BedrockConverse.request(&Chat.request(&object).unwrap(), model)
}

fn written_for(body: &Value, model: &str) -> (Value, Vec<String>) {
    let outbound = sent(body, model).unwrap();
    let dropped = outbound.dropped.iter().map(ToString::to_string).collect();
    (serde_json::from_slice(&outbound.body).unwrap(), dropped)
}

fn written(body: &Value) -> Value {
    written_for(body, MODEL).0
}

fn refused(body: &Value) -> ApiError {
    sent(body, MODEL).unwrap_err()
}

/// A request with these messages and members.
fn asking(messages: &Value, more: &Value) -> Value {
    let mut body = more.clone();
    body["messages"] = messages.clone();
    body
}

/// A request with one question and these members.
fn hello(more: &Value) -> Value {
    asking(&json!([{ "role": "user", "content": "hello" }]), more)
}

fn tool(name: &str) -> Value {
    json!({ "type": "function", "function": { "name": name, "parameters": { "type": "object", "b": 1, "a": 2 } } })
}

fn call(id: &str) -> Value {
    json!({ "role": "assistant", "tool_calls": [
        { "id": id, "type": "function", "function": { "name": "f", "arguments": "{\"x\":1}" } }] })
}
