//! What a request costs in the filter itself, without Envoy: both roles natively, over the ports in memory.
//!
//! `cargo bench -p tollhouse-filter --bench roles` prints the table of `docs/performance.md`. With the name of a case beside,
//! only that one runs, for a profiler: `valgrind --tool=callgrind target/release/deps/roles-… plain`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    unsafe_code,
    reason = "a benchmark that cannot go on should say where"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;

#[path = "../tests/support/worker.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with tests")]
mod worker;

use worker::{Answer, KEY, Worker};

/// Counts allocations: in Wasm each takes as long as some dozen of instructions.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: the system's allocator does all of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as asked.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as asked.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as asked.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const REQUESTS: u32 = 2_000;

fn main() {
    let only = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    println!("| | time | allocations |\n|---|---|---|");
    for (name, dialect, stream, prompt, limits) in [
        ("plain", "openai", false, 2_000, json!([])),
        ("plain-32k", "openai", false, 32_000, json!([])),
        ("limits", "openai", false, 2_000, usual_limits()),
        ("stream", "openai", true, 2_000, json!([])),
        ("translated", "anthropic", false, 2_000, json!([])),
        ("translated-stream", "anthropic", true, 2_000, json!([])),
    ] {
        if only.as_ref().is_none_or(|only| only == name) {
            run(name, dialect, stream, prompt, &limits);
        }
    }
}

fn usual_limits() -> Value {
    json!([
        { "for": { "client": "each" }, "tokens": 1_u64 << 50, "per": "minute" },
        { "for": { "client": "each" }, "requests": 1_u64 << 50, "per": "minute" },
        { "for": { "team": "each" }, "usd": 1_000_000, "per": "month", "alert_at": [0.8, 1.0] },
    ])
}

fn run(name: &str, dialect: &str, stream: bool, prompt: usize, limits: &Value) {
    let worker = Worker::of(&json!({
        "providers": { "up": { "dialect": dialect, "keys": [{ "value": "sk-up" }], "endpoint": "https://up.example" } },
        "models": { "tier": { "targets": ["up/real-model"] } },
        "prices": { "up/real-model": { "model": "openai/gpt-5-mini" } },
        "limits": limits,
        "clients": [{ "name": "bot", "team": "bots", "key_sha256": Digest::of(KEY).to_string(), "models": ["tier"] }],
    }));
    let body = json!({ "model": "tier", "stream": stream, "messages": [{ "role": "user", "content": "word ".repeat(prompt / 5) }] });
    let body = body.to_string().into_bytes();
    let (content_type, pieces) = answer(dialect, stream);
    let answer = Answer { status: 200, headers: vec![("content-type".into(), content_type.into())] };
    let pieces: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
    let (mut least, mut allocations) = (Duration::MAX, 0);
    for _ in 0..5 {
        let (start, before) = (Instant::now(), ALLOCATIONS.load(Ordering::Relaxed));
        for _ in 0..REQUESTS / 5 {
            let told = worker.send(&body).answer(&answer, pieces.iter().copied());
            assert_eq!(told.status, 200);
        }
        least = least.min(start.elapsed() / (REQUESTS / 5));
        allocations = (ALLOCATIONS.load(Ordering::Relaxed) - before) / u64::from(REQUESTS / 5);
    }
    println!("| {name} | {} ns | {allocations} |", least.as_nanos());
}

fn answer(dialect: &str, stream: bool) -> (&'static str, Vec<Vec<u8>>) {
    let text = "Hello there, this is an answer. ".repeat(6);
    let event =
        |value: Value| format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap_or("x")).into_bytes();
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish });
        let chunk = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], "usage": null });
        format!("data: {chunk}\n\n").into_bytes()
    };
    let usage = json!({ "prompt_tokens": 9, "completion_tokens": 60, "total_tokens": 69 });
    let words = || (0..56).map(|i| format!(" word{i}"));
    match (dialect, stream) {
        ("openai", false) => {
            let choice =
                json!({ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" });
            let body = json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage });
            ("application/json", vec![body.to_string().into_bytes()])
        }
        ("openai", true) => {
            let mut pieces = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
            pieces.extend(words().map(|word| chunk(json!({ "content": word }), Value::Null)));
            pieces.push(chunk(json!({}), json!("stop")));
            let last = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": usage });
            pieces.push(format!("data: {last}\n\ndata: [DONE]\n\n").into_bytes());
            ("text/event-stream", pieces)
        }
        (_, false) => {
            let usage = json!({ "input_tokens": 9, "output_tokens": 60 });
            let body = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [{ "type": "text", "text": text }], "stop_reason": "end_turn", "usage": usage });
            ("application/json", vec![body.to_string().into_bytes()])
        }
        (_, true) => {
            let usage = json!({ "input_tokens": 9, "output_tokens": 1 });
            let mut pieces = vec![
                event(
                    json!({ "type": "message_start", "message": { "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage } }),
                ),
                event(
                    json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
                ),
            ];
            let delta = |text| json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } });
            pieces.extend(words().map(|word| event(delta(word))));
            pieces.push(event(json!({ "type": "content_block_stop", "index": 0 })));
            pieces.push(event(json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 60 } })));
            pieces.push(event(json!({ "type": "message_stop" })));
            ("text/event-stream", pieces)
        }
    }
}
