//! Identities that nobody establishes, and headers that their reader takes for those of a filter.

use serde_json::Value;
use tollhouse_filter::config::Config;
use tollhouse_filter::identity::{Fact, Identity, Source};

use super::Findings;
use super::filters::{Filter, Manager, at, items};

const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// Checks the identities of a gateway role's document. `chains` are the names of all filter chains, if all are seen.
pub(super) fn check(manager: &Manager<'_>, config: &Config, chains: Option<&[&str]>, found: &mut Findings) {
    let before = Before::of(manager);
    for identity in &config.identities.0 {
        match &identity.source {
            Source::Metadata(path) => before.check_payload(identity, path, found),
            Source::Headers(trust) | Source::ForwardedPeer(trust) => {
                if trust.all {
                    before.check_rules(identity, found);
                }
                let missing = |name: &&String| chains.is_some_and(|all| !all.contains(&name.as_str()));
                for name in trust.filter_chains.iter().filter(missing) {
                    let reason =
                        format!("found no filter chain `{name}`, which the identity `{}` trusts", identity.name);
                    found.error("static_resources.listeners", reason);
                }
            }
            Source::Peer => {}
        }
    }
}

/// What is before the gateway role.
struct Before<'a> {
    /// The path of the HTTP filters.
    path: String,
    /// Every `jwt_authn`.
    verifiers: Vec<&'a Filter<'a>>,
    /// Are there filters that are not seen here?
    has_others: bool,
}

impl<'a> Before<'a> {
    fn of(manager: &'a Manager<'a>) -> Self {
        let is_verifier = |filter: &&Filter<'_>| filter.kind().ends_with("http.jwt_authn.v3.JwtAuthentication");
        Self {
            path: format!("{}.http_filters", manager.path),
            verifiers: manager.before_gateway().filter(is_verifier).collect(),
            has_others: manager.before_gateway().any(Filter::is_discovered),
        }
    }

    /// Every provider of tokens.
    fn providers(&self) -> impl Iterator<Item = &Value> {
        let all = self.verifiers.iter().filter_map(|filter| at(filter.settings(), &["providers"]).as_object());
        all.flat_map(serde_json::Map::values)
    }

    /// Claims must be where the identity looks for them.
    fn check_payload(&self, identity: &Identity, path: &[String], found: &mut Findings) {
        let [namespace, payload] = path else { return };
        let mut written = self.providers().map(|provider| at(provider, &["payload_in_metadata"]));
        if namespace == JWT_AUTHN && !self.has_others && !written.any(|name| name == payload) {
            let reason = format!(
                "found no `jwt_authn` before the gateway role with `payload_in_metadata: {payload}`, which the identity `{}` reads",
                identity.name
            );
            // It may stand within another filter.
            found.warn(self.path.as_str(), reason);
        }
    }

    /// A caller's own header is taken away where a rule holds.
    ///
    /// Envoy 1.40 does it everywhere: `docs/identity.md`.
    fn check_rules(&self, identity: &Identity, found: &mut Findings) {
        for filter in &self.verifiers {
            let copied = self.providers().flat_map(|provider| items(at(provider, &["claim_to_headers"])));
            let mut copied = copied.filter_map(|copy| at(copy, &["header_name"]).as_str());
            let reads = |header: &str| identity.facts.iter().any(|fact| is_header(fact, header));
            let is_everywhere = items(at(filter.settings(), &["rules"])).any(holds_everywhere);
            if !is_everywhere && copied.any(reads) {
                let reason = format!(
                    "expected a rule for `prefix: /`: before 1.40 Envoy leaves callers' own headers, which the identity `{}` trusts, where no rule holds",
                    identity.name
                );
                found.warn(format!("{}.typed_config.rules", filter.path), reason);
            }
        }
    }
}

/// Does this rule want something of all requests?
fn holds_everywhere(rule: &Value) -> bool {
    let wants = ["requires", "requirement_name"].iter().any(|field| !at(rule, &[field]).is_null());
    wants && at(rule, &["match"]).as_object().is_some_and(|all| all.len() == 1) && at(rule, &["match", "prefix"]) == "/"
}

fn is_header(fact: &Fact, name: &str) -> bool {
    matches!(fact, Fact::Header(header) if header.eq_ignore_ascii_case(name))
}
