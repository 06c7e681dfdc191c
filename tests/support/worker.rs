//! Both roles of the filter on one worker, over the in-memory host, with a script in the place of Envoy's router.

use std::rc::Rc;

use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::Config;
use tollhouse_filter::contract;
use tollhouse_filter::exchange::Exchanges;
use tollhouse_filter::gateway::Gateway;
use tollhouse_filter::host::Action;
use tollhouse_filter::host::memory::Memory;
use tollhouse_filter::provider::Provider;
use tollhouse_filter::time::Timestamp;

/// The caller's key.
pub const KEY: &str = "sk-gateway";
const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// What a provider answers.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

/// What a caller was told, and what is known of it afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The access-log record.
    pub record: Value,
}

impl Told {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// A worker whose only model `tier` leads to one target of this dialect.
pub struct Worker {
    config: Rc<Config>,
    /// What it remembers of requests before; otherwise each is its first one, and numbered so.
    exchanges: Option<Exchanges>,
}

impl Worker {
    pub fn new(dialect: &str) -> Self {
        let document = json!({
            "providers": { "up": {
                "dialect": dialect, "keys": [{ "value": "sk-up" }], "endpoint": "https://up.example",
                "project": "project", "location": "location",
            } },
            "models": { "tier": { "targets": ["up/real-model"] } },
            "clients": [{ "name": "bot", "key_sha256": Digest::of(KEY).to_string(), "models": ["tier"] }],
        });
        Self::of(&document)
    }

    /// A worker of this document.
    pub fn of(document: &Value) -> Self {
        let config = Config::parse(document.to_string().as_bytes(), &|_| None).unwrap();
        Self { config: Rc::new(config), exchanges: None }
    }

    /// One that remembers what it has served, as in Envoy.
    pub fn that_remembers(self) -> Self {
        Self { exchanges: Some(Exchanges::default()), ..self }
    }

    /// Sends a request to the provider.
    pub fn send(&self, body: &[u8]) -> Sent {
        self.send_to("/v1/chat/completions", body)
    }

    /// The same to another path of ours.
    pub fn send_to(&self, path: &str, body: &[u8]) -> Sent {
        self.send_as("POST", path, "application/json", body)
    }

