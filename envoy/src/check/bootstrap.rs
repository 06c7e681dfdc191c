//! What is wrong with an Envoy configuration that loads the filter, as far as it stands in one file: what is discovered
//! elsewhere is not seen.

use serde_json::Value;
use tollhouse_filter::config::{self, ConfigError, raw::Document};

use super::{Warning, errors, warnings};
use tollhouse_filter::time::Timestamp;

mod buffers;
mod filters;
mod identities;
mod routes;

use filters::{Manager, Roles};

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// What Envoy or the gateway would refuse, or would not do.
    pub errors: Vec<ConfigError>,
    /// What is odd.
    pub warnings: Vec<Warning>,
}

impl Findings {
    fn error(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.errors.push(ConfigError { path: path.into(), reason: reason.into() });
    }

    fn warn(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.warnings.push(Warning { path: path.into(), reason: reason.into() });
    }

    /// What is found in a document that stands at `path`.
    fn document(&mut self, path: &str, document: &Document, now: Timestamp) {
        let under = |inner: &str| if inner.is_empty() { path.to_owned() } else { format!("{path}: {inner}") };
        let wrong = errors(document);
        if wrong.is_empty() {
            let odd = warnings(document, now).into_iter();
            self.warnings.extend(odd.map(|found| Warning { path: under(&found.path), ..found }));
        }
        self.errors.extend(wrong.into_iter().map(|found| ConfigError { path: under(&found.path), ..found }));
    }
}

/// Checks a bootstrap configuration. `document` is the gateway role's, where the bootstrap has none in itself.
///
/// # Errors
/// It is no YAML.
pub fn bootstrap(yaml: &str, document: Option<&Document>, now: Timestamp) -> Result<Findings, ConfigError> {
    let all: Value = serde_saphyr::from_str(yaml)
        .map_err(|e| ConfigError { path: String::new(), reason: format!("no valid YAML: {e}") })?;
    let mut found = Findings::default();
    let roles = Roles::of(&all, &mut found);
    let managers = filters::managers(&all);
    if !managers.iter().any(|manager| manager.gateway().is_some()) {
        found.error("static_resources.listeners", "found no gateway role among the HTTP filters of any listener");
    }
    for manager in &managers {
        let Some(gateway) = manager.gateway() else {
            routes::unread(manager, &mut found);
            continue;
        };
        filters::check(manager, gateway, &roles, &mut found);
        let own = embedded(gateway, &mut found, now);
        match own.as_ref().or(document) {
            Some(document) => check(&all, manager, document, &roles, &mut found),
            None if gateway.is_discovered() => {
                found.error(gateway.path.as_str(), "expected its document too, since this one is discovered");
            }
            None => {}
        }
    }
    Ok(found)
}

fn check(all: &Value, manager: &Manager<'_>, document: &Document, roles: &Roles<'_>, found: &mut Findings) {
    let Ok(config) = super::compile(document) else { return };
    routes::check(manager, &config, roles, found);
    buffers::check(manager, &config, roles, found);
    identities::check(manager, &config, filters::chains(all).as_deref(), found);
    roles.check_providers(&config, found);
}

/// The document that stands in a gateway role's configuration.
fn embedded(gateway: &filters::Filter<'_>, found: &mut Findings, now: Timestamp) -> Option<Document> {
    let text = gateway.configuration()?;
    let path = format!("{}.typed_config.config.configuration", gateway.path);
    match config::document(text.as_bytes()) {
        Ok(document) => {
            found.document(&path, &document, now);
            Some(document)
        }
        Err(error) => {
            found.error(if error.path.is_empty() { path } else { format!("{path}: {}", error.path) }, error.reason);
            None
        }
    }
}

#[cfg(test)]
mod tests;
