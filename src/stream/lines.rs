//! Streams of lines: one JSON value each.
//!
//! <https://github.com/ndjson/ndjson-spec>

use super::sse::{Event, TooLong};

/// Cuts bytes into lines, wherever they are cut themselves. Empty lines say nothing.
#[derive(Debug)]
pub struct Parser {
    buffer: Vec<u8>,
    /// What of the buffer has been told.
    start: usize,
    /// What of the buffer has no line end.
    seen: usize,
    limit: usize,
}

impl Parser {
    /// A parser for lines of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, seen: 0, limit }
    }

    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.seen -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete line.
    ///
    /// # Errors
    /// It is longer than the limit; the parser is of no use any more.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end at the first `None`")]
    pub fn next(&mut self) -> Result<Option<Event>, TooLong> {
        loop {
            let unseen = self.buffer.get(self.seen..).unwrap_or_default();
            let end = memchr::memchr(b'\n', unseen).map(|at| self.seen + at);
            let line = self.buffer.get(self.start..end.unwrap_or(self.buffer.len())).unwrap_or_default();
            if line.len() > self.limit {
                return Err(TooLong { limit: self.limit });
            }
            let Some(end) = end else {
                self.seen = self.buffer.len();
                return Ok(None);
            };
            let line = line.trim_ascii();
            let event = (!line.is_empty())
                .then(|| Event { name: String::new(), data: String::from_utf8_lossy(line).into_owned() });
            (self.start, self.seen) = (end + 1, end + 1);
            if event.is_some() {
                return Ok(event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn lines<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut parser = Parser::new(100);
        let mut out = Vec::new();
        for piece in pieces {
            parser.push(piece);
            while let Some(event) = parser.next().unwrap() {
                assert!(event.name.is_empty());
                out.push(event.data);
            }
        }
        out
    }

    #[test]
    fn lines_are_the_same_wherever_the_stream_is_cut() {
        let stream = "{\"a\":\"é\"}\n\r\n  \n{\"b\":2}\r\nrest".as_bytes();
        let whole = lines([stream]);
        assert_eq!(whole, ["{\"a\":\"é\"}", "{\"b\":2}"], "the last line is not complete");
        for at in 0..=stream.len() {
            let (head, tail) = stream.split_at(at);
            assert_eq!(lines([head, tail]), whole, "cut at {at}");
        }
        assert_eq!(lines(stream.chunks(1)), whole);
    }

    #[test]
    fn a_line_over_the_limit_is_refused_before_and_after_its_end() {
        for stream in ["123456", "123456\n"] {
            let mut parser = Parser::new(5);
            parser.push(stream.as_bytes());
            assert_eq!(parser.next(), Err(TooLong { limit: 5 }));
        }
        let mut parser = Parser::new(5);
        parser.push(b"12345\n12345\n123");
        for _ in 0..2 {
            assert_eq!(parser.next().unwrap().unwrap().data, "12345");
        }
        assert_eq!(parser.next(), Ok(None));
    }
}
