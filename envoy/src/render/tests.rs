use super::*;

const DOCUMENT: &str = "
providers:
  openai: { dialect: openai, keys: [{ env: OPENAI_API_KEY }] }
  anthropic: { dialect: anthropic, keys: [{ env: ANTHROPIC_API_KEY }], connect_timeout: 250ms }
  vllm: { dialect: openai, endpoint: 'http://vllm.internal:8000/v1', cluster: onprem }
  local: { dialect: openai, endpoint: 'https://[::1]:8443' }
models:
  tier: { targets: [anthropic/claude-sonnet-4-6, openai/gpt-5-mini, vllm/llama] }
max_body: 4MiB
";

fn document(yaml: &str) -> Document {
    crate::document::parse(yaml).unwrap()
}

fn options() -> Options {
    let mut options = Options::new("/etc/tollhouse/tollhouse_filter.wasm");
    options.ca = "/etc/ssl/certs/ca-certificates.crt".into();
    options
}

fn refused(yaml: &str) -> String {
    bootstrap(&document(yaml), &options()).unwrap_err().to_string()
}

#[test]
fn a_bootstrap_is_whole_and_always_the_same() {
    let document = document(DOCUMENT);
    let yaml = to_yaml(&bootstrap(&document, &options()).unwrap()).unwrap();
    assert_eq!(yaml, to_yaml(&bootstrap(&document, &options()).unwrap()).unwrap());
    insta::assert_snapshot!("bootstrap", yaml);
}

#[test]
fn what_a_document_decides_is_in_the_watched_files_alone() {
    let options = Options { discovery: Discovery::Folder("/run/tollhouse".into()), ..options() };
    let fixed = bootstrap(&document(DOCUMENT), &options).unwrap().to_string();
    assert!(!fixed.contains("claude") && !fixed.contains("onprem"), "{fixed}");
    let parts = files(&document(DOCUMENT), &options).unwrap();
    assert_eq!(parts.each_ref().map(|part| &*part.file), [CLUSTERS, ROUTES, FILTER]);
    for part in &parts {
        assert!(fixed.contains(&format!("/run/tollhouse/{}", part.file)));
        assert_eq!(part.content["version_info"].as_str().unwrap().len(), 16);
    }
    assert_eq!(files(&document(DOCUMENT), &options).unwrap(), parts);
}

#[test]
fn a_control_plane_is_all_that_a_bootstrap_for_it_knows() {
    let at = tollhouse_filter::config::sds_address("xds.internal:18000").unwrap();
    let probes = Some(([127, 0, 0, 1], 8081).into());
    let options = Options { discovery: Discovery::Ads(at), probes, ..options() };
    let fixed = bootstrap(&document(DOCUMENT), &options).unwrap();
    assert!(!fixed.to_string().contains("claude") && !fixed.to_string().contains("onprem"), "{fixed}");
    let clusters = fixed["static_resources"]["clusters"].as_array().unwrap();
    assert_eq!(clusters.iter().map(|cluster| &cluster["name"]).collect::<Vec<_>>(), ["tollhouse_probes", "xds"]);
    let mut sources = Vec::new();
    find(&fixed, "ads", &mut sources);
    assert_eq!(sources.len(), 3, "clusters, routes and the filter");
}

#[test]
fn watched_files_are_written() {
    let folder = tempfile::tempdir().unwrap();
    write_dynamic(folder.path(), &document(DOCUMENT), &options()).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [CLUSTERS, FILTER, ROUTES]);
}

/// All objects named `name`, wherever they are.
fn find<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            if key == name {
                found.push(value);
            }
            find(value, name, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| find(item, name, found)),
        _ => {}
    }
}

