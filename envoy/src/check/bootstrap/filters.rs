//! The filter's two roles, and what stands beside them.

use serde_json::Value;
use tollhouse_filter::config::Config;
use tollhouse_filter::contract::{PROVIDER_CONFIGURATION, VM_ID};

use super::Findings;
use crate::render::{GATEWAY, PROVIDER};

/// Filters that decide who may ask, or answer in the caller's place. Behind the gateway role they come too late.
const FIRST: [(&str, &str); 6] = [
    ("http.cors.v3.Cors", "its preflights have no key and are refused before it"),
    ("http.jwt_authn.v3.JwtAuthentication", "it checks who asks when that is decided"),
    ("http.ext_authz.v3.ExtAuthz", "it checks who asks when that is decided"),
    ("http.oauth2.v3.OAuth2", "it checks who asks when that is decided"),
    ("http.rbac.v3.RBAC", "what it refuses has taken from limits, and is recorded as let in"),
    ("http.compressor.v3.Compressor", "the gateway role writes into answers, which are compressed then"),
];

/// One HTTP filter.
pub(super) struct Filter<'a> {
    pub(super) path: String,
    value: &'a Value,
}

impl<'a> Filter<'a> {
    pub(super) fn kind(&self) -> &'a str {
        at(self.settings(), &["@type"]).as_str().unwrap_or_default()
    }

    pub(super) fn settings(&self) -> &'a Value {
        at(self.value, &["typed_config"])
    }

    fn plugin(&self) -> Option<&'a Value> {
        self.kind().ends_with("http.wasm.v3.Wasm").then(|| at(self.value, &["typed_config", "config"]))
    }

    pub(super) fn name(&self) -> &'a str {
        at(self.value, &["name"]).as_str().unwrap_or_default()
    }

    pub(super) fn configuration(&self) -> Option<&'a str> {
        at(self.plugin()?, &["configuration", "value"]).as_str()
    }

    /// Does its configuration come from elsewhere?
    pub(super) fn is_discovered(&self) -> bool {
        !at(self.value, &["config_discovery"]).is_null()
    }

    /// Is it off where no route turns it on?
    pub(super) fn is_disabled(&self) -> bool {
        at(self.value, &["disabled"]) == true
    }

    fn is_provider(&self) -> bool {
        let says = |text: &str| serde_json::from_str::<Value>(text).ok();
        let configured = self.configuration().and_then(says) == says(PROVIDER_CONFIGURATION);
        self.plugin().is_some() && configured || self.is_discovered() && self.name() == PROVIDER
    }

    fn is_gateway(&self) -> bool {
        let Some(plugin) = self.plugin() else { return self.is_discovered() && self.name() == GATEWAY };
        let ours = [at(plugin, &["name"]), at(plugin, &["root_id"]), at(plugin, &["vm_config", "vm_id"])];
        !self.is_provider() && ours.iter().any(|word| **word == GATEWAY || **word == VM_ID)
    }
}

/// An HTTP connection manager.
pub(super) struct Manager<'a> {
    pub(super) path: String,
    pub(super) value: &'a Value,
    /// Whose it is, with its path.
    pub(super) listener: (String, &'a Value),
    filters: Vec<Filter<'a>>,
}

impl<'a> Manager<'a> {
    fn of(path: String, value: &'a Value, listener: (String, &'a Value)) -> Self {
        let filters = items(at(value, &["http_filters"])).enumerate();
        let filters = filters.map(|(i, value)| Filter { path: format!("{path}.http_filters[{i}]"), value }).collect();
        Self { path, value, listener, filters }
    }

    pub(super) fn gateway(&self) -> Option<&Filter<'a>> {
        self.filters.iter().find(|filter| filter.is_gateway())
    }

    /// The filters whose word the gateway role may take.
    pub(super) fn before_gateway(&self) -> impl Iterator<Item = &Filter<'a>> {
        self.filters.iter().take_while(|filter| !filter.is_gateway())
    }
}

/// What stands at a path; nothing is null.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, name| value.get(name).unwrap_or(&Value::Null))
}

/// What a list holds; what is none holds nothing.
pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Every connection manager of the static listeners.
pub(super) fn managers(all: &Value) -> Vec<Manager<'_>> {
    let mut managers = Vec::new();
    for (i, listener) in items(at(all, &["static_resources", "listeners"])).enumerate() {
        let path = format!("static_resources.listeners[{i}]");
        let chains = items(at(listener, &["filter_chains"]))
            .enumerate()
            .map(|(j, chain)| (format!("filter_chains[{j}]"), chain));
        let default = ("default_filter_chain".to_owned(), at(listener, &["default_filter_chain"]));
        for (chain, value) in chains.chain([default]) {
            for (k, filter) in items(at(value, &["filters"])).enumerate() {
                let config = at(filter, &["typed_config"]);
                if at(config, &["@type"]).as_str().is_some_and(|kind| kind.ends_with(".HttpConnectionManager")) {
                    let manager = format!("{path}.{chain}.filters[{k}].typed_config");
                    managers.push(Manager::of(manager, config, (path.clone(), listener)));
                }
            }
        }
    }
    managers
}