    /// The same by another method, with a body of another type; none is none.
    pub fn send_as(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Sent {
        let (mut gateway, exchanges, host) = self.ask(method, path, content_type, body);
        if body.is_empty() {
            assert_eq!(gateway.on_request_headers(&host, true, NOW), Action::Continue, "{:?}", host.reply.borrow());
        } else {
            assert_eq!(gateway.on_request_headers(&host, false, NOW), Action::Pause, "a call waits for its body");
            let action = gateway.on_request_body(&host, body.len(), true, NOW);
            assert_eq!(action, Action::Continue, "let in: {:?}", host.reply.borrow());
        }
        let mut provider = Provider::new(1, exchanges);
        let action = provider.on_request_headers(&host, NOW);
        if !body.is_empty() {
            assert_eq!(action, Action::Pause, "an attempt waits for its body");
            let size = host.request_body.borrow().len();
            let _ = provider.on_request_body(&host, size, true);
        }
        Sent { gateway, provider, host, out: Vec::new(), told_headers: false }
    }

    /// Sends a request that no provider gets to see.
    pub fn refused(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Told {
        let (mut gateway, exchanges, host) = self.ask(method, path, content_type, body);
        let _ = gateway.on_request_headers(&host, body.is_empty(), NOW);
        if host.reply.borrow().is_none() {
            let _ = gateway.on_request_body(&host, body.len(), true, NOW);
        }
        assert!(host.reply.borrow().is_some(), "{method} {path} is answered by the gateway");
        let provider = Provider::new(1, exchanges);
        Sent { gateway, provider, host, out: Vec::new(), told_headers: false }.settle()
    }

    fn ask(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> (Gateway, Exchanges, Memory) {
        let (exchanges, host) = (self.exchanges.clone().unwrap_or_default(), Memory::default());
        *host.request.borrow_mut() = owned(&[
            (":method", method),
            (":path", path),
            ("authorization", &format!("Bearer {KEY}")),
            ("content-type", content_type),
            ("x-request-id", "r-1"),
        ]);
        *host.request_body.borrow_mut() = body.to_vec();
        (Gateway::new(1, Rc::clone(&self.config), exchanges.clone()), exchanges, host)
    }
}

/// A request that is on its way, and the answer that comes back.
pub struct Sent {
    gateway: Gateway,
    provider: Provider,
    pub host: Memory,
    out: Vec<u8>,
    told_headers: bool,
}

impl Sent {
    /// What the provider gets.
    pub fn body(&self) -> Vec<u8> {
        self.host.request_body.borrow().clone()
    }

    /// The answer comes in these pieces, of which the last ends it.
    pub fn answer<'a>(mut self, answer: &Answer, pieces: impl IntoIterator<Item = &'a [u8]>) -> Told {
        self.end_with(answer, pieces)
    }

    /// The same, with what the proxy holds to look at afterwards.
    pub fn end_with<'a>(&mut self, answer: &Answer, pieces: impl IntoIterator<Item = &'a [u8]>) -> Told {
        if self.host.reply.borrow().is_none() {
            self.begin(answer);
            let mut pieces = pieces.into_iter().peekable();
            while let Some(piece) = pieces.next() {
                self.piece(piece, pieces.peek().is_none());
            }
        }
        self.settle()
    }

    /// The answer's headers come.
    pub fn begin(&mut self, answer: &Answer) {
        let status = (":status".to_owned(), answer.status.to_string());
        *self.host.response.borrow_mut() = std::iter::once(status).chain(answer.headers.iter().cloned()).collect();
        if self.provider.on_response_headers(&self.host, false, NOW) == Action::Continue {
            self.headers_go_on();
        }
    }

    /// Some of the answer's body comes, and not the last.
    pub fn first(&mut self, piece: &[u8]) -> Action {
        self.host.response_body.borrow_mut().extend_from_slice(piece);
        let size = self.host.response_body.borrow().len();
        self.provider.on_response_body(&self.host, size, false, NOW)
    }

    fn piece(&mut self, piece: &[u8], end: bool) {
        self.host.response_body.borrow_mut().extend_from_slice(piece);
        let size = self.host.response_body.borrow().len();
        if self.provider.on_response_body(&self.host, size, end, NOW) == Action::Pause {
            assert!(!end, "an answer that is over goes out");
            return;
        }
        self.headers_go_on();
        let size = self.host.response_body.borrow().len();
        let flushes = self.host.flushes.get();
        if self.gateway.on_response_body(&self.host, size, end) == Action::Pause {
            assert_eq!(self.host.flushes.get(), flushes + 1, "what is held goes out at once");
            if self.host.response_body.borrow().is_empty() && size > 0 {
                // What Envoy makes of a provider role that sends on what it holds: an empty piece.
                assert_eq!(self.gateway.on_response_body(&self.host, 0, false), Action::Continue);
            }
        }
        self.out.append(&mut self.host.response_body.borrow_mut());
    }

    fn headers_go_on(&mut self) {
        if !std::mem::replace(&mut self.told_headers, true) {
            assert_eq!(self.gateway.on_response_headers(&self.host, false, NOW), Action::Continue);
        }
    }

    /// The request is over.
    fn settle(&mut self) -> Told {
        if let Some(reply) = self.host.reply.take() {
            // Envoy sends an answer of the filter's own through the gateway role like any other.
            let status = (":status".to_owned(), reply.status.to_string());
            *self.host.response.borrow_mut() = std::iter::once(status).chain(reply.headers).collect();
            self.headers_go_on();
            self.out = reply.body;
        }
        self.gateway.on_log(&self.host, NOW);
        let record = &self.host.properties.borrow()[contract::RECORD];
        let headers = self.host.response.borrow().clone();
        Told {
            status: headers.iter().find(|(name, _)| name == ":status").unwrap().1.parse().unwrap(),
            headers,
            body: std::mem::take(&mut self.out),
            record: serde_json::from_slice(record).unwrap(),
        }
    }
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
