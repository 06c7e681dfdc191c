//! A caller: it sends what it is told and keeps every byte that comes back.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::timeout;

use crate::http::{self, Framing, Head};
use crate::speech::PROMPT;

/// How long a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    to: SocketAddr,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    chunk: Option<usize>,
}

impl Call {
    /// A request without a key or a body.
    pub fn new(to: SocketAddr, method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { to, method, path, headers: Vec::new(), body: Vec::new(), chunk: None }
    }

    /// A chat request for a model.
    pub fn chat(to: SocketAddr, key: &str, model: &str) -> Self {
        let messages = json!([{ "role": "user", "content": format!("Say hello. {PROMPT}") }]);
        Self::new(to, "POST", "/v1/chat/completions")
            .header("authorization", &format!("Bearer {key}"))
            .header("content-type", "application/json")
            .json(&json!({ "model": model, "messages": messages }))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another name of the server than `gateway`.
    #[must_use]
    pub fn host(self, name: &str) -> Self {
        self.without("host").header("host", name)
    }

    /// Takes a header away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| n != name);
        self
    }

    /// The same, sent somewhere else.
    #[must_use]
    pub fn to(&self, to: SocketAddr) -> Self {
        Self { to, ..self.clone() }
    }

    /// Another path.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// The body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The body, as JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// Adds a field to the body, or changes it.
    #[must_use]
    pub fn field(self, name: &str, value: impl Into<Value>) -> Self {
        let mut body: Value = serde_json::from_slice(&self.body).expect("a JSON body");
        body[name] = value.into();
        self.json(&body)
    }

    /// Asks for a stream, or not.
    #[must_use]
    pub fn stream(self, stream: bool) -> Self {
        if stream { self.field("stream", true) } else { self }
    }

    /// A prompt of this many bytes.
    #[must_use]
    pub fn prompt(self, bytes: usize) -> Self {
        let mut text = PROMPT.repeat(bytes / PROMPT.len() + 1);
        text.truncate(bytes);
        self.field("messages", json!([{ "role": "user", "content": text }]))
    }

    /// Sends the body in chunks of this size.
    #[must_use]
    pub fn chunked(mut self, size: usize) -> Self {
        self.chunk = Some(size);
        self
    }

    /// What goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            out.push_str("host: gateway\r\n");
        }
        for (name, value) in &self.headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        match self.chunk {
            Some(_) => out.push_str("transfer-encoding: chunked\r\n"),
            None if self.body.is_empty() => {}
            None => out.push_str(&format!("content-length: {}\r\n", self.body.len())),
        }
        let mut out = format!("{out}\r\n").into_bytes();
        match self.chunk {
            None => out.extend_from_slice(&self.body),
            Some(size) => {
                for chunk in self.body.chunks(size) {
                    out.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                    out.extend_from_slice(chunk);
                    out.extend_from_slice(b"\r\n");
                }
                out.extend_from_slice(b"0\r\n\r\n");
            }
        }
        out
    }

    /// Sends it on a new connection and reads the whole answer.
    pub async fn send(&self) -> Answer {
        self.open().await.finish().await
    }

    /// Sends it on a new connection and reads the head of the answer.
    pub async fn open(&self) -> Live {
        Live::open(self.to, self.bytes(), self.method == "HEAD").await
    }
}

/// A connection that a caller keeps.
pub struct Line(BufReader<TcpStream>);

impl Line {
    /// Connects.
    pub async fn open(to: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(to).await.expect("a gateway that listens")))
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&mut self, call: &Call) -> Answer {
        let sent = Instant::now();
        self.0.write_all(&call.bytes()).await.expect("an open connection");
        let head = timeout(PATIENCE, http::read_head(&mut self.0)).await.expect("an answer in time");
        let head = head.ok().flatten().expect("an answer on the same connection");
        let mut framing = Framing::of(&head, Framing::Close);
        let mut body = Vec::new();
        while let Some(piece) = http::read_piece(&mut self.0, &mut framing).await.expect("an unbroken answer") {
            body.extend(piece);
        }
        let status = head.word(1).parse().unwrap_or(0);
        Answer { status, head, body, whole: true, took: sent.elapsed() }
    }
}

/// An answer that is coming in. Dropped before its end, it is a caller that hangs up.
pub struct Live {
    /// Status line and headers; empty when the connection ended before.
    pub head: Head,
    stream: BufReader<OwnedReadHalf>,
    framing: Framing,
    body: Vec<u8>,
    sent: Instant,
}

