//! Replays recorded exchanges with Cohere's own chat.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::Value;
use support::pairs::{self, Pair};
use support::replay::Replay;
use support::rules;
use tollhouse_filter::dialects::Format;
use tollhouse_filter::dialects::cohere::Cohere;
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::{Surface, chat::Chat};

const REPLAY: Replay = Replay { format: &Cohere, wire_family: "cohere-chat" };

#[test]
fn plain_answers_say_what_was_recorded() {
    REPLAY.answers();
}

#[test]
fn streams_say_what_was_recorded() {
    REPLAY.streams();
}

#[test]
fn streams_pass_unchanged_to_callers_of_the_same_format() {
    REPLAY.passes();
}

#[test]
fn streams_that_stop_before_their_end_are_failures() {
    REPLAY.truncated();
}

#[test]
fn failures_keep_their_status_and_text() {
    REPLAY.failures();
}

/// Our request for the provider, for a pair of requests.
fn translated(pair: &Pair, expected: &Value) -> Value {
    let asked = pair.bytes("openai_request.json");
    let body = Object::parse(&asked).unwrap();
    let outbound = Cohere.request(&Chat.request(&body).unwrap(), expected["model"].as_str().unwrap());
    serde_json::from_slice(&outbound.unwrap_or_else(|error| panic!("{}: {error:?}", pair.name)).body).unwrap()
}

#[test]
fn requests_are_translated_as_others_do() {
    let pairs = pairs::of("openai", &["cohere"]);
    for pair in pairs.iter().filter(|pair| pair.is("request")) {
        let mut expected = pair.json("expected_provider_request.json");
        let mut ours = translated(pair, &expected);
        for path in pair.excluded() {
            rules::remove(&mut ours, &path);
            rules::remove(&mut expected, &path);
        }
        assert_eq!(rules::normal(&ours), rules::normal(&expected), "{}", pair.name);
    }
}
