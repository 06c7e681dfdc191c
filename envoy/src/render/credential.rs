//! Credentials that Envoy puts into requests, after the filter has written them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tollhouse_filter::config::{ConfigError, raw, raw::Document, sds_address};
use tollhouse_filter::dialects;

use super::{Options, discovery, store};

/// What one filter adds to every request of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    /// A signature for this region.
    Aws(String),
    /// A secret in a header, behind this prefix.
    Secret { source: Source, header: &'static str, prefix: String },
}

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file with nothing else in it.
    File(String),
    /// A server that knows it by this name.
    Server(String),
}

impl Credential {
    /// That of a provider, if Envoy puts it in.
    pub(super) fn of(provider: &raw::Provider) -> Option<Self> {
        let key = provider.keys.iter().find(|key| key.is_envoys())?;
        if let Some(aws) = &key.aws {
            return Some(Self::Aws(aws.region.clone()));
        }
        let file = key.file.clone().map(Source::File);
        let source = file.or_else(|| key.sds.clone().map(Source::Server))?;
        // What stands around a key that is empty stands around every one.
        let (header, prefix) = dialects::find(&provider.dialect)?.credential("");
        Some(Self::Secret { source, header, prefix })
    }

    pub(super) fn into_file(self) -> Option<String> {
        match self {
            Self::Secret { source: Source::File(file), .. } => Some(file),
            Self::Secret { .. } | Self::Aws(_) => None,
        }
    }

    /// The HTTP filter that adds it to what goes to this cluster.
    pub(super) fn filter(&self, cluster: &str, document: &Document, options: &Options) -> Value {
        match self {
            Self::Aws(region) => signing(region),
            Self::Secret { source, header, prefix } => {
                let secret = match source {
                    Source::File(_) => in_file(cluster, options),
                    Source::Server(name) => at_server(name, document),
                };
                injector(&secret, header, prefix)
            }
        }
    }
}

/// <https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_filters/aws_request_signing_filter>
fn signing(region: &str) -> Value {
    json!({
        "name": "envoy.filters.http.aws_request_signing",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.aws_request_signing.v3.AwsRequestSigning",
            "service_name": "bedrock",
            "region": region,
            "use_unsigned_payload": false,
        },
    })
}

/// <https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_filters/credential_injector_filter>
fn injector(secret: &Value, header: &str, prefix: &str) -> Value {
    json!({
        "name": "envoy.filters.http.credential_injector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
            "overwrite": true,
            // Its own refusal would be the caller's answer; the provider's is one that the next target can follow.
            "allow_request_without_credential": true,
            "credential": {
                "name": "envoy.http.injected_credentials.generic",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic",
                    "credential": secret,
                    "header": header,
                    "header_value_prefix": prefix,
                },
            },
        },
    })
}

/// Envoy watches the files of secrets that come by discovery, not of those that stand in the bootstrap.
fn in_file(cluster: &str, options: &Options) -> Value {
    json!({ "name": cluster, "sds_config": discovery::watched(&options.secrets, &file_name(cluster)) })
}

fn at_server(name: &str, document: &Document) -> Value {
    let cluster = document.sds.as_ref().map(|sds| &sds.cluster);
    json!({
        "name": name,
        "sds_config": {
            "resource_api_version": "V3",
            // So long Envoy's start, and a new cluster, waits for a server that does not answer.
            "initial_fetch_timeout": "5s",
            "api_config_source": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{ "envoy_grpc": { "cluster_name": cluster } }],
            },
        },
    })
}

/// The cluster of the server, if the document says where that is; else it is the operator's own.
pub(super) fn cluster(document: &Document) -> Result<Option<Value>, ConfigError> {
    let Some(sds) = &document.sds else { return Ok(None) };
    let address = sds.address.as_deref().map(sds_address).transpose()?;
    Ok(address.map(|address| store::grpc(&sds.cluster, &address)))
}

/// Keys that are files need files of Envoy's beside its configuration, which resources of Kubernetes do not bring.
pub(super) fn refuse_files(document: &Document) -> Result<(), ConfigError> {
    let has_file = |provider: &raw::Provider| provider.keys.iter().any(|key| key.file.is_some());
    let Some((name, _)) = document.providers.iter().find(|(_, provider)| has_file(provider)) else { return Ok(()) };
    let reason = "found `file`, expected `env` or `sds`: no resource brings files to Envoy";
    Err(ConfigError { path: format!("providers.{name}.keys"), reason: reason.to_owned() })
}

/// The secret of a cluster whose key is a file.
pub(super) fn secret(cluster: &str, file: &str) -> Value {
    let folder = Path::new(file).parent().map(PathBuf::from).unwrap_or_default();
    let source = json!({ "filename": file, "watched_directory": { "path": folder } });
    json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
        "name": cluster,
        "generic_secret": { "secret": source },
    })
}

/// The file of that secret, in the folder of [`Options::secrets`]. Names of clusters may have any characters.
pub(super) fn file_name(cluster: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let byte = |byte: &u8| match char::from(*byte) {
        c if safe(c) => c.to_string(),
        _ => format!("%{byte:02x}"),
    };
    format!("secret-{}.json", cluster.as_bytes().iter().map(byte).collect::<String>())
}
