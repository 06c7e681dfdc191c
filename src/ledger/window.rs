//! The time over which a limit counts.

use crate::time::Timestamp;

/// The time over which a limit counts, and how it is cut into the buckets that are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// All time.
    Ever,
    /// A unit of the calendar, UTC; weeks begin on Mondays. It is one bucket.
    Calendar(Unit),
    /// The time until now, as long as the unit; a month is 30 days. Its buckets are pieces of it, and each counts until
    /// its last moment is a unit ago.
    Rolling(Unit),
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say all")]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

impl Unit {
    /// Its length in milliseconds, and that of its pieces.
    fn lengths(self) -> (u64, u64) {
        const MINUTE: u64 = 60_000;
        const HOUR: u64 = 60 * MINUTE;
        match self {
            Self::Second => (1_000, 100),
            Self::Minute => (MINUTE, 1_000),
            Self::Hour => (HOUR, MINUTE),
            Self::Day => (24 * HOUR, HOUR / 2),
            Self::Week => (7 * 24 * HOUR, 4 * HOUR),
            Self::Month => (30 * 24 * HOUR, 12 * HOUR),
        }
    }
}

/// The bit of [`Window::byte`] that tells rolling windows.
const ROLLING: u8 = 0x80;

/// Every unit, in the order of [`Window::byte`].
const UNITS: [Unit; 6] = [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month];

impl Window {
    /// It in one byte.
    pub(super) fn byte(self) -> u8 {
        let place = |unit| UNITS.iter().zip(1..).find(|(other, _)| **other == unit).map_or(0, |(_, place)| place);
        match self {
            Self::Ever => 0,
            Self::Calendar(unit) => place(unit),
            Self::Rolling(unit) => ROLLING | place(unit),
        }
    }

    /// The window that a byte stands for.
    pub(super) fn of_byte(byte: u8) -> Option<Self> {
        if byte == 0 {
            return Some(Self::Ever);
        }
        let unit = *UNITS.get(usize::from(byte & !ROLLING).checked_sub(1)?)?;
        Some(if byte & ROLLING == 0 { Self::Calendar(unit) } else { Self::Rolling(unit) })
    }

    /// The start of the bucket that holds `now`.
    pub fn bucket(self, now: Timestamp) -> Timestamp {
        let floor = |length| Timestamp(now.0 - now.0 % length);
        match self {
            Self::Ever => Timestamp(0),
            Self::Calendar(Unit::Month) => now.month().0,
            Self::Calendar(Unit::Week) => {
                // The epoch was a Thursday: its week began three days before.
                let (week, _) = Unit::Week.lengths();
                let (day, _) = Unit::Day.lengths();
                Timestamp(now.0.saturating_sub((now.0 + 3 * day) % week))
            }
            Self::Calendar(unit) => floor(unit.lengths().0),
            Self::Rolling(unit) => floor(unit.lengths().1),
        }
    }

    /// When what was spent in this bucket stops counting.
    pub fn end(self, bucket: Timestamp) -> Option<Timestamp> {
        let after = |length| Some(Timestamp(bucket.0.saturating_add(length)));
        match self {
            Self::Ever => None,
            Self::Calendar(Unit::Month) => Some(bucket.month().1),
            // The first week is cut off at the epoch.
            Self::Calendar(Unit::Week) if bucket.0 == 0 => after(4 * Unit::Day.lengths().0),
            Self::Calendar(unit) => after(unit.lengths().0),
            Self::Rolling(unit) => after(unit.lengths().0 + unit.lengths().1),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn calendar_windows_begin_and_end_with_their_unit() {
        let now = at("2026-11-20T13:14:15Z"); // a Friday
        for (unit, start, end) in [
            (Unit::Second, "2026-11-20T13:14:15Z", "2026-11-20T13:14:16Z"),
            (Unit::Minute, "2026-11-20T13:14:00Z", "2026-11-20T13:15:00Z"),
            (Unit::Hour, "2026-11-20T13:00:00Z", "2026-11-20T14:00:00Z"),
            (Unit::Day, "2026-11-20", "2026-11-21"),
            (Unit::Week, "2026-11-16", "2026-11-23"),
            (Unit::Month, "2026-11-01", "2026-12-01"),
        ] {
            let window = Window::Calendar(unit);
            assert_eq!(window.bucket(now), at(start), "{unit:?}");
            assert_eq!(window.end(window.bucket(now)), Some(at(end)), "{unit:?}");
        }
    }

    #[test]
    fn a_day_has_24_hours_whatever_the_clocks_on_the_wall_do() {
        let window = Window::Calendar(Unit::Day);
        for night in ["2026-03-29", "2026-10-25", "2024-02-29", "2026-12-31"] {
            let end = window.end(window.bucket(at(night))).unwrap();
            assert_eq!(end.0 - at(night).0, 86_400_000, "{night}");
        }
    }

    fn windows() -> impl Iterator<Item = Window> {
        UNITS.iter().flat_map(|unit| [Window::Calendar(*unit), Window::Rolling(*unit)])
    }

    #[test]
    fn a_window_is_one_byte() {
        for window in windows().chain([Window::Ever]) {
            assert_eq!(Window::of_byte(window.byte()), Some(window));
        }
        assert_eq!([7, 0x80, 0x87, 0xff].map(Window::of_byte), [None; 4]);
    }

    #[test]
    fn every_moment_is_in_its_bucket() {
        for window in windows() {
            for now in [0, 1, 86_399_999, 345_600_000, 1_800_000_000_000, 4_102_444_800_000].map(Timestamp) {
                let bucket = window.bucket(now);
                assert!(bucket <= now && window.end(bucket).unwrap() > now, "{window:?} {now:?}");
                assert_eq!(window.bucket(bucket), bucket, "{window:?} {now:?}");
            }
        }
    }

    #[test]
    fn what_was_spent_counts_for_a_whole_rolling_window() {
        let window = Window::Rolling(Unit::Minute);
        let spent = Timestamp(90_999);
        let end = window.end(window.bucket(spent)).unwrap();
        assert!(end.0 > spent.0 + 60_000 && end.0 <= spent.0 + 61_000);
    }
}
