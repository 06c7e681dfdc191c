//! The examples, with keys, tokens and certificates made here.

use std::path::Path;

use integration::caller::Call;
use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::Document;

use super::gate::{self, Gate};
use crate::issuer::Issuer;
use crate::pki::Authority;

pub(super) const KEY: &str = "sk-th-of-the-example-c0ffee";

fn read(example: &str, file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join("examples").join(example).join(file)).unwrap()
}

/// Only keys and addresses are others.
pub(super) fn document(example: &str) -> Document {
    let mut document = tollhouse::document::parse(&read(example, "gateway.yaml")).unwrap();
    for client in document.clients.iter_mut().filter(|client| client.key_sha256.is_some()) {
        client.key_sha256 = Some(Digest::of(KEY).to_string());
    }
    // A server elsewhere has no prices of its own.
    for target in document.models.values().flat_map(|model| &model.targets) {
        document.prices.insert(target.clone(), serde_json::from_value(json!({ "model": target })).unwrap());
    }
    document
}

pub(super) fn yaml(example: &str, file: &str) -> Value {
    serde_saphyr::from_str(&read(example, file)).unwrap()
}

pub(super) fn who(record: &Value) -> Value {
    json!([record["client"], record["team"], record["user"]])
}

#[tokio::test]
async fn teams_by_their_tokens() {
    let issuer = Issuer::new("https://login.acme.example");
    let mut filter = yaml("jwt-teams", "jwt_authn.yaml");
    filter["typed_config"]["providers"]["acme"]["local_jwks"] = json!({ "inline_string": issuer.jwks() });
    let gate = Gate::open(document("jwt-teams"), |bootstrap| gate::put_first(bootstrap, filter));
    let ann = issuer.token(json!({ "email": "ann@acme.example", "department": "labs", "groups": ["research"] }));
    let bob = issuer.token(json!({ "email": "bob@acme.example", "department": "sales", "groups": [] }));
    let as_key = |key: &str, model: &str| Call::chat(gate.envoy.gateway, key, model);
    for (key, model, expected) in [
        (ann.as_str(), "best", json!(["researchers", "labs", "ann@acme.example"])),
        (&bob, "fast", json!(["everybody", "sales", "bob@acme.example"])),
        (KEY, "fast", json!(["nightly", "data", null])),
    ] {
        let answer = as_key(key, model).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = gate.envoy.records.wait(1, &format!("\"team\":{}", expected[1])).await;
        assert_eq!(who(&told[0]), expected);
        let left = answer.header("x-tollhouse-budget-remaining-usd").unwrap().parse::<f64>().unwrap();
        assert!(left > 499.0 && left < 500.0, "a budget for each team: {left}");
    }
    assert_eq!(as_key(&bob, "best").send().await.status, 404);
    assert_eq!(as_key(&issuer.expired(json!({ "email": "ann@acme.example" })), "fast").send().await.status, 401);
}

#[tokio::test]
async fn services_by_their_certificates() {
    let authority = Authority::new();
    let mut socket = yaml("mtls-services", "transport_socket.yaml");
    socket["typed_config"]["common_tls_context"] = authority.mutual(&authority.certificate(&["localhost"]));
    let gate = Gate::open(document("mtls-services"), |bootstrap| {
        bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["transport_socket"] = socket;
    });
    let call = |key: &str| Call::chat(gate.envoy.gateway, key, "support");
    for (name, key, expected) in [
        ("spiffe://acme.example/ns/pay/sa/checkout", "unused", json!(["checkout", "payments", "checkout"])),
        ("spiffe://acme.example/ns/search/sa/index", "unused", json!(["services", "search", "index"])),
        ("gateway.vendor.example", KEY, json!(["vendor", "payments", null])),
    ] {
        let certificate = authority.certificate(&[name]);
        let answer = authority.send(gate.envoy.gateway, &call(key), Some(&certificate)).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = gate.envoy.records.wait(1, &format!("\"client\":{}", expected[0])).await;
        assert_eq!(who(&told[0]), expected);
    }
    for (name, key, status) in [
        ("gateway.vendor.example", "unused", 403),
        ("spiffe://acme.example/ns/search/sa/index", KEY, 401),
        ("spiffe://other.example/ns/pay/sa/checkout", "unused", 403),
    ] {
        let certificate = authority.certificate(&[name]);
        let answer = authority.send(gate.envoy.gateway, &call(key), Some(&certificate)).await.unwrap();
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
    }
}
