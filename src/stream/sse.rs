//! Server-sent events, read as the WHATWG specification says and written as one `data` line each.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>

use std::ops::Range;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What begins a line of data.
const DATA: &[u8] = b"data: ";

/// What ends the last line of an event, and the event.
pub const END: &[u8] = b"\n\n";

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Event {
    /// The value of the last `event` field; empty when there was none.
    pub name: String,
    /// The `data` lines, joined by line feeds.
    pub data: String,
}

impl Event {
    /// Appends it as it came.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_name(out, &self.name);
        write_data(out, &self.data);
    }
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
            // The line lies in the buffer; only its value is copied, into the event.
            let bytes = self.buffer.get(line).unwrap_or_default();
            if !bytes.is_empty() {
                self.has_data |= take_field(bytes, self.has_data, &mut self.event);
                self.check(0)?;
            } else if let Some(event) = self.dispatch() {
                return Ok(Some(event));
            }
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

    /// What has come of the next event and those behind it, as much as one event may be. `None` in the midst of one.
    pub fn between(&self) -> Option<&[u8]> {
        let begun = self.has_data || self.after_cr || self.at_start || !self.event.name.is_empty();
        let unread = self.buffer.get(self.read..).filter(|_| !begun)?;
        Some(unread.get(..self.limit).unwrap_or(unread))
    }

    /// Passes over so many bytes of [`Self::between`], which are events that somebody else has read.
    pub fn skip(&mut self, bytes: usize) {
        self.read += bytes;
        self.searched = 0;
    }

    fn check(&self, unread: usize) -> Result<(), TooLong> {
        let held = self.event.data.len() + self.event.name.len() + unread;
        if held > self.limit { Err(TooLong { limit: self.limit }) } else { Ok(()) }
    }

    /// Where the next complete line lies in the buffer, without its end.
    fn line(&mut self) -> Option<Range<usize>> {
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
        let marked = std::mem::take(&mut self.at_start) && rest.starts_with(BYTE_ORDER_MARK);
        let start = self.read + if marked { BYTE_ORDER_MARK.len() } else { 0 };
        let line = start..self.read + at;
        self.read += at + 1;
        self.searched = 0;
        Some(line)
    }

    /// The event that an empty line closes; without data there is none.
    fn dispatch(&mut self) -> Option<Event> {
        let event = std::mem::take(&mut self.event);
        std::mem::take(&mut self.has_data).then_some(event)
    }
}

/// Reads one line into `event`; tells whether it was data.
fn take_field(line: &[u8], more: bool, event: &mut Event) -> bool {
    let (name, value) = match memchr::memchr(b':', line) {
        Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default()),
        None => (line, &[][..]),
    };
    let value = value.strip_prefix(b" ").unwrap_or(value);
    match name {
        b"event" => event.name = String::from_utf8_lossy(value).into_owned(),
        b"data" => {
            if more {
                event.data.push('\n');
            }
            event.data.push_str(&String::from_utf8_lossy(value));
        }
        // A comment, `id`, `retry`, or a field nobody knows.
        _ => {}
    }
    name == b"data"
}

/// Appends an event without a name that holds one JSON document, in one line: a line feed in JSON is only ever
/// white space.
pub fn write_json(out: &mut Vec<u8>, json: &[u8]) {
    if is_one_line(json) {
        return write_line(out, json);
    }
    out.extend_from_slice(DATA);
    for line in json.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
        match line {
            [text @ .., b'\n' | b'\r'] => {
                out.extend_from_slice(text);
                out.push(b' ');
            }
            text => out.extend_from_slice(text),
        }
    }
    out.extend_from_slice(END);
}

fn is_one_line(data: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', data).is_none()
}

fn write_line(out: &mut Vec<u8>, data: &[u8]) {
    out.reserve(DATA.len() + data.len() + END.len());
    out.extend_from_slice(DATA);
    out.extend_from_slice(data);
    out.extend_from_slice(END);
}

/// Appends what stands before the data of an event that has one line of it; [`END`] stands behind.
pub fn write_head(out: &mut Vec<u8>, name: &str) {
    write_name(out, name);
    out.extend_from_slice(DATA);
}

fn write_name(out: &mut Vec<u8>, name: &str) {
    if name.is_empty() {
        return;
    }
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
}

