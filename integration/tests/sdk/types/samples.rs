//! What is translated when there are no recordings, and those that there are.

use integration::speech::{ANSWER, PIECES, Speech};
use serde_json::{Value, json};
use tollhouse_filter::dialects;
use tollhouse_filter::surfaces::{ChatSurface, chat::Chat, messages::Messages, responses::Responses};

use super::{Sample, format, pairs, recordings};
use crate::house::SPEECHES;

/// A request of a caller.
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) surface: &'static dyn ChatSurface,
    pub(super) body: Vec<u8>,
}

pub(super) fn answers() -> Vec<Sample> {
    let arguments = json!({ "city": "Paris" });
    let of = |speech: Speech| [("text", speech.answer(ANSWER)), ("call", speech.call(&arguments))].map(|s| (speech, s));
    let sample = |(speech, (name, body)): (Speech, (&str, Value))| sample(speech, name, body.to_string());
    SPEECHES.into_iter().flat_map(of).map(sample).collect()
}

pub(super) fn streams() -> Vec<Sample> {
    let fragments = ["{\"city\":", "\"Paris\"}"];
    let of = |speech: Speech| {
        let broken = [speech.opening(), vec![speech.piece("Say"), speech.failure_event()]].concat();
        [("text", speech.events(&PIECES)), ("call", speech.call_events(&fragments)), ("broken", broken)]
            .map(|(name, events)| sample(speech, name, events.concat()))
    };
    SPEECHES.into_iter().flat_map(of).collect()
}

fn sample(speech: Speech, name: &str, body: String) -> Sample {
    Sample { name: format!("ours/{speech}-{name}"), format: format(&speech.to_string()), body: body.into_bytes() }
}

pub(super) fn requests() -> Vec<Asked> {
    let schema = json!({
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"], "additionalProperties": false,
    });
    let ours = |surface: &'static dyn ChatSurface, body: &Value| Asked {
        name: "ours".to_owned(),
        surface,
        body: body.to_string().into_bytes(),
    };
    vec![ours(&Chat, &chat(&schema)), ours(&Messages, &message(&schema)), ours(&Responses, &response(&schema))]
}

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn chat(schema: &Value) -> Value {
    let image = json!({ "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{PIXEL}") } });
    let call = json!({ "id": "call_1", "type": "function", "function": { "name": "weather", "arguments": "{\"city\":\"Paris\"}" } });
    json!({
        "model": "m", "max_completion_tokens": 100, "temperature": 0.5, "stop": ["END"], "reasoning_effort": "low",
        "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": [{ "type": "text", "text": "What is this?" }, image] },
            { "role": "assistant", "content": "Let me see.", "tool_calls": [call] },
            { "role": "tool", "tool_call_id": "call_1", "content": "sunny" },
        ],
        "tools": [{ "type": "function", "function": { "name": "weather", "description": "Tells it.", "parameters": schema } }],
        "tool_choice": "auto",
        "response_format": { "type": "json_schema", "json_schema": { "name": "place", "schema": schema, "strict": true } },
    })
}

fn message(schema: &Value) -> Value {
    let source = json!({ "type": "base64", "media_type": "image/png", "data": PIXEL });
    json!({
        "model": "m", "max_tokens": 4000, "stop_sequences": ["END"], "thinking": { "type": "enabled", "budget_tokens": 2000 },
        "system": [{ "type": "text", "text": "Be brief.", "cache_control": { "type": "ephemeral" } }],
        "messages": [
            { "role": "user", "content": [{ "type": "image", "source": source }, { "type": "text", "text": "What is this?" }] },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "Hm.", "signature": "c2ln" },
                { "type": "tool_use", "id": "toolu_1", "name": "weather", "input": { "city": "Paris" } },
            ] },
            { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny" }] },
        ],
        "tools": [{ "name": "weather", "description": "Tells it.", "input_schema": schema }],
        "tool_choice": { "type": "auto", "disable_parallel_tool_use": true },
    })
}

fn response(schema: &Value) -> Value {
    let image =
        json!({ "type": "input_image", "image_url": format!("data:image/png;base64,{PIXEL}"), "detail": "auto" });
    json!({
        "model": "m", "max_output_tokens": 100, "temperature": 0.5, "store": false, "instructions": "Be brief.",
        "input": [
            { "role": "user", "content": [{ "type": "input_text", "text": "What is this?" }, image] },
            { "type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{\"city\":\"Paris\"}" },
            { "type": "function_call_output", "call_id": "call_1", "output": "sunny" },
        ],
        "tools": [{ "type": "function", "name": "weather", "description": "Tells it.", "parameters": schema, "strict": true }],
        "tool_choice": "auto",
        "text": { "format": { "type": "json_schema", "name": "place", "schema": schema, "strict": true } },
    })
}

/// Its caller sends a document that is no base64, which Google's types look at.
const NO_BASE64: &str = "bedrock-converse/responses__responses-input-media";

/// Requests of recorded exchanges, and those of pairs.
pub(super) fn recorded_requests() -> Vec<Asked> {
    let exchanged = recordings::all().into_iter().filter_map(|recording| {
        let surface: &'static dyn ChatSurface = match recording.meta["wire_family"].as_str()? {
            "openai-chat" => &Chat,
            "anthropic-messages" => &Messages,
            "openai-responses" => &Responses,
            _ => return None,
        };
        Some(Asked { name: recording.name, surface, body: recording.request? })
    });
    let callers: [(&str, &'static dyn ChatSurface); 3] =
        [("openai", &Chat), ("anthropic", &Messages), ("responses", &Responses)];
    let paired = callers.into_iter().flat_map(|(caller, surface)| {
        let pairs = pairs::all().into_iter().filter(move |pair| {
            let is_request = pair.word("kind") == "request" && pair.word("client_surface") == caller;
            is_request && pair.name != NO_BASE64 && dialects::find(pair.provider()).is_some()
        });
        pairs.map(move |pair| (surface, pair.bytes(&format!("{caller}_request.json")), pair.name))
    });
    exchanged.chain(paired.map(|(surface, body, name)| Asked { name, surface, body })).collect()
}
