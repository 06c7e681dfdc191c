//! The filter as an image: nothing but `/plugin.wasm`, as the agents of Istio and volumes of Kubernetes take it.
//!
//! Written as an OCI layout, which needs no container engine:
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const FILE: &str = "plugin.wasm";

/// Writes the layout into a folder, which is made. The same module is always the same image.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, module: &[u8]) -> io::Result<()> {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let blob = |media_type: &str, bytes: &[u8]| -> io::Result<Value> {
        let digest = digest(bytes);
        fs::write(blobs.join(&digest), bytes)?;
        Ok(json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len() }))
    };
    let files = archive(module)?;
    let mut layer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    layer.write_all(&files)?;
    let layer = blob("application/vnd.oci.image.layer.v1.tar+gzip", &layer.finish()?)?;
    let config = json!({
        // What `FROM scratch` has: whoever gets the image looks for his own platform, though a module has none.
        "architecture": "amd64",
        "os": "linux",
        "config": { "Labels": { "org.opencontainers.image.title": "tollhouse-filter" } },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", digest(&files))] },
    });
    let config = blob("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes())?;
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({ "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [layer] });
    let mut manifest = blob(media_type, manifest.to_string().as_bytes())?;
    if let Some(fields) = manifest.as_object_mut() {
        let name = json!({ "org.opencontainers.image.ref.name": env!("CARGO_PKG_VERSION") });
        fields.insert("annotations".to_owned(), name);
    }
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [manifest],
    });
    fs::write(folder.join("index.json"), index.to_string())?;
    fs::write(folder.join("oci-layout"), json!({ "imageLayoutVersion": "1.0.0" }).to_string())
}

fn archive(module: &[u8]) -> io::Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::try_from(module.len()).unwrap_or(u64::MAX));
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, FILE, module)?;
    archive.into_inner()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
