#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn with(webhook: &str) -> String {
    format!(r#"{{ "alerts": {{ "webhook": {webhook} }} }}"#)
}

#[test]
fn a_webhook_is_an_address_and_a_secret() {
    let document = with(r#"{ "endpoint": "https://hooks.example.com:8443", "path": { "value": "/services/canary" } }"#);
    let config = parse(&document).unwrap();
    let webhook = config.webhook.as_deref().unwrap();
    assert_eq!((webhook.cluster.as_str(), webhook.scheme), ("alerts", "https"));
    assert_eq!((webhook.authority.as_str(), webhook.path.as_str()), ("hooks.example.com:8443", "/services/canary"));
    assert!(!format!("{config:?}").contains("canary"));
    let raw = document_of(&document);
    assert!(!format!("{raw:?}").contains("canary"));
    let path =
        parse_with(&with(r#"{ "endpoint": "http://h", "path": { "env": "HOOK" }, "cluster": "chat" }"#), "/x?y=z");
    assert_eq!(
        path.unwrap().webhook.map(|webhook| (webhook.cluster.clone(), webhook.path.clone())),
        Some(("chat".into(), "/x?y=z".into()))
    );
}

fn document_of(json: &str) -> raw::Document {
    document(json.as_bytes()).unwrap()
}

fn parse_with(json: &str, hook: &str) -> Result<Config, ConfigError> {
    Config::parse(json.as_bytes(), &|name| (name == "HOOK").then(|| hook.to_owned()))
}

#[test]
fn what_is_no_webhook_is_refused_without_its_secret() {
    let says = |webhook: &str, message: &str| refused(&with(webhook), message);
    let path = r#""path": { "value": "/x" }"#;
    says(
        &format!(r#"{{ "endpoint": "https://h/services/canary", {path} }}"#),
        "alerts.webhook.endpoint: expected a URL without a path: that is a secret, and stands in `path`",
    );
    says(
        &format!(r#"{{ "endpoint": "https://h?canary", {path} }}"#),
        "alerts.webhook.endpoint: expected a URL such as https://hooks.slack.com",
    );
    says(r#"{ "endpoint": "https://h", "path": {} }"#, "alerts.webhook.path: expected one of `env` and `value`");
    says(
        r#"{ "endpoint": "https://h", "path": { "env": "NONE" } }"#,
        "alerts.webhook.path: the environment variable `NONE` is not set for Envoy, expected the secret in it",
    );
    for bad in ["services/canary", "/a canary", "/a\ncanary", ""] {
        let json = with(r#"{ "endpoint": "https://h", "path": { "env": "HOOK" } }"#);
        let message = parse_with(&json, bad).unwrap_err().to_string();
        assert!(message.starts_with("alerts.webhook.path: ") && !message.contains("canary"), "{message}");
    }
}
