//! What the tests with recordings share: finding them, cutting them, and comparing what they say with what was
//! expected of them.
#![allow(dead_code, unreachable_pub, reason = "every test file takes what it needs")]

pub mod callers;
pub mod client;
pub mod cuts;
pub mod exemptions;
pub mod families;
pub mod messages_client;
pub mod mutate;
pub mod outcome;
pub mod pairs;
pub mod rate_limit_service;
pub mod reading;
pub mod recordings;
pub mod responses;
pub mod rules;
pub mod sums;
pub mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind};

use tollhouse_filter::stream::sse;

/// All events of a stream that comes in these pieces.
pub fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<sse::Event> {
    let mut parser = sse::Parser::new(8 << 20);
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(piece);
        while let Some(event) = parser.next().unwrap() {
            events.push(event);
        }
    }
    events
}

/// Runs a check on everything that has a name; all failures are told, not only the first.
pub fn failures<T>(subjects: Vec<(String, T)>, mut check: impl FnMut(&(String, T))) {
    let all = subjects.len();
    let failed: Vec<_> = subjects
        .into_iter()
        .filter(|subject| catch_unwind(AssertUnwindSafe(|| check(subject))).is_err())
        .map(|(name, _)| name)
        .collect();
    assert!(failed.is_empty(), "{} of {all} failed: {failed:?}", failed.len());
}
