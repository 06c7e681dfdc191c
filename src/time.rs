//! Points in time, given to the logic by its edge.

use std::time::Duration;

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Whole seconds since the epoch.
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Time passed since `earlier`; none if the clock went back.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This much later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Year, month and day, UTC.
    pub fn date(self) -> [u64; 3] {
        let days = self.0 / DAY;
        // From the first of March of the year 0, in eras of 400 years: leap days come last.
        // <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
        let (era, day) = ((days + 719_468) / 146_097, (days + 719_468) % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let march = (5 * day + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        [era * 400 + year + u64::from(month <= 2), month, day - (153 * march + 2) / 5 + 1]
    }

    /// The starts of its month and of the next, UTC.
    pub fn month(self) -> (Self, Self) {
        let [year, month, day] = self.date();
        let start = self.0 / DAY + 1 - day;
        (Self(start * DAY), Self((start + days_of(year, month)) * DAY))
    }

    /// Reads `2027-01-31` (the start of that day, UTC) or `2027-01-31T12:00:00Z`.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>, without offsets and fractions.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time.strip_suffix('Z')?)),
            None => (text, None),
        };
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = time.map_or(Some([0; 3]), |t| numbers(t, ':', [2; 3]))?;
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_before(year) + (1..month).map(|m| days_of(year, m)).sum::<u64>() + day - 1;
        Some(Self((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000))
    }

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats>, the preferred form.
    pub fn parse_http(text: &str) -> Option<Self> {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let mut words = text.split_once(", ")?.1.strip_suffix(" GMT")?.split(' ');
        let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let month = MONTHS.iter().position(|m| *m == month)? + 1;
        Self::parse(&format!("{year}-{month:02}-{day}T{time}Z")).filter(|_| words.next().is_none())
    }
}

/// Milliseconds of a day. There are no leap seconds in the time since the epoch.
const DAY: u64 = 86_400_000;

/// Three numbers of fixed widths with a separator between them.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(separator).zip(widths).map(|(part, width)| {
        let digits = part.len() == width && part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    });
    let all = [parts.next()??, parts.next()??, parts.next()??];
    (text.split(separator).count() == 3).then_some(all)
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the epoch to the first of January.
fn days_before(year: u64) -> u64 {
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn dates_and_times_are_read_as_utc() {
        assert_eq!(Timestamp::parse("1970-01-01"), Some(Timestamp(0)));
        assert_eq!(Timestamp::parse("2024-02-29T23:59:59Z"), Some(Timestamp(1_709_251_199_000)));
        assert_eq!(Timestamp::parse("2027-01-31T12:00:00Z"), Some(Timestamp(1_801_396_800_000)));
    }

    #[test]
    fn months_have_their_own_lengths() {
        for (within, start, next) in [
            ("1970-01-01", "1970-01-01", "1970-02-01"),
            ("2024-02-29T23:59:59Z", "2024-02-01", "2024-03-01"),
            ("2026-12-31T23:59:59Z", "2026-12-01", "2027-01-01"),
            ("2027-02-28", "2027-02-01", "2027-03-01"),
            ("2100-03-01", "2100-03-01", "2100-04-01"),
        ] {
            let read = |text| Timestamp::parse(text).unwrap();
            assert_eq!(read(within).month(), (read(start), read(next)), "{within}");
        }
    }

    #[test]
    fn every_day_has_the_date_it_is_read_from() {
        let mut before = [1969, 12, 31];
        for day in 0..200_000 {
            let date = Timestamp(day * 86_400_000 + 86_399_999).date();
            let [year, month, of_month] = date;
            assert!(date > before, "{date:?}");
            let text = format!("{year}-{month:02}-{of_month:02}");
            assert_eq!(Timestamp::parse(&text), Some(Timestamp(day * 86_400_000)), "{text}");
            before = date;
        }
    }

    #[test]
    fn http_dates_are_read() {
        assert_eq!(Timestamp::parse_http("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Timestamp(784_111_777_000)));
        assert_eq!(Timestamp::parse_http("Sunday, 06-Nov-94 08:49:37 GMT"), None);
        assert_eq!(Timestamp::parse_http("soon"), None);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2027",
            "2027-02-29",
            "2027-13-01",
            "2027-1-1",
            "2027-01-31T12:00:00",
            "2027-01-31T24:00:00Z",
            "2027-01-31-01",
            "+027-01-01",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
