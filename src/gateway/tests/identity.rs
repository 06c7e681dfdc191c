//! Callers that are known without a key.

use serde_json::json;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const CLAIM: &str = "metadata.filter_metadata.envoy.filters.http.jwt_authn.okta";

fn world() -> World {
    World::of(&json!({
        "providers": { "a": { "dialect": "anthropic", "keys": [{ "value": "sk-up-a" }] } },
        "models": { "tier": { "targets": ["a/one"] } },
        "identity": [
            { "name": "staff", "jwt": { "payload": "okta" }, "user": "sub", "team": "team" },
            { "name": "portal", "headers": { "trust": { "filter_chains": ["portal"] } }, "team": "x-portal-team" },
        ],
        "clients": [
            { "name": "bot", "key_sha256": Digest::of("k").to_string(), "models": ["tier"] },
            { "name": "sales", "models": ["tier"], "team": "sales",
              "identity": { "by": "staff", "where": { "group": ["sales"] } } },
            { "name": "staff", "models": ["tier"], "identity": { "by": "staff", "where": { "group": ["staff"] } } },
        ],
        "limits": [{ "for": { "team": "each" }, "requests": 1, "per": "day" }],
    }))
}

impl World {
    fn claims(&self, claims: &[(&str, &str)]) {
        let mut properties = self.host.properties.borrow_mut();
        properties.clear();
        properties.extend(claims.iter().map(|(name, value)| (format!("{CLAIM}.{name}"), value.as_bytes().to_vec())));
    }

    fn hello(&self, headers: &[(&str, &str)]) -> Gateway {
        let headers: Vec<_> = [("content-type", "application/json")].iter().chain(headers).copied().collect();
        self.chat_with(&headers, HELLO)
    }

    /// The record of a request, and its status.
    fn told(&self, mut gateway: Gateway) -> serde_json::Value {
        gateway.on_log(&self.host, NOW);
        self.record()
    }
}

#[test]
fn a_token_makes_client_team_and_user() {
    let world = world();
    world.claims(&[("sub", "ann"), ("group", "staff"), ("team", "Field Ops")]);
    // SDKs want a key, whatever it is.
    let record = world.told(world.hello(&[("authorization", "Bearer unused")]));
    assert_eq!((&record["client"], &record["team"]), (&json!("staff"), &json!("Field Ops")));
    assert_eq!((&record["user"], &record["identity"]), (&json!("ann"), &json!("staff")));
    assert!(world.host.meters.borrow().keys().any(|name| name.contains(";team=Field Ops")));
}

#[test]
fn the_team_of_the_client_holds() {
    let world = world();
    world.claims(&[("group", "sales"), ("team", "elsewhere")]);
    assert_eq!(world.told(world.hello(&[]))["team"], "sales");
}

#[test]
fn teams_of_tokens_have_limits_of_their_own() {
    let world = world();
    for (team, status) in [("one", 0), ("two", 0), ("one", 429), ("two", 429)] {
        world.claims(&[("group", "staff"), ("team", team)]);
        world.hello(&[]);
        assert_eq!(world.host.reply.borrow().as_ref().map_or(0, |reply| reply.status), status, "{team}");
    }
}

#[test]
fn a_team_that_the_document_names_is_one_team_however_it_is_known() {
    let world = world();
    world.claims(&[("group", "sales")]);
    world.hello(&[]);
    world.claims(&[("group", "staff"), ("team", "sales")]);
    world.hello(&[]);
    assert_eq!(world.host.reply.borrow().as_ref().unwrap().status, 429);
}

#[test]
fn who_is_not_known_is_refused() {
    let world = world();
    let refused = |claims: &[(&str, &str)], key: &[(&str, &str)]| {
        world.claims(claims);
        world.hello(key);
        world.refused()
    };
    assert_eq!(refused(&[], &[]), (401, "missing_api_key".into()));
    assert_eq!(refused(&[], &[("x-api-key", "unused")]), (401, "invalid_api_key".into()));
    assert_eq!(refused(&[("sub", "ann")], &[]), (403, "identity_not_allowed".into()));
    assert_eq!(refused(&[("group", "staff")], &[("x-api-key", "k")]), (403, "identity_conflict".into()));
}

#[test]
fn nobody_can_write_a_trusted_header_himself() {
    let world = world();
    let call = |chain: &str| {
        world.claims(&[("group", "staff")]);
        world.host.set_property("xds.filter_chain_name", chain.as_bytes());
        world.told(world.hello(&[("x-portal-team", "admins")]))
    };
    assert_eq!(call("portal")["team"], "admins");
    assert_eq!(call("public")["team"], serde_json::Value::Null);
    assert_eq!(world.host.header(Side::Request, "x-portal-team"), None);
}
