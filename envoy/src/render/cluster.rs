//! One cluster for each provider, and one for the webhook.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tollhouse_filter::config::{self, ConfigError, Endpoint, chains, raw::Document};

use super::credential::Credential;
use super::{Options, buffer_limit, chain, credential, plugin, store};

/// Where distributions keep the certificates of public authorities.
const CA_FILES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// The system's certificates of public authorities: the first usual file that exists.
pub fn system_ca() -> PathBuf {
    let [usual, ..] = CA_FILES;
    CA_FILES.into_iter().find(|file| Path::new(file).exists()).unwrap_or(usual).into()
}

/// The cluster of a request for which the filter has not decided yet, without a host. Filters before ours look at the
/// route's cluster, and some (`ratelimit`) do nothing where there is none.
pub(super) const UNDECIDED: &str = "tollhouse_undecided";

/// That cluster.
pub(super) fn undecided() -> Value {
    json!({ "name": UNDECIDED, "type": "STATIC" })
}

/// A provider as far as its cluster goes.
pub(super) struct Upstream {
    provider: String,
    pub(super) server: Server,
    /// What Envoy puts in.
    credential: Option<Credential>,
}

/// Where a cluster leads.
pub(super) struct Server {
    /// The cluster's name.
    pub(super) name: String,
    pub(super) endpoint: Endpoint,
    pub(super) connect_timeout: String,
}

/// Names of all clusters that serve callers: of providers, sorted, and of chains.
pub(crate) fn names(document: &Document) -> Result<Vec<String>, ConfigError> {
    let of_providers = upstreams(document)?.into_iter().map(|u| u.server.name);
    Ok(of_providers.chain(chain::names(document)).collect())
}

/// All clusters: those of providers and of the webhook, sorted by name, that of the store of limits, and chains.
pub(crate) fn all(document: &Document, options: &Options) -> Result<Vec<Value>, ConfigError> {
    let upstreams = upstreams(document)?;
    let free = |path: &str, name: &str| match upstreams.iter().find(|upstream| upstream.server.name == name) {
        None => Ok(()),
        Some(Upstream { provider, .. }) => {
            let reason = format!("found `{name}`, expected a cluster that no provider has (`{provider}` has it)");
            Err(ConfigError { path: path.to_owned(), reason })
        }
    };
    let of_secrets = credential::cluster(document)?;
    if let (Some(_), Some(sds)) = (&of_secrets, &document.sds) {
        free("sds.cluster", &sds.cluster)?;
    }
    if let Some(Upstream { provider, .. }) = upstreams.iter().find(|upstream| upstream.server.name == UNDECIDED) {
        let reason = format!("found `{UNDECIDED}`, expected another name: this cluster has no hosts");
        return Err(ConfigError { path: format!("providers.{provider}.cluster"), reason });
    }
    let of_store = store::cluster(document)?;
    if let (Some(_), Some(store)) = (&of_store, &document.limit_store) {
        free("limit_store.rate_limit_service", &store.rate_limit_service)?;
    }
    let webhook = webhook(document)?;
    if let Some(webhook) = &webhook {
        free("alerts.webhook.cluster", &webhook.name)?;
    }
    let chains = chain::all(document, |clusters| chain_filters(clusters, &upstreams, document, options));
    let mut all = Vec::new();
    for upstream in upstreams {
        let filters = upstream.filters(&plugin::provider(document, options), document, options);
        all.push((upstream.server, filters));
    }
    all.extend(webhook.map(|webhook| (webhook, json!([codec()]))));
    all.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let all = all.iter().map(|(server, filters)| cluster(server, filters, document, options));
    // Secrets first: the clusters after it wait for theirs.
    Ok(of_secrets.into_iter().chain(all).chain([undecided()]).chain(of_store).chain(chains).collect())
}

/// Keys that are files, as Envoy knows them: the secret of the cluster of this name is in this file.
pub(super) fn files_of_keys(document: &Document) -> Result<Vec<(String, String)>, ConfigError> {
    let file = |upstream: Upstream| Some((upstream.server.name, upstream.credential?.into_file()?));
    Ok(upstreams(document)?.into_iter().filter_map(file).collect())
}

