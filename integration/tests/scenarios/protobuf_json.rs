//! Envoy's configuration from JSON, in which it is rendered, to protobuf, which a control plane sends.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use envoy_types::pb::google::protobuf::Any;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::Value;

/// A resource with its type as field `@type`.
pub(crate) fn any(resource: &Value) -> Any {
    let mut fields = resource.as_object().unwrap().clone();
    let type_url = fields.shift_remove("@type").unwrap().as_str().unwrap().to_owned();
    let name = type_url.rsplit('/').next().unwrap();
    let kind = descriptors().get_message_by_name(name).unwrap_or_else(|| panic!("no type {name}"));
    let message = DynamicMessage::deserialize(kind, Value::Object(fields));
    let value = message.unwrap_or_else(|error| panic!("{name}: {error}")).encode_to_vec();
    Any { type_url, value }
}

/// Those of all of Envoy's types. The crate of the types has them in its folder, though not in its interface.
fn descriptors() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        let file = folder("envoy-types").join("src/generated/types.bin");
        let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        DescriptorPool::decode(&*bytes).unwrap()
    })
}

/// The folder of a crate that this one depends on.
fn folder(package: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    // Of other platforms' crates none need be here; Envoy is there for this one.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    metadata.args([
        "metadata",
        "--format-version",
        "1",
        "--offline",
        "--filter-platform",
        &platform,
        "--manifest-path",
    ]);
    let output = metadata.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = all["packages"].as_array().unwrap().iter().find(|found| found["name"] == package).unwrap();
    PathBuf::from(found["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}
