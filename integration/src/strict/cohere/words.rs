//! Answers of Cohere's chat.
//!
//! <https://docs.cohere.com/docs/streaming>

use serde_json::{Value, json};

use super::super::{Answer, CACHED, End, INPUT, OUTPUT, REASONING, Said, Stream, THOUGHT, id, pieces};

pub(super) fn whole(answer: &Answer) -> Value {
    let thought = answer.thinking.then(|| json!({ "type": "thinking", "thinking": THOUGHT }));
    let mut content: Vec<_> = thought.into_iter().collect();
    let mut message = json!({ "role": "assistant" });
    match &answer.said {
        Said::Text(text) => content.push(json!({ "type": "text", "text": text })),
        Said::Calls(tool, calls) => {
            message["tool_plan"] = json!("I will look.");
            let calls = calls.iter().enumerate();
            message["tool_calls"] =
                calls.map(|(number, arguments)| call(number, tool, &arguments.to_string())).collect();
        }
    }
    if !content.is_empty() {
        message["content"] = json!(content);
    }
    json!({ "id": "up", "message": message, "finish_reason": reason(answer.end), "usage": usage() })
}

/// What is told of a call is an object, not a list.
pub(super) fn stream(answer: &Answer) -> Stream {
    let mut content = Vec::new();
    let mut index = 0;
    let mut block = |kind: &str, member: &str, text: &str| {
        let told = |name: &str, inner: Value| {
            event(&json!({
                "type": name, "index": index, "delta": { "message": { "content": inner } },
            }))
        };
        let mut start = json!({ "type": kind });
        start[member] = json!("");
        content.push(told("content-start", start));
        content.extend(pieces(text).into_iter().map(|piece| told("content-delta", json!({ member: piece }))));
        content.push(event(&json!({ "type": "content-end", "index": index })));
        index += 1;
    };
    if answer.thinking {
        block("thinking", "thinking", THOUGHT);
    }
    match &answer.said {
        Said::Text(text) => block("text", "text", text),
        Said::Calls(tool, calls) => {
            let plan = json!({ "message": { "tool_plan": "I will look." } });
            content.push(event(&json!({ "type": "tool-plan-delta", "delta": plan })));
            content.extend(
                calls.iter().enumerate().flat_map(|(number, arguments)| told(number, tool, &arguments.to_string())),
            );
        }
    }
    let start = json!({ "message": { "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": [] } });
    let end = json!({ "finish_reason": reason(answer.end), "usage": usage() });
    Stream {
        opening: vec![event(&json!({ "id": "up", "type": "message-start", "delta": start }))],
        content,
        closing: vec![event(&json!({ "type": "message-end", "delta": end })), b"data: [DONE]\n\n".to_vec()],
    }
}

/// The events of a call.
fn told(number: usize, tool: &str, arguments: &str) -> Vec<Vec<u8>> {
    let told = |kind: &str, call: Value| {
        event(&json!({
            "type": kind, "index": number, "delta": { "message": { "tool_calls": call } },
        }))
    };
    let first = told("tool-call-start", call(number, tool, ""));
    let rest = pieces(arguments)
        .into_iter()
        .map(|piece| told("tool-call-delta", json!({ "function": { "arguments": piece } })));
    let last = event(&json!({ "type": "tool-call-end", "index": number }));
    std::iter::once(first).chain(rest).chain([last]).collect()
}

fn call(number: usize, tool: &str, arguments: &str) -> Value {
    json!({ "id": id(number), "type": "function", "function": { "name": tool, "arguments": arguments } })
}

pub(super) fn event(value: &Value) -> Vec<u8> {
    crate::speech::event(value).into_bytes()
}

fn reason(end: End) -> &'static str {
    match end {
        // There is no word for a filter.
        End::Whole | End::Filter => "COMPLETE",
        End::Calls => "TOOL_CALL",
        End::Limit => "MAX_TOKENS",
    }
}

/// What is billed is less than what is used.
fn usage() -> Value {
    let tokens = json!({ "input_tokens": INPUT, "output_tokens": OUTPUT, "reasoning_tokens": REASONING });
    json!({ "billed_units": { "input_tokens": 2, "output_tokens": 1 }, "tokens": tokens, "cached_tokens": CACHED })
}
