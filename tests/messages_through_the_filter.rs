//! Replays recorded exchanges to callers of Anthropic's messages, through both roles of the filter.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};
use support::outcome::Outcome;
use support::recordings::{self, Recording};
use support::worker::{Answer, Sent, Told, Worker};
use support::{events, messages_client};

const PATH: &str = "/v1/messages";

/// Runs a check on recordings of a format; all failures are told, not only the first.
fn replay(dialect: &str, format: &str, check: impl Fn(&Worker, &Recording)) {
    let worker = Worker::new(dialect);
    let recordings = recordings::of(format);
    let failed: Vec<&str> = recordings
        .iter()
        .filter(|recording| can_be_told(recording))
        .filter(|recording| catch_unwind(AssertUnwindSafe(|| check(&worker, recording))).is_err())
        .map(|recording| recording.name.as_str())
        .collect();
    assert!(failed.is_empty(), "{} of {} failed: {failed:?}", failed.len(), recordings.len());
}

/// A message has one choice, and knows nothing of the form that preceded tools.
fn can_be_told(recording: &Recording) -> bool {
    let choices = recording.expected["choices"].as_array().cloned().unwrap_or_default();
    choices.len() < 2 && choices.iter().all(|choice| choice["finish_reason"] != "function_call")
}

fn send(worker: &Worker, mut request: Value, recording: &Recording) -> Sent {
    request["model"] = "tier".into();
    request.as_object_mut().unwrap().shift_remove("stream");
    if recording.is_stream() {
        request["stream"] = true.into();
    }
    worker.send_to(PATH, request.to_string().as_bytes())
}

fn ask<'a>(worker: &Worker, recording: &Recording, pieces: impl IntoIterator<Item = &'a [u8]>) -> Told {
    let request = json!({ "max_tokens": 100, "messages": [{ "role": "user", "content": "hi" }] });
    let answer = Answer { status: recording.status(), headers: recording.headers() };
    send(worker, request, recording).answer(&answer, pieces)
}

#[test]
fn chat_completions_are_told_to_callers_of_messages() {
    replay("openai", "openai-chat", |worker, recording| {
        check(recording, &ask(worker, recording, [recording.response.as_slice()]));
    });
}

#[test]
fn requests_for_messages_pass_but_for_the_model() {
    replay("anthropic", "anthropic-messages", |worker, recording| {
        let Some(request) = &recording.request else { return };
        let request: Value = serde_json::from_slice(request).unwrap();
        let sent = send(worker, request.clone(), recording).body();
        let mut expected = request;
        expected["model"] = "real-model".into();
        expected.as_object_mut().unwrap().shift_remove("stream");
        if recording.is_stream() {
            expected["stream"] = true.into();
        }
        assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), expected, "{}", recording.name);
    });
}

#[test]
fn messages_pass_to_callers_of_messages() {
    replay("anthropic", "anthropic-messages", |worker, recording| {
        let (name, told) = (&recording.name, ask(worker, recording, [recording.response.as_slice()]));
        if recording.expected.get("error").is_some() {
            return check_failure(recording, &told);
        }
        check_record(recording, &told.record);
        if !recording.is_stream() {
            assert_eq!(told.body, recording.response, "{name}");
            return;
        }
        let (given, mut got) = (events([recording.response.as_slice()]), events([told.body.as_slice()]));
        if recording.expected.get("stream_error").is_some() {
            assert_eq!(got.pop().unwrap().name, "error", "{name}");
            assert_eq!(got, given[..got.len()], "{name}");
        } else {
            assert_eq!(got, given, "{name}");
        }
    });
}

/// Compares what a caller was told with everything that the recording expects.
fn check(recording: &Recording, told: &Told) {
    let (expected, name) = (&recording.expected, &recording.name);
    if expected.get("error").is_some() {
        return check_failure(recording, told);
    }
    let mut outcome = if recording.is_stream() {
        assert_eq!(told.header("content-type"), Some("text/event-stream; charset=utf-8"), "{name}");
        messages_client::read_stream(&told.body)
    } else {
        assert_eq!(told.header("content-type"), Some("application/json"), "{name}");
        messages_client::read_answer(&told.body)
    };
    check_record(recording, &told.record);
    if !expected["usage"].is_null() {
        // A part that is larger than the whole has no form here.
        if let Some(usage) = outcome.usage.as_mut().filter(|usage| usage.cached > 0 && usage.cached == usage.prompt) {
            usage.prompt = usage.prompt.min(expected["usage"]["prompt_tokens"].as_u64().unwrap_or(u64::MAX));
        }
        outcome.check_usage(recording, "to the caller");
    }
    in_words_of_chat(outcome, recording).check(recording, "to the caller");
}

/// Messages have no place of its own for a refusal, and input that was cut off cannot be told whole.
fn in_words_of_chat(mut outcome: Outcome, recording: &Recording) -> Outcome {
    let expected = &recording.expected["choices"][0];
    let Some(choice) = outcome.choices.first_mut() else { return outcome };
    if expected["refusal"].as_str().is_some_and(|refusal| choice.text == refusal) {
        choice.refusal = std::mem::take(&mut choice.text);
    }
    for (call, expected) in choice.calls.iter_mut().zip(expected["tool_calls"].as_array().unwrap_or(&Vec::new())) {
        if let (Some(raw), "{}") = (expected["arguments_raw"].as_str(), call.arguments.as_str()) {
            call.arguments = raw.to_owned();
        }
    }
    outcome
}

fn check_failure(recording: &Recording, told: &Told) {
    let (expected, name) = (&recording.expected["error"], &recording.name);
    assert_eq!(Some(u64::from(told.status)), expected["http_status"].as_u64(), "{name}");
    assert_eq!(told.header("content-type"), Some("application/json"), "{name}");
    let (_, message) = messages_client::read_failure(&told.body);
    assert!(message.contains(expected["message_contains"].as_str().unwrap_or_default()), "{name}: {message}");
    assert_eq!(told.record["outcome"], "failed", "{name}: {}", told.record);
}

/// The access log knows how it went and what it cost.
fn check_record(recording: &Recording, record: &Value) {
    let (expected, name) = (&recording.expected, &recording.name);
    let broken = expected.get("stream_error").is_some();
    assert_eq!(record["surface"], "messages", "{name}: {record}");
    assert_eq!(record["outcome"], if broken { "failed" } else { "completed" }, "{name}: {record}");
    if !broken && !recording.is_policy("usage") && !expected["usage"].is_null() {
        assert_eq!(record["usage"]["input"], expected["usage"]["prompt_tokens"], "{name}: {record}");
        assert_eq!(record["usage"]["output"], expected["usage"]["completion_tokens"], "{name}: {record}");
    }
}
