//! Claims that `jwt_authn` puts into headers.

use integration::caller::Call;
use integration::version;
use serde_json::{Value, json};

use super::gate::{self, Gate};
use super::stories::who;
use super::tokens::jwt_authn;
use crate::issuer::Issuer;

/// Chat completions want a token that is good, or none; no rule is for other paths.
fn open(issuer: &Issuer, per_route: Value) -> Gate {
    let copied = [
        ("x-claim-id", "id"),
        ("x-claim-team", "realm.team"),
        ("x-claim-groups", "groups"),
        ("x-claim-office", "https://acme.example/office"),
    ];
    let copied = copied.map(|(header, claim)| json!({ "header_name": header, "claim_name": claim }));
    let identity = json!([{
        "name": "staff", "headers": { "trust": { "all": true } }, "user": "x-claim-id", "team": "x-claim-team",
    }]);
    let where_ = |header: &str, value: &str| json!({ "by": "staff", "where": { header: [value] } });
    let clients = json!([
        { "name": "grouped", "models": ["*"], "identity": where_("x-claim-groups", "ops") },
        { "name": "placed", "models": ["*"], "identity": where_("x-claim-office", "*") },
        { "name": "staff", "models": ["*"], "identity": { "by": "staff" } },
    ]);
    Gate::open(gate::document(identity, clients), |bootstrap| {
        let mut filter = jwt_authn(issuer, "allow_missing_or_failed");
        let configuration = &mut filter["typed_config"];
        let provider = configuration["providers"]["okta"].as_object_mut().unwrap();
        provider.remove("payload_in_metadata");
        provider.insert("claim_to_headers".to_owned(), json!(copied));
        configuration["rules"][0]["match"] = json!({ "path": "/v1/chat/completions" });
        gate::put_first(bootstrap, filter);
        gate::manager(bootstrap)["route_config"]["virtual_hosts"][0]["typed_per_filter_config"] = per_route;
    })
}

fn claims() -> Value {
    json!({ "id": 7, "realm": { "team": "Field Ops" }, "groups": ["dev", "ops"], "https://acme.example/office": "Oslo" })
}

fn bearer(call: Call, token: &str) -> Call {
    call.header("authorization", &format!("Bearer {token}"))
}

fn forged(call: Call) -> Call {
    call.header("x-claim-id", "1").header("x-claim-team", "admins").header("x-claim-office", "everywhere")
}

#[tokio::test]
async fn claims_in_headers_are_texts_numbers_and_nothing_else() {
    let issuer = Issuer::new("https://issuer.example");
    let gate = open(&issuer, json!({}));
    let token = issuer.token(claims());
    for (model, call) in [("m-0", gate.call("m-0")), ("m-1", forged(gate.call("m-1")))] {
        let answer = bearer(call, &token).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        // A list is there in base64, and a claim whose name is an address is not.
        assert_eq!(who(&gate.envoy.records.of_model(model).await), json!(["staff", "Field Ops", "7"]));
    }
}

#[tokio::test]
async fn headers_of_a_caller_are_taken_away_without_a_good_token_too() {
    let issuer = Issuer::new("https://issuer.example");
    let gate = open(&issuer, json!({}));
    let expired = issuer.expired(claims());
    for call in [forged(gate.call("m-0")), bearer(forged(gate.call("m-0")), &expired)] {
        let answer = call.send().await;
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    assert!(gate.provider.everything().is_empty());
}

#[tokio::test]
async fn headers_of_a_caller_are_believed_where_jwt_authn_does_not_look() {
    let issuer = Issuer::new("https://issuer.example");
    let off = |kind: &str| {
        let off = json!({ "@type": format!("type.googleapis.com/envoy.{kind}"), "disabled": true });
        json!({ "envoy.filters.http.jwt_authn": off })
    };
    // Envoy has become careful.
    let since = if version::is_from("1.40") { 401 } else { 200 };
    for (per_route, path, status) in [
        (off("config.route.v3.FilterConfig"), "/v1/chat/completions", 200),
        (off("extensions.filters.http.jwt_authn.v3.PerRouteConfig"), "/v1/chat/completions", since),
        (json!({}), "/v1/messages", since),
    ] {
        let gate = open(&issuer, per_route);
        let answer = forged(gate.call("m-0")).path(path).field("max_tokens", 5).send().await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
}