/// Appends an event without a name.
pub fn write_data(out: &mut Vec<u8>, data: &str) {
    if is_one_line(data.as_bytes()) {
        return write_line(out, data.as_bytes());
    }
    for line in data.split(['\n', '\r']) {
        out.extend_from_slice(DATA);
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out.push(b'\n');
}

/// Appends an event with a name.
pub fn write_event(out: &mut Vec<u8>, name: &str, data: &str) {
    write_name(out, name);
    write_data(out, data);
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn all(parser: &mut Parser) -> Vec<Event> {
        std::iter::from_fn(|| parser.next().unwrap()).collect()
    }

    fn parse(bytes: &[u8]) -> Vec<Event> {
        let mut parser = Parser::new(1 << 20);
        parser.push(bytes);
        all(&mut parser)
    }

    fn data(texts: &[&str]) -> Vec<Event> {
        texts.iter().map(|text| Event { name: String::new(), data: (*text).to_owned() }).collect()
    }

    /// Every oddity that the specification allows, with characters of two, three and four bytes.
    const MIXED: &str = "\u{feff}: hello é\r\n\r\ndata: Zürich\n\nevent: ping\n\nid: 7\rretry: 10\rdata:漢字\r\r\
        event: a b\r\ndata: one\r\ndata:two 🦀\r\n\r\ndata\n\ndata:  spaced\n\nnobody: knows\n\n:\n\ndata: [DONE]\r\n\r\n";

    fn mixed() -> Vec<Event> {
        let mut events = data(&["Zürich", "漢字", "one\ntwo 🦀", "", " spaced", "[DONE]"]);
        events[2].name = "a b".to_owned();
        events
    }

    #[test]
    fn line_ends_comments_and_unknown_fields_are_read_as_specified() {
        assert_eq!(parse(MIXED.as_bytes()), mixed());
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        for at in 0..=MIXED.len() {
            let mut parser = Parser::new(1 << 20);
            let (head, tail) = MIXED.as_bytes().split_at(at);
            parser.push(head);
            let mut events = all(&mut parser);
            parser.push(tail);
            events.extend(all(&mut parser));
            assert_eq!(events, mixed(), "cut at {at}");
            assert!(!parser.pending());
        }
        let mut parser = Parser::new(1 << 20);
        let mut events = Vec::new();
        for byte in MIXED.as_bytes() {
            parser.push(&[*byte]);
            events.extend(all(&mut parser));
        }
        assert_eq!(events, mixed());
    }

    #[test]
    fn an_event_is_given_out_as_soon_as_it_is_closed() {
        for closed in ["data: x\n\n", "data: x\r\r", "data: x\r\n\r"] {
            assert_eq!(parse(closed.as_bytes()), data(&["x"]), "{closed:?}");
        }
    }

    #[test]
    fn the_line_feed_of_a_cut_line_end_closes_nothing() {
        let mut parser = Parser::new(100);
        parser.push(b"data: a\r");
        assert!(all(&mut parser).is_empty());
        parser.push(b"\ndata: b\r");
        assert!(all(&mut parser).is_empty());
        parser.push(b"\n\r\n");
        assert_eq!(all(&mut parser), data(&["a\nb"]));
    }

    #[test]
    fn an_event_that_is_not_closed_is_never_given_out_but_told() {
        for open in ["data: x", "data: x\n", "dat", "event: e\n"] {
            let mut parser = Parser::new(100);
            parser.push(open.as_bytes());
            assert!(all(&mut parser).is_empty(), "{open:?}");
            assert!(parser.pending(), "{open:?}");
        }
        let mut parser = Parser::new(100);
        parser.push(b"data: x\n\n");
        all(&mut parser);
        assert!(!parser.pending());
    }

    #[test]
    fn an_event_without_data_leaves_no_name_behind() {
        assert_eq!(parse(b"event: ping\n\ndata: x\n\n"), data(&["x"]));
    }

    #[test]
    fn a_byte_order_mark_counts_only_at_the_start() {
        assert_eq!(parse("\u{feff}data: x\n\n\u{feff}data: y\n\n".as_bytes()), data(&["x"]));
    }

    #[test]
    fn bytes_that_are_not_text_become_replacement_characters() {
        assert_eq!(parse(b"data: a\xFFb\n\n"), data(&["a\u{fffd}b"]));
    }

    #[test]
    fn an_event_over_the_limit_is_an_error_however_it_comes() {
        let long = "x".repeat(40);
        for text in [format!("data: {long}"), format!("data: {long}\n\n"), format!("data: a\ndata: {long}\n")] {
            let mut parser = Parser::new(32);
            parser.push(text.as_bytes());
            assert_eq!(parser.next(), Err(TooLong { limit: 32 }), "{text:?}");
        }
        let many = "data: 0123456789\n\n".repeat(50);
        let mut parser = Parser::new(32);
        parser.push(many.as_bytes());
        assert_eq!(all(&mut parser).len(), 50, "many small events are no long one");
    }

    #[test]
    fn bytes_between_events_are_shown_up_to_the_limit() {
        let mut parser = Parser::new(24);
        parser.push(b"data: one\n\ndata: two\n\ndata: three\n\ndata: four\n\n");
        assert_eq!(parser.between(), None, "there may be a byte order mark");
        assert_eq!(parser.next().unwrap().unwrap().data, "one");
        assert_eq!(parser.between(), Some(&b"data: two\n\ndata: three\n\n"[..24]));
        parser.skip("data: two\n\n".len());
        assert_eq!(parser.next().unwrap().unwrap().data, "three");
        parser.push(b"data: five\n");
        assert_eq!(parser.next().unwrap().unwrap().data, "four");
        assert_eq!(parser.next(), Ok(None));
        assert_eq!(parser.between(), None, "an event has begun");
        parser.push(b"\n");
        assert_eq!(parser.next().unwrap().unwrap().data, "five");
        assert_eq!(parser.between(), Some(&b""[..]));
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut out = Vec::new();
        write_data(&mut out, "one\ntwo");
        write_event(&mut out, "error", "{}");
        write_json(&mut out, b"{\n \"a\": 1\r\n}");
        let mut expected = data(&["one\ntwo", "{}", "{  \"a\": 1  }"]);
        expected[1].name = "error".to_owned();
        assert_eq!(parse(&out), expected);
    }

    /// What needs a clock, which a bare wasm engine has not.
    #[cfg(not(target_family = "wasm"))]
    mod native {
        use super::*;

        #[test]
        fn a_long_event_in_small_pieces_takes_time_in_proportion() {
            let whole = format!("data: {}\n\n", "y".repeat(5 << 20));
            let mut parser = Parser::new(8 << 20);
            let started = std::time::Instant::now();
            for piece in whole.as_bytes().chunks(100) {
                assert_eq!(parser.next(), Ok(None));
                parser.push(piece);
            }
            assert_eq!(parser.next().unwrap().unwrap().data.len(), 5 << 20);
            assert!(started.elapsed().as_secs() < 5, "searching again from the start would take minutes");
        }
    }
}
