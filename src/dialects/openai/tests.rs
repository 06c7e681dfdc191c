//! The dialect by its behaviour, with bodies written for these tests.

use serde_json::Value;

use super::*;
use crate::dialects::{DIALECTS, find};
use crate::hub::FinishReason;
use crate::stream::sse;
use crate::usage::{ServiceTier, Usage};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod errors;
mod passing;
mod plain;
mod reading;
mod requests;

fn event(data: &str) -> sse::Event {
    sse::Event { name: String::new(), data: data.to_owned() }
}

/// The frames of a stream: each a chunk's members after its head, or `[DONE]`.
fn frames(frames: &[&str]) -> Vec<sse::Event> {
    frames.iter().map(|frame| event(frame)).collect()
}

/// A chunk with one choice.
fn chunk(delta: &str, finish: &str) -> String {
    format!(
        r#"{{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}]}}"#
    )
}

/// A piece of a tool call in a chunk.
fn piece(call: &str) -> String {
    chunk(&format!(r#"{{"tool_calls":[{call}]}}"#), "null")
}

fn first() -> String {
    chunk(r#"{"role":"assistant","content":""}"#, "null")
}

fn stop() -> String {
    chunk("{}", "\"stop\"")
}

fn usage_chunk() -> String {
    r#"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#
        .to_owned()
}

const DONE: &str = "[DONE]";

/// A stream in the hub's words.
fn read(data: &[&str]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let (mut reader, mut out) = (OpenAi.stream(), Vec::new());
    for event in frames(data) {
        if let Err(error) = reader.read(&event, &mut out) {
            return (out, Some(error));
        }
    }
    let error = reader.end(&mut out).err();
    (out, error)
}

/// A whole stream in the hub's words.
fn said(data: &[&str]) -> Vec<Event<'static>> {
    let (events, error) = read(data);
    assert_eq!(error, None);
    events
}

fn texts(events: &[Event<'_>]) -> (String, String) {
    let (mut text, mut thinking) = (String::new(), String::new());
    for event in events {
        match event {
            Event::Text { text: more, .. } => text.push_str(more),
            Event::Reasoning { text: more, .. } => thinking.push_str(more),
            _ => {}
        }
    }
    (text, thinking)
}

/// Calls as `index id name arguments`.
fn calls(events: &[Event<'_>]) -> Vec<String> {
    let mut calls: Vec<String> = Vec::new();
    for event in events {
        match event {
            Event::ToolCall { index, id, name, .. } => {
                assert_eq!(calls.len(), *index as usize);
                calls.push(format!("{index} {} {name} ", id.as_deref().unwrap_or("-")));
            }
            Event::Arguments { index, fragment, .. } => calls[*index as usize].push_str(fragment),
            _ => {}
        }
    }
    calls
}

fn finishes(events: &[Event<'_>]) -> Vec<FinishReason> {
    let finish = |event: &Event<'_>| match event {
        Event::Finish { reason, .. } => Some(*reason),
        _ => None,
    };
    events.iter().filter_map(finish).collect()
}

#[test]
fn the_dialect_is_found_by_its_name() {
    assert_eq!(
        find("openai").map(|d| (d.name(), d.tasks()[0].chat().unwrap().wire())),
        Some(("openai", Wire::OpenAiChat))
    );
    assert!(DIALECTS.iter().any(|d| d.name() == "openai"));
}

#[test]
fn the_key_goes_where_openai_wants_it_and_accounts_do_not_go_at_all() {
    assert_eq!(OpenAi.credential("sk-1"), ("authorization", "Bearer sk-1".to_owned()));
    assert!(OpenAi.caller_headers().iter().all(|name| !name.contains("organization") && !name.contains("project")));
}
