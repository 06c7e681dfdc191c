//! Tokens that a SecurityPolicy of Envoy Gateway has verified.

use integration::caller::Call;
use integration::document::KEY;
use integration::envoy::Envoy;
use integration::envoy_gateway::gateway;
use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::Document;

use super::super::{Upstreams, chat};
use super::resources;
use crate::issuer::Issuer;

const ISSUER: &str = "https://login.acme.example";

/// People are known by their tokens, `nightly` by its key, and `app` by its key together with a token.
fn document(upstreams: &Upstreams) -> Document {
    let digest = |key: &str| Digest::of(key).to_string();
    let clients = json!([
        { "name": "agents", "models": ["chat"], "identity": { "by": "login", "where": { "scope": ["llm.agents"] } } },
        { "name": "people", "models": ["chat"], "identity": { "by": "login", "where": { "email": ["*"] } } },
        { "name": "nightly", "team": "data", "models": ["chat"], "key_sha256": digest(KEY) },
        { "name": "app", "models": ["chat"], "key_sha256": digest(BOUND), "identity": { "by": "login" } },
    ]);
    let identity = json!([{ "name": "login", "jwt": { "payload": "acme" }, "user": "email", "team": "department" }]);
    Document {
        identity: serde_json::from_value(identity).unwrap(),
        clients: serde_json::from_value(clients).unwrap(),
        ..upstreams.document()
    }
}

const BOUND: &str = "th-key-of-app-c0ffee";

fn policy(issuer: &Issuer) -> Value {
    let provider = json!({
        "name": "acme", "issuer": ISSUER, "audiences": ["tollhouse"],
        "localJWKS": { "type": "Inline", "inline": issuer.jwks() },
    });
    json!({
        "kind": "SecurityPolicy",
        "spec": {
            "targetRefs": [{ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "tollhouse" }],
            "jwt": { "optional": true, "providers": [provider] },
        },
    })
}

fn start(upstreams: &Upstreams, issuer: &Issuer) -> Envoy {
    Envoy::start(
        |files| {
            let mut resources = resources(&document(upstreams), files);
            resources.push(policy(issuer));
            upstreams.open_shop(gateway(&resources))
        },
        &[],
    )
}

fn with(envoy: &Envoy, token: &str) -> Call {
    chat(envoy, "chat").without("authorization").header("authorization", &format!("Bearer {token}"))
}

async fn told(envoy: &Envoy, call: Call) -> Value {
    let answer = call.send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let record = envoy.records.of_request(answer.header("x-request-id").unwrap()).await;
    json!([record["client"], record["team"], record["user"]])
}

#[tokio::test]
async fn a_token_says_client_team_and_user_beside_a_key_too() {
    let (upstreams, issuer) = (Upstreams::raise(), Issuer::new(ISSUER));
    let envoy = start(&upstreams, &issuer);
    let ann = issuer.token(json!({ "email": "ann@acme.example", "department": "labs" }));
    let agent = issuer.token(json!({ "scope": "openid llm.agents" }));
    let robot = issuer.token(json!({ "department": "labs" }));
    let keyed = chat(&envoy, "chat").without("authorization").header("x-api-key", KEY);
    for (call, expected) in [
        (with(&envoy, &ann), json!(["people", "labs", "ann@acme.example"])),
        (with(&envoy, &agent), json!(["agents", null, null])),
        (keyed.clone(), json!(["nightly", "data", null])),
        (with(&envoy, &ann).header("x-api-key", "unused"), json!(["people", "labs", "ann@acme.example"])),
        // Envoy Gateway leaves the token in its header, where keys are too.
        (with(&envoy, &robot).header("x-api-key", BOUND), json!(["app", "labs", null])),
    ] {
        assert_eq!(told(&envoy, call).await, expected);
    }
    let against = keyed.header("authorization", &format!("Bearer {ann}")).send().await;
    assert_eq!((against.status, against.code().as_str()), (403, "identity_conflict"), "{}", against.text());
    for seen in upstreams.anthropic.seen("first") {
        assert!(!format!("{:?}", seen.head).contains("eyJ"), "a token went to a provider");
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_and_other_routes_want_none() {
    let (upstreams, issuer) = (Upstreams::raise(), Issuer::new(ISSUER));
    let envoy = start(&upstreams, &issuer);
    let ann = || json!({ "email": "ann@acme.example" });
    for token in [issuer.expired(ann()), Issuer::new(ISSUER).token(ann()), KEY.to_owned()] {
        let answer = with(&envoy, &token).send().await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("Jwt"), "{}", answer.text());
    }
    let nothing = chat(&envoy, "chat").without("authorization").send().await;
    assert_eq!((nothing.status, nothing.code().as_str()), (401, "missing_api_key"), "{}", nothing.text());
    upstreams.nobody_was_asked();
    let elsewhere = with(&envoy, "none").host("shop.example.com").field("model", "goods").send().await;
    assert_eq!(elsewhere.status, 200, "{}", elsewhere.text());
}
