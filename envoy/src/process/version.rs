//! What a version of Envoy changes.

use anyhow::ensure;
use tollhouse_filter::config::raw::{Document, EnvoyVersion};

/// The document for the Envoy that runs it: one that is older than the document says, or than most are, decides.
///
/// # Errors
/// The filter does not work in it.
pub fn suited(document: &Document, envoy: &str) -> anyhow::Result<Document> {
    let mut document = document.clone();
    // One that somebody has built may have any version.
    let Some(envoy) = EnvoyVersion::parse(envoy) else { return Ok(document) };
    let oldest = EnvoyVersion::OLDEST;
    ensure!(
        envoy >= oldest,
        "Envoy {envoy} is too old: before {oldest} it crashes when a request is tried again; `--envoy-version {oldest}` takes another"
    );
    let oldest = document.envoy_version.map_or(envoy, |known| known.min(envoy));
    document.envoy_version = Some(oldest).filter(|oldest| !oldest.refreshes());
    Ok(document)
}

/// Why an Envoy did not start, if what it said is known.
pub(super) fn hint(said: &str) -> Option<&'static str> {
    let without_v8 = said.contains("envoy.wasm.runtime.v8 runtime. Envoy was compiled without support for it");
    without_v8.then_some("this build of Envoy has no V8, in which the filter runs; take another")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(document: &str, envoy: &str) -> Option<String> {
        let document = crate::document::parse(document).unwrap();
        suited(&document, envoy).unwrap().envoy_version.map(|version| version.to_string())
    }

    #[test]
    fn the_older_of_two_versions_decides() {
        assert_eq!(version("{}", "1.40.0"), None);
        assert_eq!(version("{}", "1.38.2").unwrap(), "1.38");
        assert_eq!(version("envoy_version: '1.37'", "1.40.0").unwrap(), "1.37");
        assert_eq!(version("envoy_version: '1.40'", "1.37.0").unwrap(), "1.37");
        assert_eq!(version("{}", "of-our-own"), None);
        let refused = suited(&Document::default(), "1.36.4").unwrap_err().to_string();
        assert!(refused.starts_with("Envoy 1.36 is too old: before 1.37 it crashes"), "{refused}");
    }
}
