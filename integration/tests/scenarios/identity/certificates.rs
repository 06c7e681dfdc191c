//! Certificates of callers, and what a proxy says of them.

use integration::document::KEY;
use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::Document;

use super::gate::{self, Gate};
use crate::pki::{self, Authority};

const TILL: &str = "spiffe://acme.example/ns/pay/sa/till";

fn services() -> Document {
    gate::document(
        json!([
            { "name": "mesh", "peer": {}, "user": "service_account", "team": "namespace" },
            { "name": "hop", "forwarded_peer": { "trust": { "filter_chains": ["forwarded"] } }, "user": "uri_san" },
        ]),
        json!([
            { "name": "pay", "models": ["*"],
              "identity": { "by": "mesh", "where": { "uri_san": ["spiffe://acme.example/ns/pay/*"] } } },
            { "name": "batch", "team": "data", "models": ["*"],
              "identity": { "by": "mesh", "where": { "dns_san": ["batch.acme.example"] } } },
            { "name": "behind", "team": "pay", "models": ["*"], "identity": { "by": "hop", "where": { "namespace": ["pay"] } } },
            { "name": "bound", "key_sha256": Digest::of(KEY).to_string(), "models": ["*"],
              "identity": { "by": "mesh", "where": { "service_account": ["till"] } } },
        ]),
    )
}

fn open(authority: &Authority) -> Gate {
    Gate::open(services(), |bootstrap| {
        gate::add_listener(bootstrap, "public", None);
        gate::add_listener(bootstrap, "forwarded", None);
        let listeners = bootstrap["static_resources"]["listeners"].as_array_mut().unwrap();
        let context = authority.mutual(&authority.certificate(&["localhost"]));
        let context = json!({ "require_client_certificate": true, "common_tls_context": context });
        listeners[0]["filter_chains"][0]["transport_socket"] = pki::tls("DownstreamTlsContext", context);
        for listener in &mut listeners[1..] {
            let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
            manager["forward_client_cert_details"] = json!("ALWAYS_FORWARD_ONLY");
        }
    })
}

#[tokio::test]
async fn a_certificate_says_client_team_and_user() {
    let authority = Authority::new();
    let gate = open(&authority);
    let (till, batch) = (authority.certificate(&[TILL]), authority.certificate(&["batch.acme.example"]));
    for (model, certificate, record) in
        [("m-0", &till, json!(["pay", "pay", "till"])), ("m-1", &batch, json!(["batch", "data", null]))]
    {
        // A proxy's header is not one of ours, and is taken away by Envoy itself.
        let call = gate.call(model).header("x-forwarded-client-cert", "URI=spiffe://acme.example/ns/root/sa/root");
        let answer = authority.send(gate.envoy.gateway, &call, Some(certificate)).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = gate.envoy.records.of_model(model).await;
        assert_eq!(json!([told["client"], told["team"], told["user"]]), record, "{told}");
        let seen = gate.provider.one(model).await;
        assert!(!format!("{:?}", seen.head).contains("spiffe"), "{:?}", seen.head);
    }
}

#[tokio::test]
async fn a_certificate_of_nobody_lets_nobody_in() {
    let (authority, other) = (Authority::new(), Authority::new());
    let gate = open(&authority);
    let call = gate.call("m-0");
    let stranger = authority.certificate(&["spiffe://acme.example/ns/payroll/sa/till"]);
    let answer = authority.send(gate.envoy.gateway, &call, Some(&stranger)).await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (403, "identity_not_allowed"), "{}", answer.text());
    // Envoy verifies.
    let forged = other.certificate(&[TILL]);
    assert!(authority.send(gate.envoy.gateway, &call, Some(&forged)).await.is_err());
    assert!(authority.send(gate.envoy.gateway, &call, None).await.is_err());
    assert!(gate.provider.seen("m-0").is_empty());
}

#[tokio::test]
async fn a_key_that_is_bound_to_a_certificate_is_worth_nothing_elsewhere() {
    let authority = Authority::new();
    let gate = open(&authority);
    let call = gate.call("m-0").header("x-api-key", KEY);
    let (till, batch) = (authority.certificate(&[TILL]), authority.certificate(&["batch.acme.example"]));
    let bound = authority.send(gate.envoy.gateway, &call, Some(&till)).await.unwrap();
    assert_eq!(bound.status, 200, "{}", bound.text());
    assert_eq!(gate.envoy.records.of_model("m-0").await["client"], "bound");
    let stolen = authority.send(gate.envoy.gateway, &call, Some(&batch)).await.unwrap();
    assert_eq!((stolen.status, stolen.code().as_str()), (401, "identity_required"), "{}", stolen.text());
    let stolen = call.to(gate.envoy.listener("public")).send().await;
    assert_eq!((stolen.status, stolen.code().as_str()), (401, "identity_required"), "{}", stolen.text());
}

#[tokio::test]
async fn what_a_proxy_says_of_a_certificate_is_trusted_only_where_it_stands() {
    let authority = Authority::new();
    let gate = open(&authority);
    let xfcc =
        format!("By=spiffe://a/b;URI=spiffe://acme.example/ns/root/sa/root,Hash=0f;Subject=\"CN=a,URI=b\";URI={TILL}");
    let call = gate.call("m-0").header("x-forwarded-client-cert", &xfcc);
    let public = call.to(gate.envoy.listener("public")).send().await;
    assert_eq!((public.status, public.code().as_str()), (401, "missing_api_key"), "{}", public.text());
    let forwarded = call.to(gate.envoy.listener("forwarded")).send().await;
    assert_eq!(forwarded.status, 200, "{}", forwarded.text());
    let told: Value = gate.envoy.records.of_model("m-0").await;
    assert_eq!((&told["client"], &told["user"]), (&json!("behind"), &json!(TILL)));
}
