//! What the filter costs: the same Envoy with it and without it, in turns within one run.
//!
//! `cargo bench -p integration` prints the tables of the README, `-- limits` those of `docs/limits.md`: what limits add to
//! the filter. `against FILE` compares with another module instead of with none, and `quick` is a tenth of it, to see that
//! it works.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a benchmark that cannot go on should say where"
)]

use std::cmp::Ordering;
use std::time::Duration;

use integration::speech::Speech;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

mod load;
mod proxy;
mod upstream;

use load::{Load, Request};
use proxy::Proxy;

/// Rounds of one measurement; the two proxies take turns in each. Many short ones: what else the machine does then meets
/// both, and the median of their ratios does not mind single ones.
const ROUNDS: usize = 60;

/// Rounds before it.
const WARM_UP: usize = 5;

/// What is asked, and of whom.
struct Case {
    name: &'static str,
    model: &'static str,
    stream: bool,
    requests: usize,
}

const CASES: [Case; 4] = [
    Case { name: "plain, same API", model: "o", stream: false, requests: 300 },
    Case { name: "stream of 60 events, same API", model: "o", stream: true, requests: 100 },
    Case { name: "plain, translated", model: "a", stream: false, requests: 300 },
    Case { name: "stream of 60 events, translated", model: "a", stream: true, requests: 100 },
];

fn main() {
    let asked = |word: &str| std::env::args().any(|argument| argument == word);
    let scale = if asked("quick") { 10 } else { 1 };
    let against = std::env::args().skip_while(|argument| argument != "against").nth(1);
    let runtime = Runtime::new().unwrap();
    let openai = runtime.block_on(upstream::start(Speech::OpenAi));
    let anthropic = runtime.block_on(upstream::start(Speech::Anthropic));
    let document = |limits| proxy::document(openai, anthropic, limits);
    let limits = if asked("limits") { usual_limits() } else { json!([]) };
    let own = tollhouse::filter::bytes().unwrap();
    // What comes first in the tables, and what is compared with it.
    let (without, with) = match against {
        Some(module) => {
            let other = std::fs::read(&module).expect("a module to compare with");
            (Proxy::start(&document(limits.clone()), Some(&other)), Proxy::start(&document(limits), Some(&own)))
        }
        None if asked("limits") => {
            (Proxy::start(&document(json!([])), Some(&own)), Proxy::start(&document(limits), Some(&own)))
        }
        None => (Proxy::start(&document(limits.clone()), None), Proxy::start(&document(limits), Some(&own))),
    };
    println!(
        "| | CPU per request, without → with | ratio | p50 latency, without → with | p99 |\n|---|---|---|---|---|"
    );
    for case in &CASES {
        compare(&runtime, &without, &with, case, scale);
    }
    memory(&runtime, &with, scale);
}

/// A rate and a budget for the caller, and a budget for its team, none of which is ever reached.
fn usual_limits() -> Value {
    json!([
        { "for": { "client": "each" }, "tokens": 1_u64 << 50, "per": "minute" },
        { "for": { "client": "each" }, "requests": 1_u64 << 50, "per": "minute" },
        { "for": { "team": "each" }, "usd": 1_000_000, "per": "month", "alert_at": [0.8, 1.0] },
    ])
}

fn compare(runtime: &Runtime, without: &Proxy, with: &Proxy, case: &Case, scale: usize) {
    let per_round = case.requests / scale;
    let mut totals = [Totals::default(), Totals::default()];
    for round in 0..WARM_UP + ROUNDS {
        for (proxy, total) in [without, with].into_iter().zip(&mut totals) {
            let request = proxy.request(case.model, case.stream, 1000);
            let cpu = proxy.cpu();
            let latencies = runtime.block_on(Load { connections: 1, requests: per_round }.run(&request));
            // The first rounds warm up: V8 makes hot code fast only after a while.
            if round >= WARM_UP {
                total.cpu.push((proxy.cpu() - cpu) / u32::try_from(latencies.len()).unwrap());
                total.latencies.extend(latencies);
            }
        }
    }
    let [plain, filtered] = &mut totals;
    let pairs = filtered.cpu.iter().zip(&plain.cpu).map(|(with, without)| with.as_secs_f64() / without.as_secs_f64());
    let ratio = median(pairs.collect(), f64::total_cmp);
    let (a, b) = (plain.per_request(), filtered.per_request());
    let quantile = |totals: &mut Totals, q| micros(totals.quantile(q));
    let (p50, p50_with) = (quantile(plain, 0.5), quantile(filtered, 0.5));
    let (p99, p99_with) = (quantile(plain, 0.99), quantile(filtered, 0.99));
    println!(
        "| {} | {} → {} | {ratio:.2} | {p50} → {p50_with} | {p99} → {p99_with} |",
        case.name,
        micros(a),
        micros(b)
    );
}

/// How much memory Envoy holds after many requests, and after large ones.
fn memory(runtime: &Runtime, proxy: &Proxy, scale: usize) {
    println!("\n| memory of Envoy with the filter, two workers | |\n|---|---|");
    println!("| after the above | {} MiB |", proxy.resident() >> 20);
    for model in ["o", "a"] {
        let request = proxy.request(model, false, 1000);
        runtime.block_on(Load { connections: 16, requests: 50_000 / scale }.run(&request));
    }
    println!("| after {} more requests | {} MiB |", 100_000 / scale, proxy.resident() >> 20);
    for model in ["o", "a"] {
        let request = proxy.request(model, false, 20 << 20);
        runtime.block_on(Load { connections: 1, requests: 5 }.run(&request));
    }
    println!("| after ten requests of 20 MB | {} MiB |", proxy.resident() >> 20);
    let request: Request = proxy.request("o", false, 1000);
    runtime.block_on(Load { connections: 16, requests: 20_000 / scale }.run(&request));
    println!("| after {} small ones more | {} MiB |", 20_000 / scale, proxy.resident() >> 20);
}

#[derive(Default)]
struct Totals {
    /// For a request, in each round.
    cpu: Vec<Duration>,
    latencies: Vec<Duration>,
}

impl Totals {
    fn per_request(&self) -> Duration {
        median(self.cpu.clone(), Duration::cmp)
    }

    fn quantile(&mut self, q: f64) -> Duration {
        self.latencies.sort_unstable();
        self.latencies[((self.latencies.len() - 1) as f64 * q) as usize]
    }
}

fn median<T: Copy>(mut values: Vec<T>, order: impl FnMut(&T, &T) -> Ordering) -> T {
    values.sort_unstable_by(order);
    values[values.len() / 2]
}

fn micros(time: Duration) -> String {
    format!("{} µs", time.as_micros())
}
