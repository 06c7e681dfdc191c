//! When an answer was made.

/// `2025-10-10T15:57:26.830111Z` as seconds since the epoch. Vertex writes no other zone.
///
/// <https://www.rfc-editor.org/rfc/rfc3339>, <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
pub(super) fn seconds(time: &str) -> Option<u64> {
    let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
    let clock = clock.split('.').next()?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let known = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !known || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // A year of March to February has its leap day last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some(((days - 719_468) * 24 + hour) * 3600 + minute * 60 + second)
}

fn numbers(text: &str, between: char) -> Option<[u64; 3]> {
    let mut numbers = text.split(between).map(|number| number.parse().ok());
    let all = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn times_are_seconds_since_the_epoch() {
        for (time, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2025-10-10T15:57:26.830111Z", 1_760_111_846),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(seconds(time), Some(expected), "{time}");
        }
        for other in
            ["", "now", "2025-10-10", "1969-12-31T00:00:00Z", "2025-13-01T00:00:00Z", "2025-10-10T15:57:26+02:00"]
        {
            assert_eq!(seconds(other), None, "{other}");
        }
    }
}
