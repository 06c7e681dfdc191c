//! What requests cost.
//!
//! Money is a whole number of nano-dollars ([`Usd`]). Every line of a bill is tokens times price, rounded half up to a
//! nano-dollar by itself, and the total is the sum of the lines: no float takes part. What has no price is
//! [`Cost::Unpriced`], which is not the same as free.
//!
//! Prices come from the document, else from the [`table`] that is built in.

mod bill;
mod names;
mod price;
mod rates;
mod usd;

pub mod table;

pub use bill::{Bill, Kind};
pub use price::{DOCUMENT, Period, Price, Since, Step};
pub use rates::Rates;
pub use usd::{Decimal, Usd};

/// What a request costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// So much.
    Priced(Bill),
    /// Nobody knows.
    Unpriced,
}

impl Cost {
    /// The sum, if it is known.
    pub fn total(&self) -> Option<Usd> {
        match self {
            Self::Priced(bill) => Some(bill.total()),
            Self::Unpriced => None,
        }
    }
}

#[cfg(test)]
mod tests;
