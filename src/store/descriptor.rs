//! How limits are named and measured in the service.

use std::borrow::Cow;

use crate::clients::Digest;
use crate::ledger::{Unit, Window};
use crate::limits::{Limit, Subject};
use crate::time::Timestamp;

/// Names of entries, and their values.
pub(super) type Entries = Vec<(Cow<'static, str>, String)>;

/// A window, as the service counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    /// `envoy.type.v3.RateLimitUnit`.
    pub(super) unit: u64,
    /// Tells windows apart that the service would take for one.
    pub(super) tag: u64,
}

impl Period {
    /// The period of a window that holds `now`. `None` for windows that the protocol has no word for.
    ///
    /// The service's weeks and months begin when they like, and so does its year: ours are tagged with their first
    /// day, and what is counted for one lives for a year. Shorter ones begin with the epoch on both sides. Their tag,
    /// the last bit of their number, keeps what is settled late from the window that has begun since.
    pub(super) fn of(window: Window, now: Timestamp) -> Option<Self> {
        let start = window.bucket(now).0;
        let short = |unit, length: u64| Some(Self { unit, tag: start / length % 2 });
        match window {
            Window::Calendar(Unit::Second) => short(1, 1_000),
            Window::Calendar(Unit::Minute) => short(2, 60_000),
            Window::Calendar(Unit::Hour) => short(3, 3_600_000),
            Window::Calendar(Unit::Day) => short(4, DAY),
            Window::Calendar(Unit::Week | Unit::Month) => Some(Self { unit: 6, tag: start / DAY }),
            Window::Rolling(_) | Window::Ever => None,
        }
    }
}

const DAY: u64 = 86_400_000;

/// How much one hit stands for, so that a limit is at most 2^32 hits: more the protocol cannot say.
pub(super) fn step(amount: u64) -> u64 {
    let mut step = 1;
    while amount / step > u64::from(u32::MAX) {
        step *= 10;
    }
    step
}

/// A limit in hits.
pub(super) fn hits(amount: u64) -> u64 {
    amount / step(amount)
}

/// Longer values are replaced by their digests: a caller does not decide how much the service must store.
const LONGEST: usize = 128;

/// `limit`, the value of each dimension of which each has a counter, `step` unless it is 1, and `window`.
pub(super) fn entries(limit: &Limit, subject: &Subject<'_>, period: Period) -> Entries {
    let mut entries: Entries = vec![("limit".into(), limit.id().trim_start_matches("limit/").to_owned())];
    for (dimension, value) in limit.scope.values(subject) {
        let word = dimension.word().to_owned();
        // A value may not be empty.
        entries.push(match value {
            "" => ("without".into(), word),
            long if long.len() > LONGEST => (word.into(), format!("sha256:{}", Digest::of(long))),
            value => (word.into(), value.to_owned()),
        });
    }
    let step = step(limit.amount);
    if step > 1 {
        entries.push(("step".into(), step.to_string()));
    }
    entries.push(("window".into(), period.tag.to_string()));
    entries
}
