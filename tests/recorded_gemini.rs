//! Replays recorded exchanges with Gemini, in AI Studio and in Vertex.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use support::outcome::Outcome;
use support::recordings::{self, Recording};
use support::{client, events};
use tollhouse_filter::dialects::{Format, Progress, gemini::Gemini};
use tollhouse_filter::errors::{ApiError, Retry};
use tollhouse_filter::hub::Event;
use tollhouse_filter::stream::sse;
use tollhouse_filter::surfaces::{AnswerContext, Asked, Surface, chat::Chat};

type Said = (Vec<Event<'static>>, Option<ApiError>);

/// Runs a check on every recording that it is for; all failures are told, not only the first.
fn replay(check: impl Fn(&Recording), filter: impl Fn(&Recording) -> bool) {
    let recordings = recordings::of("gemini");
    let failed: Vec<&str> = recordings
        .iter()
        .filter(|recording| filter(recording))
        .filter(|recording| catch_unwind(AssertUnwindSafe(|| check(recording))).is_err())
        .map(|recording| recording.name.as_str())
        .collect();
    assert!(failed.is_empty(), "{} failed: {failed:?}", failed.len());
}

/// Does the answer come as events? Streams that were not asked for as such are JSON arrays.
fn has_events(recording: &Recording) -> bool {
    recording.status() == 200 && recording.response.trim_ascii_start().starts_with(b"data:")
}

fn is_json(recording: &Recording) -> bool {
    recording.status() == 200 && !has_events(recording)
}

fn context(include_usage: bool) -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage, legacy_functions: false }
}

fn read(stream: &[sse::Event]) -> Said {
    let (mut reader, mut out) = (Gemini.stream(), Vec::new());
    for event in stream {
        match reader.read(event, &mut out) {
            Ok(Progress::Open) => {}
            Ok(Progress::Done) => panic!("the format has no end marker"),
            Err(error) => return (out, Some(error)),
        }
    }
    let error = reader.end(&mut out).err();
    (out, error)
}

/// What the recording expects, of the events and of what a caller of chat completions gets of them.
fn check(recording: &Recording, (said, failure): &Said) {
    let outcome = Outcome::of(said, failure.as_ref());
    outcome.check(recording, "read");
    outcome.check_usage(recording, "read");
    if failure.is_none() {
        let written = client::read_answer(&Chat.answer(said, &context(false)));
        written.check(recording, "written whole");
        written.check_usage(recording, "written whole");
    }
    for include_usage in [false, true] {
        let (mut writer, mut out) = (Chat.stream(context(include_usage)), Vec::new());
        said.iter().for_each(|event| writer.write(event, &mut out));
        match failure {
            Some(error) => out.extend(Chat.stream_error(error)),
            None => writer.end(&mut out),
        }
        let written = client::read_stream(&out, include_usage);
        written.check(recording, "streamed");
        if include_usage {
            written.check_usage(recording, "streamed");
        }
    }
}

#[test]
fn whole_answers_say_what_was_recorded() {
    let whole = |recording: &Recording| {
        let events = Gemini.answer(&recording.response).unwrap_or_else(|e| panic!("{}: {e:?}", recording.name));
        check(recording, &(events.into_iter().map(Event::into_owned).collect(), None));
    };
    replay(whole, is_json);
}

#[test]
fn streams_say_what_was_recorded() {
    replay(|recording| check(recording, &read(&events([recording.response.as_slice()]))), has_events);
}

/// Every signature reaches the caller at its own call.
#[test]
fn signatures_stay_on_their_calls() {
    let kept = |recording: &Recording| {
        let events = read(&events([recording.response.as_slice()])).0;
        let body: serde_json::Value = serde_json::from_slice(&Chat.answer(&events, &context(false))).unwrap();
        for event in &events {
            let Event::Signature { choice, index, signature } = event else { continue };
            let call = &body["choices"][usize::try_from(*choice).unwrap()]["message"]["tool_calls"]
                [usize::try_from(*index).unwrap()];
            assert_eq!(call["extra_content"]["google"]["thought_signature"], signature.as_ref(), "{}", recording.name);
        }
    };
    replay(kept, has_events);
}

#[test]
fn streams_of_callers_of_the_same_format_pass_unchanged() {
    let asked = Asked { model: "m".to_owned(), stream: true, include_usage: true, legacy_functions: false };
    let pass = |recording: &Recording| {
        let stream = events([recording.response.as_slice()]);
        let (mut passer, mut metered, mut out) = (Gemini.pass_stream(&asked), Vec::new(), Vec::new());
        for event in &stream {
            assert_eq!(passer.pass(event, &mut metered, &mut out), Ok(Progress::Open));
        }
        passer.end(&mut metered, &mut out).unwrap();
        assert_eq!(metered, read(&stream).0, "{}", recording.name);
        assert_eq!(events([out.as_slice()]), stream, "{}", recording.name);
    };
    replay(pass, has_events);
}

#[test]
fn failures_keep_their_status_and_text() {
    let failure = |recording: &Recording| {
        let error = Gemini.error(recording.status(), &recording.response, &|_| None);
        let (expected, name) = (&recording.expected["error"], &recording.name);
        // Google answers a wrong key with 400; a caller has to hear of its key.
        let wrong_key = error.status == 401 && recording.status() == 400;
        assert!(wrong_key || Some(u64::from(error.status)) == expected["http_status"].as_u64(), "{name}: {error:?}");
        let body: serde_json::Value = serde_json::from_slice(&Chat.error(&error)).unwrap();
        let told = body["error"]["message"].as_str().unwrap();
        assert!(told.contains(expected["message_contains"].as_str().unwrap_or("")), "{name}: {told}");
        let by_status = matches!(error.status, 408 | 409 | 429) || error.status >= 500;
        assert_eq!(Some(by_status && error.retry != Retry::Never), expected["retryable"].as_bool(), "{name}");
        let delay = String::from_utf8_lossy(&recording.response).contains("retryDelay");
        assert_eq!(matches!(error.retry, Retry::After(_)), delay, "{name}");
    };
    replay(failure, |recording| recording.status() != 200);
}
