//! A closed loop of callers, each on one connection that stays open.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use integration::http::{self, Framing};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// How much is asked at once, and in all.
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) requests: usize,
}

/// One request, ready for the wire.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

impl Load {
    /// How long each request took.
    pub(crate) async fn run(&self, request: &Request) -> Vec<Duration> {
        let each = self.requests / self.connections;
        let callers: Vec<_> = (0..self.connections).map(|_| tokio::spawn(caller(request.clone(), each))).collect();
        let mut all = Vec::with_capacity(self.requests);
        for caller in callers {
            all.extend(caller.await.unwrap());
        }
        all
    }
}

async fn caller(request: Request, times: usize) -> Vec<Duration> {
    let stream = TcpStream::connect(request.to).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut latencies = Vec::with_capacity(times);
    for _ in 0..times {
        let start = Instant::now();
        stream.get_mut().write_all(&request.bytes).await.unwrap();
        let head = http::read_head(&mut stream).await.unwrap().unwrap();
        assert_eq!(head.word(1), "200", "{head:?}");
        let mut framing = Framing::of(&head, Framing::Close);
        while http::read_piece(&mut stream, &mut framing).await.unwrap().is_some() {}
        latencies.push(start.elapsed());
    }
    latencies
}
