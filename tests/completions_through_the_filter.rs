//! Replays recorded exchanges to callers of completions, through both roles of the filter.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::{Value, json};
use support::recordings::{self, Recording};
use support::worker::{Answer, Told, Worker};
use support::{cuts, events};
use tollhouse_filter::stream::Framing;

const PATH: &str = "/v1/completions";

fn ask<'a>(
    worker: &Worker,
    recording: &Recording,
    request: &Value,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Told {
    let mut request = request.clone();
    request["model"] = "tier".into();
    let answer = Answer { status: recording.status(), headers: recording.headers() };
    worker.send_to(PATH, request.to_string().as_bytes()).answer(&answer, pieces)
}

fn sent(recording: &Recording) -> Value {
    serde_json::from_slice(recording.request.as_ref().unwrap()).unwrap()
}

/// Chunks that have something of a choice.
fn pieces(body: &[u8]) -> Vec<Value> {
    let chunks = events([body]).into_iter().filter_map(|event| serde_json::from_str(&event.data).ok());
    chunks.filter(|chunk: &Value| chunk["choices"].as_array().is_some_and(|choices| !choices.is_empty())).collect()
}

#[test]
fn requests_pass_but_for_the_model_and_asking_for_usage() {
    for recording in recordings::of("openai-completions") {
        let mut request = sent(&recording);
        request["model"] = "tier".into();
        let got = Worker::new("openai").send_to(PATH, request.to_string().as_bytes()).body();
        request["model"] = "real-model".into();
        if recording.is_stream() {
            request["stream_options"] = json!({"include_usage": true});
        }
        assert_eq!(serde_json::from_slice::<Value>(&got).unwrap(), request, "{}", recording.name);
    }
}

#[test]
fn answers_pass_and_are_counted_wherever_they_are_cut() {
    for recording in recordings::of("openai-completions") {
        let (name, bytes, request) = (&recording.name, recording.response.as_slice(), sent(&recording));
        let worker = Worker::new("openai");
        let told = ask(&worker, &recording, &request, [bytes]);
        let expected = &recording.expected["usage"];
        if !expected.is_null() {
            assert_eq!(told.record["usage"]["input"], expected["prompt_tokens"], "{name}");
            assert_eq!(told.record["usage"]["output"], expected["completion_tokens"], "{name}");
        }
        assert_eq!((&told.record["surface"], &told.record["outcome"]), (&json!("completions"), &json!("completed")));
        if recording.is_stream() {
            assert_eq!(pieces(&told.body), pieces(bytes), "{name}");
            let usage = events([told.body.as_slice()]).iter().any(|event| event.data.contains("total_tokens"));
            assert_eq!(usage, request["stream_options"]["include_usage"] == true, "{name}");
        } else {
            assert_eq!(told.body, bytes, "{name}");
        }
        // Of a stream the roles see nothing but its events.
        let ends = if recording.is_stream() { cuts::ends(Framing::Sse, bytes) } else { (0..bytes.len()).collect() };
        for at in ends.into_iter().chain(recording.split_hints()).filter(|at| *at <= bytes.len()) {
            let (head, tail) = bytes.split_at(at);
            assert!(ask(&worker, &recording, &request, [head, tail]) == told, "{name} cut at {at}");
        }
    }
}

#[test]
fn answers_of_conversations_are_told_as_texts() {
    for (dialect, family) in [
        ("anthropic", "anthropic-messages"),
        ("groq", "openai-chat"),
        ("gemini", "gemini"),
        ("cohere", "cohere-chat"),
        ("bedrock-converse", "bedrock-converse"),
    ] {
        let worker = Worker::new(dialect);
        let (mut told, mut texts) = (0, 0);
        for recording in recordings::of(family).iter().filter(|recording| is_text(recording)) {
            let request = json!({ "prompt": "hi", "stream": recording.is_stream() });
            let answer = ask(&worker, recording, &request, [recording.response.as_slice()]);
            texts += check(recording, &answer);
            told += 1;
        }
        assert!(told == 0 || texts > 0, "{dialect}");
    }
}

/// Whole answers without calls.
fn is_text(recording: &Recording) -> bool {
    let choices = recording.expected["choices"].as_array().cloned().unwrap_or_default();
    let calls = choices.iter().any(|choice| choice["tool_calls"].as_array().is_some_and(|calls| !calls.is_empty()));
    let odd = recording.is_policy("choices") || recording.is_policy("finish_reason");
    !choices.is_empty() && !calls && !odd && recording.expected.get("stream_error").is_none()
}

/// Compares texts and reasons; tells how many choices say something.
fn check(recording: &Recording, told: &Told) -> usize {
    let name = &recording.name;
    assert_eq!(told.status, 200, "{name}: {}", String::from_utf8_lossy(&told.body));
    let whole = if recording.is_stream() {
        assert!(told.body.ends_with(b"data: [DONE]\n\n"), "{name}");
        pieces(&told.body)
    } else {
        vec![serde_json::from_slice(&told.body).unwrap()]
    };
    assert!(whole.iter().all(|piece| piece["object"] == "text_completion"), "{name}");
    let said: Vec<&Value> = whole.iter().flat_map(|piece| piece["choices"].as_array().unwrap()).collect();
    let expected = recording.expected["choices"].as_array().unwrap();
    for choice in expected {
        let index = choice["index"].as_u64().unwrap_or(0);
        let mine = || said.iter().filter(|said| said["index"] == index);
        let text: String = mine().filter_map(|said| said["text"].as_str()).collect();
        let refusal = choice["refusal"].as_str().unwrap_or_default();
        assert_eq!(text, choice["text"].as_str().unwrap_or_default().to_owned() + refusal, "{name}");
        assert_eq!(mine().next_back().unwrap()["finish_reason"], choice["finish_reason"], "{name}");
    }
    expected.iter().filter(|choice| choice["text"].as_str().is_some_and(|text| !text.is_empty())).count()
}
