use super::*;

mod alerts;
mod credentials;
mod identity;
mod limits;
mod policies;
mod store;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn parse(json: &str) -> Result<Config, ConfigError> {
    Config::parse(json.as_bytes(), &|name| (name == "KEY").then(|| "sk-up".to_owned()))
}

fn refused(json: &str, message: &str) {
    assert_eq!(parse(json).unwrap_err().to_string(), message);
}

#[test]
fn an_empty_document_serves_nobody() {
    let config = parse("{}").unwrap();
    assert!(config.clients.is_empty() && config.models.is_empty());
    assert_eq!(config.max_body, 32 << 20);
}

#[test]
fn unknown_fields_and_wrong_types_are_told_with_their_path() {
    let unknown = parse(r#"{"models": {"m": {"targets": [], "timeout": "1s"}}}"#).unwrap_err();
    assert_eq!(unknown.path, "models.m.timeout");
    assert!(unknown.reason.starts_with("unknown field `timeout`, expected one of"), "{unknown}");
    let typed = parse(r#"{"max_body": 5}"#).unwrap_err();
    assert!(typed.to_string().starts_with("max_body: invalid type: integer `5`, expected a size"), "{typed}");
}

#[test]
fn an_endpoint_is_taken_apart() {
    let e = Endpoint::parse("http://vllm.internal:8000/v1/").unwrap();
    assert_eq!((e.tls, e.host.as_str(), e.port, e.path.as_str()), (false, "vllm.internal", 8000, "/v1"));
    assert_eq!(e.authority(), "vllm.internal:8000");
    assert_eq!(Endpoint::parse("https://[::1]:8443").unwrap().authority(), "[::1]:8443");
    assert_eq!(Endpoint::parse("https://api.example.com").unwrap().port, 443);
    for bad in ["api.example.com", "ftp://x", "http://", "http://u:p@x/", "http://x/?q=1", "http://x:0", "http://x:y"] {
        assert!(Endpoint::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn spans_and_sizes_have_units() {
    let spans = |t: &str| serde_json::from_value::<raw::Seconds>(t.into()).map(|s| s.0).ok();
    assert_eq!(spans("250ms"), Some(Duration::from_millis(250)));
    assert_eq!(spans("5m"), Some(Duration::from_secs(300)));
    assert_eq!(spans("5"), None);
    assert_eq!(spans("s"), None);
    let sizes = |t: &str| serde_json::from_value::<raw::ByteSize>(t.into()).map(|s| s.0).ok();
    assert_eq!(sizes("32MiB"), Some(32 << 20));
    assert_eq!(sizes("7"), Some(7));
    assert_eq!(sizes("7MB"), None);
}

#[test]
fn clients_refer_to_models_that_exist() {
    let digest = "0".repeat(64);
    refused(
        &format!(r#"{{"clients": [{{"name": "a", "key_sha256": "{digest}", "models": ["gone"]}}]}}"#),
        "clients[0].models[0]: found `gone`, expected a model of this document, `provider/model`, `provider/*` or `*`",
    );
    refused(
        r#"{"clients": [{"name": "a", "key_sha256": "abc", "models": []}]}"#,
        "clients[0].key_sha256: expected 64 hexadecimal digits",
    );
    refused(
        &format!(r#"{{"clients": [{{"name": "a", "key_sha256": "{digest}", "models": [], "expires": "soon"}}]}}"#),
        "clients[0].expires: found `soon`, expected a date such as 2027-01-31 or 2027-01-31T12:00:00Z",
    );
}

#[test]
fn a_model_needs_targets_of_known_providers() {
    refused(
        r#"{"models": {"m": {"targets": []}}}"#,
        "models.m.targets: found none, expected at least one `provider/model`",
    );
    refused(
        r#"{"models": {"m": {"targets": ["nowhere/x"]}}}"#,
        "models.m.targets[0]: found `nowhere/x`, expected `provider/model` with a provider of this document ()",
    );
}

#[test]
fn requests_that_envoy_signs_have_no_key_here() {
    let with =
        |dialect: &str, keys: &str| format!(r#"{{"providers":{{"b":{{"dialect":"{dialect}","keys":[{keys}]}}}}}}"#);
    let aws = r#"{"aws":{"region":"eu-west-1"}}"#;
    let config = parse(&with("bedrock-converse", aws)).unwrap();
    assert!(config.providers["b"].credentials == Credentials::Signature);
    refused(
        &with("bedrock-converse", &format!(r#"{aws},{{"value":"k"}}"#)),
        "providers.b.keys[0].aws: expected no other key beside it: Envoy puts one in for each provider",
    );
    refused(
        &with("bedrock-anthropic", r#"{"aws":{"region":"x"},"value":"k"}"#),
        "providers.b.keys[0]: expected one of `env`, `file`, `sds`, `value` and `aws`",
    );
    refused(&with("openai", aws), "providers.b.keys[0].aws: found `openai`, expected a dialect of Bedrock");
    refused(
        &with("bedrock-converse", r#"{"aws":{"region":"EU West"}}"#),
        "providers.b.keys[0].aws.region: found `EU West`, expected a region such as `us-east-1`",
    );
}

#[test]
fn a_dialect_without_an_address_of_its_own_needs_an_endpoint() {
    refused(
        r#"{"providers": {"az": {"dialect": "azure-openai"}}}"#,
        "providers.az.endpoint: found none, expected a URL: every account of `azure-openai` has its own",
    );
    let config = parse(
        r#"{"providers": {"az": {"dialect": "azure-openai", "endpoint": "https://res.openai.azure.com",
            "api_version": "2024-10-21"}}}"#,
    );
    assert_eq!(config.unwrap().providers["az"].settings.api_version.as_deref(), Some("2024-10-21"));
}

/// Where requests to this provider go: authority, path, project and location.
fn place(provider: &str) -> [String; 4] {
    let config = parse(&format!(r#"{{"providers": {{"p": {provider}}}}}"#)).unwrap();
    let provider = &config.providers["p"];
    let setting = |value: &Option<String>| value.clone().unwrap_or_default();
    let settings = &provider.settings;
    [provider.authority.clone(), provider.base_path.clone(), setting(&settings.project), setting(&settings.location)]
}

#[test]
fn vertex_has_a_project_and_a_host_in_each_location() {
    let vertex = |more: &str| place(&format!(r#"{{"dialect": "vertex-gemini", "project": "p" {more}}}"#));
    assert_eq!(vertex(""), ["aiplatform.googleapis.com", "/v1", "p", ""]);
    assert_eq!(vertex(r#","location":"global""#), ["aiplatform.googleapis.com", "/v1", "p", "global"]);
    assert_eq!(vertex(r#","location":"eu""#), ["aiplatform.eu.rep.googleapis.com", "/v1", "p", "eu"]);
    let host = "europe-west4-aiplatform.googleapis.com";
    assert_eq!(vertex(r#","location":"europe-west4""#), [host, "/v1", "p", "europe-west4"]);
    let endpoint = format!(r#","endpoint":"https://{host}/v1beta1""#);
    assert_eq!(vertex(&endpoint), [host, "/v1beta1", "p", "europe-west4"]);
    let proxy = r#"{"dialect": "vertex-anthropic", "endpoint": "http://proxy/v1/projects/x/locations/us-east5"}"#;
    assert_eq!(place(proxy), ["proxy", "/v1", "x", "us-east5"]);
    refused(
        r#"{"providers": {"v": {"dialect": "vertex-anthropic", "location": "us-east5"}}}"#,
        "providers.v.project: found none, expected the project, which is part of every address",
    );
    refused(
        r#"{"providers": {"v": {"dialect": "vertex-gemini", "project": "p", "location": "evil.example/"}}}"#,
        "providers.v.location: found `evil.example/`, expected `global` or a region such as `us-central1`",
    );
}

#[test]
fn requests_that_are_signed_for_a_region_go_to_it() {
    let bedrock = |more: &str| {
        place(&format!(r#"{{"dialect": "bedrock-converse", "keys": [{{"aws": {{"region": "eu-west-1"}}}}] {more}}}"#))
    };
    assert_eq!(bedrock("")[0], "bedrock-runtime.eu-west-1.amazonaws.com");
    assert_eq!(bedrock(r#","endpoint":"https://vpce.example""#)[0], "vpce.example");
}

#[test]
fn keys_that_nobody_has_are_allowed_at_least_once_for_some_time() {
    let allowed = parse(r#"{"failed_keys": {"most": 20, "within": "1m"}}"#).unwrap().failed_keys.unwrap();
    assert_eq!((allowed.most, allowed.within), (20, Duration::from_secs(60)));
    refused(r#"{"failed_keys": {"most": 0, "within": "1m"}}"#, "failed_keys.most: found `0`, expected at least 1");
    refused(
        r#"{"failed_keys": {"most": 1, "within": "0s"}}"#,
        "failed_keys.within: found `no time`, expected a time such as `1m`",
    );
}
