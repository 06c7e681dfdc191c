//! Replays recorded exchanges with providers that speak OpenAI's chat completions.
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
use tollhouse_filter::dialects::{Format, Progress, openai::OpenAi};
use tollhouse_filter::errors::{ApiError, Retry};
use tollhouse_filter::hub::Event;
use tollhouse_filter::stream::sse;
use tollhouse_filter::surfaces::{AnswerContext, Asked, Surface, chat::Chat};

/// Runs a check on every recording that it is for; all failures are told, not only the first.
fn replay(check: impl Fn(&Recording), filter: impl Fn(&Recording) -> bool) {
    let recordings = recordings::of("openai-chat");
    let failed: Vec<&str> = recordings
        .iter()
        .filter(|recording| filter(recording))
        .filter(|recording| catch_unwind(AssertUnwindSafe(|| check(recording))).is_err())
        .map(|recording| recording.name.as_str())
        .collect();
    assert!(failed.is_empty(), "{} failed: {failed:?}", failed.len());
}

fn is_answer(recording: &Recording) -> bool {
    recording.status() == 200 && !recording.is_stream()
}

fn context(include_usage: bool) -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage, legacy_functions: false }
}

fn asked(include_usage: bool) -> Asked {
    Asked { model: "m".to_owned(), stream: true, include_usage, legacy_functions: false }
}

/// Reads a stream into the hub's words.
fn read(stream: &[sse::Event]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let (mut reader, mut out) = (OpenAi.stream(), Vec::new());
    for event in stream {
        match reader.read(event, &mut out) {
            Ok(Progress::Open) => {}
            Ok(Progress::Done) => return (out, None),
            Err(error) => return (out, Some(error)),
        }
    }
    let error = reader.end(&mut out).err();
    (out, error)
}

/// Passes a stream on; a failure is told as the surface tells it.
fn pass(stream: &[sse::Event], include_usage: bool) -> (Vec<Event<'static>>, Vec<u8>, Option<ApiError>) {
    let mut passer = OpenAi.pass_stream(&asked(include_usage));
    let (mut events, mut out) = (Vec::new(), Vec::new());
    let mut run = || -> Result<(), ApiError> {
        for event in stream {
            if passer.pass(event, &mut events, &mut out)? == Progress::Done {
                return Ok(());
            }
        }
        passer.end(&mut events, &mut out)
    };
    let error = run().err();
    if let Some(error) = &error {
        out.extend(Chat.stream_error(error));
    }
    (events, out, error)
}

#[test]
fn plain_answers_say_what_was_recorded() {
    replay(
        |recording| match OpenAi.answer(&recording.response) {
            Err(error) => check_error(recording, &error),
            Ok(events) => {
                let outcome = Outcome::of(&events, None);
                outcome.check(recording, "read");
                outcome.check_usage(recording, "read");
                let written = client::read_answer(&Chat.answer(&events, &context(false)));
                written.check(recording, "written again");
                if recording.expected.get("usage").is_some() {
                    written.check_usage(recording, "written again");
                }
                let passed = OpenAi.pass_answer(&recording.response);
                let passed = client::read_answer(passed.as_deref().unwrap_or(&recording.response));
                passed.check(recording, "passed");
                passed.check_usage(recording, "passed");
            }
        },
        is_answer,
    );
}

#[test]
fn failures_keep_their_status_text_and_code() {
    replay(
        |recording| check_error(recording, &OpenAi.error(recording.status(), &recording.response, &|_| None)),
        |recording| recording.status() != 200,
    );
}

fn check_error(recording: &Recording, error: &ApiError) {
    let expected = &recording.expected["error"];
    let name = &recording.name;
    assert_eq!(Some(u64::from(error.status)), expected["http_status"].as_u64(), "{name}");
    let body: serde_json::Value = serde_json::from_slice(&Chat.error(error)).unwrap();
    let told = body["error"]["message"].as_str().unwrap();
    assert!(told.contains(expected["message_contains"].as_str().unwrap_or("")), "{name}: {told}");
    let native = &expected["native_code"];
    let native = native.as_str().map(str::to_owned).or(native.as_u64().map(|code| code.to_string()));
    let normal = error.code.as_deref() == Some("context_length_exceeded");
    if let Some(native) = native
        && !normal
    {
        assert_eq!(body["error"]["code"], native, "{name}");
    }
    let by_status = matches!(error.status, 408 | 409 | 429) || error.status >= 500;
    let retryable = by_status && error.retry != Retry::Never;
    assert_eq!(Some(retryable), expected["retryable"].as_bool(), "{name}");
}

#[test]
fn streams_say_what_was_recorded() {
    replay(
        |recording| {
            let stream = events([recording.response.as_slice()]);
            let (said, failure) = read(&stream);
            let outcome = Outcome::of(&said, failure.as_ref());
            outcome.check(recording, "read");
            outcome.check_usage(recording, "read");
            for include_usage in [false, true] {
                let mut writer = Chat.stream(context(include_usage));
                let mut out = Vec::new();
                said.iter().for_each(|event| writer.write(event, &mut out));
                match &failure {
                    Some(error) => out.extend(Chat.stream_error(error)),
                    None => writer.end(&mut out),
                }
                let written = client::read_stream(&out, include_usage);
                written.check(recording, "written again");
                if include_usage && outcome.usage.is_some() {
                    written.check_usage(recording, "written again");
                }
            }
        },
        |recording| recording.status() == 200 && recording.is_stream(),
    );
}

#[test]
fn streams_pass_as_sdks_need_them() {
    replay(
        |recording| {
            let stream = events([recording.response.as_slice()]);
            let (said, failure) = read(&stream);
            for include_usage in [false, true] {
                let (metered, out, error) = pass(&stream, include_usage);
                assert_eq!(metered, said, "{}: the meter reads the same", recording.name);
                assert_eq!(error, failure, "{}", recording.name);
                let passed = client::read_stream(&out, include_usage);
                passed.check(recording, "passed");
                if include_usage {
                    passed.check_usage(recording, "passed");
                }
            }
        },
        |recording| recording.status() == 200 && recording.is_stream(),
    );
}
