//! The configuration: the document as written ([`raw`]) and what runs ([`Config`]).
//!
//! A document with an error is refused whole; there is no half-valid configuration to check again later.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::clients::{Client, Digest};
use crate::dialects::{self, Dialect, Settings};
use crate::estimate::Family;
use crate::guesses::Allowance;
use crate::identity::{Holder, Identities};
use crate::json;
use crate::limits::Limits;
use crate::routing::chain::Chains;
use crate::routing::{Model, Target};
use crate::store::Store;

pub mod chains;
pub mod raw;

mod alerts;
mod clients;
mod compile;
mod credentials;
mod identity;
mod limits;
mod policies;
mod prices;
mod region;
mod store;

pub use alerts::{Webhook, webhook_endpoint};
pub use credentials::{Address, Credentials, sds_address};
pub use policies::{Metadata, Policies, Ruling};
pub use prices::Prices;
pub use store::store_endpoint;

/// Largest request body unless the document says otherwise: Anthropic's own limit.
///
/// <https://docs.anthropic.com/en/api/errors#request-size-limits>
pub const DEFAULT_MAX_BODY: u64 = 32 << 20;

/// What runs: everything checked, resolved and digested.
#[derive(Debug, Default)]
pub struct Config {
    /// Callers.
    pub clients: Vec<Rc<Client>>,
    /// Their keys, by digest.
    pub keys: HashMap<Digest, Holder>,
    /// Other ways in which they are known.
    pub identities: Identities,
    /// The teams that the document names. There is no end of those that identities name.
    pub teams: HashSet<String>,
    /// Logical models by name.
    pub models: BTreeMap<String, Rc<Model>>,
    /// Upstreams by name.
    pub providers: BTreeMap<String, Rc<Provider>>,
    /// The orders of attempts that Envoy knows, if it does not choose a cluster anew before each.
    pub chains: Option<Chains>,
    /// Who keeps files and batches.
    pub files: Option<Rc<Provider>>,
    /// How much of what, in which time, for whom.
    pub limits: Limits,
    /// Where limits are kept that many Envoys share.
    pub store: Option<Rc<Store>>,
    /// Who is told when one has got far.
    pub webhook: Option<Rc<Webhook>>,
    /// What routes may leave of all this.
    pub policies: Policies,
    /// What targets cost.
    pub prices: Prices,
    /// Clocks of targets that a caller spells out.
    pub timeouts: Timeouts,
    /// Bytes.
    pub max_body: u64,
    /// How many keys that nobody has one source may send; otherwise any number.
    pub failed_keys: Option<Allowance>,
}

impl Config {
    /// Reads a JSON document. `env` looks up the environment variables that hold keys.
    ///
    /// # Errors
    /// The first thing that is wrong, with its path.
    pub fn parse(json: &[u8], env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        compile::config(&document(json)?, env)
    }

    /// Makes what runs from a document that has been read.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn compile(document: &raw::Document, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        compile::config(document, env)
    }

    /// What comes of a key.
    pub fn holder(&self, key: &str) -> Option<&Holder> {
        self.keys.get(&Digest::of(key))
    }

    /// The target that a caller spells out as `provider/model`, divided at the first slash.
    pub fn target(&self, name: &str) -> Option<Rc<Target>> {
        let (provider, model) = name.split_once('/')?;
        let provider = self.providers.get(provider).filter(|_| !model.is_empty())?;
        let price = self.prices.of(provider, model, name);
        let (provider, family) = (Rc::clone(provider), Family::of(model));
        Some(Rc::new(Target { provider, model: model.to_owned(), name: name.to_owned(), family, price }))
    }
}

/// Reads a JSON document without looking at what it refers to.
///
/// # Errors
/// A value of another type than expected, or an unknown field.
pub fn document(json: &[u8]) -> Result<raw::Document, ConfigError> {
    json::read(json).map_err(ConfigError::of)
}

/// An upstream that is ready to be called.
pub struct Provider {
    /// Its name in the document.
    pub name: String,
    /// How it is spoken to.
    pub dialect: &'static dyn Dialect,
    /// The Envoy cluster that leads there.
    pub cluster: String,
    /// `https` or `http`.
    pub scheme: &'static str,
    /// `host` or `host:port`, for the `:authority` header.
    pub authority: String,
    /// The path that all its paths start with, without a slash at the end.
    pub base_path: String,
    /// What its dialect needs beside.
    pub settings: Settings,
    /// Is it the provider whose API the dialect is, not another server of that API?
    pub is_dialects_own: bool,
    /// Who puts the credential in, and which.
    pub credentials: Credentials,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("dialect", &self.dialect.name())
            .finish_non_exhaustive()
    }
}

