//! The gateways that are compared, each doing the same work.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use integration::speech::Speech;
use integration::stage;
use serde_json::{Value, json};
use tempfile::TempDir;
use tollhouse::render;
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::Document;

use crate::load::Request;
use crate::process::Process;
use crate::upstream::Upstream;
use crate::work::Work;

const KEY: &str = "th-benchmark";

/// Who stands between caller and provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nobody.
    Direct,
    /// Envoy alone: what the others are compared with.
    Envoy,
    /// The same Envoy with the filter: key, limits, usage and access log.
    Tollhouse,
    /// The proxy of PyPI's `litellm[proxy]`, by the path of its command in `LITELLM`.
    LiteLlm,
    /// npm's `@portkey-ai/gateway`, by the path of its package in `PORTKEY`.
    Portkey,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Direct, Self::Envoy, Self::Tollhouse, Self::LiteLlm, Self::Portkey];

    /// In tables and data.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Envoy => "Envoy",
            Self::Tollhouse => "Tollhouse",
            Self::LiteLlm => "LiteLLM",
            Self::Portkey => "Portkey",
        }
    }
}

/// One that runs.
pub(crate) struct Gateway {
    pub(crate) kind: Kind,
    pub(crate) process: Option<Process>,
    at: Option<SocketAddr>,
    upstreams: Vec<Upstream>,
    _folder: TempDir,
}

impl Gateway {
    /// Starts it, with a route to each provider; `None` where it is not installed.
    pub(crate) fn start(kind: Kind, upstreams: &[Upstream]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let at = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let command = match kind {
            Kind::Direct => None,
            Kind::Envoy => Some(envoy(folder.path(), at, upstreams, false)),
            Kind::Tollhouse => Some(envoy(folder.path(), at, upstreams, true)),
            Kind::LiteLlm => Some(litellm(folder.path(), at, upstreams, &installed("LITELLM")?)),
            Kind::Portkey => Some(portkey(folder.path(), at, &installed("PORTKEY")?)),
        };
        let process = command.as_ref().map(Process::start);
        if process.is_some() {
            wait(kind, at);
        }
        let at = process.is_some().then_some(at);
        Some(Self { kind, process, at, upstreams: upstreams.to_vec(), _folder: folder })
    }

    /// The request that makes it do this work; `None` where there is nothing of the kind to do.
    pub(crate) fn request(&self, work: &Work) -> Request {
        let model = work.model();
        let upstream = self.upstreams.iter().find(|upstream| upstream.model == model).unwrap();
        let body = work.request(&model);
        let mut head = format!(
            "POST {} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            self.path(work.to),
            body.len()
        );
        for (name, value) in self.headers(upstream) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Request { to: self.at.unwrap_or(upstream.address), bytes: (head + "\r\n" + &body).into_bytes() }
    }

    fn path(&self, to: Speech) -> &'static str {
        match (self.kind, to) {
            (Kind::Direct | Kind::Envoy, Speech::Anthropic) => "/v1/messages",
            _ => "/v1/chat/completions",
        }
    }

    /// What tells a gateway without routes of its own where to go.
    fn headers(&self, upstream: &Upstream) -> Vec<(&'static str, String)> {
        match self.kind {
            Kind::Envoy => vec![("x-model", upstream.model.clone())],
            Kind::Portkey => vec![
                ("x-portkey-provider", upstream.speech.to_string()),
                ("x-portkey-custom-host", format!("http://{}/v1", upstream.address)),
            ],
            Kind::Direct | Kind::Tollhouse | Kind::LiteLlm => Vec::new(),
        }
    }
}

fn installed(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from)?;
    assert!(path.exists(), "{variable} names nothing: {}", path.display());
    Some(path)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait(kind: Kind, at: SocketAddr) {
    let end = Instant::now() + Duration::from_secs(120);
    while TcpStream::connect(at).is_err() {
        assert!(Instant::now() < end, "{} does not start", kind.name());
        std::thread::sleep(Duration::from_millis(100));
    }
    // Listening is not yet being ready, at those that load for a while.
    std::thread::sleep(Duration::from_secs(2));
}

fn envoy(folder: &Path, at: SocketAddr, upstreams: &[Upstream], filtered: bool) -> Command {
    let filter = folder.join("filter.wasm");
    std::fs::write(&filter, tollhouse::filter::bytes().unwrap()).unwrap();
    let mut options = render::Options::new(&filter);
    (options.listen, options.admin) = (Some(at), Some(SocketAddr::from(([127, 0, 0, 1], 0))));
    options.access_log = Some(folder.join("access.log"));
    let mut bootstrap = render::bootstrap(&document(upstreams), &options).unwrap();
    if !filtered {
        strip(&mut bootstrap, upstreams);
    }
    let config = folder.join("envoy.json");
    std::fs::write(&config, bootstrap.to_string()).unwrap();
    let mut command = Command::new(stage::envoy());
    command.args(["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error", "-c"]).arg(config);
    command
}

