//! The listener, its connection manager and the routes.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tollhouse_filter::config::raw::{Document, EnvoyVersion};
use tollhouse_filter::config::{ConfigError, chains};
use tollhouse_filter::contract::{CLUSTER, RECORD, filter_state};

use super::{NAME, Options, buffer_limit, cluster, dynamic, plugin, replies, socket_address};

pub(super) const HCM: &str =
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

pub(crate) fn listener(document: &Document, options: &Options, listen: SocketAddr) -> Result<Value, ConfigError> {
    let manager = connection_manager(document, options)?;
    Ok(json!({
        "name": NAME,
        "address": socket_address(listen),
        "per_connection_buffer_limit_bytes": buffer_limit(document),
        "filter_chains": [{
            "filters": [{ "name": "envoy.filters.network.http_connection_manager", "typed_config": manager }],
        }],
    }))
}

fn connection_manager(document: &Document, options: &Options) -> Result<Value, ConfigError> {
    let mut manager = json!({
        "@type": HCM,
        "stat_prefix": NAME,
        "access_log": [access_log(options)],
        "local_reply_config": replies::config(),
        // The peer's address, not what a caller wrote into x-forwarded-for.
        "use_remote_address": true,
        "server_header_transformation": "PASS_THROUGH",
        "normalize_path": true,
        "merge_slashes": true,
        // SDKs write the slash of `provider/model` in a path as %2F.
        "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD",
        // The first three end callers that stall; the filter's own clocks run from then on.
        "request_headers_timeout": "15s",
        "request_timeout": "120s",
        "stream_idle_timeout": "900s",
        "common_http_protocol_options": { "idle_timeout": "3600s" },
        "http_filters": http_filters(document, options)?,
    });
    let (name, routes) = match options.discovery.source(dynamic::ROUTES) {
        None => ("route_config", routes(document)?),
        Some(source) => ("rds", json!({ "route_config_name": NAME, "config_source": source })),
    };
    if let Some(fields) = manager.as_object_mut() {
        fields.insert(name.to_owned(), routes);
    }
    Ok(manager)
}

fn http_filters(document: &Document, options: &Options) -> Result<Value, ConfigError> {
    let gateway = match options.discovery.source(dynamic::FILTER) {
        None => json!({ "name": plugin::GATEWAY, "typed_config": plugin::gateway(document, options)? }),
        Some(source) => json!({
            "name": plugin::GATEWAY,
            "config_discovery": { "config_source": source, "type_urls": [plugin::WASM] },
        }),
    };
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            // Callers need not learn of x-envoy-upstream-service-time and the like.
            "suppress_envoy_headers": true,
        },
    });
    Ok(json!([gateway, router]))
}

/// One line for each request that the filter has a record of, which brings its line end: nothing is written for what it did
/// not see.
pub(super) fn access_log(options: &Options) -> Value {
    let record = filter_state(RECORD);
    let line = json!({
        "text_format_source": { "inline_string": format!("%FILTER_STATE({record}:PLAIN)%") },
        "omit_empty_values": true,
    });
    let logger = match &options.access_log {
        None => json!({
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": line,
        }),
        Some(path) => json!({
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": line,
        }),
    };
    json!({ "name": "tollhouse_records", "typed_config": logger })
}

/// The route table: one route, whose cluster the filter names before every attempt.
pub(crate) fn routes(document: &Document) -> Result<Value, ConfigError> {
    let route = match route(document)? {
        Some(route) => json!({ "match": { "prefix": "/" }, "route": route }),
        // Envoy takes no empty map. The filter still answers all that needs no provider.
        None => json!({ "match": { "prefix": "/" }, "direct_response": { "status": 503 } }),
    };
    Ok(json!({
        "name": NAME,
        "virtual_hosts": [{
            "name": NAME,
            "domains": ["*"],
            "request_body_buffer_limit": retry_buffer_limit(document),
            "routes": [route],
        }],
    }))
}

/// What a route does with a request: the filter names the cluster before every attempt. None without a provider.
pub(super) fn route(document: &Document) -> Result<Option<Value>, ConfigError> {
    let Some(specifier) = cluster_specifier(&cluster::names(document)?) else { return Ok(None) };
    let mut route = json!({
        // The filter sets x-envoy-upstream-rq-timeout-ms, and when to try again, for each request.
        "timeout": "0s",
        "retry_policy": {
            "num_retries": 0,
            "refresh_cluster_on_retry": true,
            "retry_back_off": { "base_interval": "0.001s", "max_interval": "0.010s" },
        },
        "inline_cluster_specifier_plugin": specifier,
    });
    if chains::are_needed(document)
        && let Some(policy) = route.pointer_mut("/retry_policy").and_then(Value::as_object_mut)
    {
        policy.remove("refresh_cluster_on_retry");
    }
    Ok(Some(route))
}

/// What Envoy must be able to keep of a body for the next attempt.
pub(super) fn retry_buffer_limit(document: &Document) -> u64 {
    let twice = document.envoy_version.is_some_and(EnvoyVersion::counts_bodies_twice);
    buffer_limit(document) * if twice { 2 } else { 1 }
}

fn cluster_specifier(clusters: &[String]) -> Option<Value> {
    if clusters.is_empty() {
        return None;
    }
    let map: serde_json::Map<_, _> = clusters.iter().map(|cluster| (cluster.clone(), to_cluster(cluster))).collect();
    let input = json!({
        "name": "cluster",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
            "key": filter_state(CLUSTER),
        },
    });
    let matcher = json!({
        "matcher_tree": { "input": input, "exact_match_map": { "map": map } },
        "on_no_match": to_cluster(cluster::UNDECIDED),
    });
    Some(json!({
        "extension": {
            "name": "envoy.router.cluster_specifier_plugin.matcher",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier",
                "cluster_matcher": matcher,
            },
        },
    }))
}

fn to_cluster(name: &str) -> Value {
    let action = json!({
        "name": "cluster",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction",
            "cluster": name,
        },
    });
    json!({ "action": action })
}
