//! The cluster of the store of limits.

use std::net::IpAddr;

use serde_json::{Value, json};
use tollhouse_filter::config::{ConfigError, raw::Document, store_endpoint};

use super::cluster::dns;

/// The cluster, if the document says where the store is; else it is the operator's own. gRPC is HTTP/2.
pub(super) fn cluster(document: &Document) -> Result<Option<Value>, ConfigError> {
    let Some(store) = &document.limit_store else { return Ok(None) };
    let Some(address) = &store.address else { return Ok(None) };
    let endpoint = store_endpoint(address)?;
    let name = &store.rate_limit_service;
    let host = json!({ "socket_address": { "address": endpoint.host, "port_value": endpoint.port } });
    let mut cluster = json!({
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": host } }] }],
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
    let literal = endpoint.host.parse::<IpAddr>().is_ok();
    if let Some(fields) = cluster.as_object_mut() {
        let (field, discovery) = if literal { ("type", json!("STATIC")) } else { ("cluster_type", dns()) };
        fields.insert(field.to_owned(), discovery);
    }
    Ok(Some(cluster))
}
