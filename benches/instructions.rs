//! Instructions of the hot paths, counted by Callgrind: the same on a busy machine and on an idle one.
//!
//! `cargo bench -p tollhouse-filter --bench instructions` wants valgrind and `gungraun-runner`. A path fails that takes two
//! percent more than the count beside it; who makes one dearer with a reason, or cheaper, writes the new count there.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark that cannot go on says where"
)]

use std::hint::black_box;

use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::Config;
use worker::{Answer, KEY, Told, Worker};

#[allow(dead_code, unreachable_pub, reason = "the tests' own")]
#[path = "../tests/support/worker.rs"]
mod worker;

/// A count of instructions that must not grow.
fn baseline(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, instructions + instructions / 50)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

/// A request and its answer, ready to be played.
struct Play {
    worker: Worker,
    request: String,
    answer: Answer,
    pieces: Vec<String>,
}

/// What is asked of a provider: its dialect, the size of the prompt, and whether the answer is streamed.
struct Scene(&'static str, usize, bool);

fn play(Scene(dialect, prompt, stream): Scene) -> Play {
    let kind = if stream { "text/event-stream" } else { "application/json" };
    Play {
        worker: Worker::of(&document(dialect)),
        request: json!({
            "model": "tier", "stream": stream, "max_tokens": 256,
            "messages": [{ "role": "user", "content": "One two three four. ".repeat(prompt / 20) }],
        })
        .to_string(),
        answer: Answer { status: 200, headers: vec![("content-type".to_owned(), kind.to_owned())] },
        pieces: match (dialect, stream) {
            ("anthropic", false) => vec![anthropic()],
            ("anthropic", true) => anthropic_events(),
            (_, false) => vec![openai()],
            (_, true) => openai_events(),
        },
    }
}

/// With prices, a rate for the client and a budget for its team.
fn document(dialect: &str) -> Value {
    json!({
        "providers": { "up": { "dialect": dialect, "keys": [{ "value": "sk-up" }], "endpoint": "https://up.example" } },
        "models": { "tier": { "targets": ["up/real-model"] } },
        "prices": { "up/real-model": { "per_million": { "input": 1, "output": 2 } } },
        "limits": [
            { "for": { "client": "each" }, "tokens": 1_000_000, "per": "minute" },
            { "for": { "team": "each" }, "usd": 1_000, "per": "month" },
        ],
        "clients": [{ "name": "bot", "team": "team", "key_sha256": Digest::of(KEY).to_string(), "models": ["tier"] }],
    })
}

/// Text events of a stream.
const EVENTS: usize = 64;

fn openai() -> String {
    let message = json!({ "role": "assistant", "content": " word".repeat(EVENTS) });
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "real-model",
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 9, "completion_tokens": EVENTS, "total_tokens": 9 + EVENTS },
    })
    .to_string()
}

fn openai_events() -> Vec<String> {
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "real-model",
            "choices": choices, "usage": usage,
        });
        format!("data: {chunk}\n\n")
    };
    let text = json!([{ "index": 0, "delta": { "content": " word" }, "finish_reason": null }]);
    let mut events = vec![chunk(text, Value::Null); EVENTS];
    let end = json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]);
    events.push(chunk(end, Value::Null));
    let usage = json!({ "prompt_tokens": 9, "completion_tokens": EVENTS, "total_tokens": 9 + EVENTS });
    events.push(chunk(json!([]), usage) + "data: [DONE]\n\n");
    events
}

fn anthropic() -> String {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "real-model", "stop_reason": "end_turn",
        "content": [{ "type": "text", "text": " word".repeat(EVENTS) }],
        "usage": { "input_tokens": 9, "output_tokens": EVENTS },
    })
    .to_string()
}

fn anthropic_events() -> Vec<String> {
    let event = |data: Value| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap());
    let usage = json!({ "input_tokens": 9, "output_tokens": 1 });
    let message =
        json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage });
    let block = json!({ "type": "text", "text": "" });
    let text = json!({ "type": "text_delta", "text": " word" });
    let mut events = vec![
        event(json!({ "type": "message_start", "message": message })),
        event(json!({ "type": "content_block_start", "index": 0, "content_block": block })),
    ];
    events.extend((0..EVENTS).map(|_| event(json!({ "type": "content_block_delta", "index": 0, "delta": text }))));
    events.push(event(json!({ "type": "content_block_stop", "index": 0 })));
    let usage = json!({ "output_tokens": EVENTS });
    events.push(event(json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": usage })));
    events.push(event(json!({ "type": "message_stop" })));
    events
}

#[library_benchmark(setup = play)]
#[bench::passed_2_kb(args = (Scene("openai", 2_000, false)), config = baseline(1))]
#[bench::passed_32_kb(args = (Scene("openai", 32_000, false)), config = baseline(1))]
#[bench::passed_stream(args = (Scene("openai", 2_000, true)), config = baseline(1))]
#[bench::translated_2_kb(args = (Scene("anthropic", 2_000, false)), config = baseline(1))]
#[bench::translated_32_kb(args = (Scene("anthropic", 32_000, false)), config = baseline(1))]
#[bench::translated_stream(args = (Scene("anthropic", 2_000, true)), config = baseline(1))]
fn request(play: Play) -> Told {
    let sent = play.worker.send(play.request.as_bytes());
    black_box(sent.answer(&play.answer, play.pieces.iter().map(String::as_bytes)))
}

/// So many clients, each with a budget.
fn crowd(clients: usize) -> String {
    let client = |i| json!({ "name": format!("client-{i}"), "key_sha256": Digest::of(&format!("{i}")).to_string(), "models": ["tier"] });
    let budget = |i| json!({ "for": { "client": format!("client-{i}") }, "usd": 50, "per": "month" });
    let mut document = document("openai");
    document["clients"] = (0..clients).map(client).collect();
    document["limits"] = (0..clients).map(budget).collect();
    document.to_string()
}

#[library_benchmark]
#[bench::of_1000_clients(args = (1_000), setup = crowd, config = baseline(1))]
fn load(document: String) -> Config {
    black_box(Config::parse(document.as_bytes(), &|_| None).unwrap())
}

library_benchmark_group!(name = hot; benchmarks = request, load);
main!(library_benchmark_groups = hot);
