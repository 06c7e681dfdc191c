//! Callers of Messages.

use integration::strict::{Counts, End};
use serde_json::{Value, json};

use super::surface::{
    Call, Event, Failure, STOP, SYSTEM, Surface, TEMPERATURE, Talk, Then, Told, count, parameters, text,
};

pub(super) struct Messages;

impl Surface for Messages {
    fn path(&self) -> &'static str {
        "/v1/messages"
    }

    fn name(&self) -> &'static str {
        "messages"
    }

    fn body(&self, model: &str, talk: &Talk) -> Value {
        let mut messages = vec![json!({ "role": "user", "content": talk.user })];
        if let Some(Then { turn, results }) = &talk.then {
            messages.push(json!({ "role": "assistant", "content": turn }));
            let result =
                |(id, text): &(String, String)| json!({ "type": "tool_result", "tool_use_id": id, "content": text });
            messages.push(json!({ "role": "user", "content": results.iter().map(result).collect::<Vec<_>>() }));
        }
        let mut body = json!({ "model": model, "max_tokens": talk.limit(), "system": SYSTEM, "messages": messages });
        if talk.tool {
            body["tools"] = json!([{ "name": "weather", "description": "Tells", "input_schema": parameters() }]);
            body["thinking"] = json!({ "type": "enabled", "budget_tokens": 2048 });
        } else {
            body["temperature"] = json!(TEMPERATURE);
            body["stop_sequences"] = json!([STOP]);
        }
        if talk.stream {
            body["stream"] = json!(true);
        }
        body
    }

    fn whole(&self, body: &Value) -> Told {
        assert_eq!((&body["type"], &body["role"]), (&json!("message"), &json!("assistant")), "{body}");
        assert!(body["id"].is_string() && body["model"].is_string(), "{body}");
        let blocks = body["content"].as_array().expect("blocks").clone();
        let told = Told { end: Some(end(&body["stop_reason"])), usage: Some(usage(&body["usage"])), ..Told::default() };
        hear(blocks, told)
    }

    /// <https://docs.anthropic.com/en/docs/build-with-claude/streaming#event-types>
    fn streamed(&self, events: &[Event]) -> Told {
        let mut told = Told::default();
        let (mut blocks, mut state, mut counts) = (Vec::new(), State::Begin, json!({}));
        for (name, data) in events {
            let event: Value = serde_json::from_str(data).expect("JSON");
            let kind = text(&event["type"]);
            assert_eq!(name.as_ref(), Some(&kind), "{event}");
            state = match (kind.as_str(), state) {
                ("ping", state) => state,
                ("error", _) => {
                    told.failure = Some(self.failure(&event));
                    State::Over
                }
                ("message_start", State::Begin) => {
                    assert_eq!(event["message"]["content"], json!([]), "{event}");
                    merge(&mut counts, &event["message"]["usage"]);
                    State::Between
                }
                ("content_block_start", State::Between) => {
                    assert_eq!(event["index"], blocks.len(), "{event}");
                    blocks.push((event["content_block"].clone(), String::new()));
                    State::Within
                }
                ("content_block_delta", State::Within) => {
                    assert_eq!(event["index"], blocks.len() - 1, "{event}");
                    grow(blocks.last_mut().expect("a block"), &event["delta"]);
                    State::Within
                }
                ("content_block_stop", State::Within) => State::Between,
                ("message_delta", State::Between) => {
                    told.end = Some(end(&event["delta"]["stop_reason"]));
                    merge(&mut counts, &event["usage"]);
                    State::End
                }
                ("message_stop", State::End) => State::Over,
                (kind, state) => panic!("{kind} when {state:?}"),
            };
        }
        assert_eq!(state, State::Over, "{events:?}");
        told.usage = told.failure.is_none().then(|| usage(&counts));
        hear(blocks.into_iter().map(closed).collect(), told)
    }

    fn failure(&self, body: &Value) -> Failure {
        assert_eq!(body["type"], "error", "{body}");
        Failure::of(&body["error"])
    }

    fn kind(&self, status: u16) -> &'static str {
        match status {
            400 => "invalid_request_error",
            429 => "rate_limit_error",
            _ => "api_error",
        }
    }
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Begin,
    Between,
    Within,
    End,
    Over,
}

/// Later counts take the place of earlier ones.
fn merge(counts: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        counts[name] = value.clone();
    }
}

fn grow((block, input): &mut (Value, String), delta: &Value) {
    let (kind, member) = match delta["type"].as_str() {
        Some("text_delta") => ("text", "text"),
        Some("thinking_delta") => ("thinking", "thinking"),
        Some("signature_delta") => ("thinking", "signature"),
        Some("input_json_delta") => {
            assert_eq!(block["type"], "tool_use", "{delta}");
            return input.push_str(&text(&delta["partial_json"]));
        }
        _ => panic!("{delta}"),
    };
    assert_eq!(block["type"], kind, "{delta}");
    block[member] = json!(text(&block[member]) + &text(&delta[member]));
}

fn closed((mut block, input): (Value, String)) -> Value {
    if block["type"] == "tool_use" && !input.is_empty() {
        block["input"] = serde_json::from_str(&input).expect("input");
    }
    block
}

fn hear(blocks: Vec<Value>, mut told: Told) -> Told {
    for block in &blocks {
        match block["type"].as_str() {
            Some("text") => told.text.push_str(&text(&block["text"])),
            Some("thinking") => told.thought.push_str(&text(&block["thinking"])),
            Some("tool_use") => {
                let (id, name) = (text(&block["id"]), text(&block["name"]));
                told.calls.push(Call { id, name, arguments: block["input"].to_string() });
            }
            Some("redacted_thinking") => assert!(!text(&block["data"]).is_empty(), "{block}"),
            _ => panic!("{block}"),
        }
    }
    told.turn = blocks;
    told
}

fn end(reason: &Value) -> End {
    match reason.as_str() {
        Some("end_turn") => End::Whole,
        Some("max_tokens") => End::Limit,
        Some("tool_use") => End::Calls,
        Some("refusal") => End::Filter,
        _ => panic!("stop_reason {reason}"),
    }
}

fn usage(usage: &Value) -> (u64, u64, Counts) {
    let counts = Counts {
        cached: count(&usage["cache_read_input_tokens"]),
        written: count(&usage["cache_creation_input_tokens"]),
        reasoning: count(&usage["output_tokens_details"]["thinking_tokens"]),
    };
    (count(&usage["input_tokens"]) + counts.cached + counts.written, count(&usage["output_tokens"]), counts)
}
