//! Compares translations of chat completions to and from Anthropic's messages with pairs that other gateways and
//! client libraries were recorded with.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::{Value, json};
use support::outcome::{Outcome, Tokens};
use support::pairs::{self, Pair};
use support::recordings::Recording;
use support::{client, events, rules};
use tollhouse_filter::dialects::{self, ChatFormat, Progress};
use tollhouse_filter::json::Object;
use tollhouse_filter::stream::{Framing, sse};
use tollhouse_filter::surfaces::{AnswerContext, ChatSurface, Surface, chat::Chat};

/// Dialects with pairs: Anthropic's API, natively or behind a host that wraps it, and Bedrock's own.
const PROVIDERS: &[&str] = &["anthropic", "bedrock-anthropic", "bedrock-converse", "vertex-anthropic"];

/// A difference that is meant.
struct Exemption {
    /// What the names of its pairs start with.
    pair: &'static str,
    /// Where, in the normal form.
    path: &'static str,
    side: Side,
    #[expect(dead_code, reason = "for people")]
    reason: &'static str,
}

/// Who says more than the other.
#[derive(PartialEq)]
enum Side {
    We,
    They,
}

const EXEMPTIONS: &[Exemption] = &[
    Exemption {
        pair: "anthropic/openai__completions-full",
        path: "/system/1",
        side: Side::We,
        reason: "Anthropic has no `json_object`: an instruction in the system prompt asks for it",
    },
    Exemption {
        pair: "anthropic/openai__completions-full",
        path: "/stop_sequences/0",
        side: Side::They,
        reason: "Anthropic refuses stop sequences of nothing but space",
    },
    Exemption {
        pair: "bedrock-converse/openai__eag",
        path: "/system",
        side: Side::They,
        reason: "Converse refuses a request without messages: a lone system prompt is asked as the user's",
    },
    Exemption { pair: "bedrock-converse/openai__eag", path: "/messages", side: Side::We, reason: "the same" },
];

/// Signatures of thinking have no place in OpenAI's answers; everyone has found another one.
const SIGNATURES: &[Exemption] = &[
    Exemption {
        pair: "bedrock-converse/",
        path: "/choices/0/message/thinking_blocks",
        side: Side::We,
        reason: "blocks, which hold more than one signature and what is sealed",
    },
    Exemption {
        pair: "bedrock-converse/",
        path: "/choices/0/message/reasoning_signature",
        side: Side::They,
        reason: "the same",
    },
];

fn pairs(kind: &str) -> Vec<Pair> {
    pairs::of("openai", PROVIDERS).into_iter().filter(|pair| pair.is(kind)).collect()
}

/// The format that the provider of a pair speaks.
fn format(pair: &Pair) -> &'static dyn ChatFormat {
    let provider = pair.name.split('/').next().unwrap();
    dialects::find(provider).unwrap().tasks()[0].chat().unwrap()
}

fn exemptions(pair: &Pair) -> Vec<&'static Exemption> {
    EXEMPTIONS.iter().filter(|exemption| pair.name.starts_with(exemption.pair)).collect()
}

/// Do both sides say the same, but for what the pair leaves open and for these differences?
fn agree(pair: &Pair, ours: &Value, theirs: &Value, exempt: &[&Exemption]) -> Result<(), String> {
    let (mut ours, mut theirs) = (ours.clone(), theirs.clone());
    for path in pair.excluded() {
        rules::remove(&mut ours, &path);
        rules::remove(&mut theirs, &path);
    }
    let (mut ours, mut theirs) = (rules::normal(&ours), rules::normal(&theirs));
    for exemption in exempt {
        rules::remove(if exemption.side == Side::We { &mut ours } else { &mut theirs }, exemption.path);
    }
    if ours == theirs { Ok(()) } else { Err(format!("{}\n  ours {ours}\ntheirs {theirs}", pair.name)) }
}

fn context() -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage: true, legacy_functions: false }
}

/// Our request to the provider.
fn translated(pair: &Pair) -> Value {
    let asked = pair.bytes("openai_request.json");
    let body = Object::parse(&asked).unwrap();
    let known = pair.json("expected_provider_request.json")["model"].as_str().map(str::to_owned);
    let model = known.unwrap_or_else(|| Chat.asked(&body).unwrap().model);
    let outbound = format(pair).request(&Chat.request(&body).unwrap(), &model);
    serde_json::from_slice(&outbound.unwrap_or_else(|error| panic!("{}: {error:?}", pair.name)).body).unwrap()
}

/// All that fail are told, not only the first.
fn all(results: impl Iterator<Item = Result<(), String>>) {
    let failed: Vec<String> = results.filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} differ:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn requests_are_translated_as_others_do() {
    let pairs = pairs("request");
    all(pairs
        .iter()
        .map(|pair| agree(pair, &translated(pair), &pair.json("expected_provider_request.json"), &exemptions(pair))));
}

