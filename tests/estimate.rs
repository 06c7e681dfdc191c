//! The estimate of a prompt's tokens, against recorded requests with the provider's own count.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

use serde_json::Value;
use tollhouse_filter::estimate::{FACTOR, Family, Prompt, SLACK};

mod support;

use support::recordings::{self, Recording};

/// Wire formats of which requests have prompts.
const WIRES: &[&str] = &[
    "anthropic-messages",
    "bedrock-converse",
    "bedrock-invoke",
    "cohere-chat",
    "gemini",
    "ollama-chat",
    "openai-chat",
    "openai-responses",
    "vertex-anthropic",
];

/// Words of requests of which a part of the prompt stands elsewhere: contents by id or URL, and tools that the provider
/// runs itself and describes to the model in words of its own.
const ELSEWHERE: &[&str] = &[
    "cachedContent",
    "connector_id",
    "container",
    "document_url",
    "file_id",
    "fileUri",
    "file_url",
    "google_search",
    "googleSearch",
    "previous_response_id",
    "server_tool_use",
    "\"source\":{\"type\":\"url\"",
    "tool_search",
    "web_fetch",
    "web_search",
    "code_execution",
    "urlContext",
];

/// What the provider read, if all of it stands in the request.
fn prompt(recording: &Recording) -> Option<u64> {
    let body = recording.request.as_deref()?;
    let compact: String = String::from_utf8_lossy(body).split_whitespace().collect();
    let elsewhere = ELSEWHERE.iter().any(|word| compact.contains(word));
    // There is no text of which a token is less than a byte: such a request was shortened by who recorded it.
    let possible = 1..body.len() as u64 + SLACK;
    recording.expected["usage"]["prompt_tokens"].as_u64().filter(|tokens| possible.contains(tokens) && !elsewhere)
}

fn estimate(recording: &Recording) -> u64 {
    let body = recording.request.as_deref().unwrap();
    let json: Value = serde_json::from_slice(body).unwrap();
    let path = recording.meta["path"].as_str().unwrap_or_default();
    let model = json["model"].as_str().unwrap_or(path);
    let tools = ["tools", "functions", "toolConfig"].iter().any(|name| !json[name].is_null());
    Prompt::of(body).tokens(Family::of(model), tools)
}

/// Images, documents, sounds and signatures.
fn media(recording: &Recording) -> u64 {
    fn of(json: &Value) -> u64 {
        match json {
            Value::String(text) => u64::from(text.len() > 256 && !text.contains(' ')),
            Value::Array(all) => all.iter().map(of).sum(),
            Value::Object(all) => {
                let by_url = all.contains_key("image_url") || json["type"] == "input_image";
                u64::from(by_url) + all.values().map(of).sum::<u64>()
            }
            _ => 0,
        }
    }
    of(&serde_json::from_slice(recording.request.as_deref().unwrap()).unwrap())
}

#[test]
fn an_estimate_covers_the_prompt_and_not_much_more() {
    let (mut below, mut above, mut seen) = (Vec::new(), Vec::new(), 0);
    for recording in WIRES.iter().flat_map(|wire| recordings::of(wire)) {
        let Some(tokens) = prompt(&recording) else { continue };
        let estimate = estimate(&recording);
        seen += 1;
        if estimate < tokens {
            below.push((recording.name.clone(), tokens, estimate));
        }
        if estimate > tokens * FACTOR + SLACK * (1 + media(&recording)) {
            above.push((recording.name.clone(), tokens, estimate));
        }
    }
    eprintln!("{seen} recorded prompts");
    assert!(below.is_empty() && above.is_empty(), "below: {below:#?}\nabove: {above:#?}");
}
