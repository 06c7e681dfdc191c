//! `tollhouse render --for`.

use clap::{Args, ValueEnum};
use serde_json::Value;
use tollhouse_filter::config::{ConfigError, raw::Document};

use crate::render::{self, Edge, Ingress};

/// What makes Envoy's configuration.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Platform {
    /// An ingress gateway of Istio 1.31 or newer
    Istio,
    /// A Gateway of Envoy Gateway 1.9 or newer; 1.7 and 1.8 with --envoy-version
    EnvoyGateway,
}

#[derive(Debug, Args)]
pub(super) struct PlatformArgs {
    /// Write Kubernetes resources for what makes Envoy's configuration there, instead of a bootstrap
    #[arg(long = "for", value_name = "PLATFORM", requires = "host")]
    platform: Option<Platform>,
    /// With --for: the host that callers use
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// With --for: the namespace of the Gateway, and of all that is written; default: istio-ingress, or default
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// With --for: the name of the Gateway; default: gateway, or eg
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,
    /// With --for istio: labels that only the gateway's pods have
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', value_parser = label, default_value = "istio=ingress")]
    labels: Vec<(String, String)>,
    /// With --for: an image with the filter. Istio's agent gets it from there, instead of from --filter; Envoy Gateway's
    /// pods have it as a volume where --filter is
    #[arg(long, value_name = "oci://IMAGE")]
    image: Option<String>,
    /// With --for envoy-gateway: Envoy's name of the listener; default: NAMESPACE/GATEWAY/http
    #[arg(long, value_name = "NAME")]
    xds_listener: Option<String>,
    /// With --for envoy-gateway: Envoy's name of the route table; default: that of the listener
    #[arg(long, value_name = "NAME")]
    xds_routes: Option<String>,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected a label such as istio=ingress")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl PlatformArgs {
    /// The resources, if any were asked for.
    pub(super) fn resources(
        &self,
        document: &Document,
        options: &render::Options,
    ) -> Option<Result<Vec<Value>, ConfigError>> {
        let (platform, host) = self.platform.zip(self.host.clone())?;
        Some(match platform {
            Platform::Istio => render::istio(document, options, &self.ingress(host)),
            Platform::EnvoyGateway => render::envoy_gateway(document, options, &self.edge(host)),
        })
    }

    fn ingress(&self, host: String) -> Ingress {
        Ingress {
            namespace: self.namespace.clone().unwrap_or_else(|| "istio-ingress".to_owned()),
            gateway: self.gateway.clone().unwrap_or_else(|| "gateway".to_owned()),
            labels: self.labels.iter().cloned().collect(),
            host,
            image: self.image.clone(),
        }
    }
    fn edge(&self, host: String) -> Edge {
        let namespace = self.namespace.clone().unwrap_or_else(|| "default".to_owned());
        let gateway = self.gateway.clone().unwrap_or_else(|| "eg".to_owned());
        let listener = self.xds_listener.clone().unwrap_or_else(|| format!("{namespace}/{gateway}/http"));
        let routes = self.xds_routes.clone().unwrap_or_else(|| listener.clone());
        Edge { namespace, gateway, host, listener, routes, image: self.image.clone() }
    }
}