#[test]
fn every_exemption_is_needed() {
    let pairs = pairs("request");
    for exemption in EXEMPTIONS.iter().filter(|_| !pairs.is_empty()) {
        let differs = |pair: &&Pair| {
            let others: Vec<_> =
                exemptions(pair).into_iter().filter(|other| !std::ptr::eq(*other, exemption)).collect();
            agree(pair, &translated(pair), &pair.json("expected_provider_request.json"), &others).is_err()
        };
        let needed = pairs.iter().filter(|pair| pair.name.starts_with(exemption.pair)).any(|pair| differs(&pair));
        assert!(needed, "{} {} is not needed any more", exemption.pair, exemption.path);
    }
}

#[test]
fn answers_are_translated_as_others_do() {
    let pairs = pairs("response");
    all(pairs.iter().map(|pair| {
        let provider = pair.bytes("provider_response.json");
        let written = Chat.answer(&format(pair).answer(&provider).unwrap(), &context());
        check_semantic(pair, &client::read_answer(&written));
        let ours: Value = serde_json::from_slice(&written).unwrap();
        let signatures: Vec<_> = SIGNATURES.iter().filter(|exemption| pair.name.starts_with(exemption.pair)).collect();
        agree(pair, &without_zeros(&ours), &without_zeros(&pair.json("expected_client_response.json")), &signatures)
    }));
}

#[test]
fn streams_are_translated_as_others_do() {
    for pair in pairs("response-stream") {
        let mut reader = format(&pair).stream();
        let mut writer = Chat.stream(context());
        let (mut said, mut out) = (Vec::new(), Vec::new());
        let stream = recorded(&pair);
        let over = stream.iter().any(|event| reader.read(event, &mut said).unwrap() == Progress::Done);
        assert!(over || reader.end(&mut said).is_ok(), "{}", pair.name);
        said.iter().for_each(|event| writer.write(event, &mut out));
        writer.end(&mut out);
        check_semantic(&pair, &client::read_stream(&out, true));
        let theirs = sum(&pair.bytes("expected_client_response.sse"));
        assert_eq!(sum(&out), theirs, "{}", pair.name);
    }
}

/// The provider's events, in its own framing.
fn recorded(pair: &Pair) -> Vec<sse::Event> {
    let framing = format(pair).framing();
    let file = if framing == Framing::EventStream { "provider_response.bin" } else { "provider_response.sse" };
    let mut decoder = framing.decoder(8 << 20);
    decoder.push(&pair.bytes(file));
    std::iter::from_fn(|| decoder.next().unwrap()).collect()
}

#[test]
fn failures_are_translated_as_others_do() {
    let pairs = pairs("error");
    all(pairs.iter().map(|pair| {
        let status = u16::try_from(pair.meta["source"]["status"].as_u64().unwrap()).unwrap();
        let error = format(pair).error(status, &pair.bytes("provider_response.json"), &|_| None);
        assert_eq!(error.status, status, "{}", pair.name);
        let ours: Value = serde_json::from_slice(&Chat.error(&error)).unwrap();
        agree(pair, &ours, &pair.json("expected_client_response.json"), &[])
    }));
}

/// Compares an answer with what the pair says that it adds up to.
fn check_semantic(pair: &Pair, outcome: &Outcome) {
    let Some(expected) = pair.semantic() else { return };
    let (name, meta, response) = (pair.name.clone(), pair.meta.clone(), Vec::new());
    let recording = Recording { name, meta, expected, response, request: None };
    outcome.check(&recording, "paired");
    // Counters of an answer that tells none are 0.
    let told = outcome.usage.filter(|usage| *usage != Tokens::default());
    Outcome { usage: told, ..Outcome::default() }.check_usage(&recording, "paired");
}

/// Counters that are 0 equal their absence, and an empty text equals none.
fn without_zeros(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let said = members.iter().filter(|(_, value)| **value != 0 && **value != "");
            said.map(|(name, value)| (name.clone(), without_zeros(value)))
                .filter(|(name, value)| name != "index" && *value != json!({}))
                .collect()
        }
        Value::Array(list) => list.iter().map(without_zeros).collect(),
        other => other.clone(),
    }
}

/// What a stream adds up to, read as leniently as SDKs read: other gateways are not as strict as ours is.
fn sum(stream: &[u8]) -> Value {
    let (mut text, mut finish, mut usage) = (String::new(), Value::Null, None);
    let mut calls: Vec<[String; 3]> = Vec::new();
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for event in events([stream]).iter().filter(|event| event.data != "[DONE]") {
        let chunk: Value = serde_json::from_str(&event.data).unwrap();
        if !chunk["usage"].is_null() {
            usage = Some(Tokens::of(&chunk["usage"]));
        }
        for choice in chunk["choices"].as_array().into_iter().flatten() {
            text += &said(&choice["delta"]["content"]);
            for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
                let at = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
                calls.resize(calls.len().max(at + 1), Default::default());
                let [id, name, arguments] = &mut calls[at];
                *id += &said(&call["id"]);
                *name += &said(&call["function"]["name"]);
                *arguments += &said(&call["function"]["arguments"]);
            }
            if !choice["finish_reason"].is_null() {
                finish = choice["finish_reason"].clone();
            }
        }
    }
    let usage = usage.filter(|usage| *usage != Tokens::default());
    let usage = usage.map(|usage| json!([usage.prompt, usage.completion]));
    json!({ "text": text, "calls": calls, "finish": finish, "usage": usage })
}
