//! Tokens that `jwt_authn` has verified.

use integration::document::{self, KEY};
use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::Document;

use super::gate::{self, Gate};
use crate::issuer::Issuer;

fn staff() -> Document {
    let mut document = gate::document(
        json!([{
            "name": "staff", "jwt": { "payload": "okta" },
            "user": "email", "team": "/realm/team", "tags": { "office": "https://acme.example/office" },
        }]),
        json!([
            { "name": "bot", "key_sha256": Digest::of(KEY).to_string(), "models": ["*"] },
            { "name": "ops", "team": "ops", "models": ["*"], "identity": { "by": "staff", "where": { "groups": ["ops"] } } },
            { "name": "everybody", "models": ["m-0", "m-1", "m-2", "m-3", "m-4", "m-5"], "identity": { "by": "staff" } },
        ]),
    );
    let limits = json!([{ "for": { "team": "each", "model": "m-3" }, "requests": 1, "per": "month" }]);
    document.limits = serde_json::from_value(limits).unwrap();
    document
}

/// Before our filter. `missing` is what becomes of requests without a good token.
pub(super) fn jwt_authn(issuer: &Issuer, missing: &str) -> Value {
    let provider = json!({
        "issuer": "https://issuer.example",
        "audiences": ["tollhouse"],
        "local_jwks": { "inline_string": issuer.jwks() },
        "payload_in_metadata": "okta",
        "from_headers": [{ "name": "authorization", "value_prefix": "Bearer " }, { "name": "x-api-key" }],
    });
    let requirements = json!([{ "provider_name": "okta" }, { missing: {} }]);
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": { "okta": provider },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "requires_any": { "requirements": requirements } } }],
        },
    })
}

