//! Envoy, with the filter and without.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use integration::stage;
use serde_json::{Value, json};
use tollhouse::render;
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::Document;

use crate::load::Key;
use crate::origin;
use crate::upstream::Upstream;
use crate::work::Answer;

/// How the filter is set up.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    /// Another module than this one.
    pub(crate) module: Option<PathBuf>,
    /// What it limits.
    pub(crate) limits: Limits,
    /// How many keys it knows.
    pub(crate) clients: usize,
}

/// What is limited, none of it ever reached.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Limits {
    #[default]
    Nothing,
    /// Two rates of each caller and a budget of its team.
    Three,
    /// As many again, under keys of their own: what they add is counting alone, since the prompt is estimated once and
    /// an answer tells of the tightest.
    Six,
}

/// An Envoy of one worker that writes an access log. Without the filter, callers name the model in a header.
pub(crate) fn command(folder: &Path, at: SocketAddr, upstreams: &[Upstream], filter: Option<&Filter>) -> Command {
    let module = folder.join("filter.wasm");
    std::fs::write(&module, bytes(filter)).unwrap();
    let mut options = render::Options::new(&module);
    (options.listen, options.admin) = (Some(at), Some(SocketAddr::from(([127, 0, 0, 1], 0))));
    options.access_log = Some(folder.join("access.log"));
    let clients = filter.map_or(1, |filter| filter.clients);
    let limits = filter.map_or(Limits::Nothing, |filter| filter.limits);
    let mut bootstrap = render::bootstrap(&document(upstreams, clients, limits), &options).unwrap();
    if filter.is_none() {
        strip(&mut bootstrap, upstreams);
    }
    let config = folder.join("envoy.json");
    std::fs::write(&config, bootstrap.to_string()).unwrap();
    let mut command = Command::new(stage::envoy());
    command.args(["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error", "-c"]).arg(config);
    command
}

fn bytes(filter: Option<&Filter>) -> Vec<u8> {
    match filter.and_then(|filter| filter.module.as_ref()) {
        Some(path) => std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())),
        None => tollhouse::filter::bytes().unwrap().into_owned(),
    }
}

/// `…/1.40.0/Clean/…`
pub(crate) fn version() -> String {
    let said = origin::said(Command::new(stage::envoy()).arg("--version"));
    said.split('/').rev().nth(3).expect("a version").to_owned()
}

/// Its version and the commit that it was built of.
pub(crate) fn filter_version() -> String {
    let commit = origin::said(Command::new("git").args(["describe", "--always", "--dirty"]));
    format!("{} ({commit})", env!("CARGO_PKG_VERSION"))
}

/// A model for each way to answer, with prices.
fn document(upstreams: &[Upstream], clients: usize, limits: Limits) -> Document {
    let entries = |suffix: &str, value: &dyn Fn(&Upstream) -> Value| -> Value {
        Value::Object(upstreams.iter().map(|u| (format!("{}{suffix}", u.model), value(u))).collect())
    };
    let client = |i| {
        let digest = Digest::of(&Key(i).to_string()).to_string();
        json!({ "name": format!("client-{i}"), "team": "bench", "key_sha256": digest, "models": ["*"] })
    };
    let document = json!({
        "providers": entries("", &|u| json!({ "dialect": u.speech.to_string(), "endpoint": format!("http://{}/v1", u.address) })),
        "models": entries("", &|u| json!({ "targets": targets(u) })),
        "prices": entries("/*", &|_| json!({ "model": "openai/gpt-5-mini" })),
        "limits": limits.list(),
        "clients": (0..clients).map(client).collect::<Vec<_>>(),
    });
    tollhouse_filter::config::document(document.to_string().as_bytes()).expect("a good document")
}

fn targets(upstream: &Upstream) -> Vec<String> {
    [Some(&upstream.model), upstream.fallback().as_ref()].into_iter().flatten().map(|m| format!("{m}/m")).collect()
}

impl Limits {
    fn list(self) -> Vec<Value> {
        let three = |of: &Value, over: &Value| {
            [
                json!({ "for": of, "tokens": 1_u64 << 50, "per": "minute" }),
                json!({ "for": of, "requests": 1_u64 << 50, "per": "minute" }),
                json!({ "for": over, "usd": 1_000_000, "per": "month", "alert_at": [0.8, 1.0] }),
            ]
        };
        let usual = three(&json!({ "client": "each" }), &json!({ "team": "each" }));
        let more = three(&json!({ "model": "each" }), &json!({ "team": "each", "model": "each" }));
        match self {
            Self::Nothing => Vec::new(),
            Self::Three => usual.into(),
            Self::Six => usual.into_iter().chain(more).collect(),
        }
    }
}

/// Takes the filter out: the same listener, clusters and limits, with a header's route instead of its decision, and
/// Envoy's usual access log instead of its record.
fn strip(bootstrap: &mut Value, upstreams: &[Upstream]) {
    let resources = &mut bootstrap["static_resources"];
    let manager = &mut resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    without_wasm(&mut manager["http_filters"]);
    manager["route_config"]["virtual_hosts"][0]["routes"] = upstreams.iter().map(route).collect();
    manager["access_log"][0]["typed_config"].as_object_mut().unwrap().remove("log_format").expect("a format");
    for cluster in resources["clusters"].as_array_mut().unwrap() {
        let options = cluster.get_mut("typed_extension_protocol_options").and_then(Value::as_object_mut);
        for options in options.into_iter().flat_map(|options| options.values_mut()) {
            without_wasm(&mut options["http_filters"]);
        }
        let fallback = upstreams.iter().find(|u| cluster["name"] == u.model).and_then(Upstream::fallback);
        if let Some(fallback) = fallback.and_then(|model| upstreams.iter().find(|u| u.model == model)) {
            let (host, port) = (fallback.address.ip().to_string(), fallback.address.port());
            let address = json!({ "socket_address": { "address": host, "port_value": port } });
            let endpoints = json!({ "priority": 1, "lb_endpoints": [{ "endpoint": { "address": address } }] });
            let priorities = cluster["load_assignment"]["endpoints"].as_array_mut().unwrap();
            priorities.truncate(1);
            priorities.push(endpoints);
        }
    }
}

fn route(upstream: &Upstream) -> Value {
    let model = &upstream.model;
    let mut route = json!({ "cluster": model, "timeout": "0s" });
    if upstream.answer == Answer::Unsure {
        route["retry_policy"] = next_priority();
    }
    json!({
        "match": { "prefix": "/", "headers": [{ "name": "x-model", "string_match": { "exact": model } }] },
        "route": route,
    })
}

/// What Envoy has of its own for trying elsewhere.
/// <https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_filters/router_filter#x-envoy-retry-on>
fn next_priority() -> Value {
    let kind = "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig";
    json!({
        "retry_on": "5xx",
        "num_retries": 1,
        "retry_back_off": { "base_interval": "0.001s", "max_interval": "0.010s" },
        "retry_priority": {
            "name": "envoy.retry_priorities.previous_priorities",
            "typed_config": { "@type": kind, "update_frequency": 1 },
        },
    })
}

fn without_wasm(filters: &mut Value) {
    let is_wasm =
        |filter: &Value| filter["typed_config"]["@type"].as_str().unwrap_or_default().ends_with("wasm.v3.Wasm");
    filters.as_array_mut().unwrap().retain(|filter| !is_wasm(filter));
}
