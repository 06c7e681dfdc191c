//! `tollhouse render --for`.

use clap::{Args, ValueEnum};
use serde_json::Value;
use tollhouse_filter::config::{ConfigError, raw::Document};

use crate::render::{self, Ingress};

/// What makes Envoy's configuration.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Platform {
    /// An ingress gateway of Istio 1.31 or newer
    Istio,
}

#[derive(Debug, Args)]
pub(super) struct PlatformArgs {
    /// Write Kubernetes resources for what makes Envoy's configuration there, instead of a bootstrap
    #[arg(long = "for", value_name = "PLATFORM", requires = "host")]
    platform: Option<Platform>,
    /// With --for: the host that callers use
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// With --for: the namespace of the gateway's pods, and of all that is written
    #[arg(long, value_name = "NAME", default_value = "istio-ingress")]
    namespace: String,
    /// With --for: the name of the Gateway
    #[arg(long, value_name = "NAME", default_value = "gateway")]
    gateway: String,
    /// With --for istio: labels that only the gateway's pods have
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',', value_parser = label, default_value = "istio=ingress")]
    labels: Vec<(String, String)>,
    /// With --for istio: the image that the gateway's agent gets the filter from, instead of --filter
    #[arg(long, value_name = "oci://IMAGE")]
    image: Option<String>,
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
        })
    }

    fn ingress(&self, host: String) -> Ingress {
        Ingress {
            namespace: self.namespace.clone(),
            gateway: self.gateway.clone(),
            labels: self.labels.iter().cloned().collect(),
            host,
            image: self.image.clone(),
        }
    }
}
