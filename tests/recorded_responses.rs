//! Replays recorded exchanges with providers that speak OpenAI's Responses, and answers callers of Responses with
//! what other providers said.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;
use support::outcome::Outcome;
use support::recordings::{self, Recording};
use support::{client, events, responses};
use tollhouse_filter::dialects::anthropic::Anthropic;
use tollhouse_filter::dialects::openai::{OpenAi, responses::Responses as Spoken};
use tollhouse_filter::dialects::{Format, Progress};
use tollhouse_filter::errors::{ApiError, Retry};
use tollhouse_filter::hub::Event;
use tollhouse_filter::json::Object;
use tollhouse_filter::stream::sse;
use tollhouse_filter::surfaces::{AnswerContext, Asked, Surface, chat::Chat, responses::Responses};
use tollhouse_filter::wire::Wire;

const FAMILY: &str = "openai-responses";

/// Runs a check on every recording that it is for; all failures are told, not only the first.
fn replay(family: &str, check: impl Fn(&Recording), filter: impl Fn(&Recording) -> bool) {
    let recordings = recordings::of(family);
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

fn is_stream(recording: &Recording) -> bool {
    recording.status() == 200 && recording.is_stream()
}

fn context() -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage: true, legacy_functions: false }
}

fn asked() -> Asked {
    Asked { model: "m".to_owned(), stream: true, include_usage: true, legacy_functions: false }
}

