//! Replays recorded exchanges with Cohere's own chat.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use support::replay::Replay;
use tollhouse_filter::dialects::cohere::Cohere;

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
