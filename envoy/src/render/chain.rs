//! Composite clusters, for an Envoy that does not choose a request's cluster anew before each attempt.

use serde_json::{Value, json};
use tollhouse_filter::config::{chains, raw::Document};
use tollhouse_filter::contract::{CLUSTER, HOST_CLUSTER, filter_state};

use super::{buffer_limit, cluster};

/// Names of all chains, sorted.
pub(super) fn names(document: &Document) -> impl Iterator<Item = String> {
    chains::of(document).into_keys()
}

/// All chains. Of the filters of a chain and of its clusters only the chain's run, which `filters_of` gives for these
/// clusters.
///
/// <https://www.envoyproxy.io/docs/envoy/v1.37.0/intro/arch_overview/upstream/composite_cluster>
pub(super) fn all(document: &Document, filters_of: impl Fn(&[String]) -> Value) -> Vec<Value> {
    let chain = |(name, clusters): (String, Vec<String>)| {
        let filters = filters_of(&clusters);
        let clusters: Vec<_> = clusters.iter().map(|name| json!({ "name": name })).collect();
        json!({
            "name": name,
            "connect_timeout": "5s",
            "per_connection_buffer_limit_bytes": buffer_limit(document),
            "lb_policy": "CLUSTER_PROVIDED",
            "cluster_type": {
                "name": "envoy.clusters.composite",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.clusters.composite.v3.ClusterConfig",
                    "clusters": clusters,
                },
            },
            "circuit_breakers": { "thresholds": cluster::thresholds() },
            "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    // Each of the clusters speaks to its hosts as it is configured to.
                    "explicit_http_config": { "http_protocol_options": {} },
                    "http_filters": filters,
                },
            },
        })
    };
    chains::of(document).into_iter().map(chain).collect()
}

/// What tells the provider role where an attempt goes: a host's metadata, in which the cluster stands.
pub(super) fn metadata(cluster: &str) -> Value {
    let [.., section, namespace, field] = HOST_CLUSTER;
    json!({ section: { namespace: { field: cluster } } })
}

/// A filter of a chain that is skipped but for attempts at these clusters.
///
/// <https://www.envoyproxy.io/docs/envoy/v1.37.0/api-v3/extensions/common/matching/v3/extension_matcher.proto>
pub(super) fn only_for(clusters: &[&str], filter: &Value) -> Value {
    let at = |cluster: &&str| {
        let input = json!({
            "name": "cluster",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
                "key": filter_state(CLUSTER),
            },
        });
        json!({ "single_predicate": { "input": input, "value_match": { "exact": cluster } } })
    };
    // "Or" wants two at least.
    let here = match clusters {
        [one] => at(one),
        some => json!({ "or_matcher": { "predicate": some.iter().map(at).collect::<Vec<_>>() } }),
    };
    let skip = json!({
        "name": "skip",
        "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.common.matcher.action.v3.SkipFilter" },
    });
    json!({
        "name": filter["name"],
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher",
            "extension_config": filter,
            "xds_matcher": { "matcher_list": { "matchers": [
                { "predicate": { "not_matcher": here }, "on_match": { "action": skip } },
            ] } },
        },
    })
}
