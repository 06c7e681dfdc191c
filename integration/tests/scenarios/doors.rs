//! An Envoy without any of ours, which only leads on.

use std::net::SocketAddr;

use integration::envoy::Envoy;
use serde_json::{Value, json};

const MANAGER: &str =
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/// A listener without a filter of ours, whose requests go to one cluster.
pub(crate) fn door(name: &str, to: &str) -> Value {
    let route = json!({ "match": { "prefix": "/" }, "route": { "cluster": to, "timeout": "0s" } });
    let router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    let manager = json!({
        "@type": MANAGER,
        "stat_prefix": name,
        "route_config": { "virtual_hosts": [{ "name": name, "domains": ["*"], "routes": [route] }] },
        "http_filters": [{ "name": "envoy.filters.http.router", "typed_config": { "@type": router } }],
    });
    json!({
        "name": name,
        "address": { "socket_address": { "address": "127.0.0.1", "port_value": 0 } },
        "filter_chains": [{
            "filters": [{ "name": "envoy.filters.network.http_connection_manager", "typed_config": manager }],
        }],
    })
}

/// A cluster without any of ours.
pub(crate) fn plain(name: &str, at: SocketAddr) -> Value {
    let address = json!({ "socket_address": { "address": at.ip().to_string(), "port_value": at.port() } });
    let endpoints = json!([{ "lb_endpoints": [{ "endpoint": { "address": address } }] }]);
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": { "cluster_name": name, "endpoints": endpoints },
    })
}

/// An Envoy of the test's own, with these listeners and clusters.
pub(crate) fn envoy(listeners: &[Value], clusters: &[Value]) -> Envoy {
    let admin = json!({ "address": { "socket_address": { "address": "127.0.0.1", "port_value": 0 } } });
    let all = json!({ "admin": admin, "static_resources": { "listeners": listeners, "clusters": clusters } });
    Envoy::start(|_| all.to_string(), &[])
}