#[test]
fn both_roles_share_one_vm() {
    let config = bootstrap(&document(DOCUMENT), &options()).unwrap();
    let mut vms = Vec::new();
    find(&config, "vm_config", &mut vms);
    assert_eq!(vms.len(), 5);
    assert!(vms.iter().all(|vm| *vm == vms[0]));
    let env = &vms[0]["environment_variables"]["host_env_keys"];
    assert_eq!(*env, json!(["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]));
}

#[test]
fn what_only_envoy_minds_is_refused_too() {
    assert_eq!(
        refused("listen: here"),
        "listen: found `here`, expected an IP address and a port such as 127.0.0.1:10000"
    );
    assert_eq!(
        refused("admin: 'localhost:1'"),
        "admin: found `localhost:1`, expected an IP address and a port such as 127.0.0.1:9901"
    );
    let two = |port| {
        format!(
            "providers:\n  a: {{dialect: openai, endpoint: 'http://x:1/v1'}}\n  b: {{dialect: openai, endpoint: 'http://x:{port}/v2', cluster: a}}"
        )
    };
    assert_eq!(
        refused(&two(2)),
        "providers.b.cluster: found `a`, expected a cluster that no provider of another host has (`a` has it)"
    );
    assert!(bootstrap(&document(&two(1)), &options()).is_ok());
}

/// The hand-written example says what a rendered one says, field by field.
#[test]
fn the_hand_written_bootstrap_is_what_is_rendered() {
    let text = include_str!("../../bootstrap.yaml");
    let mut by_hand: Value = serde_saphyr::from_str(text).unwrap();
    let mut found = Vec::new();
    find(&by_hand, "configuration", &mut found);
    let document = document(found[0]["value"].as_str().unwrap());
    let mut rendered = bootstrap(&document, &options()).unwrap();
    for config in [&mut by_hand, &mut rendered] {
        read_configurations(config);
    }
    assert_eq!(by_hand, rendered);
}

/// Turns plugin configurations from JSON text into what it says; spaces do not matter.
fn read_configurations(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| match value.pointer_mut("/value") {
            Some(text) if key == "configuration" => *text = serde_json::from_str(text.as_str().unwrap()).unwrap(),
            _ => read_configurations(value),
        }),
        Value::Array(items) => items.iter_mut().for_each(read_configurations),
        _ => {}
    }
}

#[test]
fn only_requests_to_bedrock_are_signed_and_after_they_are_written() {
    let document = document(
        "providers:
  bedrock: { dialect: bedrock-converse, keys: [{ aws: { region: eu-west-1 } }] }
  token: { dialect: bedrock-converse, keys: [{ env: BEDROCK_KEY }] }",
    );
    let clusters = super::cluster::all(&document, &options()).unwrap();
    let filters = |cluster: &Value| -> Vec<String> {
        let options = &cluster["typed_extension_protocol_options"];
        let filters = &options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]["http_filters"];
        filters.as_array().unwrap().iter().map(|filter| filter["name"].as_str().unwrap().to_owned()).collect()
    };
    let (signed, bare) = (filters(&clusters[0]), filters(&clusters[1]));
    assert_eq!(signed[1..], ["envoy.filters.http.aws_request_signing", "envoy.filters.http.upstream_codec"]);
    assert_eq!(bare[1..], signed[2..]);
    assert!(clusters[0].to_string().contains("bedrock-runtime.eu-west-1.amazonaws.com"), "the region's own host");
    let shared = "providers:
  a: { dialect: bedrock-converse, cluster: c, keys: [{ aws: { region: us-east-1 } }] }
  b: { dialect: bedrock-converse, cluster: c, keys: [{ env: BEDROCK_KEY }] }";
    assert!(refused(shared).contains("other credentials"), "{}", refused(shared));
}

const INJECTED: &str = "
sds: { cluster: secrets, address: 'unix:/run/sds.sock' }
providers:
  openai: { dialect: openai, keys: [{ file: /run/secrets/openai }] }
  anthropic: { dialect: anthropic, keys: [{ file: /run/secrets/anthropic }] }
  azure: { dialect: azure-openai, endpoint: 'https://r.openai.azure.com', keys: [{ sds: azure }] }
  gemini: { dialect: gemini, cluster: 'out|443||google', keys: [{ sds: google }] }
";

fn injectors(config: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    find(config, "credential", &mut found);
    found.into_iter().filter_map(|credential| credential.get("typed_config")).collect()
}

