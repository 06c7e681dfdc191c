//! A listener for those who watch over Envoy: its admin interface is for this host alone, and tells and does too much.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{gateway, socket_address};

const NAME: &str = "tollhouse_probes";

/// What may be asked for: whether Envoy serves, and its metrics.
const PATHS: [&str; 2] = ["/ready", "/stats/prometheus"];

pub(super) fn listener(listen: SocketAddr) -> Value {
    let route = |path: &str| json!({ "match": { "path": path }, "route": { "cluster": NAME } });
    let routes: Vec<_> = PATHS.into_iter().map(route).collect();
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
    });
    let manager = json!({
        "@type": gateway::HCM,
        "stat_prefix": NAME,
        "http_filters": [router],
        "route_config": { "virtual_hosts": [{ "name": NAME, "domains": ["*"], "routes": routes }] },
    });
    json!({
        "name": NAME,
        "address": socket_address(listen),
        // It stays while the others drain.
        "drain_type": "MODIFY_ONLY",
        "filter_chains": [{
            "filters": [{ "name": "envoy.filters.network.http_connection_manager", "typed_config": manager }],
        }],
    })
}

/// The admin interface.
pub(super) fn cluster(admin: SocketAddr) -> Value {
    json!({
        "name": NAME,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": NAME,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": socket_address(admin) } }] }],
        },
    })
}
