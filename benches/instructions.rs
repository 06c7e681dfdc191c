//! Instructions of the hot paths, counted by Callgrind: the same on a busy machine and on an idle one.
//!
//! `.ci/instructions` compares them with `benches/instructions.txt`. It wants valgrind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark that cannot go on should say where"
)]

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use paths::{Path, path};
use serde_json::json;
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::Config;
use worker::Told;

#[path = "support/paths.rs"]
#[allow(dead_code, reason = "shared with another benchmark")]
mod paths;
#[path = "../tests/support/worker.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with tests")]
mod worker;

/// The first request pays for what loading has left to the allocator, and is none of those that matter.
fn warm(name: &str) -> Path {
    let path = path(name);
    drop(path.walk());
    path
}

#[library_benchmark]
#[bench::passed_2_kb(warm("passed_2_kb"))]
#[bench::passed_32_kb(warm("passed_32_kb"))]
#[bench::passed_limited(warm("passed_limited"))]
#[bench::passed_of_10000_clients(warm("passed_of_10000_clients"))]
#[bench::passed_stream(warm("passed_stream"))]
#[bench::translated_2_kb(warm("translated_2_kb"))]
#[bench::translated_32_kb(warm("translated_32_kb"))]
#[bench::translated_stream(warm("translated_stream"))]
fn request(path: Path) -> Told {
    let told = black_box(path.walk());
    // To take a worker down is no work of a request.
    std::mem::forget(path);
    told
}

/// So many clients, each with a budget.
fn crowd(clients: usize) -> String {
    let name = |i| format!("client-{i}");
    let client = |i| json!({ "name": name(i), "key_sha256": Digest::of(&name(i)).to_string(), "models": ["tier"] });
    let budget = |i| json!({ "for": { "client": name(i) }, "usd": 50, "per": "month" });
    json!({
        "providers": { "openai": { "dialect": "openai" } },
        "models": { "tier": { "targets": ["openai/gpt-5-mini"] } },
        "clients": (0..clients).map(client).collect::<Vec<_>>(),
        "limits": (0..clients).map(budget).collect::<Vec<_>>(),
    })
    .to_string()
}

#[library_benchmark]
#[bench::of_1000_clients(crowd(1_000))]
fn load(document: String) -> Config {
    black_box(Config::parse(document.as_bytes(), &|_| None).unwrap())
}

library_benchmark_group!(name = hot; benchmarks = request, load);
main!(library_benchmark_groups = hot);
