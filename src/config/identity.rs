//! Identities, from the document as written to what runs.

use super::compile::check_name;
use super::{ConfigError, raw};
use crate::identity::{Fact, Identities, Identity, Pattern, Rule, Source, Trust};

type Result<T> = std::result::Result<T, ConfigError>;

/// The namespace of verified tokens.
///
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter>
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// All but the clients.
pub(super) fn identities(all: &[raw::Identity]) -> Result<Identities> {
    let mut identities: Vec<Identity> = Vec::new();
    for (i, raw) in all.iter().enumerate() {
        let path = format!("identity[{i}]");
        check_name(&format!("{path}.name"), &raw.name)?;
        if identities.iter().any(|other| other.name == raw.name) {
            let expected = "a name that no other identity has";
            return Err(ConfigError::expected(format!("{path}.name"), &raw.name, expected));
        }
        identities.push(identity(&path, raw)?);
    }
    Ok(Identities(identities))
}

fn identity(path: &str, raw: &raw::Identity) -> Result<Identity> {
    let mut identity = Identity::new(&raw.name, source(path, raw)?);
    let mut place = |field: String, name: &String| fact(field, name, &identity.source).map(|fact| identity.place(fact));
    let user = raw.user.as_ref().map(|name| place(format!("{path}.user"), name)).transpose()?;
    let team = raw.team.as_ref().map(|name| place(format!("{path}.team"), name)).transpose()?;
    let tags =
        raw.tags.iter().map(|(tag, name)| Ok((tag.to_ascii_lowercase(), place(format!("{path}.tags.{tag}"), name)?)));
    let tags = tags.collect::<Result<_>>()?;
    Ok(Identity { user, team, tags, ..identity })
}

fn fact(path: String, name: &str, source: &Source) -> Result<Fact> {
    source.fact(name).map_err(|expected| ConfigError::expected(path, name, expected))
}

fn source(path: &str, raw: &raw::Identity) -> Result<Source> {
    let sources = [
        raw.jwt.as_ref().map(|jwt| {
            let namespace = jwt.namespace.as_deref().unwrap_or(JWT_AUTHN);
            metadata(&format!("{path}.jwt"), &[namespace, &jwt.payload])
        }),
        raw.metadata.as_ref().map(|from| metadata(&format!("{path}.metadata"), &[&from.namespace])),
        raw.headers
            .as_ref()
            .map(|headers| trust(&format!("{path}.headers.trust"), &headers.trust).map(Source::Headers)),
        raw.peer.as_ref().map(|raw::Peer {}| Ok(Source::Peer)),
        raw.forwarded_peer
            .as_ref()
            .map(|peer| trust(&format!("{path}.forwarded_peer.trust"), &peer.trust).map(Source::ForwardedPeer)),
    ];
    let mut sources = sources.into_iter().flatten();
    match (sources.next(), sources.next()) {
        (Some(source), None) => source,
        _ => Err(ConfigError::new(path, "expected one of `jwt`, `metadata`, `headers`, `peer`, `forwarded_peer`")),
    }
}

fn metadata(path: &str, parts: &[&str]) -> Result<Source> {
    if parts.iter().any(|part| part.is_empty() || part.contains(char::is_control)) {
        return Err(ConfigError::new(path, "expected names that are not empty"));
    }
    Ok(Source::Metadata(parts.iter().map(|part| (*part).to_owned()).collect()))
}

fn trust(path: &str, raw: &raw::Trust) -> Result<Trust> {
    if raw.filter_chains.is_empty() && raw.peers.is_empty() && !raw.all {
        return Err(ConfigError::new(path, "expected `filter_chains`, `peers` or `all: true`"));
    }
    let peers = raw.peers.iter().map(|peer| Pattern::parse(peer)).collect();
    Ok(Trust { filter_chains: raw.filter_chains.clone(), peers, all: raw.all })
}

/// The place of the identity that makes a client, and what it must say.
pub(super) fn rule(path: &str, raw: &raw::Known, identities: &mut Identities) -> Result<(usize, Rule)> {
    let Some(at) = identities.0.iter().position(|identity| identity.name == raw.by) else {
        return Err(ConfigError::expected(format!("{path}.by"), &raw.by, "the name of an identity of this document"));
    };
    let mut rule = Rule::default();
    for (name, values) in &raw.facts {
        let path = format!("{path}.where.{name}");
        if values.is_empty() {
            return Err(ConfigError::new(path, "found none, expected at least one value"));
        }
        if let Some(identity) = identities.0.get_mut(at) {
            let place = identity.place(fact(path, name, &identity.source)?);
            rule.0.push((place, values.iter().map(|value| Pattern::parse(value)).collect()));
        }
    }
    Ok((at, rule))
}

/// Refuses identities of which nothing is taken: nobody could say whether they are there.
pub(super) fn check(identities: &Identities) -> Result<()> {
    match identities.0.iter().position(|identity| identity.facts.is_empty()) {
        Some(i) => {
            Err(ConfigError::new(format!("identity[{i}]"), "expected `user`, `team`, `tags`, or `where` of a client"))
        }
        None => Ok(()),
    }
}