/// The names of all filter chains, if there are no listeners that are not seen here.
pub(super) fn chains(all: &Value) -> Option<Vec<&str>> {
    let dynamic = at(all, &["dynamic_resources"]);
    if ["lds_config", "ads_config"].iter().any(|source| !at(dynamic, &[source]).is_null()) {
        return None;
    }
    let listeners = items(at(all, &["static_resources", "listeners"]));
    let chains = listeners.flat_map(|listener| {
        items(at(listener, &["filter_chains"])).chain(std::iter::once(at(listener, &["default_filter_chain"])))
    });
    Some(chains.filter_map(|chain| at(chain, &["name"]).as_str()).collect())
}

/// Checks the gateway role of a connection manager.
pub(super) fn check(manager: &Manager<'_>, gateway: &Filter<'_>, roles: &Roles<'_>, found: &mut Findings) {
    for filter in manager.filters.iter().skip_while(|filter| filter.path != gateway.path) {
        if let Some((_, why)) = FIRST.iter().find(|(kind, _)| filter.kind().ends_with(kind)) {
            found.warn(filter.path.as_str(), format!("expected it before the gateway role: {why}"));
        }
    }
    let Some(plugin) = gateway.plugin() else { return };
    let path = format!("{}.typed_config.config", gateway.path);
    check_plugin(&path, plugin, found);
    for (provider, other) in &roles.providers {
        if at(other, &["vm_config"]) != at(plugin, &["vm_config"]) {
            let reason = format!("expected the same as at {path}.vm_config: else the roles share no VM");
            found.error(format!("{provider}.typed_config.config.vm_config"), reason);
        }
    }
}

fn check_plugin(path: &str, plugin: &Value, found: &mut Findings) {
    if at(plugin, &["allow_on_headers_stop_iteration"]) != true {
        let reason = "expected `true`: without it the body of a held request never comes";
        found.error(format!("{path}.allow_on_headers_stop_iteration"), reason);
    }
    if at(plugin, &["failure_policy"]) != "FAIL_RELOAD" {
        let reason = "expected `FAIL_RELOAD`: else a VM that has failed fails every request from then on";
        found.warn(format!("{path}.failure_policy"), reason);
    }
}

/// The provider role, by clusters.
pub(super) struct Roles<'a> {
    /// The plugins with the paths of their filters.
    providers: Vec<(String, &'a Value)>,
    clusters: Vec<Cluster<'a>>,
    /// Are there clusters that are not seen here?
    has_others: bool,
}

/// A cluster, with its path.
struct Cluster<'a> {
    path: String,
    value: &'a Value,
    /// Is the provider role among its upstream filters?
    is_served: bool,
}

impl Cluster<'_> {
    fn is(&self, name: &str) -> bool {
        at(self.value, &["name"]) == name
    }
}

impl<'a> Roles<'a> {
    pub(super) fn of(all: &'a Value, found: &mut Findings) -> Self {
        let dynamic = at(all, &["dynamic_resources"]);
        let has_others = !at(dynamic, &["cds_config"]).is_null() || !at(dynamic, &["ads_config"]).is_null();
        let mut roles = Self { providers: Vec::new(), clusters: Vec::new(), has_others };
        for (i, cluster) in items(at(all, &["static_resources", "clusters"])).enumerate() {
            roles.see(format!("static_resources.clusters[{i}]"), cluster, found);
        }
        roles
    }

    fn see(&mut self, path: String, value: &'a Value, found: &mut Findings) {
        const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        let mut is_served = false;
        let filters = at(value, &["typed_extension_protocol_options", OPTIONS, "http_filters"]);
        for (i, value) in items(filters).enumerate() {
            let path = format!("{path}.typed_extension_protocol_options.\"{OPTIONS}\".http_filters[{i}]");
            let filter = Filter { path, value };
            if filter.is_provider() {
                is_served = true;
                if let Some(plugin) = filter.plugin() {
                    check_plugin(&format!("{}.typed_config.config", filter.path), plugin, found);
                    self.providers.push((filter.path, plugin));
                }
            }
        }
        self.clusters.push(Cluster { path, value, is_served });
    }

    /// Clusters with the provider role.
    pub(super) fn served(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.clusters.iter().filter(|cluster| cluster.is_served).map(|cluster| (cluster.path.as_str(), cluster.value))
    }

    /// Does this cluster take only what the gateway role has let in?
    pub(super) fn serves(&self, cluster: &str) -> bool {
        self.clusters.iter().any(|other| other.is(cluster) && other.is_served)
    }

    /// Every provider needs a cluster with the provider role.
    pub(super) fn check_providers(&self, config: &Config, found: &mut Findings) {
        for provider in config.providers.values() {
            match self.clusters.iter().find(|cluster| cluster.is(&provider.cluster)) {
                Some(Cluster { is_served: true, .. }) => {}
                Some(Cluster { path, .. }) => {
                    let reason = format!("expected the provider role among its HTTP filters, for `{}`", provider.name);
                    found.error(path.as_str(), reason);
                }
                None if self.has_others => {}
                None => {
                    let reason = format!("found no cluster `{}`, which `{}` needs", provider.cluster, provider.name);
                    found.error("static_resources.clusters", reason);
                }
            }
        }
    }
}
