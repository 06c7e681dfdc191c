//! Resources of Istio, for an ingress gateway that is there already.
//!
//! Istiod makes clusters of ServiceEntries and routes of VirtualServices, and merges what EnvoyFilters say into both:
//! <https://istio.io/latest/docs/reference/config/networking/envoy-filter/>. A WasmPlugin would not do: it reaches
//! listeners only, and has no `allow_on_headers_stop_iteration`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollhouse_filter::config::{ConfigError, chains, raw::Document};

use super::resource::{resource, with};
use super::{NAME, Options, credential, stats};

mod hosts;
mod patches;

/// An ingress gateway.
#[derive(Clone, Debug)]
pub struct Ingress {
    /// The namespace of its pods, and of all that is rendered.
    pub namespace: String,
    /// Its `Gateway` resource, with its namespace before a slash unless that is the same.
    pub gateway: String,
    /// Labels that only its pods have.
    pub labels: BTreeMap<String, String>,
    /// The host that callers use.
    pub host: String,
    /// The image that the agent gets the filter from, as `oci://…`. Default: the file of [`Options::filter`].
    pub image: Option<String>,
}

/// The resources, in an order in which they can be applied.
///
/// # Errors
/// As [`super::bootstrap`], or the document is for an Envoy before 1.39.
pub fn istio(document: &Document, options: &Options, ingress: &Ingress) -> Result<Vec<Value>, ConfigError> {
    if let Some(version) = document.envoy_version.filter(|_| chains::are_needed(document)) {
        let reason = format!(
            "found `{version}`, expected 1.39 or later: Istio's older Envoys are built without composite clusters"
        );
        return Err(ConfigError { path: "envoy_version".to_owned(), reason });
    }
    credential::refuse_files(document)?;
    let (document, outside) = hosts::named(document)?;
    let mut all = vec![bootstrap_override(&document, ingress)];
    all.extend(outside.resources(ingress));
    all.push(patches::envoy_filter(&document, &outside, options, ingress)?);
    all.push(virtual_service(ingress));
    Ok(all)
}

impl Ingress {
    fn resource(&self, api_version: &str, kind: &str, name: &str, spec: Value) -> Value {
        with(resource(api_version, kind, name, &self.namespace), "spec", spec)
    }
}

/// Istio has no resource for the labels of metrics. The pods name this one in the annotation
/// `sidecar.istio.io/bootstrapOverride`.
fn bootstrap_override(document: &Document, ingress: &Ingress) -> Value {
    let bootstrap = json!({ "stats_config": stats::config(document) });
    let map = resource("v1", "ConfigMap", &format!("{NAME}-bootstrap"), &ingress.namespace);
    with(map, "data", json!({ "custom_bootstrap.json": bootstrap.to_string() }))
}

/// A route that answers 503: without the EnvoyFilter no request, and no caller's key, goes to a provider.
fn virtual_service(ingress: &Ingress) -> Value {
    let spec = json!({
        "hosts": [ingress.host],
        "gateways": [ingress.gateway],
        "http": [{
            "name": NAME,
            "directResponse": { "status": 503, "body": { "string": "The EnvoyFilter of Tollhouse is not in force." } },
        }],
    });
    ingress.resource("networking.istio.io/v1", "VirtualService", NAME, spec)
}

#[cfg(test)]
mod tests;
