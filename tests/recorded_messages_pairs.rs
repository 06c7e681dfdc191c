//! Compares translations of Anthropic's messages to and from chat completions with pairs that other gateways were
//! recorded with.
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
use support::{events, messages_client, rules};
use tollhouse_filter::dialects::{ChatFormat, Progress, anthropic::Anthropic, openai::OpenAi};
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::{AnswerContext, ChatSurface, Surface, messages::Messages};

/// Differences that are meant: the pair, and what is taken out of our side and of theirs. Hints for the cache have
/// no word in most servers of this API; the texts of a result are joined, and its images follow in another turn. What
/// a host of Anthropic's models does not take is its own dialect's business.
const EXEMPTIONS: &[(&str, &[&str], &[&str])] = &[
    (
        "openai/anthropic__messages-cache-control",
        &["/messages/7", "/messages/7"],
        &["/messages/7", "/messages/*/content/*/prompt_cache_breakpoint"],
    ),
    (
        "vertex-anthropic/anthropic__messages-reasoning",
        &["/output_format", "/messages/0/content/0/cache_control/scope"],
        &[],
    ),
];

fn pairs(kind: &str) -> Vec<Pair> {
    pairs::of("anthropic", &["openai"]).into_iter().filter(|pair| pair.is(kind)).collect()
}

/// Do both sides say the same, but for what the pair leaves open?
fn agree(pair: &Pair, ours: &Value, theirs: &Value) -> Result<(), String> {
    let (mut ours, mut theirs) = (ours.clone(), theirs.clone());
    for path in pair.excluded() {
        rules::remove(&mut ours, &path);
        rules::remove(&mut theirs, &path);
    }
    for (_, from_ours, from_theirs) in EXEMPTIONS.iter().filter(|(name, ..)| *name == pair.name) {
        from_ours.iter().for_each(|path| rules::remove(&mut ours, path));
        from_theirs.iter().for_each(|path| rules::remove(&mut theirs, path));
    }
    let (ours, theirs) = (rules::normal(&ours), rules::normal(&theirs));
    if ours == theirs { Ok(()) } else { Err(format!("{}\n  ours {ours}\ntheirs {theirs}", pair.name)) }
}

fn context() -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage: true, legacy_functions: false }
}

/// All that fail are told, not only the first.
fn all(results: impl Iterator<Item = Result<(), String>>) {
    let failed: Vec<String> = results.filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} differ:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn requests_are_translated_as_others_do() {
    all(pairs("request").iter().map(|pair| {
        let asked = pair.bytes("anthropic_request.json");
        let body = Object::parse(&asked).unwrap();
        let outbound = OpenAi.request(&Messages.request(&body).unwrap(), "model").unwrap();
        agree(pair, &serde_json::from_slice(&outbound.body).unwrap(), &pair.json("expected_provider_request.json"))
    }));
}

/// Hosts of Anthropic's models take the same body, but for what they want in the path.
#[test]
fn requests_to_hosts_of_anthropic_s_models_pass() {
    let hosts = pairs::of("anthropic", &["bedrock-anthropic", "vertex-anthropic"]);
    all(hosts.iter().filter(|pair| pair.is("request")).map(|pair| {
        let asked = pair.bytes("anthropic_request.json");
        let body = Object::parse(&asked).unwrap();
        let passed = Anthropic.pass_request(&body, &Messages.asked(&body).unwrap(), "model").body;
        let sides = [passed, pair.bytes("expected_provider_request.json")].map(|bytes| {
            let mut side: Value = serde_json::from_slice(&bytes).unwrap();
            ["/anthropic_version", "/model", "/stream"].iter().for_each(|path| rules::remove(&mut side, path));
            side
        });
        agree(pair, &sides[0], &sides[1])
    }));
}

#[test]
fn answers_are_translated_as_others_do() {
    all(pairs("response").iter().map(|pair| {
        let provider = pair.bytes("provider_response.json");
        let written = Messages.answer(&OpenAi.answer(&provider).unwrap(), &context());
        check_semantic(pair, messages_client::read_answer(&written));
        let ours = without_zeros(&serde_json::from_slice(&written).unwrap());
        agree(pair, &ours, &without_zeros(&pair.json("expected_client_response.json")))
    }));
}

#[test]
fn streams_are_translated_as_others_do() {
    for pair in pairs("response-stream") {
        let mut reader = OpenAi.stream();
        let mut writer = Messages.stream(context());
        let (mut said, mut out) = (Vec::new(), Vec::new());
        let stream = events([pair.bytes("provider_response.sse").as_slice()]);
        let over = stream.iter().any(|event| reader.read(event, &mut said).unwrap() == Progress::Done);
        assert!(over, "{}", pair.name);
        said.iter().for_each(|event| writer.write(event, &mut out));
        writer.end(&mut out);
        check_semantic(&pair, messages_client::read_stream(&out));
        assert_eq!(sum(&out), sum(&pair.bytes("expected_client_response.sse")), "{}", pair.name);
    }
}

/// Compares an answer with what the pair says that it adds up to.
fn check_semantic(pair: &Pair, mut outcome: Outcome) {
    let Some(expected) = pair.semantic() else { return };
    let (name, meta, response) = (pair.name.clone(), pair.meta.clone(), Vec::new());
    for call in outcome.choices.iter_mut().flat_map(|choice| &mut choice.calls) {
        // Input that was cut off cannot be told.
        if let Some(raw) = expected["choices"][0]["tool_calls"][0]["arguments_raw"].as_str() {
            call.arguments = raw.to_owned();
        }
    }
    let recording = Recording { name, meta, expected, response, request: None };
    outcome.check(&recording, "paired");
    outcome.check_usage(&recording, "paired");
}

/// Counters that are 0 equal their absence. A tier of service is not told, and how much of the output was thinking
/// is more than others tell.
fn without_zeros(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, value)| **value != 0 && !matches!(name.as_str(), "service_tier" | "output_tokens_details"))
            .map(|(name, value)| (name.clone(), without_zeros(value)))
            .collect(),
        Value::Array(list) => list.iter().map(without_zeros).collect(),
        other => other.clone(),
    }
}

/// What a stream adds up to, read as leniently as SDKs read.
fn sum(stream: &[u8]) -> Value {
    let (mut text, mut input, mut calls, mut end) = (String::new(), String::new(), Vec::new(), Value::Null);
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for event in events([stream]) {
        let event: Value = serde_json::from_str(&event.data).unwrap();
        text += &said(&event["delta"]["text"]);
        input += &said(&event["delta"]["partial_json"]);
        if event["content_block"]["type"] == "tool_use" {
            calls.push(event["content_block"]["name"].clone());
        }
        if event["type"] == "message_delta" {
            let usage = &event["usage"];
            end = json!([event["delta"]["stop_reason"], usage["input_tokens"], usage["output_tokens"]]);
        }
    }
    json!({ "text": text, "input": input, "calls": calls, "end": end })
}
