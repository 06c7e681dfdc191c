//! The bytes of counters in shared data: the counters of some subjects one after the other, all numbers in little
//! endian.
//!
//! ```text
//! value   = version (1 byte), then entries
//! entry   = subject (8), number of buckets (2), number of holds (2), buckets, holds
//! bucket  = start (8), spent by class (8 each)
//! hold    = bucket (8), expires (8), class (1), amount (8)
//! ```

use super::counter::{Class, Counter, Hold, PerClass, Spent};
use crate::time::Timestamp;

/// Values of another version are not read: an older module has left them.
const VERSION: u8 = 1;

/// Counters by the subject that they count for.
pub(super) type Entries = Vec<(u64, Counter)>;

/// Reads a value; what cannot be read is as if it were not there.
pub(super) fn read(value: &[u8]) -> Entries {
    let mut entries = Vec::new();
    let Some((&VERSION, mut rest)) = value.split_first() else { return entries };
    while let Some(entry) = entry(&mut rest) {
        entries.push(entry);
    }
    entries
}

fn entry(from: &mut &[u8]) -> Option<(u64, Counter)> {
    let subject = u64::from_le_bytes(take(from)?);
    let (buckets, holds) = (u16::from_le_bytes(take(from)?), u16::from_le_bytes(take(from)?));
    // One more, for what is likely to come.
    let (spent, held) = (usize::from(buckets.saturating_add(1)), usize::from(holds.saturating_add(1)));
    let mut counter = Counter { spent: Vec::with_capacity(spent), held: Vec::with_capacity(held) };
    for _ in 0..buckets {
        let bucket = timestamp(from)?;
        let amounts = PerClass([u64::from_le_bytes(take(from)?), u64::from_le_bytes(take(from)?)]);
        counter.spent.push(Spent { bucket, amounts });
    }
    for _ in 0..holds {
        let (bucket, expires) = (timestamp(from)?, timestamp(from)?);
        let [class] = take(from)?;
        let class = *Class::ALL.get(usize::from(class))?;
        counter.held.push(Hold { bucket, expires, class, amount: u64::from_le_bytes(take(from)?) });
    }
    Some((subject, counter))
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*bytes)
}

fn timestamp(from: &mut &[u8]) -> Option<Timestamp> {
    take(from).map(u64::from_le_bytes).map(Timestamp)
}

/// Writes a value.
pub(super) fn write(entries: &Entries) -> Vec<u8> {
    let size = |(_, counter): &(u64, Counter)| 12 + 24 * counter.spent.len() + 25 * counter.held.len();
    let mut out = Vec::with_capacity(1 + entries.iter().map(size).sum::<usize>());
    out.push(VERSION);
    for (subject, counter) in entries {
        number(&mut out, *subject);
        // Buckets and holds are at most some dozen: a window has so many pieces, a request so many minutes.
        out.extend_from_slice(&u16::try_from(counter.spent.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.extend_from_slice(&u16::try_from(counter.held.len()).unwrap_or(u16::MAX).to_le_bytes());
        for spent in counter.spent.iter().take(usize::from(u16::MAX)) {
            number(&mut out, spent.bucket.0);
            spent.amounts.0.iter().for_each(|amount| number(&mut out, *amount));
        }
        for hold in counter.held.iter().take(usize::from(u16::MAX)) {
            number(&mut out, hold.bucket.0);
            number(&mut out, hold.expires.0);
            out.push(u8::from(hold.class == Class::Batch));
            number(&mut out, hold.amount);
        }
    }
    out
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn entries() -> Entries {
        let spent = vec![Spent { bucket: Timestamp(60_000), amounts: PerClass([7, u64::MAX]) }];
        let hold = Hold { bucket: Timestamp(60_000), expires: Timestamp(120_000), class: Class::Batch, amount: 3 };
        vec![(0, Counter { spent, held: vec![hold, hold] }), (u64::MAX, Counter::default())]
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(read(&write(&entries())), entries());
        assert_eq!(read(&write(&Vec::new())), Vec::new());
    }

    #[test]
    fn what_is_cut_off_or_of_another_version_is_not_read() {
        let bytes = write(&entries());
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).len() < 2, "{end}");
        }
        assert!(read(&[9; 40]).is_empty());
    }
}
