//! Chat Completions. <https://platform.openai.com/docs/api-reference/chat>

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Failure, Request, Script, id};

pub(super) static SCRIPT: Script = Script { name: "OpenAI-like", plain, stream, error };

fn usage(request: &Request<'_>) -> Value {
    let (input, output) = (request.input_tokens, request.words.len());
    json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input + output,
        "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

fn created() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn plain(request: &Request<'_>) -> Value {
    json!({
        "id": id("chatcmpl-"),
        "object": "chat.completion",
        "created": created(),
        "model": request.model,
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant",
                "content": request.words.concat(),
                "refusal": null,
                "annotations": [],
            },
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": usage(request),
        "service_tier": "default",
        "system_fingerprint": null,
    })
}

fn stream(request: &Request<'_>) -> Vec<String> {
    let (id, created) = (id("chatcmpl-"), created());
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = json!({
            "id": id,
            "object": "chat.completion.chunk",
            "created": created,
            "model": request.model,
            "service_tier": "default",
            "system_fingerprint": null,
            "choices": choices,
        });
        // Only who asked for usage sees the field.
        if let (true, Some(fields)) = (request.include_usage, chunk.as_object_mut()) {
            fields.insert("usage".to_owned(), usage);
        }
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, finish: Value| {
        chunk(json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }]), Value::Null)
    };
    let mut events = vec![delta(json!({ "role": "assistant", "content": "", "refusal": null }), Value::Null)];
    events.extend(request.words.iter().map(|word| delta(json!({ "content": word }), Value::Null)));
    events.push(delta(json!({}), json!("stop")));
    if request.include_usage {
        events.push(chunk(json!([]), usage(request)));
    }
    events.push("data: [DONE]\n\n".to_owned());
    events
}

fn error(kind: Failure) -> Value {
    let (message, kind) = match kind {
        Failure::Down => ("The demonstration's OpenAI-like provider was knocked over.", "server_error"),
        Failure::Invalid => ("Expected a JSON object with `model` and `messages`.", "invalid_request_error"),
    };
    json!({ "error": { "message": message, "type": kind, "param": null, "code": null } })
}
