//! AWS event streams: binary frames with typed headers, closed by a checksum.
//!
//! <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html>,
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use super::Fault;
use super::sse::Event;

/// Two lengths and their checksum.
const PRELUDE: usize = 12;
/// A prelude, and the checksum of the frame.
const SMALLEST: usize = 16;

/// Reads a stream that may be cut anywhere. Frames take the form of server-sent events: the name is the type of the
/// event, `exception:` and the type of an exception, or `error:` and the code of an error; the data is the payload.
#[derive(Debug)]
pub struct Frames {
    /// Bytes of frames that are not complete.
    buffer: Vec<u8>,
    /// How much of `buffer` has been read.
    read: usize,
    limit: usize,
}

impl Frames {
    /// A reader for frames of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), read: 0, limit }
    }

    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.read.min(self.buffer.len()));
        self.read = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete frame.
    ///
    /// # Errors
    /// A frame is over the limit or damaged: nobody can tell where the next one begins.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end at the first `None`")]
    pub fn next(&mut self) -> Result<Option<Event>, Fault> {
        let rest = self.buffer.get(self.read..).unwrap_or_default();
        let Some(prelude) = rest.first_chunk::<PRELUDE>() else { return Ok(None) };
        let (total, headers) = lengths(prelude)?;
        if total > self.limit {
            return Err(Fault::TooLong(self.limit));
        }
        let Some(frame) = rest.get(..total) else { return Ok(None) };
        let event = event(frame, headers)?;
        self.read += total;
        Ok(Some(event))
    }
}

/// The lengths of the frame and of its headers.
fn lengths(prelude: &[u8; PRELUDE]) -> Result<(usize, usize), Fault> {
    let (numbers, checksum) = prelude.split_at(8);
    if number(checksum) != Some(crc32(numbers)) {
        return Err(Fault::Broken("the checksum of a frame's prelude is wrong"));
    }
    let (total, headers) = numbers.split_at(4);
    let read = |bytes: &[u8]| number(bytes).and_then(|n| usize::try_from(n).ok());
    match (read(total), read(headers)) {
        (Some(total), Some(headers)) if total.checked_sub(SMALLEST).is_some_and(|room| headers <= room) => {
            Ok((total, headers))
        }
        _ => Err(Fault::Broken("the lengths of a frame contradict each other")),
    }
}

/// Reads a whole frame, whose lengths are known to fit.
fn event(frame: &[u8], headers: usize) -> Result<Event, Fault> {
    let Some((body, checksum)) = frame.split_last_chunk::<4>() else {
        return Err(Fault::Broken("a frame is too short"));
    };
    if u32::from_be_bytes(*checksum) != crc32(body) {
        return Err(Fault::Broken("the checksum of a frame is wrong"));
    }
    let (headers, payload) = body.get(PRELUDE..).and_then(|rest| rest.split_at_checked(headers)).unwrap_or_default();
    let told = Told::read(headers).ok_or(Fault::Broken("the headers of a frame cannot be read"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (name, data) = match told.kind {
        b"exception" => (format!("exception:{}", text(told.exception)), text(payload)),
        // An error has no payload, but a message among the headers.
        b"error" => (format!("error:{}", text(told.code)), text(told.message)),
        _ => (text(told.event), text(payload)),
    };
    Ok(Event { name, data })
}

/// What the headers tell of a frame.
#[derive(Default)]
struct Told<'a> {
    kind: &'a [u8],
    event: &'a [u8],
    exception: &'a [u8],
    code: &'a [u8],
    message: &'a [u8],
}

impl<'a> Told<'a> {
    fn read(mut rest: &'a [u8]) -> Option<Self> {
        let mut told = Self::default();
        while !rest.is_empty() {
            let (name, value);
            (name, value, rest) = header(rest)?;
            let place = match name {
                b":message-type" => &mut told.kind,
                b":event-type" => &mut told.event,
                b":exception-type" => &mut told.exception,
                b":error-code" => &mut told.code,
                b":error-message" => &mut told.message,
                _ => continue,
            };
            *place = value;
        }
        Some(told)
    }
}

/// The first header: its name, its value as bytes, and what follows it.
fn header(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let (kind, rest) = rest.split_first()?;
    let (size, rest) = match kind {
        // True and false.
        0 | 1 => (0, rest),
        // A byte, and numbers of two, four and eight bytes.
        2 => (1, rest),
        3 => (2, rest),
        4 => (4, rest),
        // The last is a time.
        5 | 8 => (8, rest),
        // Bytes and text.
        6 | 7 => {
            let (size, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*size)), rest)
        }
        // A UUID.
        9 => (16, rest),
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(size)?;
    Some((name, value, rest))
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}

/// The checksum of Ethernet, gzip and PNG (IEEE 802.3).
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = (crc ^ u32::from(*byte)).to_le_bytes();
        (crc >> 8) ^ TABLE.get(usize::from(low)).copied().unwrap_or_default()
    })
}

static TABLE: [u32; 256] = table();

#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
const fn table() -> [u32; 256] {
    let mut out = [0; 256];
    let (mut at, mut byte) = (0, 0u32);
    while at < out.len() {
        let (mut value, mut bit) = (byte, 0);
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xEDB8_8320 } else { value >> 1 };
            bit += 1;
        }
        out[at] = value;
        at += 1;
        byte += 1;
    }
    out
}

#[cfg(test)]
mod tests;
