//! The JSON Schema of the document, for editors and other tools.

use tollhouse_filter::config::raw::Document;

/// The schema as text, indented, with a line break at the end.
pub fn text() -> String {
    let mut schema = schemars::schema_for!(Document);
    schema.insert("title".to_owned(), "Tollhouse configuration".into());
    format!("{:#}\n", schema.to_value())
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
