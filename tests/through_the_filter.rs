//! Replays recorded exchanges through both roles of the filter, from the caller's request to the access log.
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
use support::client;
use support::outcome::{Outcome, Tokens};
use support::recordings::{self, Recording};
use support::worker::{Answer, Told, Worker};

/// One wire format of providers.
struct Family {
    name: &'static str,
    dialect: &'static str,
    /// Is it the callers' format too?
    passes: bool,
}

const OPENAI: Family = Family { name: "openai-chat", dialect: "openai", passes: true };
const RESPONSES: Family = Family { name: "openai-responses", dialect: "openai-responses", passes: false };
const ANTHROPIC: Family = Family { name: "anthropic-messages", dialect: "anthropic", passes: false };

/// Runs a check on every recording; all failures are told, not only the first.
fn replay(family: &Family, check: impl Fn(&Worker, &Recording)) {
    let worker = Worker::new(family.dialect);
    let recordings = recordings::of(family.name);
    let failed: Vec<&str> = recordings
        .iter()
        .filter(|recording| has_answer(recording))
        .filter(|recording| catch_unwind(AssertUnwindSafe(|| check(&worker, recording))).is_err())
        .map(|recording| recording.name.as_str())
        .collect();
    assert!(failed.is_empty(), "{} of {} failed: {failed:?}", failed.len(), recordings.len());
}

/// Is there something to tell? A response may be made in the background, for which no caller of chat completions can
/// ask, or fail in its stream before it has begun, which is told by the status and not in the stream.
fn has_answer(recording: &Recording) -> bool {
    let queued = recording.expected["choices"][0]["native_finish_reason"] == "queued";
    !queued && recording.expected["stream_error"]["after_output"] != false
}

/// The caller's request: the recorded one where it has our form, else one that asks for the same kind of answer.
fn request(family: &Family, recording: &Recording, include_usage: bool) -> Value {
    let recorded = recording.request.as_deref().filter(|_| family.passes);
    let request = recorded.map_or_else(hello, |body| serde_json::from_slice(body).unwrap());
    adapted(request, recording, include_usage)
}

fn hello() -> Value {
    json!({ "messages": [{ "role": "user", "content": "hi" }] })
}

/// The request for our model that asks for the kind of answer that was recorded.
fn adapted(mut request: Value, recording: &Recording, include_usage: bool) -> Value {
    request["model"] = "tier".into();
    let members = request.as_object_mut().unwrap();
    members.shift_remove("stream");
    members.shift_remove("stream_options");
    if recording.is_stream() {
        request["stream"] = true.into();
        request["stream_options"] = json!({ "include_usage": include_usage });
    }
    request
}

fn ask<'a>(
    worker: &Worker,
    request: &Value,
    recording: &Recording,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Told {
    let answer = Answer { status: recording.status(), headers: recording.headers() };
    worker.send(request.to_string().as_bytes()).answer(&answer, pieces)
}

fn answers_are_told_as_recorded(family: &Family) {
    replay(family, |worker, recording| {
        for include_usage in [false, true] {
            let request = request(family, recording, include_usage);
            let told = ask(worker, &request, recording, [recording.response.as_slice()]);
            check(family, recording, &told, include_usage);
        }
    });
}

#[test]
fn chat_completions_are_told_as_recorded() {
    answers_are_told_as_recorded(&OPENAI);
}

#[test]
fn responses_are_told_as_recorded() {
    answers_are_told_as_recorded(&RESPONSES);
}

#[test]
fn messages_are_told_as_recorded() {
    answers_are_told_as_recorded(&ANTHROPIC);
}

#[test]
fn requests_of_the_same_format_pass_but_for_what_is_ours() {
    replay(&OPENAI, |worker, recording| {
        let mut request = request(&OPENAI, recording, false);
        let sent: Value = serde_json::from_slice(&worker.send(request.to_string().as_bytes()).body()).unwrap();
        request["model"] = "real-model".into();
        if recording.is_stream() {
            request["stream_options"]["include_usage"] = true.into();
        }
        assert_eq!(sent, request, "{}", recording.name);
    });
}

