//! What `ext_authz` says: in headers, and in dynamic metadata.

use integration::provider::Provider;
use integration::reply::Reply;
use integration::stage;
use serde_json::{Value, json};

use super::gate::{self, Gate};

/// Signs in whoever has a session, as oauth2-proxy does: it does not say a team of everybody.
fn authorizer() -> Provider {
    stage::outliving(Provider::answering(|seen, _| match seen.head.get("cookie") {
        Some("session=ann") => Reply::new(200)
            .header("x-auth-request-email", "ann@acme.example")
            .header("x-auth-request-groups", "dev,ops")
            .header("x-auth-request-team", "field")
            .body(""),
        Some("session=bob") => Reply::new(200).header("x-auth-request-email", "bob@acme.example").body(""),
        _ => Reply::new(401).body("sign in"),
    }))
}

fn ext_authz(authorizer: &Provider) -> Value {
    let said = json!({ "patterns": [{ "prefix": "x-auth-request-" }] });
    json!({
        "name": "envoy.filters.http.ext_authz",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
            "http_service": {
                "server_uri": { "uri": format!("http://{}", authorizer.address), "cluster": "authorizer", "timeout": "20s" },
                "authorization_response": { "allowed_upstream_headers": said, "dynamic_metadata_from_headers": said },
            },
            "allowed_headers": { "patterns": [{ "exact": "cookie" }] },
        },
    })
}

/// `taken` says from where.
fn open(authorizer: &Provider, mut taken: Value) -> Gate {
    for (field, header) in [("user", "x-auth-request-email"), ("team", "x-auth-request-team")] {
        taken[field] = json!(header);
    }
    taken["name"] = json!("portal");
    let document =
        gate::document(json!([taken]), json!([{ "name": "people", "models": ["*"], "identity": { "by": "portal" } }]));
    Gate::open(document, |bootstrap| {
        gate::put_first(bootstrap, ext_authz(authorizer));
        gate::add_cluster(bootstrap, "authorizer", authorizer.address);
    })
}

async fn told(gate: &Gate, model: &str) -> Value {
    let told = gate.envoy.records.of_model(model).await;
    json!([told["client"], told["user"], told["team"]])
}

#[tokio::test]
async fn what_ext_authz_puts_into_metadata_nobody_can_forge() {
    let authorizer = authorizer();
    let gate = open(&authorizer, json!({ "metadata": { "namespace": "envoy.filters.http.ext_authz" } }));
    let forged = |call: integration::caller::Call| {
        call.header("x-auth-request-email", "root@acme.example").header("x-auth-request-team", "admins")
    };
    for (model, session, expected) in [
        ("m-0", "session=ann", json!(["people", "ann@acme.example", "field"])),
        ("m-1", "session=bob", json!(["people", "bob@acme.example", null])),
    ] {
        let answer = forged(gate.call(model).header("cookie", session)).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(told(&gate, model).await, expected);
        let head = format!("{:?}", gate.provider.one(model).await.head);
        assert!(!head.contains("acme.example") && !head.contains("admins") && !head.contains("session"), "{head}");
    }
    let nobody = forged(gate.call("m-2")).send().await;
    assert_eq!(nobody.status, 401, "{}", nobody.text());
}

#[tokio::test]
async fn headers_are_those_of_ext_authz_where_it_always_sets_them() {
    let authorizer = authorizer();
    let gate = open(&authorizer, json!({ "headers": { "trust": { "all": true } } }));
    let answer = gate.call("m-0").header("cookie", "session=ann").header("x-auth-request-email", "root").send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(told(&gate, "m-0").await, json!(["people", "ann@acme.example", "field"]));
}

#[tokio::test]
async fn headers_of_a_caller_are_taken_away_where_they_are_not_trusted() {
    let authorizer = authorizer();
    let gate = open(&authorizer, json!({ "headers": { "trust": { "filter_chains": ["portal"] } } }));
    let answer = gate.call("m-0").header("cookie", "session=ann").header("x-auth-request-team", "admins").send().await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "missing_api_key"), "{}", answer.text());
}
