//! Compares translations to and from OpenAI's Responses with pairs that other gateways were recorded with.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::{Value, json};
use support::outcome::Outcome;
use support::pairs::{self, Pair};
use support::recordings::Recording;
use support::{events, responses, rules};
use tollhouse_filter::dialects::openai::{OpenAi, responses::Responses as Spoken};
use tollhouse_filter::dialects::{ChatFormat, Progress};
use tollhouse_filter::hub::Event;
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::{AnswerContext, ChatSurface, responses::Responses};

/// A difference that is meant: the pair, the path in the normal form, and why.
type Exemption = (&'static str, &'static str, &'static str);

/// What only they say.
const THEIRS: &[Exemption] = &[
    (
        "openai/responses__responses-cache-control",
        "/messages/*/content/*/prompt_cache_breakpoint",
        "the hub has no word for it: OpenAI's own callers of Responses pass",
    ),
    ("openai/responses__completions-responses-gemini", "/output/*/status", "OpenAI says `incomplete` there"),
    ("openai/responses__completions-responses-gemini", "/usage/total_tokens", "a total is the sum of what is counted"),
    ("openai/responses__completions-responses-truncated", "/output/*/status", "OpenAI says `incomplete` there"),
];

/// What both say in different words.
const BOTH: &[Exemption] = &[(
    "openai/responses__responses-cache-control",
    "/messages/1/role",
    "the older of two words, which every compatible server knows",
)];

/// What only we say: settings that OpenAI's SDKs require of a response.
const OURS: &[&str] = &[
    "/background",
    "/parallel_tool_calls",
    "/store",
    "/text",
    "/truncation",
    "/usage/input_tokens_details/cache_write_tokens",
];

fn agree(pair: &Pair, ours: &Value, theirs: &Value) -> Result<(), String> {
    let (mut ours, mut theirs) = (ours.clone(), theirs.clone());
    for path in pair.excluded().iter().map(String::as_str).chain(["/output/*/id"]) {
        rules::remove(&mut ours, path);
        rules::remove(&mut theirs, path);
    }
    OURS.iter().for_each(|path| rules::remove(&mut ours, path));
    for (name, path, _) in THEIRS.iter().chain(BOTH).filter(|(name, ..)| pair.name.starts_with(name)) {
        assert!(theirs.pointer(&path.replace('*', "0")).is_some(), "{name} {path} is not needed any more");
    }
    for (_, path, _) in THEIRS.iter().chain(BOTH).filter(|(name, ..)| pair.name.starts_with(name)) {
        rules::remove(&mut ours, path);
        rules::remove(&mut theirs, path);
    }
    let (ours, theirs) = (rules::normal(&ours), rules::normal(&theirs));
    if ours == theirs { Ok(()) } else { Err(format!("{}\n  ours {ours}\ntheirs {theirs}", pair.name)) }
}

fn all(results: impl Iterator<Item = Result<(), String>>) {
    let failed: Vec<String> = results.filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} differ:\n{}", failed.len(), failed.join("\n"));
}

fn pairs(surface: &str, provider: &str, kind: &str) -> Vec<Pair> {
    pairs::of(surface, &[provider]).into_iter().filter(|pair| pair.is(kind)).collect()
}

fn context() -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage: true, legacy_functions: false }
}

/// Compares an answer with what the pair says that it adds up to.
fn check_semantic(pair: &Pair, outcome: &Outcome) {
    let expected = pair.semantic().unwrap_or_else(|| panic!("{} has no sum", pair.name));
    let (name, meta, response) = (pair.name.clone(), pair.meta.clone(), Vec::new());
    let recording = Recording { name, meta, expected, response, request: None };
    outcome.check(&recording, "paired");
    outcome.check_usage(&recording, "paired");
}

fn read(format: &dyn ChatFormat, stream: &[u8]) -> Vec<Event<'static>> {
    let (mut reader, mut said) = (format.stream(), Vec::new());
    let over = events([stream]).iter().any(|event| reader.read(event, &mut said).unwrap() == Progress::Done);
    assert!(over);
    said
}

#[test]
fn requests_of_callers_are_translated_to_chat_as_others_do() {
    all(pairs("responses", "openai", "request").iter().map(|pair| {
        let asked = pair.bytes("responses_request.json");
        let chat = Responses.request(&Object::parse(&asked).unwrap()).unwrap();
        let ours = serde_json::from_slice(&OpenAi.request(&chat, "m").unwrap().body).unwrap();
        agree(pair, &ours, &pair.json("expected_provider_request.json"))
    }));
}

#[test]
fn chat_answers_are_translated_as_others_do() {
    all(pairs("responses", "openai", "response").iter().map(|pair| {
        let provider = pair.bytes("provider_response.json");
        let written = Responses.answer(&OpenAi.answer(&provider).unwrap(), &context());
        check_semantic(pair, &responses::read_answer(&written));
        let ours = serde_json::from_slice(&written).unwrap();
        agree(pair, &ours, &pair.json("expected_client_response.json"))
    }));
}

#[test]
fn chat_streams_are_translated_to_what_others_add_up_to() {
    for pair in pairs("responses", "openai", "response-stream") {
        let said = read(&OpenAi, &pair.bytes("provider_response.sse"));
        let (mut writer, mut out) = (Responses.stream(context()), Vec::new());
        said.iter().for_each(|event| writer.write(event, &mut out));
        writer.end(&mut out);
        check_semantic(&pair, &responses::read_stream(&out));
    }
}

/// Their callers speak Anthropic's messages; what the provider says does not depend on that.
#[test]
fn answers_of_responses_are_read_as_others_do() {
    for pair in pairs("anthropic", "openai-responses", "response") {
        let mut outcome = Outcome::of(&Spoken.answer(&pair.bytes("provider_response.json")).unwrap(), None);
        if pair.semantic().unwrap()["choices"][0]["reasoning_text"].is_null() {
            // The sum is of what callers of messages see.
            outcome.choices[0].reasoning.clear();
        }
        check_semantic(&pair, &outcome);
    }
    for pair in pairs("anthropic", "openai-responses", "response-stream") {
        check_semantic(&pair, &Outcome::of(&read(&Spoken, &pair.bytes("provider_response.sse")), None));
    }
}

/// The same requests, said as chat completions: the surface of messages has tests of its own.
#[test]
fn requests_for_responses_are_written_as_others_do() {
    all(pairs("anthropic", "openai-responses", "request").iter().map(|pair| {
        let asked = pair.json("anthropic_request.json");
        let tools: Vec<Value> = asked["tools"].as_array().into_iter().flatten().map(tool).collect();
        let chat =
            json!({ "model": "m", "messages": asked["messages"], "max_tokens": asked["max_tokens"], "tools": tools });
        let chat = chat.to_string();
        let body = Object::parse(chat.as_bytes()).unwrap();
        let request = tollhouse_filter::surfaces::chat::Chat.request(&body).unwrap();
        let ours = serde_json::from_slice(&Spoken.request(&request, "m").unwrap().body).unwrap();
        agree(pair, &ours, &pair.json("expected_provider_request.json"))
    }));
}

fn tool(tool: &Value) -> Value {
    let function =
        json!({ "name": tool["name"], "description": tool["description"], "parameters": tool["input_schema"] });
    json!({ "type": "function", "function": function })
}
