//! What callers are told of an answer that has everything its API can say: the seeds of the fuzz targets.

use std::path::Path;

use serde_json::{Value, json};
use tollhouse_filter::dialects::{ChatFormat, Dialect};
use tollhouse_filter::errors::ApiError;
use tollhouse_filter::hub::Event;
use tollhouse_filter::stream::{Framing, sse};
use tollhouse_filter::wire::Wire;

use super::support::callers::{Caller, context};
use super::support::outcome::{Outcome, Tokens};
use super::support::{events, reading};
use super::{Verdict, format_for};

/// Which of a dialect's answers says it.
#[derive(Clone, Copy)]
enum Seed {
    Answer,
    Stream,
    Refusal,
    /// A status of failure.
    Error,
    /// A failure inside a stream.
    Broken,
}

/// The files of a format.
struct Seeds {
    wire: Wire,
    name: &'static str,
    answer: &'static str,
    stream: &'static str,
    /// Some have no word for it.
    refusal: &'static str,
    error: &'static str,
    broken: &'static str,
}

#[rustfmt::skip]
const SEEDS: &[Seeds] = &[
    Seeds { wire: Wire::AnthropicMessages, name: "anthropic", answer: "answer.json", stream: "whole.sse", refusal: "refusal.json", error: "error.json", broken: "broken.sse" },
    Seeds { wire: Wire::BedrockConverse, name: "bedrock", answer: "whole.json", stream: "whole.sse", refusal: "", error: "limited.json", broken: "exception.sse" },
    Seeds { wire: Wire::CohereChat, name: "cohere", answer: "whole.json", stream: "whole.sse", refusal: "", error: "error.json", broken: "failed.sse" },
    Seeds { wire: Wire::Gemini, name: "gemini", answer: "calls.json", stream: "pieces.sse", refusal: "", error: "failure.json", broken: "failure.sse" },
    Seeds { wire: Wire::OllamaChat, name: "ollama", answer: "whole.json", stream: "whole.ndjson", refusal: "", error: "error.json", broken: "failed.ndjson" },
    Seeds { wire: Wire::OpenAiChat, name: "openai", answer: "answer.json", stream: "whole.sse", refusal: "refusal.json", error: "limited.json", broken: "broken.sse" },
    Seeds { wire: Wire::OpenAiResponses, name: "responses", answer: "whole.json", stream: "whole.sse", refusal: "whole.json", error: "limited.json", broken: "failed.sse" },
];

/// Something that an answer can say.
pub(super) struct Feature {
    pub(super) name: &'static str,
    seed: Seed,
    /// What the caller is told of it; what nobody said is the default.
    told: fn(&Told) -> Value,
}

/// An answer, as it was read or as a strict client read it again.
pub(super) struct Told {
    outcome: Outcome,
    /// Signatures, in any place.
    signed: bool,
}

const fn feature(name: &'static str, seed: Seed, told: fn(&Told) -> Value) -> Feature {
    Feature { name, seed, told }
}

/// Every one, in the order of the page.
pub(super) const FEATURES: &[Feature] = &[
    feature("answer: text", Seed::Answer, text),
    feature("stream: text", Seed::Stream, text),
    feature("answer: thinking", Seed::Answer, thinking),
    feature("stream: thinking", Seed::Stream, thinking),
    feature("answer: signatures", Seed::Answer, signed),
    feature("stream: signatures", Seed::Stream, signed),
    feature("answer: calls", Seed::Answer, calls),
    feature("stream: calls", Seed::Stream, calls),
    feature("answer: a refusal", Seed::Refusal, text),
    feature("answer: why it ended", Seed::Answer, finish),
    feature("stream: why it ended", Seed::Stream, finish),
    feature("answer: tokens", Seed::Answer, tokens),
    feature("stream: tokens", Seed::Stream, tokens),
    feature("answer: tokens from the cache", Seed::Answer, |told| count(told, |tokens| tokens.cached)),
    feature("stream: tokens from the cache", Seed::Stream, |told| count(told, |tokens| tokens.cached)),
    feature("answer: tokens to the cache", Seed::Answer, |told| count(told, |tokens| tokens.cache_write)),
    feature("stream: tokens to the cache", Seed::Stream, |told| count(told, |tokens| tokens.cache_write)),
    feature("answer: tokens of thinking", Seed::Answer, |told| count(told, |tokens| tokens.reasoning)),
    feature("stream: tokens of thinking", Seed::Stream, |told| count(told, |tokens| tokens.reasoning)),
    feature("a failure", Seed::Error, failure),
    feature("a failure inside a stream", Seed::Broken, failure),
];

/// A refusal is a text to callers who have no other word for it.
fn text(told: &Told) -> Value {
    told.outcome.choices.first().map_or(Value::Null, |choice| format!("{}{}", choice.text, choice.refusal).into())
}

