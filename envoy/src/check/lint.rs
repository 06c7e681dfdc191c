//! What a gateway takes but its author may not have meant.

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use tollhouse_filter::clients::Allowed;
use tollhouse_filter::config::{self, Address, DEFAULT_MAX_BODY, Endpoint, raw};
use tollhouse_filter::time::Timestamp;

use super::compile;

mod limits;
mod versions;

/// Something odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where: `clients[2].expires`.
    pub path: String,
    /// What is odd, and what it does.
    pub reason: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// Everything that is odd in a document without errors.
pub fn warnings(document: &raw::Document, now: Timestamp) -> Vec<Warning> {
    let mut found = Found::default();
    body_limit(document, &mut found);
    timeouts("timeouts", document.timeouts, document.timeouts, &mut found);
    for (name, provider) in &document.providers {
        check_provider(name, provider, document, &mut found);
    }
    for (name, model) in &document.models {
        check_model(name, model, document, &mut found);
    }
    versions::check(document, &mut found);
    check_sds(document, &mut found);
    if document.limit_store.is_some() && document.limits.iter().all(|limit| limit.local) {
        found.add("limit_store", "no limit is kept there: there are none without `local: true`");
    }
    for (name, policy) in document.policies.iter().flatten() {
        let of = policy.timeouts;
        timeouts(&format!("policies.{name}.timeouts"), of, of.or(document.timeouts), &mut found);
    }
    if document.clients.is_empty() {
        found.add("clients", "there are none, so every request is refused; `tollhouse key new` makes one");
    }
    for (i, client) in document.clients.iter().enumerate() {
        check_client(&format!("clients[{i}]"), client, document, now, &mut found);
    }
    if let Ok(config) = compile(document) {
        limits::check(document, &config, &mut found);
    }
    if let Some(alerts) = &document.alerts {
        check_webhook(&alerts.webhook, document, &mut found);
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<Warning>);

impl Found {
    fn add(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.0.push(Warning { path: path.into(), reason: reason.into() });
    }
}

fn body_limit(document: &raw::Document, found: &mut Found) {
    let Some(size) = document.max_body else { return };
    if size.0 > DEFAULT_MAX_BODY {
        let default = raw::ByteSize(DEFAULT_MAX_BODY);
        let reason = format!(
            "{size} is more than the {default} that providers take, and Envoy may hold as much for each connection"
        );
        found.add("max_body", reason);
    } else if size.0 < 64 << 10 {
        found.add("max_body", format!("{size} is less than an ordinary conversation with tools or an image"));
    }
}

/// `own` is what stands at `path`, `all` what applies there.
fn timeouts(path: &str, own: raw::Timeouts, all: raw::Timeouts, found: &mut Found) {
    let total = all.total.unwrap_or(raw::Seconds(Duration::from_secs(600)));
    let spans = [
        ("first_token", own.first_token, all.first_token),
        ("attempt", own.attempt, all.attempt),
        ("idle", own.idle, all.idle),
    ];
    for (name, own_span, span) in spans {
        // Told where it was made: by a long span of one's own, or by a short total over a span from above.
        let here = own_span.is_some() || own.total.is_some();
        if let Some(span) = span.filter(|span| here && *span > total) {
            found.add(format!("{path}.{name}"), format!("{span} is more than the total of {total}, which ends all"));
        }
    }
    for (name, span, _) in spans.into_iter().chain([("total", own.total, None)]) {
        if span.is_some_and(|span| span.0.is_zero()) {
            found.add(format!("{path}.{name}"), "0 is over at once; leave the field out for the default");
        }
    }
}

fn check_provider(name: &str, provider: &raw::Provider, document: &raw::Document, found: &mut Found) {
    let path = format!("providers.{name}");
    let of_this = |target: &String| target.split_once('/').is_some_and(|(p, _)| p == name);
    let used = document.models.values().any(|m| m.targets.iter().any(of_this))
        || document.clients.iter().flat_map(|c| &c.models).any(|m| m == "*" || of_this(m));
    if !used {
        found.add(&path, "no model has a target there, and no client may ask for it");
    }
    for (i, _) in provider.keys.iter().enumerate().filter(|(_, key)| key.value.is_some()) {
        let value = format!("{path}.keys[{i}].value");
        found.add(value, "a key in clear ends up in every copy of this document; use `env` or `file`");
    }
    let Ok(endpoint) = config::endpoint(name, provider) else { return };
    let what = if provider.keys.is_empty() { "prompts go" } else { "prompts and the key go" };
    in_clear(&format!("{path}.endpoint"), what, &endpoint, found);
    if provider.keys.is_empty() && endpoint.tls && provider.endpoint.is_none() {
        found.add(format!("{path}.keys"), format!("there is none, but `{}` asks for one", endpoint.host));
    }
}

fn in_clear(path: &str, what: &str, endpoint: &Endpoint, found: &mut Found) {
    if !endpoint.tls && !private(&endpoint.host) {
        found.add(path, format!("{what} to `{}` in clear; use https://", endpoint.host));
    }
}

fn check_sds(document: &raw::Document, found: &mut Found) {
    let Some(sds) = &document.sds else { return };
    if let Some(Ok(Address::Host(endpoint))) = sds.address.as_deref().map(config::sds_address)
        && !private(&endpoint.host)
    {
        let reason =
            format!("keys come from `{}` in clear; use a socket of this host, or a cluster with TLS", endpoint.host);
        found.add("sds.address", reason);
    }
    if document.providers.values().flat_map(|provider| &provider.keys).all(|key| key.sds.is_none()) {
        found.add("sds", "no key comes from there: none has `sds`");
    }
}

fn check_webhook(webhook: &raw::Webhook, document: &raw::Document, found: &mut Found) {
    let path = "alerts.webhook";
    if webhook.path.value.is_some() {
        let value = format!("{path}.path.value");
        found.add(value, "a secret in clear ends up in every copy of this document; use `env`");
    }
    if let Ok(endpoint) = config::webhook_endpoint(webhook) {
        in_clear(&format!("{path}.endpoint"), "alerts and the secret path go", &endpoint, found);
    }
    if document.limits.iter().all(|limit| limit.alert_at.is_empty()) {
        found.add(path, "no limit has `alert_at`, so that it is never called");
    }
}

/// Is it an address or a name that only networks of one's own have?
fn private(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            let ends = [".internal", ".local", ".localhost", ".lan", ".svc", ".home.arpa", ".test"];
            !host.contains('.') || ends.iter().any(|end| host.ends_with(end))
        }
    }
}

