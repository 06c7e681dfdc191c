//! Codecs of streams: bytes in, events out, bounded. They know nothing of ours.

pub mod event_stream;
pub mod lines;
pub mod sse;
pub mod template;

/// How a stream is cut into events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// AWS's binary frames.
    EventStream,
    /// One JSON value a line.
    Lines,
    /// Server-sent events.
    Sse,
}

impl Framing {
    /// The media type of such a stream, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::EventStream => "application/vnd.amazon.eventstream",
            Self::Lines => "application/x-ndjson",
            Self::Sse => "text/event-stream",
        }
    }

    /// A reader for events of up to `limit` bytes.
    pub fn decoder(self, limit: usize) -> Decoder {
        match self {
            Self::EventStream => Decoder::EventStream(event_stream::Frames::new(limit)),
            Self::Lines => Decoder::Lines(lines::Parser::new(limit)),
            Self::Sse => Decoder::Sse(sse::Parser::new(limit)),
        }
    }
}

/// Reads a stream that may be cut anywhere. Other framings than server-sent events give their frames the same form.
#[derive(Debug)]
pub enum Decoder {
    /// AWS's binary frames.
    EventStream(event_stream::Frames),
    /// One JSON value a line.
    Lines(lines::Parser),
    /// Server-sent events.
    Sse(sse::Parser),
}

/// Why a stream cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A frame is damaged: how.
    Broken(&'static str),
    /// An event is longer than the limit, in bytes.
    TooLong(usize),
}

impl Decoder {
    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::EventStream(frames) => frames.push(bytes),
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
            Self::EventStream(frames) => frames.next(),
            Self::Lines(parser) => parser.next().map_err(|e| Fault::TooLong(e.limit)),
            Self::Sse(parser) => parser.next().map_err(|e| Fault::TooLong(e.limit)),
        }
    }

    /// What has come of the next event and those behind it, where events are server-sent and nothing of that was read; as
    /// much as one event may be.
    pub fn between(&self) -> Option<&[u8]> {
        match self {
            Self::EventStream(_) | Self::Lines(_) => None,
            Self::Sse(parser) => parser.between(),
        }
    }

    /// Passes over so many bytes of [`Self::between`], which are events that somebody else has read.
    pub fn skip(&mut self, bytes: usize) {
        match self {
            Self::EventStream(_) | Self::Lines(_) => {}
            Self::Sse(parser) => parser.skip(bytes),
        }
    }
}
