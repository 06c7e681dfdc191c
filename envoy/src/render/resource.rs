//! Resources of Kubernetes.

use serde_json::{Value, json};

pub(super) fn resource(api_version: &str, kind: &str, name: &str, namespace: &str) -> Value {
    json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name, "namespace": namespace } })
}

pub(super) fn with(mut resource: Value, field: &str, value: Value) -> Value {
    if let Some(fields) = resource.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
    resource
}
