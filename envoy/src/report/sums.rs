//! Sums of many requests, exact: no float takes part.

use super::line::Line;

/// What requests used and cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    counts: [u128; COLUMNS.len()],
    /// None while no request had a price.
    nano_usd: Option<u128>,
}

/// What is counted. Input includes what was read from caches, written to them and heard; output what was thought and
/// spoken.
pub(super) const COLUMNS: [&str; 10] = [
    "requests",
    "unpriced",
    "input",
    "cached",
    "cache_write",
    "cache_write_1h",
    "audio_input",
    "output",
    "reasoning",
    "audio_output",
];

impl Sums {
    pub(super) fn add(&mut self, line: &Line<'_>) {
        let cost = line.cost();
        let mut counts = [0; COLUMNS.len()];
        counts[0] = 1;
        if let Some(t) = &line.usage {
            let tokens = [
                t.input,
                t.cached,
                t.cache_write,
                t.cache_write_1h,
                t.audio_input,
                t.output,
                t.reasoning,
                t.audio_output,
            ];
            let [_, unpriced, kinds @ ..] = &mut counts;
            *unpriced = u128::from(cost.is_none());
            *kinds = tokens.map(u128::from);
        }
        self.merge(&Self { counts, nano_usd: cost.map(u128::from) });
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, count)| *sum += count);
        self.nano_usd = match (self.nano_usd, other.nano_usd) {
            (Some(sum), Some(cost)) => Some(sum + cost),
            (sum, cost) => sum.or(cost),
        };
    }

    /// In the order of [`COLUMNS`].
    pub(super) fn counts(&self) -> [u128; COLUMNS.len()] {
        self.counts
    }

    /// Dollars with nine decimals, if anybody knows: what has no price is not free.
    pub(super) fn cost(&self) -> Option<String> {
        const ONE: u128 = 1_000_000_000;
        let [_, unpriced, ..] = self.counts;
        let nano = self.nano_usd.or((unpriced == 0).then_some(0))?;
        Some(format!("{}.{:09}", nano / ONE, nano % ONE))
    }
}
