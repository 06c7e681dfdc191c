mod answers;
mod requests;
mod streams;

use serde_json::Value;

use super::Cohere;
use crate::dialects::{ChatFormat, Format, Outbound};
use crate::errors::ApiError;
use crate::json::Object;
use crate::surfaces::{ChatSurface, chat::Chat};

/// A model that can think.
const MODEL: &str = "command-a-reasoning-08-2025";

/// The request for a chat caller's one.
fn write_for(model: &str, asked: &str) -> Result<Outbound, ApiError> {
    let body = Object::parse(asked.as_bytes()).unwrap();
    Cohere.request(&Chat.request(&body).unwrap(), model)
}

/// What becomes of these members beside one message.
fn with(members: &str) -> (Value, Vec<String>) {
    let asked = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{members}}}"#);
    let outbound = write_for(MODEL, &asked).unwrap();
    (serde_json::from_slice(&outbound.body).unwrap(), outbound.dropped.iter().map(ToString::to_string).collect())
}

/// What becomes of these messages.
fn messages(list: &str) -> Result<Value, ApiError> {
    let outbound = write_for(MODEL, &format!(r#"{{"model":"m","messages":[{list}]}}"#))?;
    Ok(serde_json::from_slice::<Value>(&outbound.body).unwrap()["messages"].take())
}
