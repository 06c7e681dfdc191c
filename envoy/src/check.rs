//! What is wrong with a document, and what is odd.

use std::collections::BTreeMap;

use tollhouse_filter::config::{Config, ConfigError, raw};

use crate::render;

mod bootstrap;
mod lint;

pub use bootstrap::{Findings, bootstrap};
pub use lint::{Warning, warnings};

/// Everything that a gateway would refuse. Whether the variables with keys are set does not matter here.
///
/// The filter stops at the first error. Part by part it tells them all, and what is wrong in one part is not told
/// again for each part that refers to it.
pub fn errors(document: &raw::Document) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let mut providers = BTreeMap::new();
    for (name, provider) in &document.providers {
        let alone = alone(name, provider);
        errors.extend(compile(&alone).err());
        providers.insert(name.clone(), stand_in());
    }
    providers.retain(|name, provider| compile(&alone(name, provider)).is_ok());
    for (name, model) in &document.models {
        let models = [(name.clone(), model.clone())].into();
        let part = raw::Document { providers: providers.clone(), models, ..Default::default() };
        errors.extend(compile(&part).err());
    }
    errors.extend(client_errors(document, providers));
    if errors.is_empty() {
        errors.extend(
            compile(document)
                .err()
                .or_else(|| render::bootstrap(document, &render::Options::new("tollhouse_filter.wasm")).err()),
        );
    }
    errors
}

/// A document with one provider, whose secrets come from somewhere.
fn alone(name: &str, provider: &raw::Provider) -> raw::Document {
    let sds = Some(raw::Sds { cluster: "-".to_owned(), address: None });
    raw::Document { sds, providers: [(name.to_owned(), provider.clone())].into(), ..Default::default() }
}

fn client_errors(document: &raw::Document, mut providers: BTreeMap<String, raw::Provider>) -> Vec<ConfigError> {
    const STAND_IN: &str = "-";
    providers.insert(STAND_IN.to_owned(), stand_in());
    let model = raw::Model { targets: vec![format!("{STAND_IN}/-")], ..Default::default() };
    let models = document.models.keys().filter(|name| !name.is_empty() && !name.chars().any(char::is_control));
    let models = models.map(|name| (name.clone(), model.clone())).collect();
    let (clients, identity) = (document.clients.clone(), document.identity.clone());
    let mut part = raw::Document { providers, models, clients, identity, ..Default::default() };
    // Where those that are left stand in the document. Each try finds one that is wrong, of which there are few.
    let mut places: Vec<usize> = (0..part.clients.len()).collect();
    let mut errors = Vec::new();
    while let Err(mut error) = compile(&part) {
        let Some(at) = number(&error.path).filter(|at| *at < places.len()) else { break };
        let place = places.remove(at);
        part.clients.remove(at);
        error.path = error.path.replacen(&format!("clients[{at}]"), &format!("clients[{place}]"), 1);
        errors.push(error);
    }
    errors
}

/// That of a client in a path.
fn number(path: &str) -> Option<usize> {
    path.strip_prefix("clients[")?.split(']').next()?.parse().ok()
}

fn stand_in() -> raw::Provider {
    raw::Provider { dialect: "openai".to_owned(), ..raw::Provider::default() }
}

/// With something in every variable that would do as a key and as a path.
fn compile(document: &raw::Document) -> Result<Config, ConfigError> {
    Config::compile(document, &|_| Some("/set".to_owned()))
}

#[cfg(test)]
mod tests;
