//! Callers, each on one connection that stays open, who ask again as soon as they have their answer.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use integration::http::{self, Framing};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::stamp;

/// One request, ready for the wire.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
    /// Where its key is.
    pub(crate) key: usize,
    /// How many keys callers come with.
    pub(crate) clients: usize,
}

/// A gateway's key, by its number: all are of one length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(pub(crate) usize);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sk-bench-{:08}", self.0)
    }
}

/// How much is asked, by how many at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) until: Until,
    /// How long each waits before it asks.
    pub(crate) gap: Duration,
    /// In which they come one after the other, so that their streams do not begin at once.
    pub(crate) arrival: Duration,
}

/// When callers have had enough; what they have asked is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After this time.
    Time(Duration),
    /// After so many requests of all of them.
    Requests(usize),
}

/// What one request took.
#[derive(Clone, Debug)]
pub(crate) struct Timing {
    /// Until the first piece of the answer's body.
    pub(crate) first: Duration,
    /// Until its end.
    pub(crate) whole: Duration,
    /// How late each event was that says when it was said.
    pub(crate) delays: Vec<Duration>,
}

impl Load {
    /// Asks, and tells of each answer that has come whole.
    ///
    /// # Errors
    /// The first line of an answer that is not good, or how the connection broke: this gateway cannot do this work.
    pub(crate) async fn run(&self, request: &Request) -> Result<Vec<Timing>, String> {
        let mut callers = JoinSet::new();
        for number in 0..self.connections {
            callers.spawn(Caller { number, load: *self, request: request.clone() }.run());
        }
        let mut all = Vec::new();
        while let Some(caller) = callers.join_next().await {
            all.extend(caller.unwrap()?);
        }
        Ok(all)
    }
}

struct Caller {
    number: usize,
    load: Load,
    request: Request,
}

impl Caller {
    async fn run(mut self) -> Result<Vec<Timing>, String> {
        let start = Instant::now();
        tokio::time::sleep(self.load.arrival / self.load.connections as u32 * self.number as u32).await;
        let stream = TcpStream::connect(self.request.to).await.map_err(|e| e.to_string())?;
        stream.set_nodelay(true).unwrap();
        let mut stream = BufReader::new(stream);
        let mut timings = Vec::new();
        while timings.is_empty() || self.goes_on(start, timings.len()) {
            self.take_key(timings.len());
            if !self.load.gap.is_zero() {
                tokio::time::sleep(self.load.gap).await;
            }
            timings.push(ask(&mut stream, &self.request.bytes).await?);
        }
        Ok(timings)
    }

    fn goes_on(&self, start: Instant, asked: usize) -> bool {
        match self.load.until {
            Until::Time(time) => start.elapsed() < time,
            Until::Requests(all) => asked < all / self.load.connections,
        }
    }

    /// Comes with the next key: each is another one's than the last.
    fn take_key(&mut self, asked: usize) {
        if self.request.clients > 1 {
            let key = Key((asked * self.load.connections + self.number) * 7919 % self.request.clients).to_string();
            let at = self.request.key;
            self.request.bytes[at..at + key.len()].copy_from_slice(key.as_bytes());
        }
    }
}

async fn ask(stream: &mut BufReader<TcpStream>, request: &[u8]) -> Result<Timing, String> {
    let broken = |e: std::io::Error| format!("the connection breaks: {e}");
    let start = Instant::now();
    stream.get_mut().write_all(request).await.map_err(broken)?;
    let head = http::read_head(stream).await.map_err(broken)?.ok_or("the connection ends")?;
    let mut framing = Framing::of(&head, Framing::Close);
    let (mut first, mut delays, mut stamps) = (None, Vec::new(), stamp::Reader::default());
    while let Some(piece) = http::read_piece(stream, &mut framing).await.map_err(broken)? {
        first.get_or_insert_with(|| start.elapsed());
        stamps.read(&piece, |delay| delays.push(delay));
    }
    match first {
        Some(first) if head.word(1) == "200" => Ok(Timing { first, whole: start.elapsed(), delays }),
        _ => Err(head.line),
    }
}
