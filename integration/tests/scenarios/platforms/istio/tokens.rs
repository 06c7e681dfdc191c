//! Tokens that Istio's RequestAuthentication has verified: `examples/istio-tokens`.

use std::path::Path;

use integration::caller::Call;
use integration::document::KEY;
use integration::envoy::{Envoy, Files};
use integration::istio;
use serde_json::{Value, json};
use tollhouse::render::{self, system_ca};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::Document;

use super::super::{Upstreams, chat, options};
use super::{ingress, plays};
use crate::issuer::Issuer;

const ISSUER: &str = "https://login.acme.example";
const OTHER: &str = "https://customers.example";

fn read(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join("examples/istio-tokens").join(file)).unwrap()
}

/// Who may call is the example's; whom that leads to is not.
fn document(upstreams: &Upstreams) -> Document {
    let example = tollhouse::document::parse(&read("gateway.yaml")).unwrap();
    let mut document = Document { identity: example.identity, clients: example.clients, ..upstreams.document() };
    for client in &mut document.clients {
        client.models = vec!["chat".to_owned()];
        if client.key_sha256.is_some() {
            client.key_sha256 = Some(Digest::of(KEY).to_string());
        }
    }
    document
}

/// The example's resource with the keys of this issuer in the place of their address.
fn request_authentication(issuer: &Issuer, name: &str) -> Value {
    let mut resource: Value = serde_saphyr::from_str(&read("tokens.yaml")).unwrap();
    let rule = resource["spec"]["jwtRules"][0].as_object_mut().unwrap();
    rule.shift_remove("jwksUri").unwrap();
    rule.insert("jwks".to_owned(), issuer.jwks().into());
    rule.insert("issuer".to_owned(), name.into());
    resource
}

/// A policy as Istio's documentation has it, for who wants tokens and nothing else.
fn only_tokens() -> Value {
    let rule = json!({
        "from": [{ "source": { "notRequestPrincipals": ["*"] } }],
        "to": [{ "operation": { "hosts": [super::HOST] } }],
    });
    json!({
        "kind": "AuthorizationPolicy",
        "metadata": { "name": "only-tokens" },
        "spec": { "action": "DENY", "rules": [rule] },
    })
}

fn start(upstreams: &Upstreams, security: &[Value]) -> Envoy {
    let bootstrap = |files: &Files<'_>| {
        let mut resources = render::istio(&document(upstreams), &options(files), &ingress(None)).unwrap();
        resources.extend_from_slice(security);
        upstreams.open_shop(istio::gateway(&resources, &system_ca()))
    };
    Envoy::start(bootstrap, &[])
}

/// With a token, and without a key.
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
async fn a_token_says_client_team_and_user_and_a_key_comes_in_another_header() {
    if !plays() {
        return;
    }
    let (upstreams, issuer) = (Upstreams::raise(), Issuer::new(ISSUER));
    let envoy = start(&upstreams, &[request_authentication(&issuer, ISSUER)]);
    let ann = issuer.token(json!({ "email": "ann@acme.example", "department": "labs", "scope": "openid email" }));
    let agent = issuer.token(json!({ "sub": "indexer", "scope": "openid llm.agents" }));
    let keyed = chat(&envoy, "chat").without("authorization").header("x-api-key", KEY);
    for (call, expected) in [
        (with(&envoy, &ann), json!(["people", "labs", "ann@acme.example"])),
        (with(&envoy, &agent), json!(["agents", "platform", null])),
        (keyed.clone(), json!(["nightly", "data", null])),
        // What SDKs send where they must have some key.
        (with(&envoy, &ann).header("x-api-key", "unused"), json!(["people", "labs", "ann@acme.example"])),
    ] {
        assert_eq!(told(&envoy, call).await, expected);
    }
    let both = keyed.header("authorization", &format!("Bearer {ann}")).send().await;
    assert_eq!((both.status, both.code().as_str()), (403, "identity_conflict"), "{}", both.text());
    for seen in upstreams.anthropic.seen("first") {
        assert!(!format!("{:?}", seen.head).contains("eyJ"), "a token went to a provider");
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_by_istio_and_none_by_the_filter() {
    if !plays() {
        return;
    }
    let (upstreams, issuer) = (Upstreams::raise(), Issuer::new(ISSUER));
    let envoy = start(&upstreams, &[request_authentication(&issuer, ISSUER)]);
    let ann = || json!({ "email": "ann@acme.example" });
    for token in
        [issuer.expired(ann()), Issuer::new(ISSUER).token(ann()), Issuer::new(OTHER).token(ann()), KEY.to_owned()]
    {
        let answer = with(&envoy, &token).send().await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("Jwt"), "{}", answer.text());
    }
    let nothing = chat(&envoy, "chat").without("authorization").send().await;
    assert_eq!((nothing.status, nothing.code().as_str()), (401, "missing_api_key"), "{}", nothing.text());
    upstreams.nobody_was_asked();
    // Other hosts of the gateway need none either.
    let elsewhere = chat(&envoy, "goods").without("authorization").host("shop.example.com").send().await;
    assert_eq!(elsewhere.status, 200, "{}", elsewhere.text());
}

#[tokio::test]
async fn the_claims_of_all_issuers_are_in_one_place() {
    if !plays() {
        return;
    }
    let (upstreams, issuer, other) = (Upstreams::raise(), Issuer::new(ISSUER), Issuer::new(OTHER));
    let envoy = start(&upstreams, &[request_authentication(&issuer, ISSUER), request_authentication(&other, OTHER)]);
    let ann = issuer.token(json!({ "email": "ann@acme.example" }));
    assert_eq!(told(&envoy, with(&envoy, &ann)).await, json!(["people", null, "ann@acme.example"]));
    let customer = other.token(json!({ "email": "ann@acme.example", "scope": "llm.agents" }));
    let answer = with(&envoy, &customer).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "identity_not_allowed"), "{}", answer.text());
    let expired = with(&envoy, &issuer.expired(json!({}))).send().await;
    assert_eq!(expired.status, 401, "{}", expired.text());
}

#[tokio::test]
async fn a_policy_that_wants_tokens_refuses_keys() {
    if !plays() {
        return;
    }
    let (upstreams, issuer) = (Upstreams::raise(), Issuer::new(ISSUER));
    let envoy = start(&upstreams, &[request_authentication(&issuer, ISSUER), only_tokens()]);
    let ann = issuer.token(json!({ "sub": "1", "email": "ann@acme.example" }));
    assert_eq!(told(&envoy, with(&envoy, &ann)).await, json!(["people", null, "ann@acme.example"]));
    let keyed = chat(&envoy, "chat").without("authorization").header("x-api-key", KEY).send().await;
    assert_eq!(keyed.status, 403, "{}", keyed.text());
    assert!(keyed.json()["error"]["message"].as_str().unwrap().contains("RBAC: access denied"), "{}", keyed.text());
}