#[test]
fn secrets_are_put_in_as_each_provider_wants_its_key() {
    let config = bootstrap(&document(INJECTED), &options()).unwrap();
    let all = injectors(&config);
    let shown = |i: &Value| format!("{} {}{}", i["header"], i["header_value_prefix"], i["credential"]["name"]);
    assert_eq!(
        all.iter().map(|i| shown(i).replace('"', "")).collect::<Vec<_>>(),
        ["x-api-key anthropic", "api-key azure", "authorization Bearer openai", "x-goog-api-key google"]
    );
    let at = "/credential/sds_config/path_config_source/path";
    assert_eq!(all[2].pointer(at), Some(&json!("/etc/tollhouse/secret-openai.json")));
    let server = "/credential/sds_config/api_config_source/grpc_services/0/envoy_grpc/cluster_name";
    assert_eq!(all[1].pointer(server), Some(&json!("secrets")));
    let mut chains = Vec::new();
    find(&config, "http_filters", &mut chains);
    let names = |chain: &Value| -> Vec<_> {
        chain.as_array().unwrap().iter().map(|filter| filter["name"].as_str().unwrap().to_owned()).collect()
    };
    let expected = [PROVIDER, "envoy.filters.http.credential_injector", "envoy.filters.http.upstream_codec"];
    assert_eq!(names(chains[1]), expected, "the filter never sees the key");
    let pipe =
        config.pointer("/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address");
    assert_eq!(pipe, Some(&json!({ "pipe": { "path": "/run/sds.sock" } })));
}

#[test]
fn keys_that_are_files_come_by_files_that_say_where_they_are() {
    let parts = secrets(&document(INJECTED)).unwrap();
    assert_eq!(
        parts.iter().map(|part| &*part.file).collect::<Vec<_>>(),
        ["secret-anthropic.json", "secret-openai.json"]
    );
    let secret = &parts[1].content["resources"][0];
    assert_eq!(secret["name"], "openai");
    let source = json!({ "filename": "/run/secrets/openai", "watched_directory": { "path": "/run/secrets" } });
    assert_eq!(secret["generic_secret"]["secret"], source);
    let odd = INJECTED.replace("sds: google", "file: /g");
    let odd = secrets(&document(&odd)).unwrap();
    assert_eq!(odd[2].file, "secret-out%7c443%7c%7cgoogle.json");
}

#[test]
fn providers_of_one_cluster_have_one_credential_of_envoy() {
    let two = |a: &str, b: &str| {
        format!(
            "sds: {{ cluster: s }}
providers:
  a: {{ dialect: openai, cluster: c, keys: [{a}] }}
  b: {{ dialect: openai, cluster: c, keys: [{b}] }}"
        )
    };
    assert!(bootstrap(&document(&two("{ file: /k }", "{ file: /k }")), &options()).is_ok());
    for (a, b) in [("{ file: /k }", "{ file: /l }"), ("{ sds: k }", "{ env: K }"), ("", "{ sds: k }")] {
        let error = refused(&two(a, b));
        assert!(error.starts_with("providers.b.cluster") && error.contains("other credentials of Envoy"), "{error}");
    }
}

