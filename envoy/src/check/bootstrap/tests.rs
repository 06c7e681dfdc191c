use std::fs;
use std::path::Path;

use tollhouse_filter::time::Timestamp;

use super::bootstrap;

fn by_hand() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("bootstrap.yaml")).unwrap()
}

/// What is found where something stands in the place of something good.
fn found(good: &str, odd: &str) -> (Vec<String>, Vec<String>) {
    let text = by_hand();
    assert!(text.contains(good), "{good}");
    let found = bootstrap(&text.replacen(good, odd, 1), None, Timestamp::parse("2026-06-01").unwrap()).unwrap();
    (found.errors.iter().map(ToString::to_string).collect(), found.warnings.iter().map(ToString::to_string).collect())
}

const MANAGER: &str = "static_resources.listeners[0].filter_chains[0].filters[0].typed_config";
const HOST: &str = "            - name: tollhouse\n";
const ROUTE: &str = "              - match: { prefix: / }\n";

/// With this metadata on the route.
fn routed(metadata: &str) -> (Vec<String>, Vec<String>) {
    with(&format!("metadata: {{ filter_metadata: {{ tollhouse: {metadata} }} }}"))
}

/// With a field more on the route.
fn with(field: &str) -> (Vec<String>, Vec<String>) {
    found(ROUTE, &format!("{ROUTE}                {field}\n"))
}

fn fine() -> (Vec<String>, Vec<String>) {
    (Vec::new(), Vec::new())
}

#[test]
fn the_bootstrap_by_hand_is_fine() {
    assert_eq!(found(HOST, HOST), fine());
}

#[test]
fn wrong_metadata_is_told_with_its_path() {
    let at = format!("{MANAGER}.route_config.virtual_hosts[0].routes[0].metadata.filter_metadata.tollhouse");
    let wrong = |reason: &str| (vec![format!("{at}{reason}")], Vec::new());
    assert_eq!(routed("{ models: [chat], timeouts: { total: 5s } }"), fine());
    assert_eq!(routed("{ policy: none }"), wrong(".policy: found `none`, expected a policy of the document ()"));
    assert_eq!(
        routed("{ models: [chat, dear] }"),
        wrong(".models[1]: found `dear`, expected a model of this document, `provider/model`, `provider/*` or `*`")
    );
    assert_eq!(routed("{ enabled: 1 }"), wrong(".enabled: invalid type: integer `1`, expected a boolean"));
}

#[test]
fn metadata_that_nobody_reads_is_told() {
    let metadata = "metadata: { filter_metadata: { tollhouse: { enabled: true } } }";
    let off = "typed_per_filter_config: { tollhouse_gateway: { disabled: true } }";
    let (errors, _) = with(&format!("{metadata}\n                {off}"));
    let at = format!("{MANAGER}.route_config.virtual_hosts[0].routes[0].metadata.filter_metadata.tollhouse");
    assert_eq!(errors, [format!("{at}: nobody reads it: the gateway role is disabled here")]);
    assert_eq!(with("typed_per_filter_config: { tollhouse_gateway: { config: {} } }"), fine());
    let both = format!("{off}\n              - match: {{ prefix: /other }}\n                {metadata}");
    assert_eq!(with(&both), fine(), "one of two routes");
}

#[test]
fn a_route_that_is_none_of_ours_may_not_lead_to_a_provider() {
    let metadata = "metadata: { filter_metadata: { tollhouse: { enabled: false } } }";
    let route = |cluster: &str| {
        let leads = format!("route: {{ cluster: {cluster} }}\n              - match: {{ prefix: /rest }}");
        with(&format!("{metadata}\n                {leads}")).0
    };
    let at = format!("{MANAGER}.route_config.virtual_hosts[0].routes[0].route.cluster");
    let why = "`openai` has the provider role, which refuses what the gateway role has not let in";
    assert_eq!((route("openai"), route("shop")), (vec![format!("{at}: {why}")], Vec::new()));
}

#[test]
fn documents_in_it_are_checked() {
    let (errors, _) = found("anthropic/claude-sonnet-4-6", "antropic/claude");
    let at = format!("{MANAGER}.http_filters[0].typed_config.config.configuration: models.chat.targets[0]");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with(&format!("{at}: found `antropic/claude`, expected")), "{errors:?}");
    let (_, warnings) = found("\"models\": [\"chat\"]", "\"models\": [\"chat\"], \"disabled\": true");
    assert!(warnings[0].ends_with("configuration: clients[0].disabled: its key is refused"), "{warnings:?}");
}

#[test]
fn roles_that_cannot_work_are_told() {
    let (errors, _) = found("allow_on_headers_stop_iteration: true", "allow_on_headers_stop_iteration: false");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("allow_on_headers_stop_iteration: expected `true`"), "{errors:?}");
    let (_, warnings) = found("failure_policy: FAIL_RELOAD", "failure_policy: FAIL_CLOSED");
    assert!(warnings[0].contains("failure_policy: expected `FAIL_RELOAD`"), "{warnings:?}");
    let (errors, _) = found("  - name: anthropic\n", "  - name: elsewhere\n");
    assert_eq!(errors, ["static_resources.clusters: found no cluster `anthropic`, which `anthropic` needs"]);
    let (errors, _) = found("name: tollhouse_gateway\n            typed_config", "name: x\n            typed_config");
    assert_eq!(errors, [""; 0], "a filter's own name is free");
}

