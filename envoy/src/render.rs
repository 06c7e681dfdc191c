//! From a document to Envoy's configuration.
//!
//! [`bootstrap`] is whole in itself. With [`Options::discovery`] the parts that a document decides (clusters, routes,
//! the filter's configuration) come by discovery instead: as files that Envoy watches, which [`write_dynamic`] writes,
//! or from a control plane, which serves what is in [`files`].

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};
use tollhouse_filter::config::{ConfigError, DEFAULT_MAX_BODY, raw::Document};

mod chain;
mod cluster;
mod credential;
mod discovery;
mod dynamic;
mod envoy_gateway;
mod gateway;
mod istio;
mod plugin;
mod probes;
mod replies;
mod resource;
mod stats;
mod store;

pub use cluster::system_ca;
pub use discovery::Discovery;
pub use dynamic::{CLUSTERS, FILTER, Part, ROUTES, files, secrets, write_dynamic};
pub use envoy_gateway::{Edge, envoy_gateway};
pub use istio::{Ingress, istio};
pub use plugin::{GATEWAY, PROVIDER};

/// Where callers are listened for unless the document or an option says.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:10000";
/// Where Envoy's admin interface is unless the document or an option says.
pub const DEFAULT_ADMIN: &str = "127.0.0.1:9901";
/// Where the secrets of keys that are files are unless an option says.
const SECRETS: &str = "/etc/tollhouse";

/// Name of the listener, of the route table and of the connection manager's statistics.
pub(crate) const NAME: &str = "tollhouse";

/// What the document does not say.
#[derive(Clone, Debug)]
pub struct Options {
    /// The filter, as Envoy will find it.
    pub filter: PathBuf,
    /// Instead of the document's `listen`.
    pub listen: Option<SocketAddr>,
    /// Instead of the document's `admin`.
    pub admin: Option<SocketAddr>,
    /// Where the parts come from that a document decides.
    pub discovery: Discovery,
    /// The file of access-log records. Default: standard output.
    pub access_log: Option<PathBuf>,
    /// Certificates that providers' are checked against.
    pub ca: PathBuf,
    /// Where `/ready` and the metrics of the admin interface can be had. Default: nowhere.
    pub probes: Option<SocketAddr>,
    /// The folder of the secrets of keys that are files ([`secrets`]), as Envoy will find it.
    pub secrets: PathBuf,
    /// Environment variables that the VM may read. Default: those that the document names.
    pub env: Option<Vec<String>>,
}

impl Options {
    /// Options with the usual values.
    pub fn new(filter: impl Into<PathBuf>) -> Self {
        Self {
            filter: filter.into(),
            listen: None,
            admin: None,
            discovery: Discovery::Bootstrap,
            access_log: None,
            ca: system_ca(),
            probes: None,
            secrets: SECRETS.into(),
            env: None,
        }
    }
}

/// Envoy's bootstrap configuration.
///
/// # Errors
/// Something that only matters to Envoy's configuration is wrong: `listen`, `admin`, or two endpoints in one cluster.
pub fn bootstrap(document: &Document, options: &Options) -> Result<Value, ConfigError> {
    let listen = address("listen", options.listen, document.listen.as_deref(), DEFAULT_LISTEN)?;
    let admin = address("admin", options.admin, document.admin.as_deref(), DEFAULT_ADMIN)?;
    let mut clusters = cluster::all(document, options)?;
    let source = options.discovery.source(CLUSTERS);
    if source.is_some() {
        clusters.clear();
    }
    let mut listeners = vec![gateway::listener(document, options, listen)?];
    if let Some(probes) = options.probes {
        listeners.push(probes::listener(probes));
        clusters.push(probes::cluster(admin));
    }
    let mut bootstrap = json!({
        "node": { "id": NAME, "cluster": NAME },
        "admin": { "address": socket_address(admin) },
        "stats_config": stats::config(document),
        "overload_manager": overload(),
        "memory_allocator_manager": memory(),
        "static_resources": { "listeners": listeners },
    });
    if let Some(source) = source {
        put(&mut bootstrap, "dynamic_resources", "cds_config", source);
    }
    if let Discovery::Ads(address) = &options.discovery {
        clusters.push(discovery::cluster(address));
        put(&mut bootstrap, "dynamic_resources", "ads_config", discovery::ads());
    }
    put(&mut bootstrap, "static_resources", "clusters", Value::Array(clusters));
    Ok(bootstrap)
}

/// Envoy's configuration as YAML.
///
/// # Errors
/// None that a rendered configuration can cause.
pub fn to_yaml(config: &Value) -> Result<String, ConfigError> {
    serde_saphyr::to_string(config).map_err(|e| ConfigError { path: String::new(), reason: e.to_string() })
}

/// Resources for `kubectl apply`, as YAML.
///
/// # Errors
/// As [`to_yaml`].
pub fn to_manifests(resources: &[Value]) -> Result<String, ConfigError> {
    let parts: Result<Vec<_>, _> = resources.iter().map(to_yaml).collect();
    Ok(parts?.join("---\n"))
}

/// Free memory goes back to the system: what the engine's compilers have left behind, and what large bodies have taken.
///
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto#config-bootstrap-v3-memoryallocatormanager>
fn memory() -> Value {
    json!({ "bytes_to_release": 64 << 20, "memory_release_interval": "1s" })
}

/// Callers beyond this many are refused, before there are no more file descriptors for providers.
fn overload() -> Value {
    json!({
        "resource_monitors": [{
            "name": "envoy.resource_monitors.global_downstream_max_connections",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                "max_active_downstream_connections": 10000,
            },
        }],
    })
}

fn put(object: &mut Value, section: &str, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        let section = object.entry(section).or_insert_with(|| json!({}));
        if let Some(section) = section.as_object_mut() {
            section.insert(name.to_owned(), value);
        }
    }
}

fn address(field: &str, option: Option<SocketAddr>, given: Option<&str>, or: &str) -> Result<SocketAddr, ConfigError> {
    let text = given.unwrap_or(or);
    option.map_or_else(|| text.parse(), Ok).map_err(|_| ConfigError {
        path: field.to_owned(),
        reason: format!("found `{text}`, expected an IP address and a port such as {or}"),
    })
}

fn socket_address(address: SocketAddr) -> Value {
    json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
}

/// What Envoy's buffers must hold. More than the largest body: Envoy's own 413 has no body that an SDK can read, so
/// the filter must be the one that refuses.
fn buffer_limit(document: &Document) -> u64 {
    document.max_body.map_or(DEFAULT_MAX_BODY, |size| size.0).saturating_add(1 << 20).min(u64::from(u32::MAX))
}

#[cfg(test)]
mod tests;
