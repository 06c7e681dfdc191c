//! The JSON Schema of the document, for editors and other tools.

use tollhouse_filter::config::raw::Document;

/// The schema as text, indented, with a line break at the end.
pub fn text() -> String {
    let schema = schemars::schema_for!(Document).to_value();
    let mut titled = serde_json::Map::new();
    titled.insert("$schema".to_owned(), schema.get("$schema").cloned().unwrap_or_default());
    titled.insert("title".to_owned(), "Tollhouse configuration".into());
    titled.extend(schema.as_object().cloned().unwrap_or_default().into_iter().filter(|(k, _)| k != "title"));
    format!("{:#}\n", serde_json::Value::Object(titled))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_in_the_repository_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.json");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == super::text(), "run `cargo run -- schema > envoy/schema.json`");
    }
}