/// Compares what a caller was told with everything that the recording expects.
fn check(family: &Family, recording: &Recording, told: &Told, include_usage: bool) {
    let (expected, name) = (&recording.expected, &recording.name);
    assert_eq!(told.record["client"], "bot", "{name}");
    assert_eq!(told.record["status"], told.status, "{name}");
    if expected.get("error").is_some() {
        return check_failure(recording, told);
    }
    let outcome = if recording.is_stream() {
        assert_eq!(told.header("content-type"), Some("text/event-stream; charset=utf-8"), "{name}");
        client::read_stream(&told.body, include_usage)
    } else {
        assert_eq!(told.header("content-type"), Some("application/json"), "{name}");
        client::read_answer(&told.body)
    };
    assert_eq!(told.status, 200, "{name}");
    check_record(recording, &told.record, &outcome);
    if (include_usage || !recording.is_stream()) && !expected["usage"].is_null() {
        outcome.check_usage(recording, "to the caller");
    }
    let mut outcome = outcome;
    if !family.passes {
        forget_explanations(&mut outcome, expected);
    }
    outcome.check(recording, "to the caller");
}

/// Anthropic explains a refusal beside the answer, which is no text of the model for the recordings.
fn forget_explanations(outcome: &mut Outcome, expected: &Value) {
    for (choice, expected) in outcome.choices.iter_mut().zip(expected["choices"].as_array().unwrap()) {
        if choice.finish.as_deref() == Some("content_filter") && expected.get("refusal").is_none() {
            choice.refusal.clear();
        }
    }
}

fn check_failure(recording: &Recording, told: &Told) {
    let (expected, name) = (&recording.expected["error"], &recording.name);
    assert_eq!(Some(u64::from(told.status)), expected["http_status"].as_u64(), "{name}");
    assert_eq!(told.header("content-type"), Some("application/json"), "{name}");
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(expected["message_contains"].as_str().unwrap_or_default()), "{name}: {message}");
    assert_eq!(told.record["outcome"], "failed", "{name}: {}", told.record);
    assert_eq!(told.record["attempts"][0]["status"], told.status, "{name}: {}", told.record);
    assert!(told.record.get("usage").is_none(), "{name}: {}", told.record);
}

/// The access log knows what the caller was told, and what it cost.
fn check_record(recording: &Recording, record: &Value, outcome: &Outcome) {
    let (expected, name) = (&recording.expected, &recording.name);
    let broken = expected.get("stream_error").is_some();
    assert_eq!(record["outcome"], if broken { "failed" } else { "completed" }, "{name}: {record}");
    assert_eq!(record["stream"], recording.is_stream(), "{name}: {record}");
    assert_eq!(record["attempts"][0]["outcome"], if broken { "failed" } else { "answered" }, "{name}: {record}");
    assert_eq!(record.get("error").is_some(), broken, "{name}: {record}");
    if let ([choice], false) = (outcome.choices.as_slice(), broken) {
        assert_eq!(record["finish_reason"].as_str(), choice.finish.as_deref(), "{name}: {record}");
    }
    let known = expected.get("usage").or(expected.get("usage_partial")).filter(|usage| !usage.is_null());
    let source = match (known, broken) {
        (_, true) => "partial",
        (Some(_), false) => "provider",
        (None, false) => "estimated",
    };
    assert_eq!(record["usage_source"], source, "{name}: {record}");
    let Some(known) = known.filter(|_| !recording.is_policy("usage")) else { return };
    let settled = settled(&record["usage"]);
    let wanted = client_tokens(known);
    // Of an answer that broke off, the rest is counted from the text.
    let completion = if broken { settled.completion } else { wanted.completion };
    assert_eq!(settled, Tokens { completion, ..wanted }, "{name}: {record}");
}

fn settled(usage: &Value) -> Tokens {
    let number = |name: &str| usage[name].as_u64().unwrap();
    Tokens {
        prompt: number("input"),
        completion: number("output"),
        cached: number("cached"),
        cache_write: number("cache_write") + number("cache_write_1h"),
        reasoning: number("reasoning"),
    }
}

fn client_tokens(usage: &Value) -> Tokens {
    let number = |name: &str| usage[name].as_u64().unwrap_or_default();
    Tokens {
        prompt: number("prompt_tokens"),
        completion: number("completion_tokens"),
        cached: number("cached_tokens"),
        cache_write: number("cache_write_tokens"),
        reasoning: number("reasoning_tokens"),
    }
}
