//! One Envoy, with the filter or without.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use integration::admin::Admin;
use integration::stage;
use serde_json::{Value, json};
use tempfile::TempDir;
use tollhouse::render;
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::Document;

use crate::load::Request;

const KEY: &str = "th-benchmark";

/// A running Envoy of two workers.
pub(crate) struct Proxy {
    child: Child,
    listen: SocketAddr,
    filtered: bool,
    _folder: TempDir,
}

/// Model `o` at a provider of OpenAI's API, model `a` at one of Anthropic's, with prices and these limits.
pub(crate) fn document(openai: SocketAddr, anthropic: SocketAddr, limits: Value) -> Document {
    let provider = |dialect: &str, at: SocketAddr| json!({ "dialect": dialect, "endpoint": format!("http://{at}/v1") });
    let document = json!({
        "providers": { "o": provider("openai", openai), "a": provider("anthropic", anthropic) },
        "models": { "o": { "targets": ["o/m"] }, "a": { "targets": ["a/m"] } },
        "prices": { "o/m": { "model": "openai/gpt-5-mini" }, "a/m": { "model": "anthropic/claude-sonnet-4-6" } },
        "limits": limits,
        "clients": [{ "name": "bench", "team": "bench", "key_sha256": Digest::of(KEY).to_string(), "models": ["*"] }],
    });
    tollhouse_filter::config::document(document.to_string().as_bytes()).expect("a good document")
}

impl Proxy {
    /// Starts one, with this module as the filter or without any.
    pub(crate) fn start(document: &Document, module: Option<&[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let filter = folder.path().join("filter.wasm");
        std::fs::write(&filter, module.unwrap_or_default()).unwrap();
        let mut options = render::Options::new(&filter);
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        (options.listen, options.admin) = (Some(anywhere), Some(anywhere));
        options.access_log = Some("/dev/null".into());
        let mut bootstrap = render::bootstrap(document, &options).unwrap();
        if module.is_none() {
            strip(&mut bootstrap);
        }
        let (config, admin) = (folder.path().join("envoy.json"), folder.path().join("admin"));
        std::fs::write(&config, bootstrap.to_string()).unwrap();
        let child = Command::new(stage::envoy())
            .args(["--use-dynamic-base-id", "--concurrency", "2", "--log-level", "warning", "-c"])
            .arg(&config)
            .arg("--admin-address-path")
            .arg(&admin)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut proxy = Self { child, listen: anywhere, filtered: module.is_some(), _folder: folder };
        proxy.listen = wait(&admin);
        proxy
    }

    /// A chat request with a prompt of so many bytes.
    pub(crate) fn request(&self, model: &str, stream: bool, prompt: usize) -> Request {
        let stream = if stream { "\"stream\":true," } else { "" };
        let body = format!(
            "{{\"model\":\"{model}\",{stream}\"messages\":[{{\"role\":\"user\",\"content\":\"{}\"}}]}}",
            "x".repeat(prompt)
        );
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {KEY}\r\nx-model: {model}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Request { to: self.listen, bytes: (head + &body).into_bytes() }
    }

    /// Processor time so far, of all its threads, as the scheduler counts it: nanoseconds.
    ///
    /// <https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat>
    pub(crate) fn cpu(&self) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let spent = threads.filter_map(|thread| {
            let stat = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            stat.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(spent.sum())
    }

    /// Bytes of memory that it holds.
    pub(crate) fn resident(&self) -> u64 {
        assert!(self.filtered);
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn wait(admin: &std::path::Path) -> SocketAddr {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        assert!(Instant::now() < end, "Envoy does not start");
        std::thread::sleep(Duration::from_millis(50));
        let Ok(address) = std::fs::read_to_string(admin).unwrap_or_default().trim().parse() else { continue };
        let admin = Admin(address);
        if !admin.get("/ready").contains("LIVE") {
            continue;
        }
        let listeners: Value = serde_json::from_str(&admin.get("/listeners?format=json")).unwrap();
        let port = listeners["listener_statuses"][0]["local_address"]["socket_address"]["port_value"].as_u64().unwrap();
        return SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
    }
}

/// Takes the filter out: the same listener, clusters and limits, with the model's header instead of its decision.
fn strip(bootstrap: &mut Value) {
    let resources = &mut bootstrap["static_resources"];
    let manager = &mut resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    without_wasm(&mut manager["http_filters"]);
    let by_model = ["o", "a"].map(|model| {
        json!({
            "match": { "prefix": "/", "headers": [{ "name": "x-model", "string_match": { "exact": model } }] },
            "route": { "cluster": model, "timeout": "0s" },
        })
    });
    manager["route_config"]["virtual_hosts"][0]["routes"] = json!(by_model);
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
