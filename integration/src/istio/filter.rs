//! EnvoyFilters: <https://github.com/istio/istio/tree/release-1.31/pilot/pkg/networking/core/envoyfilter>, and the merge
//! of messages: `pkg/proto/merge` there.

use serde_json::{Value, json};

/// Fields that are maps: an entry is replaced, not merged.
const MAPS: [&str; 3] = ["typed_extension_protocol_options", "typed_per_filter_config", "filter_metadata"];
/// Of each only one can be.
const ONE_OF: [&[&str]; 2] = [
    &["route", "redirect", "direct_response", "filter_action", "non_forwarding_action"],
    &["cluster", "cluster_header", "weighted_clusters", "cluster_specifier_plugin", "inline_cluster_specifier_plugin"],
];

/// Applies the patches of one EnvoyFilter in Istiod's order: whatever their order, listeners first, then what is in
/// them. A match or an operation that this does not know is a failure of the test.
pub(super) fn apply(filter: &Value, gateway: &mut Value) {
    let all = filter["configPatches"].as_array().expect("patches");
    let of = |kind: &'static str| all.iter().filter(move |patch| patch["applyTo"] == kind);
    for patch in all {
        let known = ["LISTENER", "NETWORK_FILTER", "HTTP_FILTER", "HTTP_ROUTE", "CLUSTER", "EXTENSION_CONFIG"];
        assert!(known.iter().any(|known| patch["applyTo"] == *known), "{patch}");
        assert_eq!(patch["match"]["context"], "GATEWAY");
    }
    for listener in each(&mut gateway["static_resources"]["listeners"]) {
        of("LISTENER").for_each(|patch| merge_into(listener, patch));
        let manager = manager(listener);
        of("NETWORK_FILTER").for_each(|patch| network_filter(manager, patch));
        of("HTTP_FILTER").for_each(|patch| http_filter(manager, patch));
        for host in each(&mut manager["route_config"]["virtual_hosts"]) {
            let routes = each(&mut host["routes"]);
            routes.for_each(|route| of("HTTP_ROUTE").for_each(|patch| http_route(route, patch)));
        }
    }
    of("CLUSTER").for_each(|patch| of_clusters(&mut gateway["static_resources"]["clusters"], patch));
}

/// Changes the cluster of a name, or adds one.
fn of_clusters(clusters: &mut Value, patch: &Value) {
    if patch["patch"]["operation"] == "ADD" {
        only(&patch["match"], &["context"]);
        clusters.as_array_mut().expect("clusters").push(patch["patch"]["value"].clone());
        return;
    }
    let name = &only(&patch["match"], &["context", "cluster"])["cluster"]["name"];
    each(clusters).filter(|cluster| cluster["name"] == *name).for_each(|cluster| merge_into(cluster, patch));
}

fn each(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    list.as_array_mut().into_iter().flatten()
}

/// The configuration of a listener's connection manager.
pub(super) fn manager(listener: &mut Value) -> &mut Value {
    let filter = &mut listener["filter_chains"][0]["filters"][0];
    assert_eq!(filter["name"], "envoy.filters.network.http_connection_manager");
    &mut filter["typed_config"]
}

/// The object, which has these fields and no others.
pub(super) fn only<'a>(object: &'a Value, fields: &[&str]) -> &'a Value {
    let unknown = object.as_object().expect("an object").keys().find(|key| !fields.contains(&key.as_str()));
    assert_eq!(unknown, None, "a match that is not known here: {object}");
    object
}

fn merge_into(target: &mut Value, patch: &Value) {
    assert_eq!(patch["patch"]["operation"], "MERGE");
    merge(target, &patch["patch"]["value"]);
}

/// `typed_config` is merged by what is in it here, and nowhere else.
fn network_filter(manager: &mut Value, patch: &Value) {
    let filter = only(&patch["match"], &["context", "listener"])["listener"]["filterChain"]["filter"].clone();
    assert_eq!(*only(&filter, &["name"]), json!({ "name": "envoy.filters.network.http_connection_manager" }));
    assert_eq!(patch["patch"]["operation"], "MERGE");
    let value = &patch["patch"]["value"]["typed_config"];
    assert_eq!(value["@type"], manager["@type"]);
    fields(manager, value);
}

fn http_filter(manager: &mut Value, patch: &Value) {
    let filter = &patch["match"]["listener"]["filterChain"]["filter"];
    assert_eq!(only(filter, &["name", "subFilter"])["name"], "envoy.filters.network.http_connection_manager");
    assert_eq!(patch["patch"]["operation"], "INSERT_BEFORE");
    let filters = manager["http_filters"].as_array_mut().expect("filters");
    if let Some(at) = filters.iter().position(|other| other["name"] == filter["subFilter"]["name"]) {
        filters.insert(at, patch["patch"]["value"].clone());
    }
}

fn http_route(route: &mut Value, patch: &Value) {
    let host = &only(&patch["match"], &["context", "routeConfiguration"])["routeConfiguration"]["vhost"];
    if only(&only(host, &["route"])["route"], &["name"])["name"] == route["name"] {
        merge_into(route, patch);
    }
}

/// Messages are merged field by field, lists are appended, what else there is is replaced.
pub(super) fn merge(target: &mut Value, source: &Value) {
    match (&mut *target, source) {
        // Any is a type and bytes.
        (_, Value::Object(source)) if source.contains_key("@type") => *target = Value::Object(source.clone()),
        (Value::Object(_), Value::Object(_)) => fields(target, source),
        (Value::Array(target), Value::Array(source)) => target.extend(source.iter().cloned()),
        _ => *target = source.clone(),
    }
}

fn fields(target: &mut Value, source: &Value) {
    let target = target.as_object_mut().expect("a message");
    for (name, value) in source.as_object().expect("a message") {
        let others = ONE_OF.iter().filter(|group| group.contains(&name.as_str())).copied().flatten();
        others.filter(|other| *other != name).for_each(|other| drop(target.shift_remove(*other)));
        match target.get_mut(name) {
            None => drop(target.insert(name.clone(), value.clone())),
            Some(Value::Object(entries)) if MAPS.contains(&name.as_str()) => {
                entries.extend(value.as_object().expect("a map").clone());
            }
            Some(own) => merge(own, value),
        }
    }
}
