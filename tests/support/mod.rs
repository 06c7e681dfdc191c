//! What the tests with recordings share: finding them, cutting them, and comparing what they say with what was
//! expected of them.
#![allow(dead_code, unreachable_pub, reason = "every test file takes what it needs")]

pub mod client;
pub mod messages_client;
pub mod mutate;
pub mod outcome;
pub mod pairs;
pub mod rate_limit_service;
pub mod recordings;
pub mod replay;
pub mod responses;
pub mod rules;
pub mod worker;

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

/// Where to cut a body in two: everywhere, or in a long one at its nasty places and regularly in between.
/// `THOROUGH=1` takes more places, for a machine that has minutes.
pub fn cuts(length: usize, hints: &[usize]) -> Vec<usize> {
    let (everywhere, samples) = if std::env::var_os("THOROUGH").is_some() { (20_000, 500) } else { (4_000, 100) };
    if length <= everywhere {
        return (0..=length).collect();
    }
    let near = hints.iter().flat_map(|hint| [hint.saturating_sub(1), *hint, hint + 1]);
    (0..length).step_by(length.div_ceil(samples)).chain(near).filter(|at| *at <= length).collect()
}
