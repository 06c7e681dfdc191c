//! The EnvoyFilter: what is merged into the listeners, the route and the clusters of the gateway.

use serde_json::{Value, json};
use tollhouse_filter::config::{ConfigError, raw::Document};

use super::Ingress;
use super::hosts::Outside;
use crate::render::cluster::{self, Upstream};
use crate::render::{GATEWAY, NAME, Options, PROVIDER, buffer_limit, credential, gateway, plugin, replies};

const MANAGER: &str = "envoy.filters.network.http_connection_manager";
/// The agent puts a filter of this type in the place of one that it cannot get; it refuses all requests.
const RBAC: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";

/// Of a document whose clusters are named as Istiod names them.
pub(super) fn envoy_filter(
    document: &Document,
    outside: &Outside,
    options: &Options,
    ingress: &Ingress,
) -> Result<Value, ConfigError> {
    let roles = Roles {
        gateway: ingress.module(plugin::gateway(document, options)?),
        provider: ingress.module(plugin::provider(document, options)),
        discovered: ingress.image.is_some(),
    };
    let mut patches = vec![
        patch("LISTENER", json!({}), "MERGE", json!({ "per_connection_buffer_limit_bytes": buffer_limit(document) })),
        manager(options),
        roles.gateway_filter(),
        route(document)?,
    ];
    for upstream in cluster::upstreams(document)? {
        patches.push(roles.cluster(&upstream, outside, document, options));
    }
    let new = credential::cluster(document)?.into_iter().chain([cluster::undecided()]);
    patches.extend(new.map(|cluster| patch("CLUSTER", json!({}), "ADD", cluster)));
    patches.extend(roles.extensions());
    let spec = json!({ "workloadSelector": { "labels": ingress.labels }, "configPatches": patches });
    Ok(ingress.resource("networking.istio.io/v1alpha3", "EnvoyFilter", NAME, spec))
}

fn patch(apply_to: &str, within: Value, operation: &str, value: Value) -> Value {
    let mut matches = json!({ "context": "GATEWAY" });
    if let (Some(matches), Value::Object(within)) = (matches.as_object_mut(), within) {
        matches.extend(within);
    }
    json!({ "applyTo": apply_to, "match": matches, "patch": { "operation": operation, "value": value } })
}

fn in_manager(more: &Value) -> Value {
    let mut filter = json!({ "name": MANAGER });
    if let (Some(filter), Some(more)) = (filter.as_object_mut(), more.as_object()) {
        filter.extend(more.clone());
    }
    json!({ "listener": { "filterChain": { "filter": filter } } })
}

/// Records of the filter's requests, and Envoy's own answers on its route in a form that SDKs read.
fn manager(options: &Options) -> Value {
    let value = json!({
        "name": MANAGER,
        "typed_config": {
            "@type": gateway::HCM,
            "access_log": [gateway::access_log(options)],
            "local_reply_config": replies::config_where(&format!("xds.route_name == '{NAME}'")),
        },
    });
    patch("NETWORK_FILTER", in_manager(&json!({})), "MERGE", value)
}

/// The VirtualService's route, by its name. Its own action makes room for this one.
fn route(document: &Document) -> Result<Value, ConfigError> {
    let mut value = json!({
        "request_body_buffer_limit": gateway::retry_buffer_limit(document),
        // The filter is off on all other routes; this is how it is on here.
        "typed_per_filter_config": {
            GATEWAY: { "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {} },
        },
    });
    if let (Some(fields), Some(action)) = (value.as_object_mut(), gateway::route(document)?) {
        fields.insert("route".to_owned(), action);
    }
    let within = json!({ "routeConfiguration": { "vhost": { "route": { "name": NAME } } } });
    Ok(patch("HTTP_ROUTE", within, "MERGE", value))
}

/// The plugin in both roles, in place or to be discovered.
struct Roles {
    gateway: Value,
    provider: Value,
    discovered: bool,
}

impl Roles {
    /// Before the router and so behind Istio's own filters. Requests of other routes do not meet it.
    fn gateway_filter(&self) -> Value {
        let filter = if self.discovered {
            json!({ "name": GATEWAY, "disabled": true, "config_discovery": discovery(&[plugin::WASM, RBAC]) })
        } else {
            json!({ "name": GATEWAY, "disabled": true, "typed_config": self.gateway })
        };
        let within = in_manager(&json!({ "subFilter": { "name": "envoy.filters.http.router" } }));
        patch("HTTP_FILTER", within, "INSERT_BEFORE", filter)
    }

    /// Istiod replaces the protocol options of a cluster rather than merge them, so these are all of them. It appends
    /// priorities.
    fn cluster(&self, upstream: &Upstream, outside: &Outside, document: &Document, options: &Options) -> Value {
        let server = &upstream.server;
        let mut filters = upstream.filters(&self.provider, document, options);
        if let (true, Some(fields)) = (self.discovered, filters.pointer_mut("/0").and_then(Value::as_object_mut)) {
            fields.remove("typed_config");
            fields.insert("config_discovery".to_owned(), discovery(&[plugin::WASM]));
        }
        let mut value = json!({
            "per_connection_buffer_limit_bytes": buffer_limit(document),
            "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": cluster::protocol(&server.endpoint, &filters),
            },
        });
        if let (true, Some(fields)) = (outside.looked_up(&server.name), value.as_object_mut()) {
            let endpoints = json!({ "cluster_name": server.name, "endpoints": [cluster::nobody()] });
            fields.insert("load_assignment".to_owned(), endpoints);
        }
        patch("CLUSTER", json!({ "cluster": { "name": server.name } }), "MERGE", value)
    }

    fn extensions(&self) -> Vec<Value> {
        if !self.discovered {
            return Vec::new();
        }
        let extension = |name: &str, config: &Value| {
            patch("EXTENSION_CONFIG", json!({}), "ADD", json!({ "name": name, "typed_config": config }))
        };
        vec![extension(GATEWAY, &self.gateway), extension(PROVIDER, &self.provider)]
    }
}

/// The agent of a gateway gets images for what is discovered, and for nothing else.
fn discovery(types: &[&str]) -> Value {
    json!({
        "config_source": { "ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3" },
        "type_urls": types,
    })
}

impl Ingress {
    /// The plugin with its code from the image, if there is one.
    fn module(&self, mut plugin: Value) -> Value {
        let code = plugin.pointer_mut("/config/vm_config/code");
        if let (Some(code), Some(image)) = (code, &self.image) {
            // The agent rewrites this. It wants a digest, or this word for none.
            let uri = json!({ "uri": image, "cluster": "_", "timeout": "60s" });
            *code = json!({ "remote": { "http_uri": uri, "sha256": "nil" } });
        }
        plugin
    }
}
