//! Where strict providers are, and what they ask of headers.

use serde_json::{Value, json};

use super::endpoint::{Body, Endpoint};
use super::{Api, Asked, Fault, InPath, require, sigv4};
use crate::document::PROVIDER_KEYS;
use crate::http::decoded;
use crate::provider::Seen;
use crate::reply::Reply;

/// What every key of a strict provider starts with.
pub const KEYS: &str = PROVIDER_KEYS;

/// The headers that carry keys.
const CREDENTIALS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

/// How requests prove whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// `authorization: Bearer`.
    Bearer,
    /// The bare key in this header.
    Header(&'static str),
    /// A signature of AWS.
    Signed,
}

/// Where an API is.
pub(super) struct Route {
    /// What is spoken there.
    pub api: &'static dyn Api,
    /// Path and query; `{model}` stands for the model.
    pub plain: &'static str,
    /// The same for streams.
    pub streamed: &'static str,
}

/// A provider.
pub struct Host {
    /// In the configuration, and in the provider's key.
    pub name: &'static str,
    /// What the gateway calls its API.
    pub dialect: &'static str,
    /// The path that all paths start with, in the configuration.
    pub base: &'static str,
    /// What else the configuration says, as JSON.
    pub settings: &'static [(&'static str, &'static str)],
    /// What names of its models begin with: what a model can is often told by its name alone.
    pub models: &'static str,
    pub(super) proof: Proof,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) routes: &'static [Route],
    /// What there is beside conversations.
    pub(super) endpoints: &'static [Endpoint],
}

impl Host {
    /// The provider of this name.
    ///
    /// # Panics
    /// There is none.
    pub fn named(name: &str) -> &'static Self {
        super::HOSTS.iter().find(|host| host.name == name).unwrap_or_else(|| panic!("no strict provider {name}"))
    }

    /// What it speaks to callers of a surface: their own API if it can, else its first.
    pub fn api(&self, surface: &str) -> &'static dyn Api {
        let own = self.routes.iter().find(|route| route.api.name() == surface);
        own.unwrap_or(&self.routes[0]).api
    }

    /// Its part of a configuration.
    pub fn document(&self, address: &str) -> Value {
        let key = match self.proof {
            Proof::Signed => json!({ "aws": { "region": sigv4::REGION } }),
            _ => json!({ "value": self.key() }),
        };
        let mut provider = json!({
            "dialect": self.dialect, "endpoint": format!("http://{address}{}", self.base), "keys": [key],
        });
        for (name, value) in self.settings {
            provider[name] = json!(value);
        }
        provider
    }

    fn key(&self) -> String {
        format!("{KEYS}{}", self.name)
    }

    /// Reads a request.
    ///
    /// # Errors
    /// The provider would refuse it.
    pub fn read(&self, seen: &Seen) -> Result<(&'static dyn Api, Asked), Fault> {
        let (route, path) = self.route(seen).ok_or_else(|| format!("nothing at {}", seen.head.line))?;
        require(seen.head.word(0) == "POST", || seen.head.line.clone())?;
        self.headers(seen, Body::Json)?;
        let asked = route.api.read(&seen.body, &path)?;
        require(path.stream.is_none_or(|stream| stream == asked.stream), || "a stream, or not?".to_owned())?;
        Ok((route.api, asked))
    }

    /// Answers what is no conversation; `None` for those.
    pub(super) fn beside(&self, seen: &Seen) -> Option<Result<Reply, Fault>> {
        let (method, path) = (seen.head.word(0), seen.head.word(1));
        let endpoint = self.endpoints.iter().find(|one| one.method == method && model(one.path, path).is_some())?;
        Some(self.headers(seen, endpoint.body).and_then(|()| (endpoint.answer)(seen)))
    }

    /// A failure in the words of what was asked for.
    pub fn fail(&self, seen: &Seen, status: u16, message: &str) -> Reply {
        let api = self.route(seen).map_or(self.routes[0].api, |(route, _)| route.api);
        let reply = Reply::new(status).header("content-type", "application/json");
        let headers = api.failure_headers(status);
        let reply = headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value));
        reply.body(api.failure(status, message).to_string())
    }

    fn route(&self, seen: &Seen) -> Option<(&Route, InPath)> {
        let path = seen.head.word(1);
        self.routes.iter().find_map(|route| {
            let told = route.plain != route.streamed;
            let plain = model(route.plain, path).map(|model| (model, told.then_some(false)));
            let found = plain.or_else(|| model(route.streamed, path).map(|model| (model, Some(true))));
            found.map(|(model, stream)| (route, InPath { model, stream }))
        })
    }

    /// The provider's own proof, what its API requires, and nothing of the caller's or of another provider.
    fn headers(&self, seen: &Seen, body: Body) -> Result<(), Fault> {
        let carrier = match self.proof {
            Proof::Header(name) => name,
            _ => "authorization",
        };
        match self.proof {
            Proof::Signed => sigv4::verify(seen)?,
            Proof::Bearer => self.expect(seen, carrier, &format!("Bearer {}", self.key()))?,
            Proof::Header(name) => self.expect(seen, name, &self.key())?,
        }
        body.check(seen)?;
        for (name, value) in self.headers {
            self.expect(seen, name, value)?;
        }
        for (name, value) in &seen.head.headers {
            let foreign = CREDENTIALS.contains(&name.as_str()) || value.contains(KEYS);
            require(!foreign || name == carrier, || format!("{name} beside {carrier}"))?;
            let inner = ["x-tollhouse-", "x-envoy-", "x-stainless-"].iter().any(|prefix| name.starts_with(prefix));
            require(!inner && !value.contains("c0ffee"), || format!("{name}: {value}"))?;
        }
        Ok(())
    }

    fn expect(&self, seen: &Seen, name: &str, value: &str) -> Result<(), Fault> {
        let found: Vec<_> = seen.head.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
        require(found == [value], || format!("{name} of {} is {found:?}", self.name))
    }
}

/// The model of a path that matches a pattern: `Some(None)` for patterns without one.
fn model(pattern: &str, path: &str) -> Option<Option<String>> {
    let Some((before, after)) = pattern.split_once("{model}") else { return (pattern == path).then_some(None) };
    let model = path.strip_prefix(before)?.strip_suffix(after)?;
    (!model.is_empty() && !model.contains(['/', '?', '&'])).then(|| Some(decoded(model)))
}
