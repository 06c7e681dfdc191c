//! Codecs of streams: bytes in, events out, bounded. They know nothing of ours.

pub mod lines;
pub mod sse;

/// How a stream is cut into events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One JSON value a line.
    Lines,
    /// Server-sent events.
    Sse,
}

impl Framing {
    /// Is this the media type, without parameters, of such a stream?
    pub fn is(self, media_type: &str) -> bool {
        match self {
            Self::Lines => media_type == "application/x-ndjson",
            Self::Sse => media_type == "text/event-stream",
        }
    }

    /// A reader for events of up to `limit` bytes.
    pub fn decoder(self, limit: usize) -> Decoder {
        match self {
            Self::Lines => Decoder::Lines(lines::Parser::new(limit)),
            Self::Sse => Decoder::Sse(sse::Parser::new(limit)),
        }
    }
}

/// Reads a stream that may be cut anywhere. Other framings than server-sent events give their frames the same form.
#[derive(Debug)]
pub enum Decoder {
    /// One JSON value a line.
    Lines(lines::Parser),
    /// Server-sent events.
    Sse(sse::Parser),
}

/// Why a stream cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An event is longer than the limit, in bytes.
    TooLong(usize),
}

impl Decoder {
    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Lines(parser) => parser.push(bytes),
            Self::Sse(parser) => parser.push(bytes),
        }
    }

    /// The next complete event.
    ///
    /// # Errors
    /// The stream cannot be read on; the decoder is of no use any more.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end at the first `None`")]
    pub fn next(&mut self) -> Result<Option<sse::Event>, Fault> {
        match self {
            Self::Lines(parser) => parser.next().map_err(|e| Fault::TooLong(e.limit)),
            Self::Sse(parser) => parser.next().map_err(|e| Fault::TooLong(e.limit)),
        }
    }
}
