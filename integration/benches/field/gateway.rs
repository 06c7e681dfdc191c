//! The gateways that are compared, each doing the same work.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use integration::speech::Speech;
use tempfile::TempDir;

use crate::load::{Key, Request};
use crate::process::Process;
use crate::upstream::Upstream;
use crate::work::{Answer, Work};

mod envoy;
mod litellm;
mod portkey;

pub(crate) use envoy::{Filter, Limits};

/// Who stands between caller and provider.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Nobody.
    Direct,
    /// Envoy alone: what the others are compared with.
    Envoy,
    /// The same Envoy with the filter: key, usage and access log, and some limits.
    Tollhouse(Filter),
    /// The proxy of PyPI's `litellm[proxy]`, by its command.
    LiteLlm(PathBuf),
    /// npm's `@portkey-ai/gateway`, by its package.
    Portkey(PathBuf),
}

impl Kind {
    /// Is this work for it? Nobody fails over on the direct way, and only an Envoy knows more than one key.
    pub(crate) fn does(&self, work: &Work) -> bool {
        match self {
            Kind::Direct => work.answer != Answer::Unsure,
            Kind::Envoy => true,
            Kind::Tollhouse(filter) => filter.clients == work.known,
            Kind::LiteLlm(_) | Kind::Portkey(_) => work.known == 1,
        }
    }
}

impl Kind {
    /// What is measured; the direct way has none.
    pub(crate) fn version(&self) -> Option<String> {
        match self {
            Self::Direct => None,
            Self::Envoy => Some(envoy::version()),
            Self::Tollhouse(_) => Some(envoy::filter_version()),
            Self::LiteLlm(program) => Some(litellm::version(program)),
            Self::Portkey(package) => Some(portkey::version(package)),
        }
    }
}

/// One that runs.
pub(crate) struct Gateway {
    /// In tables and data.
    pub(crate) name: &'static str,
    /// None is the direct way.
    pub(crate) process: Option<Process>,
    pub(crate) kind: Kind,
    at: SocketAddr,
    upstreams: Vec<Upstream>,
    _folder: TempDir,
}

impl Gateway {
    /// Starts it, with a route to each provider, and waits until it listens.
    pub(crate) fn start(name: &'static str, kind: &Kind, upstreams: &[Upstream]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let command = match kind {
            Kind::Direct => None,
            Kind::Envoy => Some(envoy::command(folder.path(), at, upstreams, None)),
            Kind::Tollhouse(filter) => Some(envoy::command(folder.path(), at, upstreams, Some(filter))),
            Kind::LiteLlm(program) => Some(litellm::command(folder.path(), at, upstreams, program)),
            Kind::Portkey(package) => Some(portkey::command(folder.path(), at, package)),
        };
        let process = command.as_ref().map(Process::start);
        if process.is_some() {
            wait(name, at);
        }
        Self { name, process, kind: kind.clone(), at, upstreams: upstreams.to_vec(), _folder: folder }
    }

    /// The request that makes it do this work.
    pub(crate) fn request(&self, work: &Work) -> Request {
        let model = work.model();
        let upstream = self.upstreams.iter().find(|upstream| upstream.model == model).unwrap();
        let body = work.request(&model);
        let line = format!("POST {} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ", self.path(work.to));
        let key = line.len();
        let mut head =
            format!("{line}{}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", Key(0), body.len());
        for (name, value) in self.headers(upstream) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let to = if self.process.is_some() { self.at } else { upstream.address };
        Request { to, bytes: (head + "\r\n" + &body).into_bytes(), key, clients: work.clients }
    }

    fn path(&self, to: Speech) -> &'static str {
        match (&self.kind, to) {
            (Kind::Direct | Kind::Envoy, Speech::Anthropic) => "/v1/messages",
            _ => "/v1/chat/completions",
        }
    }

    /// What tells a gateway without routes of its own where to go.
    fn headers(&self, upstream: &Upstream) -> Vec<(&'static str, String)> {
        match self.kind {
            Kind::Envoy => vec![("x-model", upstream.model.clone())],
            Kind::Portkey(_) => portkey::headers(upstream, &self.upstreams),
            Kind::Direct | Kind::Tollhouse(_) | Kind::LiteLlm(_) => Vec::new(),
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait(name: &str, at: SocketAddr) {
    let end = Instant::now() + Duration::from_secs(120);
    while TcpStream::connect(at).is_err() {
        assert!(Instant::now() < end, "{name} does not start");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Listening is not yet being ready, at those that load for a while.
    std::thread::sleep(Duration::from_secs(2));
}
