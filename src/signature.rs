//! Answer headers of ours: who answered, what it cost, and how far limits have got.
//!
//! <https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers>

use std::fmt::{self, Display};
use std::time::Duration;

use crate::exchange::Exchange;
use crate::headers::{self, Headers};
use crate::limits::{Kind, Standing};
use crate::pricing::Decimal;
use crate::time::Timestamp;

/// Says what Envoy calls the request; nothing if it does not.
pub fn name(headers: &mut Headers, request_id: &str) {
    if !request_id.is_empty() {
        headers.set("x-request-id", request_id);
    }
}

/// Says who answered, after how many tries, what was left out, what a plain answer costs, and how far limits have got: a
/// stream's cost is known when its headers are long gone.
pub fn write(headers: &mut Headers, exchange: &Exchange, now: Timestamp) {
    let progress = &exchange.progress.borrow();
    if let Some(target) = progress.target() {
        headers.set("x-tollhouse-target", target);
        headers.set("x-tollhouse-attempts", progress.attempts.len());
    }
    if !progress.dropped.is_empty() {
        headers.set("x-tollhouse-dropped", headers::list(&progress.dropped));
    }
    if let Some(model) = &exchange.softer {
        headers.set("x-tollhouse-soft-limit", model);
    }
    if progress.meter.is_complete()
        && !exchange.asked.stream
        && let Some(consumption) = exchange.consumption(progress)
        && let Some(cost) = consumption.cost.total()
    {
        headers.set("x-tollhouse-cost-usd", cost);
    }
    limits(headers, &exchange.tolls.borrow().standings, now);
}

/// The tightest limit on requests, on tokens and on money.
fn limits(headers: &mut Headers, standings: &[Standing], now: Timestamp) {
    let tightest = |kinds: &[Kind]| {
        let some = standings.iter().filter(|standing| kinds.contains(&standing.limit.kind));
        some.min_by_key(|standing| standing.remaining())
    };
    if let Some(requests) = tightest(&[Kind::Requests]) {
        set(headers, &REQUESTS, requests, now, |n| n);
    }
    if let Some(tokens) = tightest(&[Kind::Tokens, Kind::InputTokens, Kind::OutputTokens]) {
        set(headers, &TOKENS, tokens, now, |n| n);
    }
    if let Some(usd) = tightest(&[Kind::Usd]) {
        set(headers, &USD, usd, now, Decimal);
    }
}

/// Headers that tell the limit, what remains of it, and when there is more.
type Names = [&'static str; 3];

const REQUESTS: Names = ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"];
const TOKENS: Names = ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"];
const USD: Names = ["x-tollhouse-budget-limit-usd", "x-tollhouse-budget-remaining-usd", "x-tollhouse-budget-reset-usd"];

fn set<D: Display>(
    headers: &mut Headers,
    [limit, remaining, reset]: &Names,
    standing: &Standing,
    now: Timestamp,
    amount: fn(u64) -> D,
) {
    headers.set(limit, amount(standing.limit.amount));
    headers.set(remaining, amount(standing.remaining()));
    if let Some(resets) = standing.resets(now) {
        headers.set(reset, Span(resets.since(now)));
    }
}

/// As Go writes spans, which is how OpenAI does: `6m0s`, `1s`, `20ms`.
struct Span(Duration);

impl Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0.as_secs(), self.0.subsec_millis());
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        match seconds {
            0 => write!(f, "{millis}ms"),
            1..60 => write!(f, "{rest}s"),
            60..3600 => write!(f, "{minutes}m{rest}s"),
            _ => write!(f, "{hours}h{minutes}m{rest}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn spans_are_written_as_openai_does() {
        for (millis, text) in [(20, "20ms"), (1_000, "1s"), (59_900, "59s"), (360_000, "6m0s"), (3_661_000, "1h1m1s")] {
            assert_eq!(Span(Duration::from_millis(millis)).to_string(), text);
        }
    }
}
