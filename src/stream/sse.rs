//! Server-sent events, read as the WHATWG specification says and written as one `data` line each.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Event {
    /// The value of the last `event` field; empty when there was none.
    pub name: String,
    /// The `data` lines, joined by line feeds.
    pub data: String,
}

/// An event is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The limit in bytes.
    pub limit: usize,
}

/// Reads a stream that may be cut anywhere.
///
/// Feed it with [`push`](Self::push) and take events with [`next`](Self::next) until it says `None`. An event
/// that is not closed by an empty line is never given out; [`pending`](Self::pending) tells that there is one.
#[derive(Debug)]
pub struct Parser {
    /// Bytes of lines that are not complete.
    buffer: Vec<u8>,
    /// How much of `buffer` has been read.
    read: usize,
    /// How far beyond `read` was searched for a line end without finding one.
    searched: usize,
    event: Event,
    has_data: bool,
    at_start: bool,
    /// The last line ended with CR: a LF that follows belongs to it.
    after_cr: bool,
    limit: usize,
}

impl Parser {
    /// A parser for events of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            read: 0,
            searched: 0,
            event: Event::default(),
            has_data: false,
            at_start: true,
            after_cr: false,
            limit,
        }
    }

    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.read.min(self.buffer.len()));
        self.read = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete event.
    ///
    /// # Errors
    /// An event is over the limit; the parser is of no use any more.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end at the first `None`")]
    pub fn next(&mut self) -> Result<Option<Event>, TooLong> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                if let Some(event) = self.dispatch() {
                    return Ok(Some(event));
                }
                continue;
            }
            self.field(&line);
            self.check(0)?;
        }
        self.check(self.buffer.len().saturating_sub(self.read))?;
        Ok(None)
    }

    /// Has an event begun that is not closed?
    pub fn pending(&self) -> bool {
        self.has_data
            || !self.event.name.is_empty()
            || self.buffer.get(self.read..).is_some_and(|rest| !rest.is_empty())
    }

    fn check(&self, unread: usize) -> Result<(), TooLong> {
        let held = self.event.data.len() + self.event.name.len() + unread;
        if held > self.limit { Err(TooLong { limit: self.limit }) } else { Ok(()) }
    }

    /// The next complete line, without its end.
    fn line(&mut self) -> Option<Vec<u8>> {
        if self.after_cr {
            match self.buffer.get(self.read) {
                Some(b'\n') => self.read += 1,
                Some(_) => {}
                None => return None,
            }
            self.after_cr = false;
        }
        let rest = self.buffer.get(self.read..)?;
        let Some(at) = memchr::memchr2(b'\n', b'\r', rest.get(self.searched..)?).map(|at| at + self.searched) else {
            self.searched = rest.len();
            return None;
        };
        self.after_cr = rest.get(at) == Some(&b'\r');
        let mut line = rest.get(..at)?.to_vec();
        self.read += at + 1;
        self.searched = 0;
        if std::mem::take(&mut self.at_start) && line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        Some(line)
    }

    fn field(&mut self, line: &[u8]) {
        let (name, value) = match memchr::memchr(b':', line) {
            Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default()),
            None => (line, &[][..]),
        };
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match name {
            b"event" => self.event.name = value.into_owned(),
            b"data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(&value);
            }
            // A comment, `id`, `retry`, or a field nobody knows.
            _ => {}
        }
    }

    /// The event that an empty line closes; without data there is none.
    fn dispatch(&mut self) -> Option<Event> {
        let event = std::mem::take(&mut self.event);
        std::mem::take(&mut self.has_data).then_some(event)
    }
}

/// Appends an event without a name.
pub fn write_data(out: &mut Vec<u8>, data: &str) {
    for line in data.split(['\n', '\r']) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out.push(b'\n');
}

/// Appends an event with a name.
pub fn write_event(out: &mut Vec<u8>, name: &str, data: &str) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
    write_data(out, data);
}
