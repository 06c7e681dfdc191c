//! The fixed orders of clusters that a document needs.

use std::collections::BTreeMap;

use super::{ConfigError, raw};
use crate::routing::chain;

/// Does the Envoy of a document need chains, because it does not choose a request's cluster anew before each attempt?
pub fn are_needed(document: &raw::Document) -> bool {
    document.envoy_version.is_some_and(|version| !version.refreshes())
}

/// The chains of a document, by their names: what Envoy must have, and what the filter takes it to have.
pub fn of(document: &raw::Document) -> BTreeMap<String, Vec<String>> {
    let mut chains = BTreeMap::new();
    if !are_needed(document) {
        return chains;
    }
    for model in document.models.values() {
        let clusters: Vec<_> = model.targets.iter().filter_map(|target| cluster(document, target)).collect();
        for chain in chain::chains(&clusters) {
            chains.insert(chain::name(&chain), chain.into_iter().map(str::to_owned).collect());
        }
    }
    chains
}

/// The cluster of a target's provider.
fn cluster<'a>(document: &'a raw::Document, target: &str) -> Option<&'a str> {
    let (name, provider) = document.providers.get_key_value(target.split_once('/')?.0)?;
    Some(provider.cluster.as_deref().unwrap_or(name))
}

pub(super) fn check(version: Option<raw::EnvoyVersion>) -> Result<(), ConfigError> {
    match version {
        Some(version) if version < raw::EnvoyVersion::OLDEST => {
            let expected =
                format!("{} or later: older ones crash when a request is tried again", raw::EnvoyVersion::OLDEST);
            Err(ConfigError::expected("envoy_version", &version.to_string(), &expected))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn document(version: &str) -> raw::Document {
        let text = serde_json::json!({
            "envoy_version": version,
            "providers": { "a": { "dialect": "openai" }, "b": { "dialect": "openai", "cluster": "onprem" } },
            "models": { "one": { "targets": ["a/x", "b/y"] }, "two": { "targets": ["b/y", "a/x", "a/z"] } },
        });
        crate::config::document(text.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn models_share_the_chains_of_their_clusters() {
        let names: Vec<_> = of(&document("1.38.2")).into_keys().collect();
        assert_eq!(names, ["a>a>onprem", "a>onprem", "a>onprem>a", "onprem>a", "onprem>a>a"]);
        assert!(of(&document("1.39")).is_empty());
    }

    #[test]
    fn an_envoy_that_is_too_old_is_refused() {
        let compiled =
            |version| crate::config::Config::compile(&document(version), &|_| None).map(|config| config.chains);
        assert!(compiled("1.37").unwrap().is_some() && compiled("1.40").unwrap().is_none());
        let error = compiled("1.36").unwrap_err().to_string();
        assert!(error.starts_with("envoy_version: found `1.36`, expected 1.37 or later"), "{error}");
    }
}