/// What goes there is the filter's own.
fn webhook(document: &Document) -> Result<Option<Server>, ConfigError> {
    let Some(alerts) = &document.alerts else { return Ok(None) };
    let endpoint = config::webhook_endpoint(&alerts.webhook)?;
    Ok(Some(Server { name: alerts.webhook.cluster().to_owned(), endpoint, connect_timeout: "5s".to_owned() }))
}

/// Those of all providers, one for each cluster, sorted by its name.
pub(super) fn upstreams(document: &Document) -> Result<Vec<Upstream>, ConfigError> {
    let mut upstreams: Vec<Upstream> = Vec::new();
    for (provider, raw) in &document.providers {
        let name = raw.cluster.clone().unwrap_or_else(|| provider.clone());
        let endpoint = config::endpoint(provider, raw)?;
        let connect_timeout = raw.connect_timeout.map_or(5.0, |t| t.0.as_secs_f64());
        let new = Upstream {
            provider: provider.clone(),
            server: Server { name, endpoint, connect_timeout: format!("{connect_timeout}s") },
            credential: Credential::of(raw),
        };
        match upstreams.iter().find(|u| u.server.name == new.server.name) {
            None => upstreams.push(new),
            // Two providers of one host (two accounts, say) may share its connections.
            Some(old) if same_host(old, &new) && old.credential == new.credential => {}
            Some(old) => {
                let other = if same_host(old, &new) { "other credentials of Envoy" } else { "another host" };
                let reason = format!(
                    "found `{}`, expected a cluster that no provider of {other} has (`{}` has it)",
                    new.server.name, old.provider
                );
                return Err(ConfigError { path: format!("providers.{provider}.cluster"), reason });
            }
        }
    }
    upstreams.sort_by(|a, b| a.server.name.cmp(&b.server.name));
    Ok(upstreams)
}

fn same_host(a: &Upstream, b: &Upstream) -> bool {
    let (a, b) = (&a.server.endpoint, &b.server.endpoint);
    (a.tls, &a.host, a.port) == (b.tls, &b.host, b.port)
}

fn cluster(server: &Server, filters: &Value, document: &Document, options: &Options) -> Value {
    let Server { name, endpoint, connect_timeout } = server;
    let literal = endpoint.host.parse::<IpAddr>().is_ok();
    let mut cluster = json!({
        "name": name,
        "connect_timeout": connect_timeout,
        "per_connection_buffer_limit_bytes": buffer_limit(document),
        "load_assignment": { "cluster_name": name, "endpoints": endpoints(server, literal, document) },
        "circuit_breakers": { "thresholds": thresholds() },
        "upstream_connection_options": {
            "tcp_keepalive": { "keepalive_time": 60, "keepalive_interval": 15, "keepalive_probes": 4 }
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol(endpoint, filters)
        },
    });
    if let Some(fields) = cluster.as_object_mut() {
        let (field, discovery) = if literal { ("type", json!("STATIC")) } else { ("cluster_type", dns()) };
        fields.insert(field.to_owned(), discovery);
        if endpoint.tls {
            fields.insert("transport_socket".to_owned(), tls(endpoint, literal, options));
        }
    }
    cluster
}

/// A cluster without a host answers "no healthy upstream", which Envoy does not try again; so a name that does not
/// resolve falls to a second priority where nobody listens, and becomes a failed connection, which it does.
fn endpoints(server: &Server, literal: bool, document: &Document) -> Value {
    let endpoint = &server.endpoint;
    let mut first = json!({ "lb_endpoints": [host(&endpoint.host, endpoint.port)] });
    let mut second = nobody();
    if chains::are_needed(document) {
        for priority in [&mut first, &mut second] {
            if let Some(host) = priority.pointer_mut("/lb_endpoints/0").and_then(Value::as_object_mut) {
                host.insert("metadata".to_owned(), chain::metadata(&server.name));
            }
        }
    }
    if literal { json!([first]) } else { json!([first, second]) }
}

/// The priority where nobody listens.
pub(super) fn nobody() -> Value {
    json!({ "priority": 1, "lb_endpoints": [host("127.0.0.1", 1)] })
}

fn host(address: &str, port: u16) -> Value {
    json!({ "endpoint": { "address": { "socket_address": { "address": address, "port_value": port } } } })
}

