//! The filter in its two roles.

use serde_json::{Value, json};
use tollhouse_filter::config::{ConfigError, raw::Document};
use tollhouse_filter::contract::{PROVIDER_CONFIGURATION, VM_ID};

use super::Options;
use crate::document;

/// Name of the gateway role: of the HTTP filter, of the plugin and of its root context.
pub const GATEWAY: &str = "tollhouse_gateway";
/// Name of the provider role.
pub const PROVIDER: &str = "tollhouse_provider";

pub(crate) const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// The gateway role, with the whole document.
pub(crate) fn gateway(document: &Document, options: &Options) -> Result<Value, ConfigError> {
    Ok(plugin(GATEWAY, &document::to_json(document)?, document, options))
}

/// The provider role; all it needs comes with each request.
pub(crate) fn provider(document: &Document, options: &Options) -> Value {
    plugin(PROVIDER, PROVIDER_CONFIGURATION, document, options)
}

fn plugin(name: &str, configuration: &str, document: &Document, options: &Options) -> Value {
    json!({
        "@type": WASM,
        "config": {
            "name": name,
            "root_id": name,
            "failure_policy": "FAIL_RELOAD",
            "reload_config": { "backoff": { "base_interval": "0.1s", "max_interval": "5s" } },
            "allow_on_headers_stop_iteration": true,
            "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": configuration },
            "vm_config": vm(document, options),
        },
    })
}

/// Both roles must say the same, or they would not share a VM.
fn vm(document: &Document, options: &Options) -> Value {
    let env = options.env.clone().unwrap_or_else(|| document::env_names(document).into_iter().collect());
    let mut vm = json!({
        "vm_id": VM_ID,
        "runtime": "envoy.wasm.runtime.v8",
        "code": { "local": { "filename": options.filter } },
    });
    if let (Some(vm), false) = (vm.as_object_mut(), env.is_empty()) {
        vm.insert("environment_variables".to_owned(), json!({ "host_env_keys": env }));
    }
    vm
}