fn failure(told: &Told) -> Value {
    told.outcome.failure.clone().into()
}

fn thinking(told: &Told) -> Value {
    told.outcome.choices[0].reasoning.clone().into()
}

fn signed(told: &Told) -> Value {
    if told.signed { json!("signed") } else { json!("") }
}

fn calls(told: &Told) -> Value {
    let calls = told.outcome.choices[0].calls.iter();
    calls.map(|call| json!([call.name, serde_json::from_str::<Value>(&call.arguments).unwrap()])).collect()
}

fn finish(told: &Told) -> Value {
    told.outcome.choices[0].finish.clone().into()
}

fn tokens(told: &Told) -> Value {
    told.outcome.usage.map_or(Value::Null, |tokens| json!([tokens.prompt, tokens.completion]))
}

fn count(told: &Told, count: fn(&Tokens) -> u64) -> Value {
    told.outcome.usage.as_ref().map_or(0, count).into()
}

impl Feature {
    pub(super) fn verdict(&self, caller: &Caller, dialect: &'static dyn Dialect) -> Verdict {
        let format = format_for(dialect, caller);
        let (said, failure) = said(format, self.seed);
        let signed = said.iter().any(|event| matches!(event, Event::Thinking { .. } | Event::Signature { .. }));
        let expected = (self.told)(&Told { outcome: Outcome::of(&said, failure.as_ref()), signed });
        if [json!(""), json!([]), json!(0), Value::Null].contains(&expected) {
            return Verdict::Unsaid;
        }
        if format.wire() == caller.surface.wire() {
            return Verdict::Passes;
        }
        let told = self.tell(caller, &said, failure.as_ref());
        if (self.told)(&told) == expected { Verdict::Translated } else { Verdict::Lost }
    }

    /// What a strict client of the caller's reads.
    fn tell(&self, caller: &Caller, said: &[Event<'_>], failure: Option<&ApiError>) -> Told {
        let (bytes, outcome) = match (self.seed, failure) {
            (Seed::Error, Some(error)) => {
                let body: Value = serde_json::from_slice(&caller.surface.error(error)).unwrap();
                let message = body["error"]["message"].as_str().map(str::to_owned);
                return Told { outcome: Outcome { failure: message, ..Outcome::default() }, signed: false };
            }
            (Seed::Stream | Seed::Broken, _) => {
                let bytes = caller.streamed(said, failure, context());
                (bytes.clone(), (caller.stream)(&bytes))
            }
            _ => {
                let bytes = caller.surface.answer(said, &context());
                (bytes.clone(), (caller.answer)(&bytes))
            }
        };
        let bytes = String::from_utf8_lossy(&bytes);
        Told { outcome, signed: ["c2ln", "cw=="].iter().any(|signature| bytes.contains(signature)) }
    }
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(path)).unwrap()
}

/// What a dialect of this format says.
fn said(format: &dyn ChatFormat, seed: Seed) -> (Vec<Event<'static>>, Option<ApiError>) {
    let seeds = SEEDS.iter().find(|seeds| seeds.wire == format.wire()).expect("every format that chats has seeds");
    let answer = |file: &str| {
        let body = read(&format!("{}_answer/{file}", seeds.name));
        (format.answer(&body).unwrap().into_iter().map(Event::into_owned).collect(), None)
    };
    match seed {
        Seed::Answer => answer(seeds.answer),
        Seed::Refusal if seeds.refusal.is_empty() => (Vec::new(), None),
        Seed::Refusal => answer(seeds.refusal),
        Seed::Error => {
            let body = read(&format!("{}_answer/{}", seeds.name, seeds.error));
            (Vec::new(), Some(format.error(429, &body, &|_| None)))
        }
        Seed::Stream => stream(format, &read(&format!("{}_stream/{}", seeds.name, seeds.stream))),
        Seed::Broken => stream(format, &read(&format!("{}_stream/{}", seeds.name, seeds.broken))),
    }
}

fn stream(format: &dyn ChatFormat, body: &[u8]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let frames: Vec<_> = match (format.framing(), format.wire()) {
        (Framing::EventStream, Wire::AnthropicMessages) => events([body]).iter().map(wrapped).collect(),
        // Seeds of frames are written as events.
        (Framing::EventStream, _) => events([body]),
        _ => reading::frames(format, body).0,
    };
    reading::said(format, &frames)
}

/// Bedrock puts the events of Anthropic's models into frames of its own.
fn wrapped(event: &sse::Event) -> sse::Event {
    sse::Event { name: "chunk".to_owned(), data: json!({ "bytes": base64(event.data.as_bytes()) }).to_string() }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks(3).flat_map(|three| {
        let bits = three.iter().fold(0usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        (0..4).map(move |at| if at > three.len() { '=' } else { char::from(LETTERS[bits >> (18 - 6 * at) & 63]) })
    });
    letters.collect()
}
