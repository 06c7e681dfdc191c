//! Replays recorded exchanges with Bedrock and with Vertex's models of Anthropic, where they are present, against what
//! any faithful gateway must read from them and tell a caller of chat completions.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use support::outcome::{Outcome, Tokens};
use support::recordings::{self, Recording};
use support::{client, cuts};
use tollhouse_filter::dialects::{self, Dialect, Format, Progress};
use tollhouse_filter::errors::ApiError;
use tollhouse_filter::hub::Event;
use tollhouse_filter::stream::{Decoder, Fault};
use tollhouse_filter::surfaces::{AnswerContext, Surface, chat::Chat};

const FAMILIES: &[(&str, &str)] = &[
    ("bedrock-converse", "bedrock-converse"),
    ("bedrock-invoke", "bedrock-anthropic"),
    ("vertex-anthropic", "vertex-anthropic"),
];

type Told = (Vec<Event<'static>>, Option<ApiError>);

/// All recordings of success (or of failure), with the format that reads them.
fn all(success: bool, stream: bool) -> Vec<(Recording, &'static dyn Format)> {
    let mut out = Vec::new();
    for (family, dialect) in FAMILIES {
        let format = dialects::find(dialect).map(Dialect::formats).unwrap()[0];
        let wanted = |recording: &Recording| (recording.status() == 200) == success && recording.is_stream() == stream;
        out.extend(recordings::of(family).into_iter().filter(wanted).map(|recording| (recording, format)));
    }
    out
}

fn context() -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage: true, legacy_functions: false }
}

/// Compares an answer, with counters that were told before it broke off.
fn check(recording: &Recording, outcome: &Outcome, how: &str) {
    outcome.check(recording, how);
    let mut counted = outcome.clone();
    counted.usage = outcome.usage.filter(|usage| *usage != Tokens::default());
    counted.check_usage(recording, how);
}

fn replay<'a>(format: &dyn Format, pieces: impl IntoIterator<Item = &'a [u8]>) -> Told {
    let (mut decoder, mut reader) = (format.framing().decoder(8 << 20), format.stream());
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            match next(&mut decoder) {
                Ok(None) => break,
                Ok(Some(event)) => match reader.read(&event, &mut events) {
                    Ok(Progress::Open) => {}
                    Ok(Progress::Done) => return (events, None),
                    Err(error) => return (events, Some(error)),
                },
                Err(error) => return (events, Some(error)),
            }
        }
    }
    let end = reader.end(&mut events);
    (events, end.err())
}

fn next(decoder: &mut Decoder) -> Result<Option<tollhouse_filter::stream::sse::Event>, ApiError> {
    decoder.next().map_err(|fault| match fault {
        Fault::Broken(how) => ApiError::new(502, how),
        Fault::TooLong(_) => ApiError::new(502, "too long"),
    })
}

#[test]
fn plain_answers_are_read_and_written_as_recorded() {
    for (recording, format) in all(true, false) {
        let events = format.answer(&recording.response).unwrap_or_else(|e| panic!("{}: {}", recording.name, e.message));
        check(&recording, &Outcome::of(&events, None), "read");
        check(&recording, &client::read_answer(&Chat.answer(&events, &context())), "written");
    }
}

#[test]
fn streams_are_read_as_recorded() {
    for (recording, format) in all(true, true) {
        let whole = replay(format, [recording.response.as_slice()]);
        check(&recording, &Outcome::of(&whole.0, whole.1.as_ref()), "whole");
    }
}

#[test]
fn streams_are_written_for_callers_of_chat_completions() {
    for (recording, format) in all(true, true) {
        let told = replay(format, [recording.response.as_slice()]);
        let (mut writer, mut out) = (Chat.stream(context()), Vec::new());
        told.0.iter().for_each(|event| writer.write(event, &mut out));
        match &told.1 {
            None => writer.end(&mut out),
            Some(error) => out.extend(Chat.stream_error(error)),
        }
        let mut read = client::read_stream(&out, true);
        if told.1.is_some() {
            // Counters of a broken answer are the meter's only.
            read.usage = Outcome::of(&told.0, None).usage;
        }
        check(&recording, &read, "written");
    }
}

#[test]
fn streams_that_are_cut_short_are_never_complete() {
    for (recording, format) in all(true, true).into_iter().filter(|(r, _)| r.expected.get("stream_error").is_none()) {
        let body = recording.response.as_slice();
        let whole = replay(format, [body]).0;
        for at in cuts::ends(format.framing(), body) {
            let (events, failure) = replay(format, [&body[..at]]);
            assert!(whole.starts_with(&events), "{} up to {at}", recording.name);
            let ended = events.iter().any(|event| matches!(event, Event::Finish { .. }));
            assert!(failure.is_some() || ended, "{} up to {at}", recording.name);
        }
    }
}

#[test]
fn failures_are_read_as_recorded() {
    for (recording, format) in all(false, false) {
        let headers = recording.headers();
        let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let error = format.error(recording.status(), &recording.response, &header);
        let expected = &recording.expected["error"];
        assert_eq!(serde_json::Value::from(error.status), expected["http_status"], "{}", recording.name);
        let message = expected["message_contains"].as_str().unwrap_or_default();
        assert!(error.message.contains(message), "{}: {error:?}", recording.name);
        if let Some(native) = expected["native_type"].as_str().or(expected["native_code"].as_str()) {
            let code = error.code.as_deref().unwrap_or_default();
            assert!(code == native || code == "context_length_exceeded", "{}: {code} {native}", recording.name);
        }
        let told: serde_json::Value = serde_json::from_slice(&Chat.error(&error)).unwrap();
        assert_eq!(told["error"]["message"], error.message, "{}", recording.name);
    }
}
