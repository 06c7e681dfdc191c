mod answers;
mod failures;
mod hosts;
mod passing;
mod requests;
mod streams;
mod thoughts;
mod turns;

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Anthropic;
use crate::dialects::{ChatFormat, Format, Outbound, Progress};
use crate::errors::ApiError;
use crate::hub::request::{Content, Function, FunctionCall, Message, Part, PartKind, Role, Tool, ToolCall};
use crate::hub::{ChatRequest, Event};
use crate::stream::sse;

/// A model that takes every documented field.
const MODEL: &str = "claude-haiku-4-5";

fn raw(json: &'static str) -> &'static RawValue {
    serde_json::from_str(json).unwrap()
}

/// Blocks of thinking, as callers send them back.
fn thoughts<const N: usize>(blocks: [&'static str; N]) -> Vec<Cow<'static, RawValue>> {
    blocks.map(|block| Cow::Borrowed(raw(block))).into()
}

fn message(role: Role, content: Content<'static>) -> Message<'static> {
    Message {
        role,
        content,
        name: None,
        tool_calls: Vec::new(),
        function_call: None,
        refusal: None,
        thinking_blocks: Vec::new(),
        reasoning_content: None,
        tool_call_id: None,
        is_error: None,
        cache_control: None,
    }
}

fn text(text: &'static str) -> Content<'static> {
    Content::Text(Cow::Borrowed(text))
}

fn user(says: &'static str) -> Message<'static> {
    message(Role::User, text(says))
}

fn system(says: &'static str) -> Message<'static> {
    message(Role::System, text(says))
}

fn assistant(says: &'static str) -> Message<'static> {
    message(Role::Assistant, text(says))
}

fn calling(id: &'static str, name: &'static str, arguments: &'static str) -> Message<'static> {
    let call =
        ToolCall { id: id.into(), function: function_call(name, arguments), signature: None, cache_control: None };
    Message { tool_calls: vec![call], ..message(Role::Assistant, Content::None) }
}

fn function_call(name: &'static str, arguments: &'static str) -> FunctionCall<'static> {
    FunctionCall { name: name.into(), arguments: arguments.into() }
}

fn result(id: &'static str, says: &'static str) -> Message<'static> {
    Message { tool_call_id: Some(id.into()), ..message(Role::Tool, text(says)) }
}

fn parts(kinds: Vec<PartKind<'static>>) -> Content<'static> {
    Content::Parts(kinds.into_iter().map(|kind| Part { kind, cache_control: None }).collect())
}

fn tool(name: &'static str, schema: Option<&'static str>) -> Tool<'static> {
    let function = Function { name: name.into(), description: None, parameters: schema.map(raw), strict: None };
    Tool { function, cache_control: None }
}

fn chat(messages: Vec<Message<'static>>) -> ChatRequest<'static> {
    ChatRequest { messages, ..ChatRequest::default() }
}

fn hello() -> ChatRequest<'static> {
    chat(vec![user("hello")])
}

fn outbound(chat: &ChatRequest<'_>, model: &str) -> Outbound {
    Anthropic.request(chat, model).unwrap()
}

fn body_for(chat: &ChatRequest<'_>, model: &str) -> Value {
    serde_json::from_slice(&outbound(chat, model).body).unwrap()
}

fn body(chat: &ChatRequest<'_>) -> Value {
    body_for(chat, MODEL)
}

fn written(chat: &ChatRequest<'_>) -> String {
    String::from_utf8(outbound(chat, MODEL).body).unwrap()
}

fn refused(chat: &ChatRequest<'_>) -> ApiError {
    Anthropic.request(chat, MODEL).unwrap_err()
}

/// Reads events given as their data; the end of the input is the end of the stream.
fn stream(data: &[&str]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let mut reader = Anthropic.stream();
    let mut out = Vec::new();
    for data in data {
        let event = sse::Event { name: String::new(), data: (*data).to_owned() };
        match reader.read(&event, &mut out) {
            Ok(Progress::Open | Progress::Unread) => {}
            Ok(Progress::Done) => return (out, None),
            Err(error) => return (out, Some(error)),
        }
    }
    let end = reader.end(&mut out);
    (out, end.err())
}
