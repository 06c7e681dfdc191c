use super::*;

const DOCUMENT: &str = "
providers:
  openai: { dialect: openai, keys: [{ env: OPENAI_API_KEY }], connect_timeout: 250ms }
  other: { dialect: openai, endpoint: 'https://api.openai.com:8443/v1' }
  vllm: { dialect: openai, endpoint: 'http://vllm.models.svc.cluster.local:8000/v1' }
  address: { dialect: openai, endpoint: 'https://[::1]:8443' }
  own: { dialect: openai, endpoint: 'https://gpu.example.com', cluster: 'outbound|443|blue|gpu.example.com' }
limits: [{ usd: 1, per: day, alert_at: [1.0] }]
limit_store: { rate_limit_service: ignored, address: 'ratelimit.example.com:8081' }
alerts: { webhook: { endpoint: 'https://hooks.example.com', path: { env: WEBHOOK } } }
";

fn resources(yaml: &str, image: Option<&str>) -> Vec<Value> {
    let ingress = Ingress {
        namespace: "edge".to_owned(),
        gateway: "gateway".to_owned(),
        labels: [("istio".to_owned(), "ingress".to_owned())].into(),
        host: "llm.example.com".to_owned(),
        image: image.map(str::to_owned),
    };
    let document = crate::document::parse(yaml).unwrap();
    istio(&document, &Options::new("/etc/tollhouse/plugin.wasm"), &ingress).unwrap()
}

fn specs<'a>(resources: &'a [Value], kind: &str) -> Vec<&'a Value> {
    resources.iter().filter(|resource| resource["kind"] == kind).map(|resource| &resource["spec"]).collect()
}

fn patches<'a>(resources: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let all = specs(resources, "EnvoyFilter")[0]["configPatches"].as_array().unwrap();
    all.iter().filter(|patch| patch["applyTo"] == kind).collect()
}

/// Those that change clusters.
fn of_clusters(resources: &[Value]) -> Vec<&Value> {
    let all = patches(resources, "CLUSTER").into_iter();
    all.filter(|patch| patch["patch"]["operation"] == "MERGE").collect()
}

#[test]
fn a_host_is_one_entry_with_all_its_ports() {
    let resources = resources(DOCUMENT, None);
    assert!(resources.iter().all(|resource| resource["metadata"]["namespace"] == "edge"));
    let entries = specs(&resources, "ServiceEntry");
    let ports =
        |host: &str| entries.iter().find(|entry| entry["hosts"][0] == host).map(|entry| entry["ports"].to_string());
    let openai = r#"[{"number":443,"name":"https-443","protocol":"HTTPS"},{"number":8443,"name":"https-8443","protocol":"HTTPS"}]"#;
    assert_eq!(ports("api.openai.com").as_deref(), Some(openai));
    assert!(ports("ratelimit.example.com").unwrap().contains("GRPC"));
    assert!(ports("hooks.example.com").is_some());
    // What Istio knows, or the operator has told it.
    assert_eq!((entries.len(), specs(&resources, "DestinationRule").len()), (4, 4));
}

#[test]
fn an_address_gets_a_name_for_istio_and_keeps_its_certificate() {
    let resources = resources(DOCUMENT, None);
    let at = |spec: &&&Value| {
        spec["hosts"][0] == "address.tollhouse.internal" || spec["host"] == "address.tollhouse.internal"
    };
    let entry = *specs(&resources, "ServiceEntry").iter().find(at).unwrap();
    assert_eq!((&entry["resolution"], &entry["endpoints"]), (&json!("STATIC"), &json!([{ "address": "::1" }])));
    let rule = *specs(&resources, "DestinationRule").iter().find(at).unwrap();
    let tls = &rule["trafficPolicy"]["portLevelSettings"][0]["tls"];
    assert_eq!(*tls, json!({ "mode": "SIMPLE", "subjectAltNames": ["::1"] }));
}

