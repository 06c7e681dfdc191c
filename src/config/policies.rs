//! Policies, from the document and from the metadata of routes to what runs.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_json::Value;

use super::compile::{allowed, check_name};
use super::{Config, ConfigError, raw};
use crate::clients::Allowed;
use crate::contract;
use crate::json;
use crate::policies::Policy;
use crate::protobuf::structure;

type Result<T> = std::result::Result<T, ConfigError>;

/// So many different metadata are remembered; a configuration has no more routes than this as a rule, and each change of
/// it may write the same in another order.
const REMEMBERED: usize = 1024;

/// What routes may make of the document.
#[derive(Debug, Default)]
pub struct Policies {
    named: BTreeMap<String, Policy>,
    /// What holds where there is no metadata.
    whole: Rc<Policy>,
    known: RefCell<HashMap<Metadata, Ruling>>,
}

/// The metadata of a request's virtual host and route, as Envoy has them: `envoy.config.core.v3.Metadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// Of the virtual host.
    pub virtual_host: Vec<u8>,
    /// Of the route.
    pub route: Vec<u8>,
}

/// What holds on a route, or why nothing can.
pub type Ruling = std::result::Result<Rc<Policy>, Rc<ConfigError>>;

impl Policies {
    /// What holds where there is no metadata: everything.
    pub fn whole(&self) -> Rc<Policy> {
        Rc::clone(&self.whole)
    }

    /// Is there one of this name?
    pub fn has(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// Teams that they name.
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        self.named.values().filter_map(|policy| policy.team.as_deref())
    }

    fn names(&self) -> String {
        self.named.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl Config {
    /// What holds on a route. `fresh` is called for metadata that is seen for the first time, and wrong.
    pub fn rule(&self, metadata: Metadata, fresh: impl FnOnce(&ConfigError)) -> Ruling {
        if metadata == Metadata::default() {
            return Ok(self.policies.whole());
        }
        let mut known = self.policies.known.borrow_mut();
        if let Some(ruling) = known.get(&metadata) {
            return ruling.clone();
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let ruling = self.read(&metadata).map(Rc::new).map_err(Rc::new);
        if let Err(error) = &ruling {
            fresh(error);
        }
        known.insert(metadata, ruling.clone());
        ruling
    }

    fn read(&self, metadata: &Metadata) -> Result<Policy> {
        let part = |bytes: &[u8], path: &str| {
            structure::namespace(bytes, contract::METADATA)
                .map_err(|_| ConfigError::new(path, "expected no deeper nesting"))
                .map(|value| value.map(|value| (path.to_owned(), value)))
        };
        let path = |of: &str| format!("{of}.metadata.filter_metadata.{}", contract::METADATA);
        let virtual_host = part(&metadata.virtual_host, &path("virtual_host"))?;
        let route = part(&metadata.route, &path("route"))?;
        self.policy(virtual_host, route)
    }

    /// What our namespace of the metadata of a virtual host and of a route leaves of the document. Each comes with its
    /// path, for errors.
    ///
    /// # Errors
    /// The first thing that is wrong, with its path.
    pub fn policy(&self, virtual_host: Option<(String, Value)>, route: Option<(String, Value)>) -> Result<Policy> {
        let mut policy = Policy::default();
        let mut last = String::new();
        for (path, value) in virtual_host.into_iter().chain(route) {
            // The text is nobody's, and so are positions in it.
            let misfit = |misfit: json::Misfit| ConfigError::new(misfit.path.clone(), misfit.reason()).under(&path);
            let raw: raw::Policy = json::read(value.to_string().as_bytes()).map_err(misfit)?;
            if raw.shadow == Some(true) {
                let reason = "found `true`, expected it in a policy of the document that is named here";
                return Err(ConfigError::new(format!("{path}.shadow"), reason));
            }
            if let Some(name) = &raw.policy {
                policy.narrow(self.named(&path, name)?);
            }
            policy.narrow(narrowing(&path, &raw, self)?);
            last = path;
        }
        check_default(&last, &policy)?;
        Ok(policy)
    }

    fn named(&self, path: &str, name: &str) -> Result<Policy> {
        self.policies.named.get(name).cloned().ok_or_else(|| {
            let expected = format!("a policy of the document ({})", self.policies.names());
            ConfigError::expected(format!("{path}.policy"), name, &expected)
        })
    }
}

/// Those of the document. `config` has its models and providers.
pub(super) fn policies(document: Option<&BTreeMap<String, raw::Policy>>, config: &Config) -> Result<Policies> {
    let mut policies = Policies::default();
    for (name, raw) in document.into_iter().flatten() {
        let path = format!("policies.{name}");
        check_name(&path, name)?;
        if raw.policy.is_some() {
            return Err(ConfigError::new(format!("{path}.policy"), "expected it in the metadata of a route only"));
        }
        let mut policy = narrowing(&path, raw, config)?;
        check_default(&path, &policy)?;
        policy.names.push(name.clone());
        policies.named.insert(name.clone(), policy);
    }
    Ok(policies)
}

fn narrowing(path: &str, raw: &raw::Policy, config: &Config) -> Result<Policy> {
    if let Some(team) = &raw.team {
        check_name(&format!("{path}.team"), team)?;
    }
    Ok(Policy {
        names: Vec::new(),
        enabled: raw.enabled,
        surfaces: some(&format!("{path}.surfaces"), raw.surfaces.as_ref())?.cloned().into_iter().collect(),
        models: models(&format!("{path}.models"), raw, config)?.into_iter().collect(),
        default_model: default_model(&format!("{path}.default_model"), raw, config)?,
        timeouts: raw.timeouts,
        shadow: raw.shadow,
        team: raw.team.clone(),
        tags: raw.tags.clone(),
    })
}

/// A list with nothing in it would be a route with nothing on it.
fn some<'a, T>(path: &str, list: Option<&'a Vec<T>>) -> Result<Option<&'a Vec<T>>> {
    match list {
        Some(list) if list.is_empty() => Err(ConfigError::new(path, "found none, expected at least one")),
        list => Ok(list),
    }
}

fn models(path: &str, raw: &raw::Policy, config: &Config) -> Result<Option<Vec<Allowed>>> {
    let Some(names) = some(path, raw.models.as_ref())? else { return Ok(None) };
    allowed(path, names, config).map(Some)
}

fn default_model(path: &str, raw: &raw::Policy, config: &Config) -> Result<Option<String>> {
    let Some(name) = &raw.default_model else { return Ok(None) };
    if config.models.contains_key(name) || config.target(name).is_some() {
        return Ok(Some(name.clone()));
    }
    Err(ConfigError::expected(path, name, "a model of the document or `provider/model`"))
}

fn check_default(path: &str, policy: &Policy) -> Result<()> {
    match &policy.default_model {
        Some(name) if !policy.may_use(name) => {
            Err(ConfigError::expected(format!("{path}.default_model"), name, "one that may be asked for here"))
        }
        _ => Ok(()),
    }
}