/// Clocks of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the first content of a stream, for each attempt.
    pub first_token: Duration,
    /// For one attempt at a plain answer.
    pub attempt: Duration,
    /// Between pieces of content.
    pub idle: Duration,
    /// For everything.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::of(raw::Timeouts::default())
    }
}

impl Timeouts {
    fn of(raw: raw::Timeouts) -> Self {
        let or = |given: Option<raw::Seconds>, seconds| given.map_or(Duration::from_secs(seconds), |s| s.0);
        let total = or(raw.total, 600);
        Self {
            first_token: or(raw.first_token, 30).min(total),
            attempt: raw.attempt.map_or(total, |s| s.0).min(total),
            idle: or(raw.idle, 60),
            total,
        }
    }
}

/// An endpoint in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `https`, not `http`.
    pub tls: bool,
    /// Without brackets where it is an IPv6 address.
    pub host: String,
    /// The scheme's own where the URL has none.
    pub port: u16,
    /// Does the URL say the port?
    pub explicit_port: bool,
    /// Without a slash at the end.
    pub path: String,
}

impl Endpoint {
    /// Reads `http(s)://host[:port][/path]`.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "a URL such as https://api.openai.com/v1";
        let (scheme, rest) = url.split_once("://").ok_or(EXPECTED)?;
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err("a URL that starts with http:// or https://"),
        };
        let (authority, path) = rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        if authority.contains('@') || path.contains(['?', '#']) {
            return Err("a URL without user, query and fragment");
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| "a port from 1 to 65535")?))
            }
            _ => (authority, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || port == Some(0) {
            return Err(EXPECTED);
        }
        let standard = if tls { 443 } else { 80 };
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: port.unwrap_or(standard),
            explicit_port: port.is_some(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// For the `:authority` header.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.explicit_port { format!("{host}:{}", self.port) } else { host }
    }
}

/// The endpoint of a provider: its own, that of its region, or its dialect's.
///
/// # Errors
/// An unknown dialect or a malformed endpoint.
pub fn endpoint(name: &str, provider: &raw::Provider) -> Result<Endpoint, ConfigError> {
    let dialect = find_dialect(name, provider)?;
    let regional = region::endpoint(provider);
    let url = provider.endpoint.as_deref().or(regional.as_deref()).unwrap_or(dialect.endpoint());
    if url.is_empty() {
        let reason = format!("found none, expected a URL: every account of `{}` has its own", dialect.name());
        return Err(ConfigError::new(format!("providers.{name}.endpoint"), reason));
    }
    Endpoint::parse(url).map_err(|expected| ConfigError::expected(format!("providers.{name}.endpoint"), url, expected))
}

fn find_dialect(name: &str, provider: &raw::Provider) -> Result<&'static dyn Dialect, ConfigError> {
    dialects::find(&provider.dialect).ok_or_else(|| {
        let known: Vec<_> = dialects::DIALECTS.iter().map(|d| d.name()).collect();
        let expected = format!("one of {}", known.join(", "));
        ConfigError::expected(format!("providers.{name}.dialect"), &provider.dialect, &expected)
    })
}

/// What is wrong with a document, for its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Where: `models.support-tier.targets[0]`. Empty for the whole document.
    pub path: String,
    /// What was found and what was expected.
    pub reason: String,
}

impl ConfigError {
    fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into() }
    }

    fn expected(path: impl Into<String>, found: &str, expected: &str) -> Self {
        Self::new(path, format!("found `{found}`, expected {expected}"))
    }

    fn of(misfit: json::Misfit) -> Self {
        Self::new(misfit.path, misfit.error.to_string())
    }

    /// The same for a part that stands at `path`.
    fn under(self, path: &str) -> Self {
        let divides = !self.path.is_empty() && !self.path.starts_with('[');
        Self { path: format!("{path}{}{}", if divides { "." } else { "" }, self.path), ..self }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.reason) } else { write!(f, "{}: {}", self.path, self.reason) }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests;