#[test]
fn the_store_of_limits_has_a_cluster_that_speaks_http2() {
    let with = |store: &str| document(&format!("{DOCUMENT}limit_store: {{ {store} }}"));
    let of_store = |store: &str| super::cluster::all(&with(store), &options()).unwrap().pop().unwrap();
    let cluster = of_store("rate_limit_service: rls, address: 'ratelimit.internal:8081'");
    assert_eq!(
        (&cluster["name"], &cluster["cluster_type"]["name"]),
        (&json!("rls"), &json!("envoy.cluster.strict_dns"))
    );
    let address = cluster.pointer("/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address");
    assert_eq!(address, Some(&json!({ "address": "ratelimit.internal", "port_value": 8081 })));
    let protocol =
        &cluster["typed_extension_protocol_options"]["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
    assert!(protocol["explicit_http_config"]["http2_protocol_options"].is_object(), "{protocol}");
    assert_eq!(of_store("rate_limit_service: rls, address: '10.0.0.1:8081'")["type"], "STATIC");
    // Without an address it is the operator's own.
    assert_ne!(of_store("rate_limit_service: rls")["name"], "rls");
    let taken = bootstrap(&with("rate_limit_service: onprem, address: 'r:1'"), &options()).unwrap_err().to_string();
    let expected = "found `onprem`, expected a cluster that no provider has (`vllm` has it)";
    assert_eq!(taken, format!("limit_store.rate_limit_service: {expected}"));
}

#[test]
fn the_webhook_has_a_cluster_of_its_own_where_no_caller_gets() {
    let yaml = "providers:\n  openai: { dialect: openai }
alerts: { webhook: { endpoint: 'https://hooks.slack.com', path: { env: SLACK_WEBHOOK_PATH } } }";
    let config = bootstrap(&document(yaml), &options()).unwrap();
    let clusters = config["static_resources"]["clusters"].as_array().unwrap();
    assert_eq!(
        clusters.iter().map(|cluster| cluster["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["alerts", "openai", "tollhouse_undecided"]
    );
    let tls = &clusters[0]["transport_socket"]["typed_config"];
    assert_eq!(tls["sni"], "hooks.slack.com");
    let names = &tls["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"];
    assert_eq!(*names, json!([{ "san_type": "DNS", "matcher": { "exact": "hooks.slack.com" } }]));
    assert!(!clusters[0].to_string().contains("tollhouse"), "{}", clusters[0]);
    let mut routes = Vec::new();
    find(&config, "map", &mut routes);
    assert_eq!(routes[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["openai"]);
    let mut env = Vec::new();
    find(&config, "host_env_keys", &mut env);
    assert_eq!(*env[0], json!(["SLACK_WEBHOOK_PATH"]));
    let taken = yaml.replace("path: {", "cluster: openai, path: {");
    assert_eq!(
        refused(&taken),
        "alerts.webhook.cluster: found `openai`, expected a cluster that no provider has (`openai` has it)"
    );
}

#[test]
fn an_older_envoy_gets_a_chain_for_each_order_of_attempts() {
    let old = format!("envoy_version: '1.37'\n{DOCUMENT}");
    let config = bootstrap(&document(&old), &options()).unwrap();
    let clusters = config["static_resources"]["clusters"].as_array().unwrap();
    let by_name = |name: &str| clusters.iter().find(|cluster| cluster["name"] == name).unwrap();
    // And one for requests that are not decided yet.
    assert_eq!(clusters.len(), 4 + 12 + 1);
    let chain = by_name("onprem>openai>anthropic");
    let followed = &chain["cluster_type"]["typed_config"]["clusters"];
    assert_eq!(*followed, json!([{ "name": "onprem" }, { "name": "openai" }, { "name": "anthropic" }]));
    let filters = |cluster: &Value| {
        let mut found = Vec::new();
        find(cluster, "http_filters", &mut found);
        found[0].clone()
    };
    assert_eq!(filters(chain), filters(by_name("openai")));
    let mut hosts = Vec::new();
    find(by_name("onprem"), "filter_metadata", &mut hosts);
    assert_eq!(hosts, [&json!({ "tollhouse": { "cluster": "onprem" } }); 2], "where nobody listens, too");
    assert_eq!(by_name("openai")["transport_socket"]["typed_config"]["sni"], "api.openai.com");

    let mut routes = Vec::new();
    find(&config, "map", &mut routes);
    assert_eq!(routes[0].as_object().unwrap().len(), 4 + 12);
    assert!(!config.to_string().contains("refresh_cluster_on_retry"));
    let tags = config["stats_config"]["stats_tags"].as_array().unwrap();
    assert!(tags.iter().any(|tag| tag["tag_name"] == "loaded_by"), "metrics have the names that they have later");
    let mut configurations = Vec::new();
    find(&config, "configuration", &mut configurations);
    let told = |config: &&&Value| config["value"].as_str().unwrap().contains("envoy_version");
    assert_eq!(configurations.iter().filter(told).count(), 1, "the gateway role knows");
}

#[test]
fn a_request_that_the_filter_has_not_seen_goes_nowhere() {
    let config = bootstrap(&document(DOCUMENT), &options()).unwrap();
    let mut otherwise = Vec::new();
    find(&config, "on_no_match", &mut otherwise);
    let name = &otherwise[0]["action"]["typed_config"]["cluster"];
    let clusters = config["static_resources"]["clusters"].as_array().unwrap();
    let cluster = clusters.iter().find(|cluster| cluster["name"] == *name).unwrap();
    assert!(cluster.get("load_assignment").is_none(), "{cluster}");
    assert_eq!(
        refused("providers: { a: { dialect: openai, cluster: tollhouse_undecided } }"),
        "providers.a.cluster: found `tollhouse_undecided`, expected another name: this cluster has no hosts"
    );
}
