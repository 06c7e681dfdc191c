//! Dollars, and the decimal numbers that they are written in.

use std::fmt;
use std::iter::Sum;

const DIGITS: usize = 9;

/// A billion.
pub(super) const ONE: u64 = 1_000_000_000;

/// A decimal number from 0 with up to nine digits behind the point, as a number of billionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(pub u64);

impl Decimal {
    /// One.
    pub const ONE: Self = Self(ONE);

    /// Reads `3`, `0.25` or `.5`: nothing that would have to be rounded, no sign, no exponent.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if text.len() == text.matches('.').count() || !digits(whole) || !digits(fraction) || fraction.len() > DIGITS {
            return None;
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let fraction: u64 = format!("{fraction:0<DIGITS$}").parse().ok()?;
        whole.checked_mul(ONE)?.checked_add(fraction).map(Self)
    }

    /// The product, rounded half up, or the largest number there is.
    #[must_use]
    pub fn times(self, factor: Self) -> Self {
        Self(rounded(u128::from(self.0) * u128::from(factor.0), ONE))
    }
}

/// Without zeros at the end.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = fraction(self.0);
        let fraction = str::from_utf8(&digits).unwrap_or_default().trim_end_matches('0');
        match fraction {
            "." => write!(f, "{}", self.0 / ONE),
            some => write!(f, "{}{some}", self.0 / ONE),
        }
    }
}

/// Nano-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(pub u64);

impl Usd {
    /// What tokens cost at this price for a million of them.
    pub(super) fn of_million(self, tokens: u64) -> Self {
        Self(rounded(u128::from(self.0) * u128::from(tokens), 1_000_000))
    }

    /// The sum, or the largest that there is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::plus)
    }
}

/// Dollars with nine decimals.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0 / ONE, str::from_utf8(&fraction(self.0)).unwrap_or_default())
    }
}

/// A point and the digits behind it: every answer and every record has some, and padding by the formatter takes thrice
/// as long.
fn fraction(billionths: u64) -> [u8; DIGITS + 1] {
    let (mut digits, mut rest) = ([b'.'; DIGITS + 1], billionths % ONE);
    for digit in digits.iter_mut().skip(1).rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    digits
}

/// A quotient, rounded half up.
fn rounded(number: u128, by: u64) -> u64 {
    // Nearly every bill is small enough for what the machine can divide itself.
    if let Some(sum) = u64::try_from(number).ok().and_then(|small| small.checked_add(by / 2)) {
        return sum / by;
    }
    let by = u128::from(by);
    u64::try_from((number + by / 2) / by).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        for (text, billionths) in [
            ("0", 0),
            ("3", 3_000_000_000),
            ("0.25", 250_000_000),
            (".5", 500_000_000),
            ("7.", 7_000_000_000),
            ("0.000000001", 1),
            ("18446744073.709551615", u64::MAX),
        ] {
            assert_eq!(Decimal::parse(text), Some(Decimal(billionths)), "{text}");
        }
        for text in ["", ".", "-1", "+1", "1e3", "0.0000000001", "1,5", "NaN", "inf", "18446744073.709551616", "1.2.3"]
        {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_written_as_short_and_money_as_long_as_they_are() {
        assert_eq!(
            [0, 250_000_000, 1, 3_000_000_000].map(|n| Decimal(n).to_string()),
            ["0", "0.25", "0.000000001", "3"]
        );
        assert_eq!(Usd(54_399_000).to_string(), "0.054399000");
        assert_eq!(Usd(u64::MAX).to_string(), "18446744073.709551615");
    }

    #[test]
    fn halves_are_rounded_up_and_nothing_overflows() {
        let price = Usd(37_500_000);
        assert_eq!([1, 2, 3].map(|tokens| price.of_million(tokens).0), [38, 75, 113]);
        assert_eq!(Usd(u64::MAX).of_million(u64::MAX), Usd(u64::MAX));
        assert_eq!(Decimal(u64::MAX).times(Decimal(u64::MAX)), Decimal(u64::MAX));
        assert_eq!(Decimal::parse("0.625").unwrap().times(Decimal::parse("0.9").unwrap()).to_string(), "0.5625");
    }
}
