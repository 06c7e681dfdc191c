//! Our metadata on virtual hosts and routes.

use serde_json::Value;
use tollhouse_filter::config::{Config, ConfigError};
use tollhouse_filter::contract::METADATA;

use super::Findings;
use super::filters::{Filter, Manager, Roles, at, items};

/// A route, in its virtual host.
struct Place<'a> {
    host_path: String,
    host: &'a Value,
    path: String,
    route: &'a Value,
}

fn places<'a>(manager: &'a Manager<'_>) -> Vec<Place<'a>> {
    let hosts = items(at(manager.value, &["route_config", "virtual_hosts"])).enumerate();
    let routes = hosts.flat_map(|(i, host)| {
        let host_path = format!("{}.route_config.virtual_hosts[{i}]", manager.path);
        items(at(host, &["routes"])).enumerate().map(move |(j, route)| Place {
            path: format!("{host_path}.routes[{j}]"),
            host_path: host_path.clone(),
            host,
            route,
        })
    });
    routes.collect()
}

/// What is ours in the metadata of a virtual host or a route, with its path.
fn ours(path: &str, of: &Value) -> Option<(String, Value)> {
    let value = at(of, &["metadata", "filter_metadata", METADATA]);
    (!value.is_null()).then(|| (format!("{path}.metadata.filter_metadata.{METADATA}"), value.clone()))
}

impl Place<'_> {
    fn metadata(&self) -> [Option<(String, Value)>; 2] {
        [ours(&self.host_path, self.host), ours(&self.path, self.route)]
    }

    /// What the route, else its virtual host, says of a filter.
    fn is_disabled(&self, filter: &Filter<'_>) -> bool {
        let of = |value: &Value| {
            let says = at(value, &["typed_per_filter_config", filter.name()]);
            (!says.is_null()).then(|| at(says, &["disabled"]) == true)
        };
        of(self.route).or_else(|| of(self.host)).unwrap_or_else(|| filter.is_disabled())
    }
}

/// Virtual hosts and routes of ours, with their paths.
pub(super) fn holders<'a>(manager: &'a Manager<'_>) -> Vec<(String, &'a Value)> {
    let Some(gateway) = manager.gateway() else { return Vec::new() };
    let ours = places(manager).into_iter().filter(|place| !place.is_disabled(gateway));
    let mut all: Vec<_> = ours.flat_map(|place| [(place.host_path, place.host), (place.path, place.route)]).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all.dedup_by(|one, other| one.0 == other.0);
    all
}

/// Metadata of ours where nobody reads it.
pub(super) fn unread(manager: &Manager<'_>, found: &mut Findings) {
    tell(manager, "nobody reads it: there is no gateway role among the HTTP filters", |_| true, found);
}

/// Tells of metadata on routes of which this holds, and on virtual hosts of whose routes it holds for all.
fn tell(manager: &Manager<'_>, reason: &str, of: impl Fn(&Place<'_>) -> bool, found: &mut Findings) {
    let places = places(manager);
    let mut paths = Vec::new();
    for place in places.iter().filter(|place| of(place)) {
        let all = places.iter().filter(|other| other.host_path == place.host_path).all(&of);
        let [host, route] = place.metadata();
        paths.extend(host.filter(|_| all).into_iter().chain(route).map(|(path, _)| path));
    }
    paths.sort();
    paths.dedup();
    for path in paths {
        found.error(path, reason);
    }
}

/// Checks our metadata against the document.
pub(super) fn check(manager: &Manager<'_>, config: &Config, roles: &Roles<'_>, found: &mut Findings) {
    let Some(gateway) = manager.gateway() else { return };
    tell(manager, "nobody reads it: the gateway role is disabled here", |place| place.is_disabled(gateway), found);
    let mut wrong: Vec<ConfigError> = Vec::new();
    for place in places(manager).iter().filter(|place| !place.is_disabled(gateway)) {
        let [host, route] = place.metadata();
        match config.policy(host, route) {
            Ok(policy) => check_off(place, policy.is_off(), roles, found),
            Err(error) => wrong.push(error),
        }
    }
    // What is wrong with a virtual host is wrong on each of its routes.
    wrong.dedup();
    found.errors.extend(wrong);
}

/// What passes the gateway role untouched must not go where keys are put in.
fn check_off(place: &Place<'_>, is_off: bool, roles: &Roles<'_>, found: &mut Findings) {
    let cluster = at(place.route, &["route", "cluster"]).as_str().unwrap_or_default();
    if is_off && roles.serves(cluster) {
        let reason = format!("`{cluster}` has the provider role, which refuses what the gateway role has not let in");
        found.error(format!("{}.route.cluster", place.path), reason);
    }
}
