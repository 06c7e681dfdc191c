//! Compares translations of chat completions to and from Gemini's format with pairs that other gateways and client
//! libraries were recorded with.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::{Map, Value, json};
use support::outcome::Outcome;
use support::pairs::{self, Pair};
use support::recordings::Recording;
use support::{client, events, rules};
use tollhouse_filter::dialects::{ChatFormat, Format, Progress, gemini::Gemini};
use tollhouse_filter::hub::Event;
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::{AnswerContext, ChatSurface, Surface, chat::Chat};

/// A difference that is meant: the name of its pair, where, and why.
const EXEMPTIONS: &[(&str, &str, &str)] = &[
    (
        "vertex-gemini/openai__eag-chat-streaming-req",
        "/contents",
        "Gemini refuses a request without turns: instructions without a question are the user's turn",
    ),
    ("vertex-gemini/openai__eag-chat-streaming-req", "/systemInstruction", "the same"),
];

fn pairs(kind: &str) -> Vec<Pair> {
    pairs::of("openai", &["gemini", "vertex-gemini"]).into_iter().filter(|pair| pair.is(kind)).collect()
}

fn context() -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage: true, legacy_functions: false }
}

/// Gemini's two spellings of names, the cases of its words, and the two carriers of a schema are the same.
fn spelled(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (camel(name), word(name, value))).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().map(spelled).collect(),
        other => other.clone(),
    }
}

fn word(name: &str, value: &Value) -> Value {
    match value {
        Value::String(word) if matches!(name, "type" | "mode") => word.to_lowercase().into(),
        other => spelled(other),
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let camel = words.fold(first, |all, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        all + &head.to_uppercase() + tail
    });
    match camel.as_str() {
        "parameters" | "parametersJsonSchema" | "responseSchema" | "responseJsonSchema" => "schema".to_owned(),
        _ => camel,
    }
}

/// What is meant to differ in a pair.
fn exemptions(pair: &Pair) -> Vec<&'static str> {
    EXEMPTIONS.iter().filter(|(name, ..)| *name == pair.name).map(|(_, path, _)| *path).collect()
}

/// Do both sides say the same, but for what the pair leaves open and for these differences?
fn agree(pair: &Pair, ours: &Value, theirs: &Value, exempt: &[&str]) -> Result<(), String> {
    let exempt = exempt.iter().map(|path| (*path).to_owned());
    let (mut ours, mut theirs) = (ours.clone(), theirs.clone());
    for path in pair.excluded().into_iter().chain(exempt) {
        rules::remove(&mut ours, &path);
        rules::remove(&mut theirs, &path);
    }
    let (mut ours, mut theirs) = (spelled(&ours), spelled(&theirs));
    for side in [&mut ours, &mut theirs] {
        if side["toolConfig"]["functionCallingConfig"] == json!({ "mode": "auto" }) {
            rules::remove(side, "/toolConfig");
        }
    }
    let (ours, theirs) = (rules::normal(&ours), rules::normal(&theirs));
    if ours == theirs { Ok(()) } else { Err(format!("{}\n  ours {ours}\ntheirs {theirs}", pair.name)) }
}

/// All that fail are told, not only the first.
fn all(results: impl Iterator<Item = Result<(), String>>) {
    let failed: Vec<String> = results.filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} differ:\n{}", failed.len(), failed.join("\n"));
}

/// Our request to the provider.
fn translated(pair: &Pair) -> Value {
    let bytes = pair.bytes("openai_request.json");
    let body = Object::parse(&bytes).unwrap();
    let model = Chat.asked(&body).unwrap().model;
    let outbound = Gemini.request(&Chat.request(&body).unwrap(), &model);
    serde_json::from_slice(&outbound.unwrap_or_else(|error| panic!("{}: {error:?}", pair.name)).body).unwrap()
}

#[test]
fn requests_are_translated_as_others_do() {
    let theirs = |pair: &Pair| pair.json("expected_provider_request.json");
    all(pairs("request").iter().map(|pair| agree(pair, &translated(pair), &theirs(pair), &exemptions(pair))));
}

#[test]
fn every_exemption_is_needed() {
    for pair in pairs("request") {
        let exempt = exemptions(&pair);
        for path in &exempt {
            let others: Vec<_> = exempt.iter().copied().filter(|other| other != path).collect();
            let theirs = pair.json("expected_provider_request.json");
            assert!(agree(&pair, &translated(&pair), &theirs, &others).is_err(), "{} {path}", pair.name);
        }
    }
}

#[test]
fn answers_are_translated_as_others_do() {
    all(pairs("response").iter().map(|pair| {
        let provider = pair.bytes("provider_response.json");
        let written = Chat.answer(&Gemini.answer(&provider).unwrap(), &context());
        check_semantic(pair, &client::read_answer(&written));
        let ours: Value = serde_json::from_slice(&written).unwrap();
        agree(pair, &without_zeros(&ours), &without_zeros(&pair.json("expected_client_response.json")), &[])
    }));
}

#[test]
fn streams_are_translated_as_others_do() {
    for pair in pairs("response-stream") {
        let (ours, theirs) = (pair.bytes("provider_response.sse"), pair.bytes("expected_client_response.sse"));
        let (mut reader, mut said) = (Gemini.stream(), Vec::<Event<'static>>::new());
        events([ours.as_slice()])
            .iter()
            .for_each(|event| assert_eq!(reader.read(event, &mut said), Ok(Progress::Open)));
        reader.end(&mut said).unwrap();
        let (mut writer, mut out) = (Chat.stream(context()), Vec::new());
        said.iter().for_each(|event| writer.write(event, &mut out));
        writer.end(&mut out);
        let outcome = client::read_stream(&out, true);
        check_semantic(&pair, &outcome);
        let other = texts(&theirs);
        assert_eq!(outcome.choices[0].text, other, "{}", pair.name);
    }
}

#[test]
fn failures_are_translated_as_others_do() {
    all(pairs("error").iter().map(|pair| {
        let status = u16::try_from(pair.meta["source"]["status"].as_u64().unwrap_or(400)).unwrap();
        let error = Gemini.error(status, &pair.bytes("provider_response.json"), &|_| None);
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
    outcome.check_usage(&recording, "paired");
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

/// All text of a stream, read as leniently as SDKs read: other gateways are not as strict as ours is.
fn texts(stream: &[u8]) -> String {
    let chunks = events([stream]).into_iter().filter_map(|event| serde_json::from_str::<Value>(&event.data).ok());
    chunks.filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect()
}
