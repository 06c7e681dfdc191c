//! Names that the filter and Envoy's configuration must agree on.

/// `vm_id` of both roles: with the same code and VM configuration they share one VM on each worker.
pub const VM_ID: &str = "tollhouse";

/// Property that names the cluster of the next attempt, or the chain of all. Envoy shows it as filter state
/// [`filter_state`], and the route's cluster matcher reads it before every attempt; before 1.39 once, which is what chains
/// are for: of these it names the cluster of the attempt that has begun. A header would travel to the provider.
pub const CLUSTER: &str = "tollhouse.cluster";

/// Property of the host that an attempt goes to, where a chain leads to it: the cluster that the host is of. Its first
/// segments are Envoy's, the last two those of the host's `filter_metadata`.
pub const HOST_CLUSTER: [&str; 5] = ["xds", "upstream_host_metadata", "filter_metadata", "tollhouse", "cluster"];

/// Property under which the provider role finds what the gateway role handed over.
pub const EXCHANGE: &str = "tollhouse.exchange";

/// Property that holds the access-log record once the request is over: one JSON object in one line, with the end of the line.
/// A log whose format is this property alone, with `omit_empty_values`, has no line for requests without a record, and needs
/// no condition, which would take Envoy longer than all else about the log.
pub const RECORD: &str = "tollhouse.record";

/// Namespace of our metadata on virtual hosts and routes.
pub const METADATA: &str = "tollhouse";

/// Answer header by which the provider role asks Envoy's router for the next attempt.
pub const RETRY_HEADER: &str = "x-tollhouse-retry";

/// Headers of ours, and Envoy's own that steer its router: a caller's are taken away.
pub const INTERNAL_PREFIXES: [&str; 2] = ["x-tollhouse-", "x-envoy-"];

/// Plugin configuration of the provider role.
pub const PROVIDER_CONFIGURATION: &str = r#"{"role":"provider"}"#;

/// Envoy's name of the filter state that a property becomes.
pub fn filter_state(property: &str) -> String {
    format!("wasm.{property}")
}

/// Labels of metrics. A metric is named `tollhouse_requests;model=a;target=b`; a `stats_tags` rule for each label
/// makes a Prometheus label of it.
pub const LABELS: [&str; 9] = ["client", "kind", "limit", "model", "outcome", "reason", "status", "target", "team"];

/// The pattern of the `stats_tags` rule of a label: what the first group matches is cut from the name, the second
/// is the value.
pub fn tag_regex(label: &str) -> String {
    format!(r"^wasmcustom\.tollhouse_[^;]*(?:;[^;]*)*?(;{label}=([^;]*))")
}
