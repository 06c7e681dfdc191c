//! A browser, as far as sessions go.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use integration::caller::{Answer, Call};

/// Keeps the cookies of one site.
#[derive(Clone)]
pub(super) struct Browser {
    to: SocketAddr,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(super) fn new(to: SocketAddr) -> Self {
        Self { to, cookies: BTreeMap::new() }
    }

    /// Opens a page.
    pub(super) async fn open(&mut self, path: &str) -> Answer {
        self.send(Call::new(self.to, "GET", path)).await
    }

    /// Sends a request with the cookies, and keeps those of the answer.
    pub(super) async fn send(&mut self, call: Call) -> Answer {
        let answer = self.lend(call).send().await;
        for (name, value) in &answer.head.headers {
            if name == "set-cookie" {
                self.keep(value);
            }
        }
        answer
    }

    /// The request with the cookies.
    pub(super) fn lend(&self, call: Call) -> Call {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { call } else { call.header("cookie", &cookies.join("; ")) }
    }

    /// <https://www.rfc-editor.org/rfc/rfc6265#section-5.2>
    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.contains("01 Jan 1970") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
