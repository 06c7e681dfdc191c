mod answers;
mod requests;

use serde_json::Value;

use super::Ollama;
use crate::dialects::{ChatFormat, Format, Outbound};
use crate::errors::ApiError;
use crate::json::Object;
use crate::surfaces::{ChatSurface, chat::Chat};

/// The request for a chat caller's one.
fn write(asked: &str) -> Result<Outbound, ApiError> {
    let body = Object::parse(asked.as_bytes()).unwrap();
    Ollama.request(&Chat.request(&body).unwrap(), "qwen3")
}

/// What becomes of these members beside one message.
fn with(members: &str) -> (Value, Vec<String>) {
    let asked = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{members}}}"#);
    let outbound = write(&asked).unwrap();
    (serde_json::from_slice(&outbound.body).unwrap(), outbound.dropped.iter().map(ToString::to_string).collect())
}

/// What becomes of these messages.
fn messages(list: &str) -> Result<Value, ApiError> {
    let outbound = write(&format!(r#"{{"model":"m","messages":[{list}]}}"#))?;
    Ok(serde_json::from_slice::<Value>(&outbound.body).unwrap()["messages"].take())
}
