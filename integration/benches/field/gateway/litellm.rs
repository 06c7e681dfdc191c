//! The proxy of PyPI's `litellm[proxy]`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use integration::speech::Speech;
use serde_json::{Value, json};

use crate::load::Key;
use crate::origin;
use crate::upstream::Upstream;

/// One worker, as its pages say for production. It looks for tokenizers and prices in the internet unless it is told not to.
///
/// <https://docs.litellm.ai/docs/proxy/configs>, <https://docs.litellm.ai/docs/proxy/prod>
pub(crate) fn command(folder: &Path, at: SocketAddr, upstreams: &[Upstream], program: &Path) -> Command {
    let path = folder.join("litellm.yaml");
    std::fs::write(&path, config(upstreams).to_string()).unwrap();
    let mut command = Command::new(program);
    command.arg("--config").arg(path).args(["--host", "127.0.0.1", "--num_workers", "1", "--port"]);
    command.arg(at.port().to_string());
    command.envs([("LITELLM_MODE", "PRODUCTION"), ("LITELLM_LOG", "ERROR"), ("LITELLM_LOCAL_MODEL_COST_MAP", "True")]);
    command.envs([("HF_HUB_OFFLINE", "1"), ("DISABLE_ADMIN_UI", "True"), ("NO_DOCS", "True")]);
    command
}

/// `LiteLLM: Current Version = 1.2.3`
pub(crate) fn version(program: &Path) -> String {
    let said = origin::said(Command::new(program).arg("--version"));
    said.split_whitespace().last().expect("a version").to_owned()
}

fn config(upstreams: &[Upstream]) -> Value {
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
    let fallback = |upstream: &Upstream| Some(json!({ upstream.model.clone(): [upstream.fallback()?] }));
    json!({
        "model_list": upstreams.iter().map(model).collect::<Vec<_>>(),
        "general_settings": { "master_key": Key(0).to_string() },
        "router_settings": {
            "fallbacks": upstreams.iter().filter_map(fallback).collect::<Vec<_>>(),
            "num_retries": 0,
            "disable_cooldowns": true,
        },
        "litellm_settings": { "telemetry": false, "num_retries": 0 },
    })
}
