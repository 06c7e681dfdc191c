use super::*;

const DOCUMENT: &str = "
providers:
  openai: { dialect: openai, keys: [{ env: OPENAI_API_KEY }] }
  own: { dialect: openai, endpoint: 'https://gpu.example.com', cluster: httproute/default/gpu/rule/0 }
limits: [{ usd: 1, per: day, alert_at: [1.0] }]
limit_store: { rate_limit_service: ratelimit, address: 'ratelimit.example.com:8081' }
alerts: { webhook: { endpoint: 'https://hooks.example.com', path: { env: WEBHOOK } } }
";

fn edge(image: Option<&str>) -> Edge {
    Edge {
        namespace: "edge".to_owned(),
        gateway: "eg".to_owned(),
        host: "llm.example.com".to_owned(),
        listener: "tcp-80".to_owned(),
        routes: "http-80".to_owned(),
        image: image.map(str::to_owned),
    }
}

fn rendered(yaml: &str, image: Option<&str>) -> Result<Vec<Value>, ConfigError> {
    let document = crate::document::parse(yaml).unwrap();
    envoy_gateway(&document, &Options::new("/etc/tollhouse/plugin.wasm"), &edge(image))
}

fn resources(image: Option<&str>) -> Vec<Value> {
    rendered(DOCUMENT, image).unwrap()
}

fn patches(resources: &[Value], kind: &str) -> Vec<Value> {
    let all = resources.last().unwrap()["spec"]["jsonPatches"].as_array().unwrap();
    all.iter().filter(|patch| patch["type"] == kind).cloned().collect()
}

#[test]
fn patches_are_for_the_names_that_are_given() {
    let resources = resources(None);
    assert!(resources.iter().all(|resource| resource["metadata"]["namespace"] == "edge"));
    assert!(patches(&resources, LISTENER).iter().all(|patch| patch["name"] == "tcp-80"));
    let routes = patches(&resources, ROUTES);
    assert!(routes.iter().all(|patch| patch["name"] == "http-80"));
    assert_eq!(routes[0]["operation"]["jsonPath"], r#"..routes[?(@.name=~"httproute/edge/tollhouse/")]"#);
}

#[test]
fn a_cluster_of_the_operators_is_changed_and_all_others_are_added() {
    let found = patches(&resources(None), CLUSTER);
    let of = |name: &str| -> Vec<String> {
        let of_name = found.iter().filter(|patch| patch["name"] == name);
        of_name.map(|patch| patch["operation"]["path"].as_str().unwrap().to_owned()).collect()
    };
    let changed = ["/per_connection_buffer_limit_bytes", "/circuit_breakers", "/typed_extension_protocol_options"];
    assert_eq!(of("httproute/default/gpu/rule/0"), changed);
    for added in ["openai", "alerts", "ratelimit", "tollhouse_undecided"] {
        assert_eq!(of(added), [""], "{added}");
    }
}

#[test]
fn the_pods_have_the_keys_and_the_file() {
    let resources = resources(Some("oci://registry.example.com/tollhouse:1"));
    let deployment = &resources[0]["spec"]["provider"]["kubernetes"]["envoyDeployment"];
    let names: Vec<_> = deployment["container"]["env"].as_array().unwrap().iter().map(|env| &env["name"]).collect();
    assert_eq!(names, ["OPENAI_API_KEY", "WEBHOOK"]);
    assert_eq!(deployment["container"]["volumeMounts"][0]["mountPath"], "/etc/tollhouse");
    assert_eq!(deployment["pod"]["volumes"][0]["image"]["reference"], "registry.example.com/tollhouse:1");
}

#[test]
fn an_older_envoy_gets_chains_and_room_for_a_body_that_it_counts_twice() {
    let yaml = "max_body: 1MiB
providers: { a: { dialect: openai }, b: { dialect: anthropic } }
models: { m: { targets: [a/x, b/y] } }";
    let of = |version: &str| rendered(&format!("envoy_version: '{version}'\n{yaml}"), None).unwrap();
    let chains = |resources: &[Value]| {
        let all = patches(resources, CLUSTER);
        all.iter().filter(|patch| patch["name"].as_str().unwrap().contains('>')).count()
    };
    let room = |resources: &[Value]| {
        let all = patches(resources, ROUTES);
        let of_buffer = all.iter().find(|patch| patch["operation"]["path"] == "request_body_buffer_limit").unwrap();
        of_buffer["operation"]["value"].as_u64().unwrap() >> 20
    };
    let found = ["1.37", "1.38", "1.39"].map(|version| (chains(&of(version)), room(&of(version))));
    assert_eq!(found, [(2, 4), (2, 2), (0, 2)]);
}

#[test]
fn no_chain_leads_to_a_cluster_of_the_operators() {
    let yaml = "envoy_version: '1.38'
providers: { a: { dialect: openai }, b: { dialect: openai, cluster: httproute/default/b/rule/0 } }
models: { m: { targets: [b/x, a/y] } }";
    let refused = rendered(yaml, None).unwrap_err().to_string();
    assert!(refused.starts_with("providers.b.cluster: found `httproute/default/b/rule/0`, expected none"), "{refused}");
    assert!(rendered(&yaml.replace(", a/y", ""), None).is_ok(), "a model of one cluster needs no chain");
    assert!(rendered(&yaml.replace("1.38", "1.39"), None).is_ok());
}
