//! Messages. <https://docs.anthropic.com/en/api/messages>

use serde_json::{Value, json};

use super::{Failure, Request, Script, id};

pub(super) static SCRIPT: Script = Script { name: "Anthropic-like", plain, stream, error };

fn usage(request: &Request<'_>, output: usize) -> Value {
    json!({
        "input_tokens": request.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output,
        "service_tier": "standard",
    })
}

fn message(request: &Request<'_>, content: Value, stop: Value, usage: Value) -> Value {
    json!({
        "id": id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": null,
        "usage": usage,
    })
}

fn plain(request: &Request<'_>) -> Value {
    let content = json!([{ "type": "text", "text": request.words.concat() }]);
    message(request, content, json!("end_turn"), usage(request, request.words.len()))
}

fn stream(request: &Request<'_>) -> Vec<String> {
    let event = |event: Value| {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        format!("event: {kind}\ndata: {event}\n\n")
    };
    let start = message(request, json!([]), Value::Null, usage(request, 1));
    let mut events = vec![
        event(json!({ "type": "message_start", "message": start })),
        event(json!({
            "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" }
        })),
        event(json!({ "type": "ping" })),
    ];
    events.extend(request.words.iter().map(|word| {
        event(json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": word } }))
    }));
    events.push(event(json!({ "type": "content_block_stop", "index": 0 })));
    events.push(event(json!({
        "type": "message_delta",
        "delta": { "stop_reason": "end_turn", "stop_sequence": null },
        "usage": { "output_tokens": request.words.len() },
    })));
    events.push(event(json!({ "type": "message_stop" })));
    events
}

fn error(kind: Failure) -> Value {
    let (message, kind) = match kind {
        Failure::Down => ("The demonstration's Anthropic-like provider was knocked over.", "api_error"),
        Failure::Invalid => ("Expected a JSON object with `model` and `messages`.", "invalid_request_error"),
    };
    json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": id("req_") })
}
