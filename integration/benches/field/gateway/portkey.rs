//! npm's `@portkey-ai/gateway`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::upstream::Upstream;

/// It listens on every address unless it is told otherwise.
///
/// <https://github.com/Portkey-AI/gateway>
pub(crate) fn command(folder: &Path, at: SocketAddr, package: &Path) -> Command {
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

/// As its package says.
pub(crate) fn version(package: &Path) -> String {
    let manifest: Value = serde_json::from_slice(&std::fs::read(package.join("package.json")).unwrap()).unwrap();
    manifest["version"].as_str().expect("a version").to_owned()
}

/// Where to go, which each of its requests says.
pub(crate) fn headers(upstream: &Upstream, upstreams: &[Upstream]) -> Vec<(&'static str, String)> {
    let target = |upstream: &Upstream| (upstream.speech.to_string(), format!("http://{}/v1", upstream.address));
    let fallback = upstream.fallback().and_then(|model| upstreams.iter().find(|u| u.model == model));
    let Some(fallback) = fallback else {
        let (provider, host) = target(upstream);
        return vec![("x-portkey-provider", provider), ("x-portkey-custom-host", host)];
    };
    let targets: Vec<Value> = [upstream, fallback]
        .map(target)
        .map(|(provider, host)| json!({ "provider": provider, "custom_host": host, "api_key": "provider" }))
        .into();
    vec![("x-portkey-config", json!({ "strategy": { "mode": "fallback" }, "targets": targets }).to_string())]
}