/// Prices, a rate and two budgets that are never reached.
fn document(upstreams: &[Upstream]) -> Document {
    let entries = |suffix: &str, value: &dyn Fn(&Upstream) -> Value| -> Value {
        Value::Object(upstreams.iter().map(|u| (format!("{}{suffix}", u.model), value(u))).collect())
    };
    let document = json!({
        "providers": entries("", &|u| json!({ "dialect": u.speech.to_string(), "endpoint": format!("http://{}/v1", u.address) })),
        "models": entries("", &|u| json!({ "targets": [format!("{}/m", u.model)] })),
        "prices": entries("/*", &|_| json!({ "model": "openai/gpt-5-mini" })),
        "limits": [
            { "for": { "client": "each" }, "tokens": 1_u64 << 50, "per": "minute" },
            { "for": { "client": "each" }, "requests": 1_u64 << 50, "per": "minute" },
            { "for": { "team": "each" }, "usd": 1_000_000, "per": "month", "alert_at": [0.8, 1.0] },
        ],
        "clients": [{ "name": "bench", "team": "bench", "key_sha256": Digest::of(KEY).to_string(), "models": ["*"] }],
    });
    tollhouse_filter::config::document(document.to_string().as_bytes()).expect("a good document")
}

/// Takes the filter out: the same listener, clusters and limits, with a header's route instead of its decision.
fn strip(bootstrap: &mut Value, upstreams: &[Upstream]) {
    let resources = &mut bootstrap["static_resources"];
    let manager = &mut resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    without_wasm(&mut manager["http_filters"]);
    let by_model = |upstream: &Upstream| {
        let model = &upstream.model;
        json!({
            "match": { "prefix": "/", "headers": [{ "name": "x-model", "string_match": { "exact": model } }] },
            "route": { "cluster": model, "timeout": "0s" },
        })
    };
    manager["route_config"]["virtual_hosts"][0]["routes"] = upstreams.iter().map(by_model).collect();
    for cluster in resources["clusters"].as_array_mut().unwrap() {
        let options = cluster.get_mut("typed_extension_protocol_options").and_then(Value::as_object_mut);
        for options in options.into_iter().flat_map(|options| options.values_mut()) {
            without_wasm(&mut options["http_filters"]);
        }
    }
}

fn without_wasm(filters: &mut Value) {
    let is_wasm =
        |filter: &Value| filter["typed_config"]["@type"].as_str().unwrap_or_default().ends_with("wasm.v3.Wasm");
    filters.as_array_mut().unwrap().retain(|filter| !is_wasm(filter));
}

/// <https://docs.litellm.ai/docs/proxy/configs>
fn litellm(folder: &Path, at: SocketAddr, upstreams: &[Upstream], program: &Path) -> Command {
    let model = |upstream: &Upstream| {
        let base = match upstream.speech {
            Speech::OpenAi => format!("http://{}/v1", upstream.address),
            Speech::Anthropic => format!("http://{}", upstream.address),
        };
        json!({
            "model_name": upstream.model,
            "litellm_params": { "model": format!("{}/m", upstream.speech), "api_base": base, "api_key": "provider" },
        })
    };
    let config = json!({
        "model_list": upstreams.iter().map(model).collect::<Vec<_>>(),
        "general_settings": { "master_key": KEY },
        "litellm_settings": { "telemetry": false, "num_retries": 0 },
    });
    let path = folder.join("litellm.yaml");
    std::fs::write(&path, config.to_string()).unwrap();
    let mut command = Command::new(program);
    command.arg("--config").arg(path).args(["--host", "127.0.0.1", "--num_workers", "1", "--port"]);
    command.arg(at.port().to_string());
    // As its pages say for production; and it looks for tokenizers and prices in the internet.
    command.envs([("LITELLM_MODE", "PRODUCTION"), ("LITELLM_LOG", "ERROR"), ("LITELLM_LOCAL_MODEL_COST_MAP", "True")]);
    command.envs([("HF_HUB_OFFLINE", "1"), ("DISABLE_ADMIN_UI", "True"), ("NO_DOCS", "True")]);
    command
}

/// <https://github.com/Portkey-AI/gateway>; it listens on every address unless it is told otherwise.
fn portkey(folder: &Path, at: SocketAddr, package: &Path) -> Command {
    let loopback = folder.join("loopback.cjs");
    let listen = "const { Server } = require('net'); const listen = Server.prototype.listen; \
        Server.prototype.listen = function (first, ...rest) { \
        const port = typeof first === 'object' ? first.port : first; \
        return listen.call(this, { port, host: '127.0.0.1' }, ...rest.filter((a) => typeof a === 'function')); };";
    std::fs::write(&loopback, listen).unwrap();
    let mut command = Command::new("node");
    command.arg("--require").arg(loopback).arg(package.join("build/start-server.js"));
    command.arg(format!("--port={}", at.port())).arg("--headless");
    command.envs([("NODE_ENV", "production"), ("TRUSTED_CUSTOM_HOSTS", "127.0.0.1,localhost")]);
    command
}
