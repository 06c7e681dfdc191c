//! Answers in the words of either API.

use crate::reply::Reply;
use crate::speech::{Speech, data, event};
use serde_json::{Value, json};

use super::Answer;

pub(super) fn say(speech: Speech, answer: &Answer, stream: bool) -> Reply {
    match answer {
        Answer::Text(text) if stream => Reply::stream(speech.events(&pieces(text))).end(),
        Answer::Text(text) => Reply::json(200, &speech.answer(text)),
        Answer::Calls(tool, calls) if stream => Reply::stream(call_events(speech, tool, calls)).end(),
        Answer::Calls(tool, calls) => Reply::json(200, &whole_calls(speech, tool, calls)),
    }
}

/// Pieces of a few characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(5).collect();
    ends.push(text.len());
    ends.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect()
}

fn id(number: usize) -> String {
    format!("call_up_{number}")
}

fn whole_calls(speech: Speech, tool: &str, calls: &[Value]) -> Value {
    let mut answer = speech.call(&json!({}));
    let calls = calls.iter().enumerate();
    match speech {
        Speech::OpenAi => {
            let call = |(number, arguments): (usize, &Value)| {
                let function = json!({ "name": tool, "arguments": arguments.to_string() });
                json!({ "id": id(number), "type": "function", "function": function })
            };
            answer["choices"][0]["message"]["tool_calls"] = calls.map(call).collect();
        }
        Speech::Anthropic => {
            let call = |(number, arguments): (usize, &Value)| json!({ "type": "tool_use", "id": id(number), "name": tool, "input": arguments });
            answer["content"] = calls.map(call).collect();
        }
    }
    answer
}

fn call_events(speech: Speech, tool: &str, calls: &[Value]) -> Vec<String> {
    let mut whole = speech.call_events(&[]);
    // The opening, a call without arguments, and the end: calls of ours take the place of that one.
    let at = 1;
    let end = whole.split_off(at).split_off(1);
    let end = if speech == Speech::Anthropic { end[1..].to_vec() } else { end };
    let calls = calls.iter().enumerate().flat_map(|(number, arguments)| call(speech, tool, number, arguments));
    whole.into_iter().chain(calls).chain(end).collect()
}

/// One call: its name, its arguments in pieces, and its end where it has one.
fn call(speech: Speech, tool: &str, number: usize, arguments: &Value) -> Vec<String> {
    let arguments = arguments.to_string();
    let pieces = pieces(&arguments).into_iter();
    match speech {
        Speech::OpenAi => {
            let chunk = |call: Value| {
                data(&json!({
                    "id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1_700_000_000,
                    "model": "up-model", "usage": null,
                    "choices": [{ "index": 0, "delta": { "tool_calls": [call] }, "finish_reason": null }],
                }))
            };
            let name = json!({ "name": tool, "arguments": "" });
            let first = json!({ "index": number, "id": id(number), "type": "function", "function": name });
            let rest = pieces.map(|piece| json!({ "index": number, "function": { "arguments": piece } }));
            std::iter::once(first).chain(rest).map(chunk).collect()
        }
        Speech::Anthropic => {
            let block = json!({ "type": "tool_use", "id": id(number), "name": tool, "input": {} });
            let first = json!({ "type": "content_block_start", "index": number, "content_block": block });
            let rest = pieces.map(|piece| {
                let delta = json!({ "type": "input_json_delta", "partial_json": piece });
                json!({ "type": "content_block_delta", "index": number, "delta": delta })
            });
            let last = json!({ "type": "content_block_stop", "index": number });
            std::iter::once(first).chain(rest).chain([last]).map(|value| event(&value)).collect()
        }
    }
}
