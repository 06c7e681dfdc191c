//! What a scripted provider answers: bytes, pauses and ends.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

/// One answer, step by step.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub(crate) steps: Vec<Step>,
    status: u16,
    headers: Vec<(String, String)>,
    chunked: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Bytes(Vec<u8>),
    Pause(Duration),
    /// Until the test opens the gate.
    Gate(Arc<Semaphore>),
    /// RST.
    Reset,
    /// FIN.
    Close,
    /// Nothing more, until the other end closes.
    Hang,
}

/// A stop in an answer, until the test lets it go on.
#[derive(Clone, Debug)]
pub struct Gate(pub(crate) Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// Lets one answer go on.
    pub fn open(&self) {
        self.0.add_permits(1);
    }
}

impl Reply {
    /// An answer that begins with this status.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// Steps without a head: the connection ends, or says something that is not HTTP.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// A whole JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status).header("content-type", "application/json").body(body.to_string())
    }

    /// A stream with these events, each in a chunk of its own. It has no end yet.
    pub fn stream<E: AsRef<[u8]>>(events: impl IntoIterator<Item = E>) -> Self {
        Self::new(200).header("content-type", "text/event-stream").chunks(events)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The whole body, with its length.
    #[must_use]
    pub fn body(self, body: impl AsRef<[u8]>) -> Self {
        let length = body.as_ref().len();
        self.cut_body(length, body)
    }

    /// A body that is announced with another length than it has.
    #[must_use]
    pub fn cut_body(mut self, announced: usize, body: impl AsRef<[u8]>) -> Self {
        self = self.header("content-length", &announced.to_string());
        self.begin();
        self.bytes(body)
    }

    /// No body, with these headers only.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.begin();
        self
    }

    /// Chunks of a body.
    #[must_use]
    pub fn chunks<E: AsRef<[u8]>>(mut self, chunks: impl IntoIterator<Item = E>) -> Self {
        if !self.chunked {
            self.chunked = true;
            self = self.header("transfer-encoding", "chunked");
            self.begin();
        }
        for chunk in chunks {
            let chunk = chunk.as_ref();
            let mut framed = format!("{:x}\r\n", chunk.len()).into_bytes();
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
            self = self.bytes(framed);
        }
        self
    }

    /// Bytes as they are.
    #[must_use]
    pub fn bytes(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Bytes(bytes.as_ref().to_vec()));
        self
    }

    /// The end of chunks.
    #[must_use]
    pub fn end(self) -> Self {
        self.bytes("0\r\n\r\n")
    }

    /// The end of chunks, with a trailer.
    #[must_use]
    pub fn end_with_trailer(self, name: &str, value: &str) -> Self {
        self.bytes(format!("0\r\n{name}: {value}\r\n\r\n"))
    }

    /// Nothing for a while.
    #[must_use]
    pub fn pause(self, time: Duration) -> Self {
        self.step(Step::Pause(time))
    }

    /// Nothing until the gate opens.
    #[must_use]
    pub fn gate(self, gate: &Gate) -> Self {
        self.step(Step::Gate(Arc::clone(&gate.0)))
    }

    /// The connection is reset.
    #[must_use]
    pub fn reset(self) -> Self {
        self.step(Step::Reset)
    }

    /// The connection is closed in good order.
    #[must_use]
    pub fn close(self) -> Self {
        self.step(Step::Close)
    }

    /// Nothing more comes, and the connection stays.
    #[must_use]
    pub fn hang(self) -> Self {
        self.step(Step::Hang)
    }

    /// The same event over and over, with pauses, for longer than any test takes.
    #[must_use]
    pub fn forever(mut self, event: &str, pause: Duration) -> Self {
        for _ in 0..200 {
            self = self.chunks([event]).pause(pause);
        }
        self.hang()
    }

    fn step(mut self, step: Step) -> Self {
        self.begin();
        self.steps.push(step);
        self
    }

    /// Writes the head, once, if there is one.
    fn begin(&mut self) {
        if self.status == 0 {
            return;
        }
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", std::mem::take(&mut self.status));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.steps.push(Step::Bytes(head.into_bytes()));
    }
}
