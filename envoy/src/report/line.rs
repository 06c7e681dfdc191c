//! A record as the filter writes it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use tollhouse_filter::pricing::Decimal;
use tollhouse_filter::time::Timestamp;

use super::Dimension;

/// One request. What every record has tells it from other JSON.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    time_ms: u64,
    #[serde(rename = "duration_ms")]
    _duration: u64,
    #[serde(borrow, rename = "outcome")]
    _outcome: Cow<'a, str>,
    #[serde(borrow, default)]
    client: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    team: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    target: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    surface: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) usage: Option<Tokens>,
    #[serde(borrow, default)]
    cost_usd: Option<&'a RawValue>,
}

/// Tokens by kind, as the record has them: the first and the fifth include the others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) cached: u64,
    pub(super) cache_write: u64,
    pub(super) cache_write_1h: u64,
    pub(super) output: u64,
    pub(super) reasoning: u64,
    pub(super) audio_input: u64,
    pub(super) audio_output: u64,
}

impl<'a> Line<'a> {
    /// A line whose cost is not written exactly is not ours either.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        let line: Self = serde_json::from_slice(text).ok()?;
        (line.cost_usd.is_none() || line.cost().is_some()).then_some(line)
    }

    pub(super) fn time(&self) -> Timestamp {
        Timestamp(self.time_ms)
    }

    /// Nano-dollars, if there was a price.
    pub(super) fn cost(&self) -> Option<u64> {
        Decimal::parse(self.cost_usd?.get()).map(|cost| cost.0)
    }

    pub(super) fn value(&self, dimension: Dimension) -> Option<String> {
        let text = match dimension {
            Dimension::Client => &self.client,
            Dimension::Team => &self.team,
            Dimension::Model => &self.model,
            Dimension::Target => &self.target,
            Dimension::Surface => &self.surface,
            Dimension::Day | Dimension::Month => {
                let [year, month, day] = self.time().date();
                let month = format!("{year:04}-{month:02}");
                return Some(if dimension == Dimension::Day { format!("{month}-{day:02}") } else { month });
            }
        };
        text.as_deref().map(str::to_owned)
    }
}