impl Live {
    /// Sends bytes on a new connection, while it waits for a head.
    pub async fn open(to: SocketAddr, bytes: Vec<u8>, bodiless: bool) -> Self {
        let sent = Instant::now();
        let stream = TcpStream::connect(to).await.expect("a gateway that listens");
        stream.set_nodelay(true).expect("an option");
        let (from, mut into) = stream.into_split();
        tokio::spawn(async move {
            // The gateway may answer, and close, before it has read everything.
            drop(into.write_all(&bytes).await);
            into.forget();
        });
        let mut stream = BufReader::new(from);
        let head = timeout(PATIENCE, http::read_head(&mut stream)).await.expect("an answer in time");
        let head = head.ok().flatten().unwrap_or_default();
        let framing = if bodiless { Framing::Length(0) } else { Framing::of(&head, Framing::Close) };
        Self { head, stream, framing, body: Vec::new(), sent }
    }

    /// The status; 0 when there was no answer.
    pub fn status(&self) -> u16 {
        self.head.word(1).parse().unwrap_or(0)
    }

    /// Some more of the body; `None` at its end.
    ///
    /// # Errors
    /// The answer breaks off.
    pub async fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let piece = timeout(PATIENCE, http::read_piece(&mut self.stream, &mut self.framing)).await;
        let piece = piece.expect("an answer that goes on")?;
        self.body.extend_from_slice(piece.as_deref().unwrap_or_default());
        Ok(piece)
    }

    /// What has come of the body.
    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Reads on until the body holds this.
    pub async fn until(&mut self, text: &str) {
        while !self.body().contains(text) {
            assert!(self.piece().await.expect("an unbroken answer").is_some(), "no `{text}` in the answer");
        }
    }

    /// The head of the next answer on the same connection, when this one has been read to its end.
    pub async fn next(mut self) -> Self {
        let head = timeout(PATIENCE, http::read_head(&mut self.stream)).await.expect("an answer in time");
        self.head = head.ok().flatten().unwrap_or_default();
        self.framing = Framing::of(&self.head, Framing::Close);
        self.body.clear();
        self
    }

    /// Reads to the end.
    pub async fn finish(mut self) -> Answer {
        let whole = loop {
            match self.piece().await {
                Ok(Some(_)) => {}
                Ok(None) => break !self.head.line.is_empty(),
                Err(_) => break false,
            }
        };
        Answer { status: self.status(), head: self.head, body: self.body, whole, took: self.sent.elapsed() }
    }
}

/// An answer, as it came.
#[derive(Clone, Debug)]
pub struct Answer {
    /// 0 when the connection ended without one.
    pub status: u16,
    /// Status line and headers.
    pub head: Head,
    /// All that came of the body.
    pub body: Vec<u8>,
    /// Did it end as HTTP says, or break off?
    pub whole: bool,
    /// From the first byte of the request to the last of the answer.
    pub took: Duration,
}

impl Answer {
    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The body.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.get(name)
    }

    /// The data of each event.
    pub fn events(&self) -> Vec<String> {
        self.text().lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
    }

    /// The events that are JSON.
    pub fn chunks(&self) -> Vec<Value> {
        self.events().iter().filter_map(|data| serde_json::from_str(data).ok()).collect()
    }

    /// Does the stream end with its end marker?
    pub fn done(&self) -> bool {
        self.events().last().is_some_and(|data| data == "[DONE]")
    }

    /// The text of the model, plain or streamed.
    pub fn content(&self) -> String {
        if self.header("content-type").is_some_and(|t| t.starts_with("text/event-stream")) {
            let text = |chunk: &Value| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned);
            return self.chunks().iter().filter_map(text).collect();
        }
        self.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
    }

    /// The word for programs in a failure, plain or in a stream.
    pub fn code(&self) -> String {
        let error = match serde_json::from_slice::<Value>(&self.body) {
            Ok(body) => body["error"].clone(),
            Err(_) => self.chunks().iter().map(|c| c["error"].clone()).rfind(|e| !e.is_null()).unwrap_or_default(),
        };
        error["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Which target answered, and in which attempt.
    pub fn served(&self) -> (String, String) {
        let header = |name| self.header(name).unwrap_or_default().to_owned();
        (header("x-tollhouse-target"), header("x-tollhouse-attempts"))
    }
}
