//! The bytes of a page in shared data: its counters one after the other, all numbers in little endian.
//!
//! ```text
//! value   = version (1 byte), then entries
//! entry   = limit (8), subject (8), window (1), number of buckets (2), number of holds (2), buckets, holds
//! bucket  = start (8), spent by class (8 each)
//! hold    = bucket (8), expires (8), class (1), amount (8)
//! ```

use super::counter::{Class, Counter, Hold, PerClass, Spent};
use super::page::{Page, Slot};
use super::window::Window;
use crate::time::Timestamp;

/// Values of another version are not read: an older module has left them.
const VERSION: u8 = 2;

/// Reads a value; what cannot be read is as if it were not there.
pub(super) fn read(value: &[u8]) -> Page {
    let mut page = Page::default();
    let Some((&VERSION, mut rest)) = value.split_first() else { return page };
    while let Some(entry) = entry(&mut rest) {
        page.0.push(entry);
    }
    page
}

fn entry(from: &mut &[u8]) -> Option<(Slot, Counter)> {
    let (limit, subject) = (u64::from_le_bytes(take(from)?), u64::from_le_bytes(take(from)?));
    let [window] = take(from)?;
    let slot = Slot { limit, subject, window: Window::of_byte(window)? };
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
    Some((slot, counter))
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
pub(super) fn write(page: &Page) -> Vec<u8> {
    let size = |(_, counter): &(Slot, Counter)| 21 + 24 * counter.spent.len() + 25 * counter.held.len();
    let mut out = Vec::with_capacity(1 + page.0.iter().map(size).sum::<usize>());
    out.push(VERSION);
    for (slot, counter) in &page.0 {
        number(&mut out, slot.limit);
        number(&mut out, slot.subject);
        out.push(slot.window.byte());
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

    use crate::ledger::Unit;

    fn page() -> Page {
        let slot = |subject, window| Slot { limit: 7, subject, window };
        let spent = vec![Spent { bucket: Timestamp(60_000), amounts: PerClass([7, u64::MAX]) }];
        let hold = Hold { bucket: Timestamp(60_000), expires: Timestamp(120_000), class: Class::Batch, amount: 3 };
        Page(vec![
            (slot(0, Window::Rolling(Unit::Month)), Counter { spent, held: vec![hold, hold] }),
            (slot(u64::MAX, Window::Ever), Counter::default()),
        ])
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(read(&write(&page())), page());
        assert_eq!(read(&write(&Page::default())), Page::default());
    }

    #[test]
    fn what_is_cut_off_or_of_another_version_is_not_read() {
        let bytes = write(&page());
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).0.len() < 2, "{end}");
        }
        assert_eq!(read(&[9; 40]), Page::default());
    }
}