/// Every address of the name is a host ("strict" DNS): only there Envoy takes the second priority.
pub(super) fn dns() -> Value {
    let resolver = json!({
        "name": "envoy.network.dns_resolver.cares",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
            // Envoy starts when every name has resolved or failed; without these that can take more than a minute.
            "query_timeout_seconds": 2,
            "query_tries": 3,
        },
    });
    json!({
        "name": "envoy.cluster.strict_dns",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster",
            "dns_lookup_family": "V4_PREFERRED",
            "respect_dns_ttl": true,
            "dns_refresh_rate": "30s",
            "dns_failure_refresh_rate": { "base_interval": "1s", "max_interval": "10s" },
            "typed_dns_resolver_config": resolver,
        },
    })
}

/// Envoy's own limits (1024 requests, 3 retries) would refuse failovers as soon as there is load.
pub(super) fn thresholds() -> Value {
    let limits = |priority: &str| {
        json!({
            "priority": priority,
            "max_connections": 65536,
            "max_pending_requests": 65536,
            "max_requests": 65536,
            "max_retries": 65536,
        })
    };
    json!([limits("DEFAULT"), limits("HIGH")])
}

/// How a server is spoken to, and by which filters.
pub(super) fn protocol(endpoint: &Endpoint, filters: &Value) -> Value {
    let mut protocol = json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        // Providers close idle connections after minutes; be first, or a request is sent into a closing one.
        "common_http_protocol_options": { "idle_timeout": "60s" },
    });
    let (version, settings) = if endpoint.tls {
        ("auto_config", json!({ "http_protocol_options": {}, "http2_protocol_options": {} }))
    } else {
        ("explicit_http_config", json!({ "http_protocol_options": {} }))
    };
    if let Some(fields) = protocol.as_object_mut() {
        fields.insert(version.to_owned(), settings);
        fields.insert("http_filters".to_owned(), filters.clone());
    }
    protocol
}

impl Upstream {
    /// The filters of its cluster. The provider role writes the request; what adds a credential to it must come after.
    pub(super) fn filters(&self, role: &Value, document: &Document, options: &Options) -> Value {
        let provider = json!({ "name": plugin::PROVIDER, "typed_config": role });
        let credential = self.credential.as_ref();
        let credential = credential.map(|credential| credential.filter(&self.server.name, document, options));
        [Some(provider), credential, Some(codec())].into_iter().flatten().collect()
    }
}

/// Those of all its clusters, each for these alone.
fn chain_filters(clusters: &[String], upstreams: &[Upstream], document: &Document, options: &Options) -> Value {
    let mut credentials: Vec<(Value, Vec<&str>)> = Vec::new();
    for upstream in upstreams.iter().filter(|upstream| clusters.contains(&upstream.server.name)) {
        let (name, Some(credential)) = (upstream.server.name.as_str(), &upstream.credential) else { continue };
        let filter = credential.filter(name, document, options);
        match credentials.iter_mut().find(|(other, _)| *other == filter) {
            Some((_, clusters)) => clusters.push(name),
            None => credentials.push((filter, vec![name])),
        }
    }
    let credentials = credentials.iter().map(|(filter, clusters)| chain::only_for(clusters, filter));
    let provider = json!({ "name": plugin::PROVIDER, "typed_config": plugin::provider(document, options) });
    std::iter::once(provider).chain(credentials).chain([codec()]).collect()
}

fn codec() -> Value {
    json!({
        "name": "envoy.filters.http.upstream_codec",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"
        },
    })
}

fn tls(endpoint: &Endpoint, literal: bool, options: &Options) -> Value {
    let san = if literal { "IP_ADDRESS" } else { "DNS" };
    let mut context = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": {
            "tls_params": { "tls_minimum_protocol_version": "TLSv1_2" },
            "validation_context": {
                "trusted_ca": { "filename": options.ca },
                "match_typed_subject_alt_names": [{ "san_type": san, "matcher": { "exact": endpoint.host } }],
            },
        },
    });
    // Server names are names: an address is none.
    if let (Some(fields), false) = (context.as_object_mut(), literal) {
        fields.insert("sni".to_owned(), json!(endpoint.host));
    }
    json!({ "name": "envoy.transport_sockets.tls", "typed_config": context })
}
