//! Where Envoy gets the parts of its configuration that a document decides.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tollhouse_filter::config::Address;

use super::store;

/// Name of the control plane's cluster.
const CONTROL_PLANE: &str = "xds";

/// Where clusters, routes and the filter's configuration come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Discovery {
    /// They are in the bootstrap.
    #[default]
    Bootstrap,
    /// They are files of this folder, which Envoy watches.
    Folder(PathBuf),
    /// A control plane that listens there sends them, all over one stream.
    Ads(Address),
}

impl Discovery {
    /// Where Envoy finds what else would be this file; `None` if in the bootstrap.
    pub(super) fn source(&self, file: &str) -> Option<Value> {
        match self {
            Self::Bootstrap => None,
            Self::Folder(folder) => Some(watched(folder, file)),
            // Envoy is not ready, and takes no callers, until it has been told what to do with them.
            Self::Ads(_) => Some(json!({ "resource_api_version": "V3", "ads": {}, "initial_fetch_timeout": "0s" })),
        }
    }
}

/// A watched file. Envoy sees it when a file is renamed into the folder.
pub(super) fn watched(folder: &Path, file: &str) -> Value {
    json!({
        "resource_api_version": "V3",
        "path_config_source": { "path": folder.join(file), "watched_directory": { "path": folder } },
    })
}

/// The cluster of the control plane, which must be there before everything else.
pub(super) fn cluster(address: &Address) -> Value {
    store::grpc(CONTROL_PLANE, address)
}

pub(super) fn ads() -> Value {
    json!({
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "grpc_services": [{ "envoy_grpc": { "cluster_name": CONTROL_PLANE } }],
    })
}
