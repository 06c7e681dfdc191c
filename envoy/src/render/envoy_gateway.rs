//! Resources of Envoy Gateway, for a Gateway that is there already.
//!
//! EnvoyPatchPolicies are applied to what Envoy Gateway has made of all other resources:
//! <https://gateway.envoyproxy.io/docs/tasks/extensibility/envoy-patch-policy/>. An EnvoyExtensionPolicy would not do:
//! it gives each plugin a VM of its own, and has no `allow_on_headers_stop_iteration`.

use serde_json::{Value, json};
use tollhouse_filter::config::{ConfigError, chains, raw::Document};

use super::resource::{resource, with};
use super::{GATEWAY, NAME, Options, buffer_limit, cluster, credential, gateway, plugin, replies, stats, to_yaml};
use crate::document::env_names;

const API: &str = "gateway.envoyproxy.io/v1alpha1";
const LISTENER: &str = "type.googleapis.com/envoy.config.listener.v3.Listener";
const ROUTES: &str = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
const CLUSTER: &str = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const MANAGER: &str = r#"..filters[?(@.name=="envoy.filters.network.http_connection_manager")]"#;
const ROUTER: &str = r#"..http_filters[?(@.name=="envoy.filters.http.router")]"#;
/// The Secret with the providers' keys.
const KEYS: &str = "tollhouse-keys";

/// A Gateway of Envoy Gateway.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Its namespace, and that of all that is rendered.
    pub namespace: String,
    /// Its name.
    pub gateway: String,
    /// The host that callers use.
    pub host: String,
    /// Envoy's name of its listener.
    pub listener: String,
    /// Envoy's name of its route table.
    pub routes: String,
    /// The image that has the filter, to be mounted where [`Options::filter`] is.
    pub image: Option<String>,
}

/// The resources, in an order in which they can be applied.
///
/// # Errors
/// As [`super::bootstrap`], or a chain of clusters would lead to one of the operator's.
pub fn envoy_gateway(document: &Document, options: &Options, edge: &Edge) -> Result<Vec<Value>, ConfigError> {
    credential::refuse_files(document)?;
    refuse_own_in_chains(document)?;
    Ok(vec![
        edge.resource(API, "EnvoyProxy", envoy_proxy(document, options, edge)?),
        edge.resource(API, "Backend", nowhere()),
        edge.resource("gateway.networking.k8s.io/v1", "HTTPRoute", http_route(edge)),
        edge.resource(API, "EnvoyPatchPolicy", patch_policy(document, options, edge)?),
    ])
}

impl Edge {
    fn resource(&self, api: &str, kind: &str, spec: Value) -> Value {
        with(resource(api, kind, NAME, &self.namespace), "spec", spec)
    }

    /// Envoy Gateway's names of routes begin with this.
    fn route_names(&self) -> String {
        format!("httproute/{}/{NAME}/", self.namespace)
    }
}

/// What the pods need: keys, the filter, labels of metrics. The Gateway names it in `infrastructure.parametersRef`.
fn envoy_proxy(document: &Document, options: &Options, edge: &Edge) -> Result<Value, ConfigError> {
    let key = |name: &String| json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": KEYS, "key": name } } });
    let env: Vec<_> = options.env.clone().unwrap_or_else(|| env_names(document).into_iter().collect());
    let mut deployment = json!({ "container": { "env": env.iter().map(key).collect::<Vec<_>>() } });
    if let (Some(image), Some(folder)) = (&edge.image, options.filter.parent()) {
        let image = image.strip_prefix("oci://").unwrap_or(image);
        let mounts = json!([{ "name": NAME, "mountPath": folder, "readOnly": true }]);
        let volumes = json!([{ "name": NAME, "image": { "reference": image } }]);
        if let Some(container) = deployment.pointer_mut("/container").and_then(Value::as_object_mut) {
            container.insert("volumeMounts".to_owned(), mounts);
        }
        deployment = with(deployment, "pod", json!({ "volumes": volumes }));
    }
    Ok(json!({
        "provider": { "type": "Kubernetes", "kubernetes": { "envoyDeployment": deployment } },
        "bootstrap": { "type": "Merge", "value": to_yaml(&json!({ "stats_config": stats::config(document) }))? },
    }))
}

/// Nobody is there (RFC 6761): without the patches no request, and no caller's key, goes to a provider.
fn nowhere() -> Value {
    json!({ "endpoints": [{ "fqdn": { "hostname": "nowhere.invalid", "port": 80 } }] })
}

