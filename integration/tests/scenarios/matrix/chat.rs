//! Callers of chat completions.

use integration::strict::{Counts, End};
use serde_json::{Value, json};

use super::surface::{
    Call, Event, Failure, STOP, SYSTEM, Surface, TEMPERATURE, Talk, Then, Told, count, parameters, push, text,
};

pub(super) struct Chat;

impl Surface for Chat {
    fn path(&self) -> &'static str {
        "/v1/chat/completions"
    }

    fn name(&self) -> &'static str {
        "chat"
    }

    fn body(&self, model: &str, talk: &Talk) -> Value {
        let mut messages =
            vec![json!({ "role": "system", "content": SYSTEM }), json!({ "role": "user", "content": talk.user })];
        if let Some(Then { turn, results }) = &talk.then {
            messages.extend(turn.iter().cloned());
            messages.extend(
                results.iter().map(|(id, text)| json!({ "role": "tool", "tool_call_id": id, "content": text })),
            );
        }
        let mut body = json!({ "model": model, "messages": messages, "max_completion_tokens": talk.limit() });
        if talk.tool {
            let function = json!({ "name": "weather", "description": "Tells", "parameters": parameters() });
            body["tools"] = json!([{ "type": "function", "function": function }]);
            body["reasoning_effort"] = json!("medium");
        } else {
            body["temperature"] = json!(TEMPERATURE);
            body["stop"] = json!([STOP]);
        }
        if talk.stream {
            body["stream"] = json!(true);
            body["stream_options"] = json!({ "include_usage": true });
        }
        body
    }

    fn whole(&self, body: &Value) -> Told {
        assert_eq!((&body["object"], body["id"].is_string()), (&json!("chat.completion"), true), "{body}");
        assert_eq!(body["choices"].as_array().map(Vec::len), Some(1), "{body}");
        let (choice, mut told) = (&body["choices"][0], Told::default());
        hear(&choice["message"], &mut told);
        assert_eq!(choice["message"]["role"], "assistant", "{body}");
        told.end = Some(end(&choice["finish_reason"]));
        told.usage = Some(usage(&body["usage"]));
        told.turn = vec![choice["message"].clone()];
        told
    }

    fn streamed(&self, events: &[Event]) -> Told {
        let mut told = Told::default();
        let (mut turn, mut id) = (json!({ "role": "assistant", "content": null }), None);
        let mut signatures: Vec<(usize, Value)> = Vec::new();
        let (last, chunks) = events.split_last().expect("events");
        let done = last.1 == "[DONE]";
        for (_, data) in if done { chunks } else { events } {
            let chunk: Value = serde_json::from_str(data).expect("JSON");
            assert!(told.failure.is_none(), "after a failure: {chunk}");
            if !chunk["error"].is_null() {
                told.failure = Some(self.failure(&chunk));
                continue;
            }
            assert_eq!(chunk["object"], "chat.completion.chunk", "{chunk}");
            assert_eq!(&chunk["id"], id.get_or_insert_with(|| chunk["id"].clone()), "{chunk}");
            if chunk["usage"].is_object() {
                // Some providers count as they go.
                told.usage = Some(usage(&chunk["usage"]));
            }
            let Some(choice) = chunk["choices"].get(0) else { continue };
            assert!(told.end.is_none(), "after the end: {chunk}");
            for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
                let signature = &call["extra_content"];
                signatures.extend(
                    signature
                        .is_object()
                        .then(|| (usize::try_from(count(&call["index"])).expect("small"), signature.clone())),
                );
            }
            if let Some(blocks) = choice["delta"]["thinking_blocks"].as_array() {
                let so_far = turn["thinking_blocks"].as_array().cloned().unwrap_or_default();
                turn["thinking_blocks"] = so_far.iter().chain(blocks).cloned().collect();
            }
            hear(&choice["delta"], &mut told);
            told.end = (!choice["finish_reason"].is_null()).then(|| end(&choice["finish_reason"]));
        }
        assert_eq!(done, told.failure.is_none(), "an end marker, or a failure");
        assert_eq!(told.end.is_some() && told.usage.is_some(), done, "an end and usage: {told:?}");
        for (at, call) in told.calls.iter().enumerate() {
            let function = json!({ "name": call.name, "arguments": call.arguments });
            let mut call = json!({ "id": call.id, "type": "function", "function": function });
            if let Some((_, signature)) = signatures.iter().find(|(of, _)| *of == at) {
                call["extra_content"] = signature.clone();
            }
            let so_far = turn["tool_calls"].as_array().cloned().unwrap_or_default();
            turn["tool_calls"] = so_far.into_iter().chain([call]).collect();
        }
        told.turn = vec![turn];
        told
    }

    fn failure(&self, body: &Value) -> Failure {
        Failure::of(&body["error"])
    }

    fn kind(&self, status: u16) -> &'static str {
        match status {
            400 => "invalid_request_error",
            429 => "rate_limit_error",
            _ => "server_error",
        }
    }
}

/// A message, or a piece of one.
fn hear(said: &Value, told: &mut Told) {
    push(&mut told.text, &said["content"]);
    for name in ["reasoning_content", "reasoning"] {
        push(&mut told.thought, &said[name]);
    }
    for (at, call) in said["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let index = call["index"].as_u64().map_or(at, |index| usize::try_from(index).expect("small"));
        assert!(index <= told.calls.len(), "calls are counted from 0: {said}");
        if index == told.calls.len() {
            assert_eq!(call["type"], "function", "{call}");
            told.calls.push(Call {
                id: text(&call["id"]),
                name: text(&call["function"]["name"]),
                arguments: String::new(),
            });
        }
        push(&mut told.calls[index].arguments, &call["function"]["arguments"]);
    }
}

fn end(reason: &Value) -> End {
    match reason.as_str() {
        Some("stop") => End::Whole,
        Some("length") => End::Limit,
        Some("tool_calls") => End::Calls,
        Some("content_filter") => End::Filter,
        _ => panic!("finish_reason {reason}"),
    }
}

fn usage(usage: &Value) -> (u64, u64, Counts) {
    let (prompt, completion) = (&usage["prompt_tokens_details"], &usage["completion_tokens_details"]);
    let (input, output) = (count(&usage["prompt_tokens"]), count(&usage["completion_tokens"]));
    assert_eq!(count(&usage["total_tokens"]), input + output, "{usage}");
    let counts = Counts {
        cached: count(&prompt["cached_tokens"]),
        written: count(&prompt["cache_write_tokens"]),
        reasoning: count(&completion["reasoning_tokens"]),
    };
    (input, output, counts)
}
