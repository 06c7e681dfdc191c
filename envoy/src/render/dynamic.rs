//! The parts of the configuration that change with a document, as answers of discovery: files that a running Envoy
//! watches, or what a control plane sends.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tollhouse_filter::config::{ConfigError, raw::Document};

use super::{Options, cluster, credential, gateway, plugin};

/// File of the clusters.
pub const CLUSTERS: &str = "clusters.json";
/// File of the route table.
pub const ROUTES: &str = "routes.json";
/// File of the gateway role's configuration.
pub const FILTER: &str = "filter.json";

/// One watched file.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name in the folder.
    pub file: Cow<'static, str>,
    /// What is in it.
    pub content: Value,
}

/// The watched files in the order in which they must be written: what is referred to comes first.
///
/// # Errors
/// As [`super::bootstrap`].
pub fn files(document: &Document, options: &Options) -> Result<[Part; 3], ConfigError> {
    let clusters = cluster::all(document, options)?;
    let clusters = clusters.into_iter().map(|c| typed("type.googleapis.com/envoy.config.cluster.v3.Cluster", c));
    let routes = gateway::routes(document)?;
    let routes = typed("type.googleapis.com/envoy.config.route.v3.RouteConfiguration", routes);
    let filter = json!({
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": plugin::GATEWAY,
        "typed_config": plugin::gateway(document, options)?,
    });
    Ok([
        Part { file: CLUSTERS.into(), content: response(clusters.collect()) },
        Part { file: ROUTES.into(), content: response(vec![routes]) },
        Part { file: FILTER.into(), content: response(vec![filter]) },
    ])
}

/// The files of [`Options::secrets`] with the secrets of keys that are files: not the keys, but where they are.
///
/// # Errors
/// As [`super::bootstrap`].
pub fn secrets(document: &Document) -> Result<Vec<Part>, ConfigError> {
    let part = |(cluster, file): (String, String)| Part {
        file: credential::file_name(&cluster).into(),
        content: response(vec![credential::secret(&cluster, &file)]),
    };
    Ok(cluster::files_of_keys(document)?.into_iter().map(part).collect())
}

/// Writes the watched files into a folder, each at once and in order.
///
/// # Errors
/// The document cannot be rendered (as [`super::bootstrap`]), or a file cannot be written.
pub fn write_dynamic(folder: &Path, document: &Document, options: &Options) -> anyhow::Result<()> {
    for part in secrets(document)?.into_iter().chain(files(document, options)?) {
        part.write(folder)?;
    }
    Ok(())
}

impl Part {
    /// Writes the file beside its place and renames it into it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
        io::Write::write_all(&mut file, self.content.to_string().as_bytes())?;
        file.persist(folder.join(&*self.file)).map(drop).map_err(|e| e.error)
    }
}

/// The answer that Envoy's discovery expects. The same resources always have the same version.
fn response(resources: Vec<Value>) -> Value {
    let resources = Value::Array(resources);
    let digest = Sha256::digest(resources.to_string());
    let version: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    json!({ "version_info": version, "resources": resources })
}

/// The resource with its type as the first field.
fn typed(url: &str, resource: Value) -> Value {
    let mut typed = json!({ "@type": url });
    if let (Some(typed), Value::Object(fields)) = (typed.as_object_mut(), resource) {
        typed.extend(fields);
    }
    typed
}
