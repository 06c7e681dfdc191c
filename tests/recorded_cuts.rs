//! Every recorded answer may come in pieces: whole, byte by byte, and cut in two at any place, it is told the same.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::{Value, json};
use support::families::{CHATS, Family};
use support::recordings::{self, Recording};
use support::worker::{Answer, Sent, Told, Worker};
use support::{cuts, failures};
use tollhouse_filter::host::Action;
use tollhouse_filter::stream::Framing;

/// Of every recorded stream, whoever said it.
#[test]
fn decoders_read_streams_alike_wherever_they_are_cut() {
    let framings = [("sse", Framing::Sse), ("ndjson", Framing::Lines), ("bin", Framing::EventStream)];
    let mut places = 0;
    for (kind, framing) in framings {
        failures(recordings::streams(kind), |(_, bytes)| places += cuts::prove(framing, bytes));
    }
    println!("{places} places");
}

/// The roles see nothing of a stream but its events, in groups that change only where an event ends ([`cuts`]).
fn streams_are_told_alike(path: &str, request: &Value) {
    for family in CHATS {
        let worker = Worker::new(family.dialect);
        let framing = family.format().framing();
        failures(named(family, |recording| is_stream(family, recording)), |(_, recording)| {
            let (bytes, mut request) = (recording.response.as_slice(), request.clone());
            request["stream"] = true.into();
            let request = request.to_string();
            let ask = || worker.send_to(path, request.as_bytes());
            let whole = tell(ask(), recording, [bytes]);
            let hints = recording.split_hints();
            for at in cuts::ends(framing, bytes).into_iter().chain(hints).filter(|at| *at <= bytes.len()) {
                let (head, tail) = bytes.split_at(at);
                assert!(tell(ask(), recording, [head, tail]) == whole, "cut at {at}");
            }
            assert!(tell(ask(), recording, bytes.chunks(1)) == whole, "byte by byte");
            let ended_apart = bytes.chunks(1).chain([&[][..]]);
            assert!(tell(ask(), recording, ended_apart) == whole, "byte by byte, with an end of its own");
        });
    }
}

fn tell<'a>(sent: Sent, recording: &Recording, pieces: impl IntoIterator<Item = &'a [u8]>) -> Told {
    sent.answer(&Answer { status: recording.status(), headers: recording.headers() }, pieces)
}

fn named(family: &Family, wanted: impl Fn(&Recording) -> bool) -> Vec<(String, Recording)> {
    let found = recordings::of(family.name).into_iter().filter(wanted);
    found.map(|recording| (recording.name.clone(), recording)).collect()
}

/// Does it come as events? Some streams are told whole.
fn is_stream(family: &Family, recording: &Recording) -> bool {
    recording.status() == 200 && recording.comes_as(family.format().framing().media_type())
}

#[test]
fn streams_are_told_to_callers_of_chat_completions_alike_wherever_they_are_cut() {
    streams_are_told_alike("/v1/chat/completions", &chat());
}

#[test]
fn streams_are_told_to_callers_of_messages_alike_wherever_they_are_cut() {
    streams_are_told_alike(
        "/v1/messages",
        &json!({ "model": "tier", "max_tokens": 9, "messages": [{ "role": "user", "content": "hi" }] }),
    );
}

#[test]
fn streams_are_told_to_callers_of_responses_alike_wherever_they_are_cut() {
    streams_are_told_alike("/v1/responses", &json!({ "model": "tier", "input": "hi" }));
}

fn chat() -> Value {
    json!({ "model": "tier", "messages": [{ "role": "user", "content": "hi" }] })
}

/// A piece that is not the last is kept where it is, and nothing is done: two pieces are the whole.
#[test]
fn answers_that_are_no_streams_wait_for_their_end() {
    for family in CHATS {
        let worker = Worker::new(family.dialect);
        let request = chat().to_string();
        let ask = || worker.send(request.as_bytes());
        failures(named(family, |recording| !is_stream(family, recording)), |(_, recording)| {
            let bytes = recording.response.as_slice();
            let answer = Answer { status: recording.status(), headers: recording.headers() };
            let mut begun = ask();
            begun.begin(&answer);
            for at in 1..bytes.len() {
                let mut sent = ask();
                sent.begin(&answer);
                assert_eq!(sent.first(&bytes[..at]), Action::Pause, "the first {at} bytes");
                assert_eq!(begun.first(&bytes[at - 1..at]), Action::Pause);
                assert_eq!(*sent.host.response_body.borrow(), &bytes[..at], "the first {at} bytes");
                assert!(sent.host == begun.host, "the first {at} bytes");
            }
            let whole = tell(ask(), recording, [bytes]);
            assert!(tell(ask(), recording, bytes.chunks(1)) == whole, "byte by byte");
        });
    }
}