fn check_model(name: &str, model: &raw::Model, document: &raw::Document, found: &mut Found) {
    let path = format!("models.{name}");
    let mut seen = HashSet::new();
    for (i, target) in model.targets.iter().enumerate() {
        if !seen.insert(target) {
            let reason = format!("`{target}` stands above already; it is then tried again after it has failed");
            found.add(format!("{path}.targets[{i}]"), reason);
        }
    }
    timeouts(&format!("{path}.timeouts"), model.timeouts, model.timeouts.or(document.timeouts), found);
    if !document.clients.is_empty() && !document.clients.iter().any(|c| c.models.iter().any(|m| m == "*" || m == name))
    {
        found.add(&path, "no client may ask for it");
    }
    if let Some((provider, _)) = name.split_once('/')
        && document.providers.contains_key(provider)
    {
        found.add(&path, format!("the name hides the target `{name}` of the provider `{provider}`"));
    }
}

fn check_client(path: &str, client: &raw::Client, document: &raw::Document, now: Timestamp, found: &mut Found) {
    if client.models.is_empty() {
        found.add(format!("{path}.models"), "it may ask for nothing");
    }
    let is_model = |m: &str| document.models.contains_key(m);
    let is_provider = |p: &str| document.providers.contains_key(p);
    let allowed: Vec<_> = client.models.iter().filter_map(|m| Allowed::parse(m, is_model, is_provider)).collect();
    if allowed.len() > 1 && allowed.contains(&Allowed::Everything) {
        found.add(format!("{path}.models"), "`*` is everything; the other entries do nothing");
    }
    if client.disabled {
        found.add(format!("{path}.disabled"), "its key is refused");
    }
    let expires = client.expires.as_deref().and_then(Timestamp::parse);
    if expires.is_some_and(|end| end <= now) {
        let when = client.expires.as_deref().unwrap_or_default();
        found.add(format!("{path}.expires"), format!("its key is refused since {when}"));
    }
}
