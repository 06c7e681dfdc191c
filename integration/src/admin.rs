//! Envoy's admin interface.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A client of one Envoy's admin interface. Its calls block, shortly.
#[derive(Clone, Copy, Debug)]
pub struct Admin(pub SocketAddr);

impl Admin {
    /// As an URL tells it.
    pub fn of(url: &str) -> Self {
        Self(url.trim_start_matches("http://").parse().expect("an address"))
    }

    /// The body of an answer.
    pub fn get(self, path: &str) -> String {
        self.call("GET", path).expect("an answer of the admin interface")
    }

    /// The same for what changes something.
    pub fn post(self, path: &str) -> String {
        self.call("POST", path).expect("an answer of the admin interface")
    }

    /// Is Envoy ready for callers?
    pub fn is_ready(self) -> bool {
        self.call("GET", "/ready").is_ok_and(|body| body.contains("LIVE"))
    }

    fn call(self, method: &str, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.0)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        Ok(if chunked { unchunked(body) } else { body.to_owned() })
    }

    /// Counters and gauges whose names match a pattern.
    pub fn stats(self, pattern: &str) -> Vec<(String, u64)> {
        let text = self.get(&format!("/stats?type=All&filter={pattern}"));
        let read = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.trim().parse().ok()?))
        };
        text.lines().filter_map(read).collect()
    }

    /// The sum of the counters whose names match a pattern.
    pub fn sum(self, pattern: &str) -> u64 {
        self.stats(pattern).iter().map(|(_, value)| value).sum()
    }

    /// Lines of Prometheus' text that begin so.
    pub fn metrics(self, name: &str) -> Vec<String> {
        self.get("/stats/prometheus").lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect()
    }
}

fn unchunked(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        let (chunk, after) = rest.split_at(size);
        out.push_str(chunk);
        body = after.trim_start_matches("\r\n");
    }
    out
}
