//! What streams add up to, read as leniently as SDKs read: other gateways are not as strict as ours is.

use serde_json::{Value, json};

use super::events;
use super::outcome::Tokens;

fn said(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Chat completions: text, calls, end and tokens.
pub fn chat(stream: &[u8]) -> Value {
    let (mut text, mut finish, mut usage) = (String::new(), Value::Null, None);
    let mut calls: Vec<[String; 3]> = Vec::new();
    for event in events([stream]).iter().filter(|event| event.data != "[DONE]") {
        let chunk: Value = serde_json::from_str(&event.data).unwrap();
        if !chunk["usage"].is_null() {
            usage = Some(Tokens::of(&chunk["usage"]));
        }
        for choice in chunk["choices"].as_array().into_iter().flatten() {
            text += &said(&choice["delta"]["content"]);
            for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
                let at = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
                calls.resize(calls.len().max(at + 1), Default::default());
                let [id, name, arguments] = &mut calls[at];
                *id += &said(&call["id"]);
                *name += &said(&call["function"]["name"]);
                *arguments += &said(&call["function"]["arguments"]);
            }
            if !choice["finish_reason"].is_null() {
                finish = choice["finish_reason"].clone();
            }
        }
    }
    let usage = usage.filter(|usage| *usage != Tokens::default());
    let usage = usage.map(|usage| json!([usage.prompt, usage.completion]));
    json!({ "said": text, "calls": calls, "finish": finish, "usage": usage })
}

/// Messages: text, input and names of calls, end and tokens.
pub fn messages(stream: &[u8]) -> Value {
    let (mut text, mut input, mut calls, mut end) = (String::new(), String::new(), Vec::new(), Value::Null);
    for event in events([stream]) {
        let event: Value = serde_json::from_str(&event.data).unwrap();
        text += &said(&event["delta"]["text"]);
        input += &said(&event["delta"]["partial_json"]);
        if event["content_block"]["type"] == "tool_use" {
            calls.push(event["content_block"]["name"].clone());
        }
        if event["type"] == "message_delta" {
            let usage = &event["usage"];
            end = json!([event["delta"]["stop_reason"], usage["input_tokens"], usage["output_tokens"]]);
        }
    }
    json!({ "said": text, "input": input, "calls": calls, "end": end })
}

/// Responses: text, names and arguments of calls, end and tokens.
pub fn responses(stream: &[u8]) -> Value {
    let (mut text, mut arguments, mut calls, mut end) = (String::new(), String::new(), Vec::new(), Value::Null);
    for event in events([stream]).iter().filter(|event| event.data != "[DONE]") {
        let event: Value = serde_json::from_str(&event.data).unwrap();
        match event["type"].as_str().unwrap_or_default() {
            "response.output_text.delta" => text += &said(&event["delta"]),
            "response.function_call_arguments.done" => arguments += &said(&event["arguments"]),
            "response.output_item.done" if event["item"]["type"] == "function_call" => {
                calls.push(event["item"]["name"].clone());
            }
            "response.completed" | "response.incomplete" => {
                let usage = &event["response"]["usage"];
                end = json!([event["type"], usage["input_tokens"], usage["output_tokens"]]);
            }
            _ => {}
        }
    }
    json!({ "said": text, "arguments": arguments, "calls": calls, "end": end })
}