#[test]
fn buffers_that_are_too_small_for_the_largest_body_are_told() {
    let listener = "    per_connection_buffer_limit_bytes: 34603008\n";
    let small = "found 32KiB, expected 33MiB, one more than `max_body`: Envoy itself refuses larger requests";
    let (errors, warnings) = found(listener, "    per_connection_buffer_limit_bytes: 32768\n");
    let path = "static_resources.listeners[0].per_connection_buffer_limit_bytes";
    assert_eq!((errors, warnings), (Vec::new(), vec![format!("{path}: {small}")]));
    let (_, warnings) = found(listener, "");
    assert!(
        warnings[0].starts_with(&format!("{path}: found 1MiB, expected 33MiB")),
        "Envoy's own default: {warnings:?}"
    );
    let (_, warnings) = found("request_body_buffer_limit: 34603008", "request_body_buffer_limit: \"65536\"");
    assert!(
        warnings[0]
            .starts_with(&format!("{MANAGER}.route_config.virtual_hosts[0].request_body_buffer_limit: found 64KiB")),
        "{warnings:?}"
    );
    let text = by_hand();
    let (before, clusters) = text.split_once("\n  clusters:").unwrap();
    let text = format!("{before}\n  clusters:{}", clusters.replacen(listener, "", 1));
    let found = bootstrap(&text, None, Timestamp::parse("2026-06-01").unwrap()).unwrap();
    let told = found.warnings[0].to_string();
    assert!(told.starts_with("static_resources.clusters[0].per_connection_buffer_limit_bytes: found 1MiB"), "{told}");
}

#[test]
fn filters_that_come_too_late_are_told() {
    let router = "          - name: envoy.filters.http.router\n";
    let cors = "          - name: cors\n            typed_config: { \"@type\": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors }\n";
    let (_, warnings) = found(router, &format!("{cors}{router}"));
    let why = "expected it before the gateway role: its preflights have no key and are refused before it";
    assert_eq!(warnings, [format!("{MANAGER}.http_filters[1]: {why}")]);
}

/// With an identity in the document and a `jwt_authn` before the gateway role.
fn identified(identity: &str, verifier: &str) -> (Vec<String>, Vec<String>) {
    let clients = "\"clients\": [";
    let client = r#"{ "name": "people", "models": ["*"], "identity": { "by": "staff" } },"#;
    let known =
        format!("\"identity\": [{{ \"name\": \"staff\", {identity} }}],\n                      {clients}{client}");
    let filters = "          http_filters:\n";
    let kind = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
    let filter = format!("          - {{ name: jwt, typed_config: {{ \"@type\": {kind}, {verifier} }} }}\n");
    let chain = "    filter_chains:\n    - filters:";
    let named = "    filter_chains:\n    - name: public\n      filters:";
    let text = by_hand().replacen(chain, named, 1).replacen(clients, &known, 1).replacen(
        filters,
        &format!("{filters}{filter}"),
        1,
    );
    let found = bootstrap(&text, None, Timestamp::parse("2026-06-01").unwrap()).unwrap();
    (found.errors.iter().map(ToString::to_string).collect(), found.warnings.iter().map(ToString::to_string).collect())
}

#[test]
fn claims_that_nobody_writes_are_told() {
    let token = r#""jwt": { "payload": "okta" }, "user": "email""#;
    assert_eq!(identified(token, "providers: { a: { payload_in_metadata: okta } }"), fine());
    let (_, warnings) = identified(token, "providers: { a: { payload_in_metadata: other } }");
    let reason = "with `payload_in_metadata: okta`, which the identity `staff` reads";
    assert_eq!(warnings, [format!("{MANAGER}.http_filters: found no `jwt_authn` before the gateway role {reason}")]);
    let elsewhere = r#""jwt": { "payload": "okta", "namespace": "another.filter" }, "user": "email""#;
    assert_eq!(identified(elsewhere, "providers: {}"), fine());
}

#[test]
fn headers_that_callers_can_write_where_no_rule_holds_are_told() {
    let header = r#""headers": { "trust": { "all": true } }, "user": "x-claim-email""#;
    let verifier = |copied: &str, path: &str| {
        let provider = format!("a: {{ claim_to_headers: [{{ header_name: {copied}, claim_name: email }}] }}");
        let rule = format!("{{ match: {{ {path} }}, requires: {{ provider_name: a }} }}");
        identified(header, &format!("providers: {{ {provider} }}, rules: [{rule}]"))
    };
    assert_eq!(verifier("X-Claim-Email", "prefix: /"), fine());
    assert_eq!(verifier("x-another", "prefix: /v1"), fine());
    let (_, warnings) = verifier("X-Claim-Email", "prefix: /v1");
    assert!(
        warnings[0].starts_with(&format!("{MANAGER}.http_filters[0].typed_config.rules: expected a rule")),
        "{warnings:?}"
    );
}

#[test]
fn filter_chains_that_are_not_there_are_told() {
    let trusted = |chain: &str| {
        let trust = format!(r#"{{ "filter_chains": ["{chain}"] }}"#);
        identified(&format!(r#""headers": {{ "trust": {trust} }}, "user": "x-email""#), "providers: {}")
    };
    assert_eq!(trusted("public"), fine());
    let reason = "found no filter chain `portal`, which the identity `staff` trusts";
    assert_eq!(trusted("portal").0, [format!("static_resources.listeners: {reason}")]);
}

#[test]
fn a_bootstrap_without_the_filter_is_told() {
    let none = bootstrap("static_resources: { listeners: [] }", None, Timestamp(0)).unwrap();
    assert_eq!(none.errors.len(), 1);
    assert!(bootstrap("a: [", None, Timestamp(0)).is_err());
}
