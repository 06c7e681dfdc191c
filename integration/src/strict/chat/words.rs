//! Answers of chat completions.
//!
//! <https://platform.openai.com/docs/api-reference/chat/object>

use serde_json::{Value, json};

use super::super::{Answer, End, INPUT, OUTPUT, Said, Stream, THOUGHT, id, pieces};
use super::{Chat, Place};

pub(super) fn whole(server: &Chat, answer: &Answer) -> Value {
    let mut message = json!({ "role": "assistant", "content": null, "refusal": null });
    match &answer.said {
        Said::Text(text) => message["content"] = json!(text),
        Said::Calls(tool, calls) => {
            let calls = calls.iter().enumerate();
            message["tool_calls"] =
                calls.map(|(number, arguments)| call(number, tool, &arguments.to_string())).collect();
        }
    }
    match server.thoughts.filter(|_| answer.thinking) {
        // A list of parts.
        Some("content") => {
            message["content"] =
                json!([thought(), { "type": "text", "text": message["content"].as_str().unwrap_or_default() }])
        }
        Some(field) => message[field] = json!(THOUGHT),
        None => {}
    }
    json!({
        "id": "chatcmpl-up", "object": "chat.completion", "created": 1_700_000_000, "model": "up-model",
        "choices": [{ "index": 0, "finish_reason": reason(answer.end), "logprobs": null, "message": message }],
        "usage": usage(server),
        "system_fingerprint": "fp_up",
    })
}

pub(super) fn stream(server: &Chat, answer: &Answer) -> Stream {
    let chunk = |delta: Value| choice(server, &delta, None);
    let mut content = match server.thoughts.filter(|_| answer.thinking) {
        Some("content") => vec![chunk(json!({ "content": [thought()] }))],
        Some(field) => pieces(THOUGHT).into_iter().map(|piece| chunk(json!({ field: piece }))).collect(),
        None => Vec::new(),
    };
    match &answer.said {
        Said::Text(text) => content.extend(pieces(text).into_iter().map(|piece| chunk(json!({ "content": piece })))),
        Said::Calls(tool, calls) => {
            for (number, arguments) in calls.iter().enumerate() {
                let mut first = call(number, tool, "");
                first["index"] = json!(number);
                content.push(chunk(json!({ "tool_calls": [first] })));
                let fragment = |text| json!({ "index": number, "function": { "arguments": text } });
                let arguments = arguments.to_string();
                content.extend(
                    pieces(&arguments).into_iter().map(|text| chunk(json!({ "tool_calls": [fragment(text)] }))),
                );
            }
        }
    }
    let opening = vec![b": keep-alive\n\n".to_vec(), chunk(json!({ "role": "assistant", "content": "" }))];
    Stream { opening, content, closing: closing(server, answer.end) }
}

fn closing(server: &Chat, end: End) -> Vec<Vec<u8>> {
    let finish = choice(server, &json!({}), Some(reason(end)));
    let done = server.done.as_bytes().to_vec();
    let with = |mut event: Value, usage: Value| {
        event["usage"] = usage;
        data(&event)
    };
    let (empty, last) = (event(json!([])), event(json!([finished(&json!({}), Some(reason(end)))])));
    match server.usage {
        Place::Everywhere => vec![finish],
        Place::Apart => vec![finish, with(empty, usage(server)), done],
        Place::InFinish => vec![with(last, usage(server)), done],
        Place::Again => vec![finish, with(last, usage(server)), done],
        Place::Twice => {
            let mut first = last;
            first["x_groq"] = json!({ "id": "req_up", "usage": usage(server) });
            vec![data(&first), with(empty, usage(server)), done]
        }
    }
}

fn choice(server: &Chat, delta: &Value, finish: Option<&str>) -> Vec<u8> {
    let mut event = event(json!([finished(delta, finish)]));
    if server.usage == Place::Everywhere {
        event["usage"] = usage(server);
    }
    data(&event)
}

fn finished(delta: &Value, finish: Option<&str>) -> Value {
    json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish })
}

fn event(choices: Value) -> Value {
    json!({
        "id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "up-model",
        "choices": choices, "usage": null,
    })
}

fn data(event: &Value) -> Vec<u8> {
    format!("data: {event}\n\n").into_bytes()
}

fn call(number: usize, tool: &str, arguments: &str) -> Value {
    json!({ "id": id(number), "type": "function", "function": { "name": tool, "arguments": arguments } })
}

fn thought() -> Value {
    json!({ "type": "thinking", "thinking": [{ "type": "text", "text": THOUGHT }] })
}

fn reason(end: End) -> &'static str {
    match end {
        End::Whole => "stop",
        End::Calls => "tool_calls",
        End::Limit => "length",
        End::Filter => "content_filter",
    }
}

fn usage(server: &Chat) -> Value {
    let counts = server.counts;
    let mut usage = json!({
        "prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
        "prompt_tokens_details": { "cached_tokens": counts.cached },
        "completion_tokens_details": { "reasoning_tokens": counts.reasoning },
    });
    if counts.written > 0 {
        usage["prompt_tokens_details"]["cache_write_tokens"] = json!(counts.written);
    }
    if server.thoughts_apart {
        usage["completion_tokens"] = json!(OUTPUT - counts.reasoning);
    }
    usage
}
