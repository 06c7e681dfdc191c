//! What Istiod makes of resources for a gateway, as far as rendered ones go:
//! <https://github.com/istio/istio/tree/release-1.31/pilot/pkg/networking/core>.

use std::path::Path;

use serde_json::{Map, Value, json};

pub mod agent;
mod filter;
mod security;

/// A gateway of Istio 1.31 with an ordinary host, as its admin interface shows it. Left out is what only Istio's own
/// build of Envoy has (`istio.metadata_exchange`, `istio.stats`, `istio.alpn`), and discovery.
const RECORDED: &str = include_str!("../istio/gateway.yaml");

/// The gateway as it is with these resources, on a system that trusts these certificates. Without the EnvoyFilter it is what
/// Istiod makes of the others.
pub fn gateway(resources: &[Value], system_ca: &Path) -> Value {
    let mut gateway: Value = serde_saphyr::from_str(RECORDED).expect("YAML");
    let of = |kind: &'static str| resources.iter().filter(move |resource| resource["kind"] == kind);
    let clusters = gateway["static_resources"]["clusters"].as_array_mut().expect("clusters");
    for entry in of("ServiceEntry") {
        let host = &entry["spec"]["hosts"][0];
        let rule = of("DestinationRule").find(|rule| rule["spec"]["host"] == *host).expect("a rule of each host");
        let ports = entry["spec"]["ports"].as_array().expect("ports");
        clusters.extend(ports.iter().map(|port| cluster(&entry["spec"], port, &rule["spec"], system_ca)));
    }
    let manager = filter::manager(&mut gateway["static_resources"]["listeners"][0]);
    manager["http_filters"].as_array_mut().expect("filters").splice(0..0, security::filters(resources));
    let hosts =
        manager.pointer_mut("/route_config/virtual_hosts").and_then(Value::as_array_mut).expect("virtual hosts");
    hosts.extend(of("VirtualService").map(|service| virtual_host(&service["spec"])));
    for patches in of("EnvoyFilter") {
        filter::apply(&patches["spec"], &mut gateway);
    }
    // Envoy merges its `--config-yaml` as Istiod merges.
    for map in of("ConfigMap") {
        let text = map["data"]["custom_bootstrap.json"].as_str().expect("a bootstrap");
        filter::merge(&mut gateway, &serde_json::from_str(text).expect("JSON"));
    }
    gateway
}

fn cluster(entry: &Value, port: &Value, rule: &Value, system_ca: &Path) -> Value {
    let (host, number) = (entry["hosts"][0].as_str().expect("a host"), &port["number"]);
    let name = format!("outbound|{number}||{host}");
    let settings = rule["trafficPolicy"]["portLevelSettings"].as_array().expect("settings of ports");
    let settings = settings.iter().find(|s| s["port"]["number"] == *number).expect("settings of each port");
    let pool = &settings["connectionPool"];
    let address = entry["endpoints"][0]["address"].as_str().unwrap_or(host);
    let endpoint = json!({ "address": { "socket_address": { "address": address, "port_value": number } } });
    let mut cluster = json!({
        "name": name,
        "type": if entry["resolution"] == "DNS" { "STRICT_DNS" } else { "STATIC" },
        "connect_timeout": pool["tcp"]["connectTimeout"],
        "lb_policy": "LEAST_REQUEST",
        "circuit_breakers": { "thresholds": [{
            "max_connections": u32::MAX,
            "max_pending_requests": u32::MAX,
            "max_requests": u32::MAX,
            "max_retries": pool["http"]["maxRetries"],
            "track_remaining": true,
        }] },
        "dns_lookup_family": "V4_ONLY",
        "respect_dns_ttl": true,
        "dns_refresh_rate": "60s",
        "common_lb_config": {},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": endpoint, "load_balancing_weight": 1 }], "load_balancing_weight": 1 }],
        },
        "metadata": { "filter_metadata": { "istio": { "services": [{ "host": host, "name": host }] } } },
    });
    if settings["tls"]["mode"] == "SIMPLE" {
        cluster["transport_socket"] = tls(&settings["tls"], system_ca);
    }
    cluster
}

/// With the system's certificates, which the agent gives by SDS.
fn tls(settings: &Value, system_ca: &Path) -> Value {
    let names = settings["subjectAltNames"].as_array().expect("names");
    let names: Vec<_> = names.iter().map(|name| json!({ "exact": name })).collect();
    let mut context = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": {
            "tls_params": { "tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3" },
            "validation_context": { "trusted_ca": { "filename": system_ca }, "match_subject_alt_names": names },
        },
    });
    if let Some(sni) = settings.get("sni") {
        context["sni"] = sni.clone();
    }
    json!({ "name": "envoy.transport_sockets.tls", "typed_config": context })
}

/// A VirtualService whose routes answer themselves.
fn virtual_host(service: &Value) -> Value {
    let host = service["hosts"][0].as_str().expect("a host");
    let routes = service["http"].as_array().expect("routes").iter().map(|http| {
        let mut direct = Map::new();
        direct.insert("status".to_owned(), http["directResponse"]["status"].clone());
        direct.insert("body".to_owned(), json!({ "inline_string": http["directResponse"]["body"]["string"] }));
        json!({ "name": http["name"], "match": { "prefix": "/" }, "direct_response": direct })
    });
    json!({
        "name": format!("{host}:80"),
        "domains": [host],
        "include_request_attempt_count": true,
        "routes": routes.collect::<Vec<_>>(),
    })
}
