//! Reading documents: YAML (of which JSON is a part) into the filter's own types.

use std::collections::BTreeSet;
use std::path::Path;

use tollhouse_filter::config::{self, ConfigError, raw::Document};

/// Reads a file.
///
/// # Errors
/// It cannot be read, or is no document; the path in the error is then the file's.
pub fn load(path: &Path) -> Result<Document, ConfigError> {
    let unreadable = |e| ConfigError { path: path.display().to_string(), reason: format!("cannot be read: {e}") };
    parse(&std::fs::read_to_string(path).map_err(unreadable)?)
}

/// Reads YAML text.
///
/// # Errors
/// No YAML, a value of another type than expected, or an unknown field. What the document refers to is not looked
/// at: that is [`crate::check::errors`].
pub fn parse(yaml: &str) -> Result<Document, ConfigError> {
    let invalid =
        |e: &dyn std::fmt::Display| ConfigError { path: String::new(), reason: format!("no valid YAML: {e}") };
    let value: serde_json::Value =
        serde_saphyr::from_str_with_options(yaml, yaml_options()).map_err(|e| invalid(&e))?;
    // A file with nothing but comments is a document that says nothing.
    let value = if value.is_null() { serde_json::json!({}) } else { value };
    // By way of JSON text, so that the errors are those that the filter gives.
    config::document(value.to_string().as_bytes()).map_err(|e| ConfigError {
        path: e.path,
        // Positions are those of text that nobody sees.
        reason: e.reason.split(" at line ").next().unwrap_or_default().to_owned(),
    })
}

fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // `disabled: no` is the string "no" in YAML 1.2, and is told as such.
        strict_booleans: true,
        with_snippet: false,
        // Documents are the operator's own: a hundred thousand clients, each with a limit, are three million nodes.
        budget: serde_saphyr::budget! { max_nodes: 20_000_000, max_events: 40_000_000 },
    }
}

/// The document as the filter reads it.
///
/// # Errors
/// None that a document that was read can cause.
pub fn to_json(document: &Document) -> Result<String, ConfigError> {
    serde_json::to_string_pretty(document).map_err(|e| ConfigError { path: String::new(), reason: e.to_string() })
}

/// Names of the environment variables that hold secrets, sorted.
pub fn env_names(document: &Document) -> BTreeSet<String> {
    let keys = document.providers.values().flat_map(|p| &p.keys).filter_map(|key| key.env.clone());
    let webhook = document.alerts.as_ref().and_then(|alerts| alerts.webhook.path.env.clone());
    keys.chain(webhook).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(yaml: &str) -> String {
        parse(yaml).unwrap_err().to_string()
    }

    #[test]
    fn yaml_and_json_are_both_read() {
        let yaml = parse("providers:\n  openai: { dialect: openai, keys: [{ env: B }, { env: A }] }\n").unwrap();
        assert_eq!(env_names(&yaml).into_iter().collect::<Vec<_>>(), ["A", "B"]);
        let json = parse(&to_json(&yaml).unwrap()).unwrap();
        assert_eq!(to_json(&json).unwrap(), to_json(&yaml).unwrap());
        assert!(parse("# nothing yet\n").unwrap().providers.is_empty());
    }

    #[test]
    fn a_document_may_have_as_many_clients_as_a_company() {
        let clients: String =
            (0..60_000).map(|i| format!("  - {{ name: c{i}, key_sha256: '', models: [] }}\n")).collect();
        assert_eq!(parse(&format!("clients:\n{clients}")).unwrap().clients.len(), 60_000);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_path() {
        assert_eq!(
            refused("max_body: 5\n"),
            "max_body: invalid type: integer `5`, expected a size such as `512KiB` or `32MiB`"
        );
        assert!(refused("modles: {}\n").starts_with("modles: unknown field `modles`, expected one of"));
        assert!(refused("a: 1\na: 2\n").starts_with("no valid YAML: "));
        assert!(refused("a: [\n").starts_with("no valid YAML: "));
    }
}
