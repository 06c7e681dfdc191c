//! What Envoy Gateway makes of resources, as far as rendered ones go:
//! <https://github.com/envoyproxy/gateway/tree/v1.9.0/internal/xds/translator>.

use json_patch::Patch;
use serde_json::{Value, json};

mod security;

/// A Gateway of Envoy Gateway 1.9 with an ordinary HTTPRoute, as its control plane writes it. Left out are what is
/// discovered, and the listener's second address.
const RECORDED: &str = include_str!("../envoy-gateway/gateway.yaml");

/// The listener's name, and that of its route table.
pub const LISTENER: &str = "default/eg/http";

/// Envoy's configuration with these resources. Without the EnvoyPatchPolicy it is what the others make.
pub fn gateway(resources: &[Value]) -> Value {
    let mut all: Value = serde_saphyr::from_str(RECORDED).expect("YAML");
    let of = |kind: &'static str| resources.iter().filter(move |resource| resource["kind"] == kind);
    for proxy in of("EnvoyProxy") {
        let bootstrap = &proxy["spec"]["bootstrap"];
        assert_eq!(bootstrap["type"], "Merge");
        let own: Value = serde_saphyr::from_str(bootstrap["value"].as_str().expect("text")).expect("YAML");
        all["stats_config"] = own["stats_config"].clone();
    }
    for route in of("HTTPRoute") {
        let backend = of("Backend").find(|backend| is_of(&route["spec"], backend)).expect("the backend");
        add_route(&mut all, &route["metadata"], &route["spec"], &backend["spec"]);
    }
    for policy in of("SecurityPolicy") {
        security::apply(manager(&mut all), policy);
    }
    for policy in of("EnvoyPatchPolicy") {
        assert_eq!(policy["spec"]["type"], "JSONPatch");
        let patches = policy["spec"]["jsonPatches"].as_array().expect("patches");
        patches.iter().for_each(|patch| apply(&mut all, patch));
    }
    all
}

fn is_of(route: &Value, backend: &Value) -> bool {
    let named = &route["rules"][0]["backendRefs"][0];
    (&named["kind"], &named["name"]) == (&json!("Backend"), &backend["metadata"]["name"])
}

/// One rule with one match, for each host.
fn add_route(all: &mut Value, metadata: &Value, route: &Value, backend: &Value) {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let name = format!("httproute/{}/{}/rule/0", text(&metadata["namespace"]), text(&metadata["name"]));
    let hosts = manager(all)["route_config"]["virtual_hosts"].as_array_mut().expect("virtual hosts");
    for host in route["hostnames"].as_array().expect("hosts") {
        let flat = text(host).replace('.', "_");
        hosts.push(json!({
            "name": format!("{LISTENER}/{flat}"),
            "domains": [host],
            "routes": [{
                "name": format!("{name}/match/0/{flat}"),
                "match": { "prefix": "/" },
                "route": { "cluster": name, "upgrade_configs": [{ "upgrade_type": "websocket" }] },
            }],
        }));
    }
    let fqdn = &backend["endpoints"][0]["fqdn"];
    let address = json!({ "socket_address": { "address": fqdn["hostname"], "port_value": fqdn["port"] } });
    let mut cluster = all["static_resources"]["clusters"][0].clone();
    cluster["name"] = json!(name);
    cluster["load_assignment"]["cluster_name"] = json!(name);
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"] = address;
    all["static_resources"]["clusters"].as_array_mut().expect("clusters").push(cluster);
}

fn manager(all: &mut Value) -> &mut Value {
    let chain = "/static_resources/listeners/0/default_filter_chain/filters/0/typed_config";
    all.pointer_mut(chain).expect("a connection manager")
}

/// One operation: to add. A place that does not exist yet is made, as Envoy Gateway has it (`EnsurePathExistsOnAdd`).
fn apply(all: &mut Value, patch: &Value) {
    let operation = &patch["operation"];
    assert_eq!(operation["op"], "add");
    let text = |field: &str| operation[field].as_str().unwrap_or_default();
    if text("path").is_empty() && text("jsonPath").is_empty() {
        assert_eq!(operation["value"]["name"], patch["name"]);
        assert_eq!(patch["type"], "type.googleapis.com/envoy.config.cluster.v3.Cluster");
        all["static_resources"]["clusters"].as_array_mut().expect("clusters").push(operation["value"].clone());
        return;
    }
    let resource = resource(all, patch);
    for place in places(resource, text("jsonPath"), text("path")) {
        make_way(resource, &place);
        let add: Patch = serde_json::from_value(json!([{ "op": "add", "path": place, "value": operation["value"] }]))
            .expect("an operation");
        json_patch::patch(resource, &add).unwrap_or_else(|e| panic!("{place}: {e}"));
    }
}

fn resource<'a>(all: &'a mut Value, patch: &Value) -> &'a mut Value {
    let kind = patch["type"].as_str().expect("a type");
    let resource = if kind.ends_with(".RouteConfiguration") {
        &mut manager(all)["route_config"]
    } else {
        assert!(kind.ends_with(".Listener"), "{kind}");
        &mut all["static_resources"]["listeners"][0]
    };
    assert_eq!(resource["name"], patch["name"], "{patch}");
    resource
}

/// JSON pointers of `..field[?(@.name=="value")]`, or `=~` where the name begins so, and then the path.
fn places(resource: &Value, json_path: &str, path: &str) -> Vec<String> {
    if json_path.is_empty() {
        return vec![path.to_owned()];
    }
    let parts = json_path.strip_prefix("..").and_then(|rest| rest.strip_suffix("\")]")).expect("a known JSON path");
    let (field, value) = parts.split_once("[?(@.name").expect("a known JSON path");
    let (whole, value) = (value.starts_with("==\""), value.get(3..).expect("a value"));
    let mut found = Vec::new();
    let is = |name: &str| if whole { name == value } else { name.starts_with(value) };
    find(resource, String::new(), field, &is, &mut found);
    assert!(!found.is_empty(), "nothing is at {json_path}");
    let end = if path.is_empty() { String::new() } else { format!("/{path}") };
    found.into_iter().map(|place| place + &end).collect()
}

fn find(value: &Value, at: String, field: &str, is: &dyn Fn(&str) -> bool, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, item)| (i.to_string(), item)).collect(),
        _ => return,
    };
    for (name, child) in children {
        if at.ends_with(&format!("/{field}")) && child["name"].as_str().is_some_and(is) {
            found.push(format!("{at}/{name}"));
        }
        find(child, format!("{at}/{name}"), field, is, found);
    }
}

/// Objects on the way, and lists before a number.
fn make_way(resource: &mut Value, place: &str) {
    let mut value = resource;
    let steps: Vec<_> = place.split('/').skip(1).collect();
    for pair in steps.windows(2) {
        let [step, next] = pair else { continue };
        let new = if next.parse::<usize>().is_ok() { json!([]) } else { json!({}) };
        value = match value {
            Value::Array(items) => &mut items[step.parse::<usize>().expect("a number")],
            other => other.as_object_mut().expect("an object").entry(*step).or_insert(new),
        };
    }
}
