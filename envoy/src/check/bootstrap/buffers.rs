//! Envoy's buffers on the way of a body: what does not fit into the smallest of them is refused by Envoy, in words that no
//! SDK can read, or is sent to one provider only.
//!
//! <https://www.envoyproxy.io/docs/envoy/v1.40.0/faq/configuration/flow_control>

use serde_json::Value;
use tollhouse_filter::config::Config;
use tollhouse_filter::config::raw::ByteSize;

use super::Findings;
use super::filters::{Manager, Roles, at};
use super::routes;

/// What a listener and a cluster hold where nothing is said.
const DEFAULT: u64 = 1 << 20;

const CONNECTION: &str = "per_connection_buffer_limit_bytes";
const REQUEST: &str = "request_body_buffer_limit";

/// Checks the buffers of a gateway role's listener, of its routes, and of the clusters with the provider role.
pub(super) fn check(manager: &Manager<'_>, config: &Config, roles: &Roles<'_>, found: &mut Findings) {
    let mut too_small = |path: &str, field: &str, of: &Value, default: Option<u64>, why: &str| {
        if let Some(limit) = number(at(of, &[field])).or(default).filter(|limit| *limit < config.max_body) {
            let (limit, needs) = (ByteSize(limit), ByteSize(config.max_body.saturating_add(1 << 20)));
            found.warn(
                format!("{path}.{field}"),
                format!("found {limit}, expected {needs}, one more than `max_body`: {why}"),
            );
        }
    };
    let (path, listener) = &manager.listener;
    too_small(path, CONNECTION, listener, Some(DEFAULT), "Envoy itself refuses larger requests");
    for (path, place) in routes::holders(manager) {
        too_small(&path, REQUEST, place, None, "larger requests are not kept for the next attempt");
    }
    for (path, cluster) in roles.served() {
        too_small(
            path,
            CONNECTION,
            cluster,
            Some(DEFAULT),
            "larger answers are refused, and larger requests not kept for the next attempt",
        );
    }
}

/// A number in JSON's form or, as protobuf writes those of 64 bits, in a string.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
