//! What the filter asks of the proxy for one request: every call out of the engine costs more than most of what is done
//! inside of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;

#[path = "support/worker.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod worker;

use worker::{Answer, KEY, Worker};

type Asked = BTreeMap<&'static str, usize>;

fn worker(limits: &Value) -> Worker {
    Worker::of(&json!({
        "providers": { "up": { "dialect": "openai", "keys": [{ "value": "sk-up" }], "endpoint": "https://up.example" } },
        "models": { "tier": { "targets": ["up/real-model"] } },
        "limits": limits,
        "clients": [{ "name": "bot", "team": "bots", "key_sha256": Digest::of(KEY).to_string(), "models": ["tier"] }],
    }))
}

/// What is asked for one request that is answered in these pieces.
fn asked(worker: &Worker, stream: bool, media: &str, pieces: &[String]) -> Asked {
    let message = json!({ "role": "user", "content": "Hi" });
    let body = json!({ "model": "tier", "stream": stream, "max_tokens": 9, "messages": [message] }).to_string();
    let mut sent = worker.send(body.as_bytes());
    let answer = Answer { status: 200, headers: vec![("content-type".into(), media.into())] };
    let told = sent.end_with(&answer, pieces.iter().map(String::as_bytes));
    assert_eq!(told.record["outcome"], "completed");
    sent.host.asked.take()
}

fn plain(limits: &Value) -> Asked {
    let usage = json!({ "prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10 });
    let message = json!({ "role": "assistant", "content": "Hello" });
    let answer = json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
    });
    asked(&worker(limits), false, "application/json", &[answer.to_string()])
}

fn streamed(words: usize) -> Asked {
    let event = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        let chunk =
            json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice] });
        format!("data: {chunk}\n\n")
    };
    let mut pieces = vec![event(json!({ "role": "assistant", "content": "One" }), Value::Null)];
    pieces.extend((0..words).map(|i| event(json!({ "content": format!(" {i}") }), Value::Null)));
    pieces.push(event(json!({}), json!("stop")) + "data: [DONE]\n\n");
    asked(&worker(&json!([])), true, "text/event-stream", &pieces)
}

/// `more` without what `less` has.
fn beyond(more: &Asked, less: &Asked) -> Vec<(&'static str, usize)> {
    let left = more.iter().map(|(what, times)| (*what, times - less.get(what).copied().unwrap_or_default()));
    left.filter(|(_, times)| *times > 0).collect()
}

#[test]
fn a_plain_request_asks_for_no_more_than_this() {
    let expected = [
        // Each metric has a number, which is asked for once in a worker's life.
        ("add", 6),
        ("body", 3),
        // The status: the provider role has made the answer's headers.
        ("header", 1),
        ("headers", 2),
        ("meter", 6),
        // Two of these look for metadata of the route.
        ("property", 3),
        ("set_body", 1),
        // The last puts the caller's own in the place of those with a provider's key, before anybody logs them.
        ("set_headers", 4),
        ("set_property", 3),
    ];
    assert_eq!(plain(&json!([])).into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_piece_of_a_stream_that_passes_is_taken_once_and_sent_on_once() {
    assert_eq!(beyond(&streamed(30), &streamed(20)), [("body", 10), ("flush", 10)]);
}

#[test]
fn limits_for_the_same_are_asked_for_together_however_many_there_are() {
    let of_client = |kind: &str| json!({ "for": { "client": "each" }, kind: 1_000_000, "per": "minute" });
    let of_team = json!({ "for": { "team": "each" }, "tokens": 1_000_000, "per": "hour" });
    let without = plain(&json!([]));
    let twice = [("read", 2), ("replace", 2)];
    assert_eq!(beyond(&plain(&json!([of_client("tokens")])), &without), twice);
    let three = json!([of_client("tokens"), of_client("requests"), of_client("output_tokens")]);
    assert_eq!(beyond(&plain(&three), &without), twice);
    let apart = json!([of_client("tokens"), of_client("requests"), of_team]);
    assert_eq!(beyond(&plain(&apart), &without), [("read", 4), ("replace", 4)]);
}
