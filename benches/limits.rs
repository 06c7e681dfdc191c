//! What limits cost in the filter itself, without Envoy: natively, over the ports in memory.
//!
//! `cargo bench -p tollhouse-filter --bench limits` prints the tables of `docs/limits.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a benchmark that cannot go on should say where"
)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::Config;
use tollhouse_filter::host::memory::Memory;
use tollhouse_filter::ledger::{Bind, Class};
use tollhouse_filter::limits::{Demand, Spending, Subject};
use tollhouse_filter::routing::Plan;
use tollhouse_filter::time::Timestamp;
use tollhouse_filter::tolls::Tolls;

const START: Timestamp = Timestamp(1_800_000_000_000);

fn main() {
    println!("| document | read | checked and compiled |\n|---|---|---|");
    for clients in [1_000, 10_000, 100_000] {
        load(clients);
    }
    println!("\n| requests so far | keys | largest value | memory | per request |\n|---|---|---|---|---|");
    run(1_000_000, 10_000);
}

/// So many clients, each with a limit of its own.
fn document(clients: usize, limits: Vec<Value>) -> String {
    let client = |i: usize| {
        let name = name(i);
        json!({ "name": name, "team": format!("team-{}", i % 100), "key_sha256": Digest::of(&name).to_string(), "models": ["tier"] })
    };
    json!({
        "providers": { "openai": { "dialect": "openai" } },
        "models": { "tier": { "targets": ["openai/gpt-5-mini"] } },
        "clients": (0..clients).map(client).collect::<Vec<_>>(),
        "limits": limits,
    })
    .to_string()
}

fn name(client: usize) -> String {
    format!("client-{client}")
}

fn load(clients: usize) {
    let own = |i: usize| json!({ "for": { "client": name(i) }, "usd": 50, "per": "month", "alert_at": [0.8, 1.0] });
    let text = document(clients, (0..clients).map(own).collect());
    let (mut read, mut compiled) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        let start = Instant::now();
        let document = tollhouse_filter::config::document(text.as_bytes()).unwrap();
        read = read.min(start.elapsed());
        let start = Instant::now();
        let config = Config::compile(&document, &|_| None).unwrap();
        compiled = compiled.min(start.elapsed());
        assert_eq!(config.limits.all().count(), clients);
    }
    println!(
        "| {clients} clients and limits, {} KB | {} ms | {} ms |",
        text.len() / 1000,
        read.as_millis(),
        compiled.as_millis()
    );
}

/// Requests of clients in turn, over the limits that a request usually has, 50 under way at a time.
fn run(requests: usize, clients: usize) {
    let limits = vec![
        json!({ "for": { "client": "each" }, "tokens": 1_000_000_000_000_u64, "per": "minute" }),
        json!({ "for": { "client": "each" }, "usd": 1_000_000, "per": "month", "alert_at": [0.8, 1.0] }),
        json!({ "for": { "user": "each" }, "requests": 1_000_000, "per": "minute", "rolling": true }),
    ];
    let config = Config::parse(document(clients, limits).as_bytes(), &|_| None).unwrap();
    let targets = &config.models["tier"].targets;
    let host = Memory::default();
    let mut under_way = std::collections::VecDeque::new();
    let names: Vec<_> = (0..clients).map(name).collect();
    let users: Vec<_> = (0..requests).map(|i| format!("user-{}", i.wrapping_mul(7919) % 100_000)).collect();
    let mut spent = Duration::ZERO;
    for i in 0..requests {
        // A thousand requests a second.
        let now = START.after(Duration::from_millis(i as u64));
        let subject =
            Subject { client: &names[i % clients], model: "tier", user: Some(&users[i]), ..Subject::default() };
        let demand = Demand {
            input: 1_000,
            output: 500,
            usd: Some(1_250_000),
            class: Class::Interactive,
            bind: Bind::Hard,
            expires: now.after(Duration::from_secs(660)),
        };
        let mut plan = Plan::new(targets, |_| false);
        let start = Instant::now();
        under_way.push_back(Tolls::take(&config.limits, &subject, &demand, &mut plan, &host, now).unwrap());
        if under_way.len() > 50 {
            let spending = Spending { input: 700, output: 100, usd: 375_000 };
            under_way.pop_front().unwrap().settle(1, &spending, &host, now);
        }
        spent += start.elapsed();
        if (i + 1).is_multiple_of(requests / 4) {
            let shared = host.shared.borrow();
            let largest = shared.values().map(Vec::len).max().unwrap_or_default();
            let each = spent / u32::try_from(requests / 4).unwrap();
            println!(
                "| {} | {} | {largest} B | {} MiB | {} ns |",
                i + 1,
                shared.len(),
                resident() >> 20,
                each.as_nanos()
            );
            spent = Duration::ZERO;
        }
    }
}

/// Bytes of memory that this process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}