/// Reads a stream into the hub's words.
fn read(format: &dyn Format, stream: &[sse::Event]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let (mut reader, mut out) = (format.stream(), Vec::new());
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

/// What events add up to; an answer that says nothing has a choice all the same.
fn outcome(said: &[Event<'_>], failure: Option<&ApiError>) -> Outcome {
    let mut outcome = Outcome::of(said, failure);
    outcome.choice(0);
    outcome
}

fn written(surface: &dyn Surface, said: &[Event<'_>], failure: Option<&ApiError>) -> Vec<u8> {
    let (mut writer, mut out) = (surface.stream(context()), Vec::new());
    said.iter().for_each(|event| writer.write(event, &mut out));
    match failure {
        Some(error) => out.extend(surface.stream_error(error)),
        None => writer.end(&mut out),
    }
    out
}

#[test]
fn plain_answers_say_what_was_recorded() {
    replay(
        FAMILY,
        |recording| {
            let said = Spoken.answer(&recording.response).unwrap();
            let read = outcome(&said, None);
            read.check(recording, "read");
            read.check_usage(recording, "read");
            assert_eq!(Spoken.pass_answer(&recording.response), None);
            if read.choices[0].finish.is_none() {
                // The provider goes on in the background.
                return;
            }
            for again in
                [client::read_answer(&Chat.answer(&said, &context())), answered(&Responses.answer(&said, &context()))]
            {
                again.check(recording, "written again");
                again.check_usage(recording, "written again");
            }
        },
        is_answer,
    );
}

fn answered(body: &[u8]) -> Outcome {
    responses::read_answer(body)
}

#[test]
fn failures_keep_their_status_text_and_code() {
    replay(
        FAMILY,
        |recording| {
            let error = Spoken.error(recording.status(), &recording.response, &|_| None);
            let expected = &recording.expected["error"];
            assert_eq!(Some(u64::from(error.status)), expected["http_status"].as_u64());
            let body: Value = serde_json::from_slice(&Responses.error(&error)).unwrap();
            let told = body["error"]["message"].as_str().unwrap();
            assert!(told.contains(expected["message_contains"].as_str().unwrap_or("")), "{told}");
            assert_eq!(body["error"]["code"], expected["native_code"]);
            let retryable = matches!(error.status, 408 | 409 | 429) || error.status >= 500;
            assert_eq!(Some(retryable && error.retry != Retry::Never), expected["retryable"].as_bool());
        },
        |recording| recording.status() != 200,
    );
}

#[test]
fn streams_say_what_was_recorded() {
    replay(
        FAMILY,
        |recording| {
            let (said, failure) = read(&Spoken, &events([recording.response.as_slice()]));
            let read = outcome(&said, failure.as_ref());
            read.check(recording, "read");
            read.check_usage(recording, "read");
            if let (Some(error), Some(code)) = (&failure, recording.expected["stream_error"]["native_code"].as_str()) {
                assert_eq!(error.code.as_deref(), Some(code));
            }
            let chat = client::read_stream(&written(&Chat, &said, failure.as_ref()), true);
            let mut again = responses::read_stream(&written(&Responses, &said, failure.as_ref()));
            assert_eq!(again.failure, failure.as_ref().map(|error| error.message.clone()));
            if failure.is_none() {
                chat.check(recording, "written as chat");
                again.choice(0);
                again.check(recording, "written again");
                again.check_usage(recording, "written again");
            }
        },
        is_stream,
    );
}

/// The provider's own events are what the caller gets, up to a failure.
#[test]
fn streams_pass_unchanged_and_are_metered() {
    replay(
        FAMILY,
        |recording| {
            let stream = events([recording.response.as_slice()]);
            let (said, failure) = read(&Spoken, &stream);
            let mut passer = Spoken.pass_stream(&asked());
            let (mut metered, mut out, mut passed, mut told) = (Vec::new(), Vec::new(), Vec::new(), None);
            for event in &stream {
                match passer.pass(event, &mut metered, &mut out) {
                    Ok(Progress::Open) => passed.push(event.clone()),
                    Ok(Progress::Done) => {
                        passed.push(event.clone());
                        break;
                    }
                    Err(error) => {
                        told = Some(error);
                        break;
                    }
                }
            }
            assert_eq!((metered, told), (said, failure));
            assert_eq!(events([out.as_slice()]), passed);
        },
        is_stream,
    );
}

/// Requests that were recorded are taken, and pass with nothing but the model changed.
#[test]
fn requests_pass_with_the_model_of_the_target() {
    replay(
        FAMILY,
        |recording| {
            let Some(request) = &recording.request else { return };
            let body = Object::parse(request).unwrap();
            if body.get("model").is_none() {
                // The prompt that it names has one; no gateway could know it.
                assert!(Responses.asked(&body).is_err() && body.get("prompt").is_some());
                return;
            }
            let asked = Responses.asked(&body).unwrap();
            let passed = Spoken.pass_request(&body, &asked, "other");
            let (mut expected, passed): (Value, Value) =
                (serde_json::from_slice(request).unwrap(), serde_json::from_slice(&passed).unwrap());
            expected["model"] = "other".into();
            assert_eq!(passed, expected);
        },
        |_| true,
    );
}

/// Answers of providers that speak something else, for a caller of Responses, which has no more than one choice.
fn cross(family: &'static str, format: &dyn Format) {
    let mut recordings = recordings::of(family);
    for recording in recordings.iter_mut().filter(|recording| recording.status() == 200) {
        if let Some(choices) = recording.expected["choices"].as_array_mut() {
            choices.truncate(1);
        }
    }
    let failed: Vec<_> = recordings
        .iter()
        .filter(|recording| recording.status() == 200)
        .filter(|recording| catch_unwind(AssertUnwindSafe(|| check_cross(recording, format))).is_err())
        .map(|recording| recording.name.as_str())
        .collect();
    assert!(failed.is_empty(), "{} failed: {failed:?}", failed.len());
}

fn check_cross(recording: &Recording, format: &dyn Format) {
    let (said, failure) = if recording.is_stream() {
        read(format, &events([recording.response.as_slice()]))
    } else {
        match format.answer(&recording.response) {
            Ok(said) => (said.into_iter().map(Event::into_owned).collect(), None),
            Err(error) => {
                assert!(recording.expected.get("error").is_some(), "{}: {error:?}", recording.name);
                return;
            }
        }
    };
    let streamed = responses::read_stream(&written(&Responses, &said, failure.as_ref()));
    assert_eq!(streamed.failure, failure.as_ref().map(|error| error.message.clone()), "{}", recording.name);
    if failure.is_some() {
        return;
    }
    let mut whole = responses::read_answer(&Responses.answer(&said, &context()));
    assert_eq!(whole, streamed, "{}: streamed or not, the answer is the same", recording.name);
    if format.wire() == Wire::AnthropicMessages {
        // The explanation beside a refusal is no text of the model.
        whole.choices[0].refusal.clear();
    }
    whole.check(recording, "written");
    if recording.expected.get("usage").is_some_and(|usage| !usage.is_null()) {
        whole.check_usage(recording, "written");
    }
}

#[test]
fn chat_completions_are_told_to_callers_of_responses() {
    cross("openai-chat", &OpenAi);
}

#[test]
fn messages_are_told_to_callers_of_responses() {
    cross("anthropic-messages", &Anthropic);
}