fn http_route(edge: &Edge) -> Value {
    json!({
        "parentRefs": [{ "name": edge.gateway }],
        "hostnames": [edge.host],
        "rules": [{
            "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
            "backendRefs": [{ "group": "gateway.envoyproxy.io", "kind": "Backend", "name": NAME }],
        }],
    })
}

fn patch_policy(document: &Document, options: &Options, edge: &Edge) -> Result<Value, ConfigError> {
    let mut patches = listener(document, options, edge)?;
    patches.extend(route(document, edge)?);
    patches.extend(clusters(document, options)?);
    let target = json!({ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": edge.gateway });
    Ok(json!({ "targetRef": target, "type": "JSONPatch", "jsonPatches": patches }))
}

/// In a chain the hosts say which cluster they are of. Those that Envoy Gateway makes do not.
fn refuse_own_in_chains(document: &Document) -> Result<(), ConfigError> {
    let chains = chains::of(document);
    let chained = |cluster: &String| chains.values().flatten().any(|of_chain| of_chain == cluster);
    let mut own = document.providers.iter().filter_map(|(name, provider)| Some((name, provider.cluster.as_ref()?)));
    let Some((name, cluster)) = own.find(|(_, cluster)| chained(cluster)) else { return Ok(()) };
    let reason = format!(
        "found `{cluster}`, expected none: before Envoy 1.39 hosts must carry the name of their cluster, and Envoy Gateway's own do not"
    );
    Err(ConfigError { path: format!("providers.{name}.cluster"), reason })
}

fn add(kind: &str, name: &str, json_path: &str, path: &str, value: Value) -> Value {
    let mut operation = json!({ "op": "add" });
    if let Some(fields) = operation.as_object_mut() {
        let places = [("jsonPath", json_path), ("path", path)].into_iter().filter(|(_, place)| !place.is_empty());
        fields.extend(places.map(|(field, place)| (field.to_owned(), json!(place))));
        fields.insert("value".to_owned(), value);
    }
    json!({ "type": kind, "name": name, "operation": operation })
}

/// The gateway role, before the router and so behind all other filters. Requests of other routes do not meet it.
fn listener(document: &Document, options: &Options, edge: &Edge) -> Result<Vec<Value>, ConfigError> {
    let add = |json_path, path, value| add(LISTENER, &edge.listener, json_path, path, value);
    let role = json!({ "name": GATEWAY, "disabled": true, "typed_config": plugin::gateway(document, options)? });
    let replies = replies::config_where(&format!("xds.route_name.startsWith('{}')", edge.route_names()));
    Ok(vec![
        add("", "/per_connection_buffer_limit_bytes", json!(buffer_limit(document))),
        add(ROUTER, "", role),
        add(MANAGER, "typed_config/access_log/0", gateway::access_log(options)),
        add(MANAGER, "typed_config/local_reply_config", replies),
    ])
}

/// Once for each of the route's names: it has one for each of its hosts.
fn route(document: &Document, edge: &Edge) -> Result<Vec<Value>, ConfigError> {
    let named = format!(r#"..routes[?(@.name=~"{}")]"#, edge.route_names());
    let add = |path: &str, value| add(ROUTES, &edge.routes, &named, path, value);
    let on = json!({ "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {} });
    let mut patches = vec![
        add("request_body_buffer_limit", json!(gateway::retry_buffer_limit(document))),
        add(&format!("typed_per_filter_config/{GATEWAY}"), on),
    ];
    patches.extend(gateway::route(document)?.map(|action| add("route", action)));
    Ok(patches)
}

/// Whole clusters, as Envoy has them without Envoy Gateway: with SNI, checked certificates and without small limits. What
/// the document names a `cluster` for is the operator's own, and gets what makes it a provider's.
fn clusters(document: &Document, options: &Options) -> Result<Vec<Value>, ConfigError> {
    let own: Vec<&str> = document.providers.values().filter_map(|provider| provider.cluster.as_deref()).collect();
    let patches = cluster::all(document, options)?.into_iter().flat_map(|cluster| {
        let name = cluster.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if own.contains(&name.as_str()) {
            let fields = ["per_connection_buffer_limit_bytes", "circuit_breakers", "typed_extension_protocol_options"];
            let values = fields.into_iter().filter_map(|field| Some((field, cluster.get(field)?.clone())));
            return values.map(|(field, value)| add(CLUSTER, &name, "", &format!("/{field}"), value)).collect();
        }
        vec![json!({ "type": CLUSTER, "name": name, "operation": { "op": "add", "path": "", "value": cluster } })]
    });
    Ok(patches.collect())
}

#[cfg(test)]
mod tests;
