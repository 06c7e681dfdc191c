//! The time at which an event was said, in its text: so its way can be measured through any gateway and translation.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// What comes before the digits, and nowhere else in an answer.
const MARK: u8 = b'@';
/// Microseconds, of at most a day and some.
const DIGITS: usize = 12;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Text that holds a stamp's place.
pub(crate) fn blank() -> String {
    format!(" word{}{}", char::from(MARK), "0".repeat(DIGITS))
}

/// Where the digits are in this piece of an answer, if it has some.
pub(crate) fn place(piece: &[u8]) -> Option<usize> {
    Some(piece.iter().position(|byte| *byte == MARK)? + 1)
}

/// Says that this is said now.
pub(crate) fn press(piece: &mut [u8], place: usize) {
    let now = format!("{:0DIGITS$}", START.elapsed().as_micros());
    piece[place..place + DIGITS].copy_from_slice(now.as_bytes());
}

/// Finds stamps in an answer, however it is cut.
#[derive(Default)]
pub(crate) struct Reader {
    /// Digits so far, after a mark.
    digits: Option<(usize, u64)>,
}

impl Reader {
    /// How long ago each of the events was said that this piece completes.
    pub(crate) fn read(&mut self, piece: &[u8], mut found: impl FnMut(Duration)) {
        if self.digits.is_none() && !piece.contains(&MARK) {
            return;
        }
        for byte in piece {
            self.digits = match (self.digits, byte) {
                (_, &MARK) => Some((0, 0)),
                (Some((count, micros)), b'0'..=b'9') => Some((count + 1, micros * 10 + u64::from(byte - b'0'))),
                _ => None,
            };
            if let Some((DIGITS, said)) = self.digits {
                self.digits = None;
                found(START.elapsed().saturating_sub(Duration::from_micros(said)));
            }
        }
    }
}
