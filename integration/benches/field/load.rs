//! A closed loop of callers, each on one connection that stays open.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use integration::http::{self, Framing};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// One request, ready for the wire.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

/// What one request took.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    /// Until the first piece of the answer's body.
    pub(crate) first: Duration,
    /// Until its end.
    pub(crate) whole: Duration,
}

/// Asks on so many connections for so long, and tells of each answer that has come whole.
///
/// # Errors
/// The first line of an answer that is not good: then this gateway cannot do this work.
pub(crate) async fn run(request: &Request, connections: usize, time: Duration) -> Result<Vec<Timing>, String> {
    let end = Instant::now() + time;
    let callers: Vec<_> = (0..connections).map(|_| tokio::spawn(caller(request.clone(), end))).collect();
    let mut all = Vec::new();
    for caller in callers {
        all.extend(caller.await.unwrap()?);
    }
    Ok(all)
}

async fn caller(request: Request, end: Instant) -> Result<Vec<Timing>, String> {
    let stream = TcpStream::connect(request.to).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut timings = Vec::new();
    while timings.is_empty() || Instant::now() < end {
        let start = Instant::now();
        stream.get_mut().write_all(&request.bytes).await.unwrap();
        let head = http::read_head(&mut stream).await.unwrap().expect("an answer");
        if head.word(1) != "200" {
            return Err(head.line);
        }
        let mut framing = Framing::of(&head, Framing::Close);
        let mut first = None;
        while http::read_piece(&mut stream, &mut framing).await.unwrap().is_some() {
            first.get_or_insert_with(|| start.elapsed());
        }
        timings.push(Timing { first: first.expect("a body"), whole: start.elapsed() });
    }
    Ok(timings)
}