#[test]
fn the_filter_gets_the_names_that_istiod_gives_to_clusters() {
    let resources = resources(DOCUMENT, None);
    let changed: Vec<_> = of_clusters(&resources).iter().map(|patch| &patch["match"]["cluster"]["name"]).collect();
    let expected = [
        "outbound|443|blue|gpu.example.com",
        "outbound|443||api.openai.com",
        "outbound|8000||vllm.models.svc.cluster.local",
        "outbound|8443||address.tollhouse.internal",
        "outbound|8443||api.openai.com",
    ];
    assert_eq!(changed, expected);
    let route = &patches(&resources, "HTTP_ROUTE")[0]["patch"]["value"]["route"];
    let map =
        "/inline_cluster_specifier_plugin/extension/typed_config/cluster_matcher/matcher_tree/exact_match_map/map";
    assert_eq!(route.pointer(map).unwrap().as_object().unwrap().keys().collect::<Vec<_>>(), expected);
    let filter = &patches(&resources, "HTTP_FILTER")[0]["patch"]["value"];
    let document =
        crate::document::parse(filter.pointer("/typed_config/config/configuration/value").unwrap().as_str().unwrap())
            .unwrap();
    assert_eq!(document.providers["openai"].cluster.as_deref(), Some("outbound|443||api.openai.com"));
    assert_eq!(document.limit_store.unwrap().rate_limit_service, "outbound|8081||ratelimit.example.com");
    assert_eq!(document.alerts.unwrap().webhook.cluster(), "outbound|443||hooks.example.com");
}

#[test]
fn only_a_host_that_istiod_looks_up_has_a_second_priority() {
    let resources = resources(DOCUMENT, None);
    let second: Vec<_> = of_clusters(&resources)
        .into_iter()
        .map(|patch| patch["patch"]["value"].get("load_assignment").is_some())
        .collect();
    assert_eq!(second, [false, true, false, false, true]);
}

#[test]
fn a_request_that_is_not_decided_yet_has_a_cluster_without_a_host() {
    let resources = resources(DOCUMENT, None);
    let route = &patches(&resources, "HTTP_ROUTE")[0]["patch"]["value"]["route"];
    let otherwise =
        route.pointer("/inline_cluster_specifier_plugin/extension/typed_config/cluster_matcher/on_no_match");
    let all = patches(&resources, "CLUSTER");
    let added: Vec<_> = all.iter().filter(|patch| patch["patch"]["operation"] == "ADD").collect();
    assert_eq!((added.len(), &added[0]["match"]), (1, &json!({ "context": "GATEWAY" })));
    let cluster = &added[0]["patch"]["value"];
    assert_eq!(otherwise.unwrap()["action"]["typed_config"]["cluster"], cluster["name"]);
    assert!(cluster.get("load_assignment").is_none(), "{cluster}");
}

#[test]
fn an_image_is_discovered_by_both_roles() {
    let resources = resources(DOCUMENT, Some("oci://registry.example.com/tollhouse:1"));
    let code = |patch: &&Value| patch["patch"]["value"].pointer("/typed_config/config/vm_config").cloned().unwrap();
    let vms: Vec<_> = patches(&resources, "EXTENSION_CONFIG").iter().map(code).collect();
    assert_eq!((vms.len(), &vms[0]), (2, &vms[1]));
    assert_eq!(vms[0]["code"]["remote"]["http_uri"]["uri"], "oci://registry.example.com/tollhouse:1");
    assert!(!of_clusters(&resources)[0].to_string().contains("vm_config"));
}

#[test]
fn two_providers_of_one_cluster_must_be_signed_alike() {
    let yaml = "providers:
  a: { dialect: bedrock-converse, keys: [{ aws: { region: us-east-1 } }] }
  b: { dialect: bedrock-converse, endpoint: 'https://bedrock-runtime.us-east-1.amazonaws.com', keys: [{ env: KEY }] }";
    let ingress = Ingress {
        namespace: String::new(),
        gateway: String::new(),
        labels: BTreeMap::new(),
        host: String::new(),
        image: None,
    };
    let refused = istio(&crate::document::parse(yaml).unwrap(), &Options::new("f"), &ingress).unwrap_err();
    assert_eq!(refused.path, "providers.b.cluster");
}
