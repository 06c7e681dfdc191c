#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::cell::Cell;

use serde_json::{Value, json};

use super::*;
use crate::policies::Policy;
use crate::protobuf::structure;

fn document(policies: &Value) -> String {
    let document = json!({
        "providers": { "a": { "dialect": "openai" } },
        "models": { "tier": { "targets": ["a/big"] }, "cheap": { "targets": ["a/small"] } },
        "policies": policies,
    });
    document.to_string()
}

fn config() -> Config {
    let policies = json!({
        "search": { "models": ["tier", "cheap"], "default_model": "cheap", "team": "search" },
        "strict": { "models": ["cheap"], "timeouts": { "total": "5s" } },
    });
    parse(&document(&policies)).unwrap()
}

/// What the metadata of a virtual host and of a route say together.
fn rule(virtual_host: &Value, route: &Value) -> Ruling {
    let bytes = |value: &Value| if value.is_null() { Vec::new() } else { structure::metadata("tollhouse", value) };
    config().rule(Metadata { virtual_host: bytes(virtual_host), route: bytes(route) }, |_| {})
}

fn wrong(route: &Value) -> String {
    rule(&Value::Null, route).unwrap_err().to_string()
}

#[test]
fn the_virtual_host_comes_first_and_the_route_on_top() {
    let policy =
        rule(&json!({ "policy": "search", "tags": { "env": "prod" } }), &json!({ "policy": "strict" })).unwrap();
    assert_eq!(policy.names, ["search", "strict"]);
    assert!(policy.may_use("cheap") && !policy.may_use("tier"));
    assert_eq!((policy.default_model.as_deref(), policy.team.as_deref()), (Some("cheap"), Some("search")));
    let policy = rule(&Value::Null, &json!({ "policy": "search", "default_model": "tier", "team": "other" })).unwrap();
    assert_eq!((policy.default_model.as_deref(), policy.team.as_deref()), (Some("tier"), Some("other")));
    let on = rule(&json!({ "enabled": false }), &json!({ "enabled": true })).unwrap();
    assert!(!on.is_off() && rule(&json!({ "enabled": false }), &Value::Null).unwrap().is_off());
}

#[test]
fn what_is_wrong_in_metadata_is_told_with_its_path() {
    for (metadata, error) in [
        (json!({ "policy": "serach" }), ".policy: found `serach`, expected a policy of the document (search, strict)"),
        (json!({ "enabled": "no" }), ".enabled: invalid type: string \"no\", expected a boolean"),
        (
            json!({ "timeouts": { "total": 5 } }),
            ".timeouts.total: invalid type: integer `5`, expected a time span such as `250ms`, `10s`, `5m` or `1h`",
        ),
        (
            json!({ "models": ["tier", "dear"] }),
            ".models[1]: found `dear`, expected a model of this document, `provider/model`, `provider/*` or `*`",
        ),
        (json!({ "models": [] }), ".models: found none, expected at least one"),
        (json!({ "surfaces": [] }), ".surfaces: found none, expected at least one"),
        (
            json!({ "default_model": "dear" }),
            ".default_model: found `dear`, expected a model of the document or `provider/model`",
        ),
        (
            json!({ "policy": "strict", "default_model": "tier" }),
            ".default_model: found `tier`, expected one that may be asked for here",
        ),
        (json!({ "team": "a b" }), ".team: found `a b`, expected a name of letters, digits, `-`, `_` and `.`"),
        (json!({ "tags": { "n": 1 } }), ".tags.n: invalid type: integer `1`, expected a string"),
        (
            json!({ "shadow": true }),
            ".shadow: found `true`, expected it in a policy of the document that is named here",
        ),
    ] {
        assert_eq!(wrong(&metadata), format!("route.metadata.filter_metadata.tollhouse{error}"));
    }
    assert!(wrong(&json!({ "surfaces": ["chta"] })).contains(".surfaces[0]: unknown variant `chta`, expected one of"));
    assert!(wrong(&json!({ "limits": 1 })).contains(".limits: unknown field `limits`, expected one of"));
    let above = rule(&json!({ "policy": 1 }), &json!({})).unwrap_err();
    assert_eq!(above.path, "virtual_host.metadata.filter_metadata.tollhouse.policy");
    let malformed = config().rule(Metadata { route: vec![0xff], ..Metadata::default() }, |_| {}).unwrap_err();
    assert_eq!(malformed.path, "route.metadata.filter_metadata.tollhouse");
}

#[test]
fn what_is_wrong_in_the_document_is_told_with_its_path() {
    for (policy, error) in [
        (json!({ "policy": "x" }), "policies.p.policy: expected it in the metadata of a route only"),
        (
            json!({ "models": ["dear"] }),
            "policies.p.models[0]: found `dear`, expected a model of this document, `provider/model`, `provider/*` or `*`",
        ),
        (
            json!({ "models": ["tier"], "default_model": "cheap" }),
            "policies.p.default_model: found `cheap`, expected one that may be asked for here",
        ),
    ] {
        refused(&document(&json!({ "p": policy })), error);
    }
    let name = "policies.a/b: found `a/b`, expected a name of letters, digits, `-`, `_` and `.`";
    refused(&document(&json!({ "a/b": {} })), name);
    let limited = json!({ "policies": { "p": { "team": "t" } }, "limits": [
        { "for": { "policy": "p", "team": "t" }, "requests": 1, "per": "day" },
        { "for": { "policy": "q" }, "requests": 1, "per": "day" },
    ] });
    let error = "limits[1].for.policy: found `q`, expected a policy of this document, or `each`: it matches nothing";
    refused(&limited.to_string(), error);
}

#[test]
fn metadata_of_others_says_nothing() {
    let route = structure::metadata("istio", &json!({ "config": "/apis", "policy": "none" }));
    let policy = config().rule(Metadata { route, ..Metadata::default() }, |_| {}).unwrap();
    assert!(policy.names.is_empty() && policy.may_use("tier"));
}

#[test]
fn metadata_is_understood_once() {
    let (config, seen) = (config(), Cell::new(0));
    let rule = |value: &Value| {
        let route = structure::metadata("tollhouse", value);
        config.rule(Metadata { route, ..Metadata::default() }, |_| seen.set(seen.get() + 1))
    };
    let same = |a: &Rc<Policy>, b: &Rc<Policy>| Rc::ptr_eq(a, b);
    let first = rule(&json!({ "policy": "strict" })).unwrap();
    assert!(same(&first, &rule(&json!({ "policy": "strict" })).unwrap()));
    assert!(!same(&first, &rule(&json!({ "policy": "search" })).unwrap()));
    for _ in 0..3 {
        assert!(rule(&json!({ "policy": "none" })).is_err());
    }
    assert_eq!(seen.get(), 1, "an error is told once");
    for i in 0..2000 {
        assert!(rule(&json!({ "tags": { "n": i.to_string() } })).is_ok());
    }
    assert!(!same(&first, &rule(&json!({ "policy": "strict" })).unwrap()), "what is remembered is bounded");
}
