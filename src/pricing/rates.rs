//! Prices by kind.

use super::bill::Kind;
use super::usd::{Decimal, Usd};

/// Dollars for a million tokens of each kind, and for a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates([Option<Usd>; Kind::ALL.len()]);

impl Rates {
    /// What a kind costs. A kind without a price of its own costs what the kind does that it is a part of.
    pub fn of(&self, kind: Kind) -> Usd {
        let own = self.0.get(kind as usize).copied().flatten();
        let whole = match kind {
            Kind::Cached | Kind::CacheWrite | Kind::AudioInput => Some(Kind::Input),
            Kind::CacheWrite1h => Some(Kind::CacheWrite),
            Kind::Reasoning | Kind::AudioOutput => Some(Kind::Output),
            Kind::Input | Kind::Output | Kind::Request => None,
        };
        own.or_else(|| whole.map(|whole| self.of(whole))).unwrap_or_default()
    }

    /// Sets the price of a kind.
    pub fn set(&mut self, kind: Kind, price: Usd) {
        if let Some(slot) = self.0.get_mut(kind as usize) {
            *slot = Some(price);
        }
    }

    /// These, with those of `others` where there is none.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        for (slot, other) in self.0.iter_mut().zip(others.0) {
            *slot = slot.or(other);
        }
        self
    }

    /// All multiplied.
    #[must_use]
    pub fn times(&self, factor: Decimal) -> Self {
        Self(self.0.map(|price| price.map(|usd| Usd(Decimal(usd.0).times(factor).0))))
    }
}
