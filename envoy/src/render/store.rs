//! The cluster of the store of limits.

use std::net::IpAddr;

use serde_json::{Value, json};
use tollhouse_filter::config::{Address, ConfigError, Endpoint, raw::Document, store_endpoint};

use super::cluster::dns;

/// The cluster, if the document says where the store is; else it is the operator's own. gRPC is HTTP/2.
pub(super) fn cluster(document: &Document) -> Result<Option<Value>, ConfigError> {
    let Some(store) = &document.limit_store else { return Ok(None) };
    let Some(address) = &store.address else { return Ok(None) };
    Ok(Some(grpc(&store.rate_limit_service, &Address::Host(store_endpoint(address)?))))
}

/// A cluster that leads to a gRPC server.
pub(super) fn grpc(name: &str, at: &Address) -> Value {
    let (address, discovery) = match at {
        Address::Host(Endpoint { host, port, .. }) => {
            let literal = host.parse::<IpAddr>().is_ok();
            let discovery = if literal { ("type", json!("STATIC")) } else { ("cluster_type", dns()) };
            (json!({ "socket_address": { "address": host, "port_value": port } }), discovery)
        }
        Address::Pipe(path) => (json!({ "pipe": { "path": path } }), ("type", json!("STATIC"))),
    };
    let mut cluster = json!({
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address } }] }],
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": { "http2_protocol_options": {
                    // A connection that has died without a word must not swallow questions for long.
                    "connection_keepalive": { "interval": "5s", "timeout": "1s" },
                } },
            },
        },
    });
    let (field, value) = discovery;
    if let Some(fields) = cluster.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
    cluster
}
