//! From the document as written to what runs.

use std::rc::Rc;

use super::alerts::webhook;
use super::clients::clients;
use super::credentials::{check_sds, credentials};
use super::limits::limits;
use super::{
    Config, ConfigError, DEFAULT_MAX_BODY, Endpoint, Provider, Timeouts, chains, endpoint, find_dialect, policies,
    prices, raw, region, store,
};
use crate::clients::Allowed;
use crate::dialects::Settings;
use crate::guesses::Allowance;
use crate::routing::chain::Chains;
use crate::routing::{Model, Target};
use crate::wire::Wire;

type Result<T> = std::result::Result<T, ConfigError>;

pub(super) fn config(document: &raw::Document, env: &dyn Fn(&str) -> Option<String>) -> Result<Config> {
    let mut config = Config {
        timeouts: Timeouts::of(document.timeouts),
        max_body: document.max_body.map_or(DEFAULT_MAX_BODY, |size| size.0),
        ..Config::default()
    };
    for (name, raw) in &document.providers {
        config.providers.insert(name.clone(), Rc::new(provider(name, raw, env)?));
    }
    check_sds(document)?;
    config.prices = prices::compile(document)?;
    for (name, raw) in &document.models {
        let model = model(name, raw, document.timeouts, &config)?;
        config.models.insert(name.clone(), Rc::new(model));
    }
    chains::check(document.envoy_version)?;
    if chains::are_needed(document) {
        config.chains = Some(Chains::new(chains::of(document).into_keys()));
    }
    config.files = document.files.as_ref().map(|files| keeper(files, &config)).transpose()?;
    clients(document, &mut config)?;
    config.policies = policies::policies(document.policies.as_ref(), &config)?;
    config.teams.extend(config.policies.teams().map(str::to_owned));
    config.store = document.limit_store.as_ref().map(store::store).transpose()?.map(Rc::new);
    config.limits = limits(&document.limits, &config)?;
    config.failed_keys = document.failed_keys.map(failed_keys).transpose()?;
    config.webhook = document.alerts.as_ref().map(|all| webhook(&all.webhook, env).map(Rc::new)).transpose()?;
    Ok(config)
}

fn provider(name: &str, raw: &raw::Provider, env: &dyn Fn(&str) -> Option<String>) -> Result<Provider> {
    let path = format!("providers.{name}");
    check_name(&path, name)?;
    region::check_location(&path, raw)?;
    let mut endpoint = endpoint(name, raw)?;
    let (project, location) = region::place(&path, raw, &mut endpoint)?;
    let dialect = find_dialect(name, raw)?;
    Ok(Provider {
        name: name.to_owned(),
        dialect,
        is_dialects_own: is_own(dialect.endpoint(), &endpoint),
        cluster: raw.cluster.clone().unwrap_or_else(|| name.to_owned()),
        scheme: if endpoint.tls { "https" } else { "http" },
        authority: endpoint.authority(),
        base_path: endpoint.path,
        settings: Settings { api_version: raw.api_version.clone(), project, location },
        credentials: credentials(&path, raw, env)?,
    })
}

/// Regions of a provider share a domain. Where every account has an endpoint of its own, all are its own.
fn is_own(default: &str, endpoint: &Endpoint) -> bool {
    let domain = |host: &str| host.rsplit('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    Endpoint::parse(default).map_or(true, |own| domain(&own.host) == domain(&endpoint.host))
}

/// Names stand in targets before the slash, in stats and in logs.
pub(super) fn check_name(path: &str, name: &str) -> Result<()> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.chars().all(good) {
        return Ok(());
    }
    Err(ConfigError::expected(path, name, "a name of letters, digits, `-`, `_` and `.`"))
}

fn model(name: &str, raw: &raw::Model, defaults: raw::Timeouts, config: &Config) -> Result<Model> {
    let path = format!("models.{name}");
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(ConfigError::expected(path, name, "a name without control characters"));
    }
    if raw.targets.is_empty() {
        return Err(ConfigError::new(format!("{path}.targets"), "found none, expected at least one `provider/model`"));
    }
    let targets = raw.targets.iter().enumerate().map(|(i, t)| target(&format!("{path}.targets[{i}]"), t, config));
    Ok(Model {
        name: name.to_owned(),
        targets: targets.collect::<Result<_>>()?,
        timeouts: Timeouts::of(raw.timeouts.or(defaults)),
        failover_on: raw.failover_on.clone(),
        max_output: raw.max_output.map(|tokens| tokens.0),
    })
}

fn failed_keys(raw: raw::FailedKeys) -> Result<Allowance> {
    if raw.most == 0 {
        return Err(ConfigError::expected("failed_keys.most", "0", "at least 1"));
    }
    if raw.within.0.is_zero() {
        return Err(ConfigError::expected("failed_keys.within", "no time", "a time such as `1m`"));
    }
    Ok(Allowance { most: raw.most, within: raw.within.0 })
}

/// Who keeps files and batches.
fn keeper(files: &raw::Files, config: &Config) -> Result<Rc<Provider>> {
    let keeps = |provider: &&Rc<Provider>| {
        let mut formats = provider.dialect.tasks().iter().map(|task| task.format());
        formats.any(|format| format.wire() == Wire::OpenAiFiles)
    };
    config.providers.get(&files.provider).filter(keeps).cloned().ok_or_else(|| {
        let expected = "a provider of this document with files: one of the dialect `openai`";
        ConfigError::expected("files.provider", &files.provider, expected)
    })
}

fn target(path: &str, name: &str, config: &Config) -> Result<Rc<Target>> {
    config.target(name).ok_or_else(|| {
        let known: Vec<_> = config.providers.keys().map(String::as_str).collect();
        let expected = format!("`provider/model` with a provider of this document ({})", known.join(", "));
        ConfigError::expected(path, name, &expected)
    })
}

/// What may be asked for.
pub(super) fn allowed(path: &str, names: &[String], config: &Config) -> Result<Vec<Allowed>> {
    let (is_model, is_provider) = (|m: &str| config.models.contains_key(m), |p: &str| config.providers.contains_key(p));
    let parse = |(i, name): (usize, &String)| {
        Allowed::parse(name, is_model, is_provider).ok_or_else(|| {
            let expected = "a model of this document, `provider/model`, `provider/*` or `*`";
            ConfigError::expected(format!("{path}[{i}]"), name, expected)
        })
    };
    names.iter().enumerate().map(parse).collect()
}