fn open(issuer: &Issuer, missing: &str) -> Gate {
    Gate::open(staff(), |bootstrap| gate::put_first(bootstrap, jwt_authn(issuer, missing)))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn a_token_says_client_team_and_user() {
    let issuer = Issuer::new("https://issuer.example");
    let gate = open(&issuer, "allow_missing_or_failed");
    let ann = issuer.token(json!({
        "sub": "1", "email": "ann@acme.example", "realm": { "team": "Field Ops" }, "groups": ["dev", "ops-not"],
        "https://acme.example/office": "Oslo", "nothing": null, "number": 7,
    }));
    let root = issuer
        .token(json!({ "sub": "2", "email": "root@acme.example", "groups": ["dev", "ops"], "realm": { "team": "x" } }));

    // OpenAI's SDK sends it as Bearer, Anthropic's as x-api-key.
    let as_bearer = gate.call("m-0").header("authorization", &bearer(&ann)).send().await;
    assert_eq!(as_bearer.status, 200, "{}", as_bearer.text());
    let record = gate.envoy.records.of_model("m-0").await;
    assert_eq!(
        (&record["client"], &record["team"], &record["user"], &record["identity"]),
        (&json!("everybody"), &json!("Field Ops"), &json!("ann@acme.example"), &json!("staff"))
    );
    let as_key = gate.call("m-1").header("x-api-key", &root).send().await;
    assert_eq!(as_key.status, 200, "{}", as_key.text());
    let record = gate.envoy.records.of_model("m-1").await;
    assert_eq!((&record["client"], &record["team"]), (&json!("ops"), &json!("ops")));

    // Nothing of it gets to the provider.
    for model in ["m-0", "m-1"] {
        let seen = gate.provider.one(model).await;
        let text = format!("{:?}{}", seen.head, String::from_utf8_lossy(&seen.body));
        for secret in [&ann, &root, "acme.example", "eyJ"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let metrics = gate.envoy.admin.metrics("tollhouse_requests{");
    assert!(metrics.iter().any(|line| line.contains(r#"team="Field Ops""#)), "{metrics:?}");
    assert!(!gate.envoy.log().contains(&ann), "a token in the log");
}

#[tokio::test]
async fn keys_and_tokens_go_beside_each_other_but_not_against() {
    let issuer = Issuer::new("https://issuer.example");
    let gate = open(&issuer, "allow_missing_or_failed");
    let ann = issuer.token(json!({ "email": "ann@acme.example" }));
    let key = gate.call("m-6").header("authorization", &bearer(KEY)).send().await;
    assert_eq!(key.status, 200, "{}", key.text());
    let record = gate.envoy.records.of_model("m-6").await;
    assert_eq!((&record["client"], &record["identity"]), (&json!("bot"), &Value::Null));

    let against = gate.call("m-0").header("authorization", &bearer(&ann)).header("api-key", KEY).send().await;
    assert_eq!((against.status, against.code().as_str()), (403, "identity_conflict"), "{}", against.text());
    // What SDKs send where they must have some key.
    let unused = gate.call("m-0").header("authorization", &bearer(&ann)).header("api-key", "unused").send().await;
    assert_eq!(unused.status, 200, "{}", unused.text());
    let not_allowed = gate.call("m-9").header("authorization", &bearer(&ann)).send().await;
    assert_eq!((not_allowed.status, not_allowed.code().as_str()), (404, "model_not_found"));
}

#[tokio::test]
async fn each_team_of_tokens_has_a_limit_of_its_own() {
    let issuer = Issuer::new("https://issuer.example");
    let gate = open(&issuer, "allow_missing_or_failed");
    let mut told = Vec::new();
    for team in ["one", "two", "one", "two"] {
        let token = issuer.token(json!({ "email": "a@acme.example", "realm": { "team": team } }));
        // What a caller says of its team is a tag at most.
        let call = gate.call("m-3").header("authorization", &bearer(&token)).header("x-team", "three");
        told.push(call.header("x-tag-team", "four").send().await.status);
    }
    assert_eq!(told, [200, 200, 429, 429]);
}

#[tokio::test]
async fn a_token_that_is_not_good_lets_nobody_in() {
    let (issuer, other) = (Issuer::new("https://issuer.example"), Issuer::new("https://issuer.example"));
    let claims = || json!({ "email": "ann@acme.example", "groups": ["ops"] });
    let (signed, unsigned) = (issuer.token(json!({})), issuer.token(claims()));
    let spliced = unsigned.rsplit_once('.').unwrap().0.to_owned() + "." + signed.rsplit_once('.').unwrap().1;
    let tokens = [issuer.expired(claims()), other.token(claims()), spliced];
    let gate = open(&issuer, "allow_missing_or_failed");
    for token in &tokens {
        // In the caller's own form.
        let answer = gate.call("m-0").header("authorization", &bearer(token)).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"), "{token}: {}", answer.text());
        let mut messages = gate.call("m-0").header("x-api-key", token).header("anthropic-version", "2023-06-01");
        messages = messages.path("/v1/messages").field("max_tokens", 10);
        let answer = messages.send().await.json();
        assert_eq!((&answer["type"], &answer["error"]["type"]), (&json!("error"), &json!("authentication_error")));
    }
    let nothing = gate.call("m-0").send().await;
    assert_eq!((nothing.status, nothing.code().as_str()), (401, "missing_api_key"), "{}", nothing.text());
    assert!(gate.provider.seen("m-0").is_empty());

    // Where Envoy wants a good token or none, it answers itself.
    let strict = open(&issuer, "allow_missing");
    for token in &tokens {
        let answer = strict.call("m-0").header("authorization", &bearer(token)).send().await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains("Jwt"), "{}", answer.text());
    }
    let nothing = strict.call("m-0").send().await;
    assert_eq!((nothing.status, nothing.code().as_str()), (401, "missing_api_key"), "{}", nothing.text());
}

#[tokio::test]
async fn a_token_may_only_tell_who_the_user_of_a_key_is() {
    let issuer = Issuer::new("https://issuer.example");
    let identity = json!([{ "name": "person", "jwt": { "payload": "okta" }, "user": "email" }]);
    let document = gate::document(identity, json!([document::client("app", KEY, &["*"])]));
    let gate = Gate::open(document, |bootstrap| {
        gate::put_first(bootstrap, jwt_authn(&issuer, "allow_missing_or_failed"));
    });
    let ann = issuer.token(json!({ "email": "ann@acme.example" }));
    let call = gate.call("m-0").header("authorization", &bearer(&ann));
    let alone = call.send().await;
    assert_eq!((alone.status, alone.code().as_str()), (401, "missing_api_key"), "{}", alone.text());
    let both = call.header("api-key", KEY).field("user", "somebody else").send().await;
    assert_eq!(both.status, 200, "{}", both.text());
    let record = gate.envoy.records.of_model("m-0").await;
    assert_eq!((&record["client"], &record["user"]), (&json!("app"), &json!("ann@acme.example")));
}
