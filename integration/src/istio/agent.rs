//! What the agent of a gateway does between Istiod and Envoy: it gets the images of plugins that are discovered.
//! <https://github.com/istio/istio/tree/release-1.31/pkg/wasm>

use std::path::Path;

use serde_json::{Value, json};

/// Lets Envoy discover what an EnvoyFilter adds, in files of this folder instead of Istiod, with the module in `filter`
/// as what comes out of the image.
pub fn serve(resources: &[Value], gateway: &mut Value, image: &str, filter: &Path) {
    let folder = filter.parent().expect("a folder");
    let patches = resources.iter().filter(|resource| resource["kind"] == "EnvoyFilter");
    let patches = patches.flat_map(|resource| resource["spec"]["configPatches"].as_array().expect("patches"));
    for patch in patches.filter(|patch| patch["applyTo"] == "EXTENSION_CONFIG") {
        let mut extension = patch["patch"]["value"].clone();
        let code = extension.pointer_mut("/typed_config/config/vm_config/code").expect("a module");
        assert_eq!(code["remote"]["http_uri"]["uri"], image);
        *code = json!({ "local": { "filename": filter } });
        extension["@type"] = json!("type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig");
        let file = folder.join(format!("{}.json", extension["name"].as_str().expect("a name")));
        std::fs::write(file, json!({ "version_info": "1", "resources": [extension] }).to_string()).expect("a file");
    }
    from_files(gateway, folder);
}

/// A filter that is to be discovered has the name of what it asks for.
fn from_files(value: &mut Value, folder: &Path) {
    let name = value["name"].as_str().map(str::to_owned);
    if let (Some(name), Some(source)) = (name, value.pointer_mut("/config_discovery/config_source")) {
        assert_eq!(source["ads"], json!({}));
        *source = json!({ "resource_api_version": "V3", "path_config_source": { "path": folder.join(format!("{name}.json")) } });
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| from_files(value, folder)),
        Value::Array(items) => items.iter_mut().for_each(|item| from_files(item, folder)),
        _ => {}
    }
}
