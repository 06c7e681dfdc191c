//! The price of one model, by time, service tier and length of the prompt.

use crate::time::Timestamp;
use crate::usage::{ServiceTier, Usage};

use super::bill::Bill;
use super::rates::Rates;
use super::usd::Decimal;

/// The version of prices that the document says.
pub const DOCUMENT: &str = "document";

/// What a model costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The date of the table that it is from, or [`DOCUMENT`].
    pub version: &'static str,
    /// The last that is valid counts, else the first.
    pub periods: Vec<Period>,
}

/// Prices of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// When they are valid.
    pub since: Since,
    /// By the length of prompts, shortest first.
    pub standard: Vec<Step>,
    /// The same for other service tiers.
    pub others: Vec<(ServiceTier, Vec<Step>)>,
}

/// When a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// All the time.
    Ever,
    /// From then on.
    Day(Timestamp),
    /// Every day from a minute to before another, UTC, which may be the next day's.
    Daily {
        /// The first.
        from: u64,
        /// The first after.
        to: u64,
    },
}

/// Prices of prompts of more than so many tokens: all their tokens, and all of the answer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Tokens of prompt, cached ones included.
    pub over: u64,
    /// The prices.
    pub rates: Rates,
}

impl Price {
    /// The bill of a request that began at `when`.
    pub fn bill(&self, usage: &Usage, when: Timestamp) -> Bill {
        let period = self.periods.iter().rev().find(|p| p.since.includes(when)).or(self.periods.first());
        let rates = period.and_then(|period| period.rates(usage)).unwrap_or_default();
        Bill::new(usage, &rates, self.version)
    }

    /// All prices multiplied.
    #[must_use]
    pub fn times(mut self, factor: Decimal) -> Self {
        for period in &mut self.periods {
            let others = period.others.iter_mut().flat_map(|(_, steps)| steps);
            for step in period.standard.iter_mut().chain(others) {
                step.rates = step.rates.times(factor);
            }
        }
        self
    }
}

impl Period {
    /// A service tier without prices of its own costs what the standard does.
    fn rates(&self, usage: &Usage) -> Option<Rates> {
        let other = self.others.iter().find(|(tier, _)| *tier == usage.service_tier);
        let steps = other.map_or(&self.standard, |(_, steps)| steps);
        let step = steps.iter().rev().find(|step| usage.input > step.over).or(steps.first());
        step.map(|step| step.rates)
    }
}

impl Since {
    fn includes(self, when: Timestamp) -> bool {
        match self {
            Self::Ever => true,
            Self::Day(day) => when >= day,
            Self::Daily { from, to } => {
                let minute = when.seconds() / 60 % (24 * 60);
                if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
            }
        }
    }
}
