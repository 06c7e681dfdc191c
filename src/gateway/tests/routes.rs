//! What a route leaves of the configuration.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::*;
use crate::config::raw;
use crate::protobuf::structure;

/// A worker with policies, on a route with this metadata.
fn on(route: &Value) -> World {
    let client = |name: &str, team: Option<&str>, models: &[&str]| json!({ "name": name, "team": team, "key_sha256": Digest::of(name).to_string(), "models": models });
    let world = World::of(&json!({
        "providers": { "o": { "dialect": "openai", "keys": [{ "value": "sk-up" }] } },
        "models": {
            "tier": { "targets": ["o/big"], "timeouts": { "total": "60s", "first_token": "20s" } },
            "cheap": { "targets": ["o/small"] },
        },
        "files": { "provider": "o" },
        "clients": [client("root", None, &["*"]), client("bot", Some("own"), &["tier"])],
        "policies": {
            "strict": { "models": ["cheap"] },
            "quick": { "timeouts": { "total": "5s" } },
            "trial": { "shadow": true },
        },
        "limits": [
            { "for": { "policy": "strict" }, "requests": 1, "per": "day" },
            { "for": { "team": "each" }, "requests": 4, "per": "day", "soft": { "at": 0.25, "model": "cheap" } },
            { "for": { "tags": { "feature": "find" } }, "requests": 2, "per": "hour" },
            { "for": { "policy": "trial" }, "usd": 1, "per": "day" },
            { "for": { "policy": "trial", "provider": "o" }, "requests": 1, "per": "day" },
        ],
    }));
    world.host.properties.borrow_mut().insert("xds.route_metadata".into(), structure::metadata("tollhouse", route));
    world
}

fn body(model: &str) -> String {
    format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}]}}"#)
}

/// Status and code; 200 for a request that went on.
fn asked(world: &World, key: &str, model: &str) -> (u16, String) {
    let _ = world.chat(key, &body(model));
    if world.host.reply.borrow().is_some() { world.refused() } else { (200, String::new()) }
}

fn to(path: &str, world: &World) -> u16 {
    let headers = [("x-api-key", "root"), ("content-type", "application/json")];
    let method = if path == "/v1/models" || path.starts_with("/v1/files") { "GET" } else { "POST" };
    let _ = world.head(method, path, &headers).on_request_headers(&world.host, method == "GET", NOW);
    world.host.reply.borrow().as_ref().map_or(200, |reply| reply.status)
}

#[test]
fn a_model_must_be_allowed_by_the_key_and_by_the_route() {
    for (models, key, asks, status) in [
        (json!(["cheap"]), "root", "cheap", 200),
        (json!(["cheap"]), "root", "tier", 404),
        (json!(["cheap"]), "root", "o/big", 404),
        (json!(["o/*"]), "root", "o/big", 200),
        (json!(["cheap"]), "bot", "cheap", 404),
        (json!(["*"]), "bot", "tier", 200),
    ] {
        assert_eq!(asked(&on(&json!({ "models": models })), key, asks).0, status, "{models} {key} {asks}");
    }
    let world = on(&json!({ "models": ["cheap", "o/big"] }));
    assert_eq!(to("/v1/models", &world), 200);
    let list: Value = serde_json::from_slice(&world.host.reply.borrow().clone().unwrap().body).unwrap();
    let names: Vec<_> = list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["cheap"]);
    assert_eq!((to("/v1/models/cheap", &world), to("/v1/files", &world)), (405, 403));
    assert_eq!(to("/v1/files", &on(&json!({ "models": ["o/*"] }))), 200);
}

#[test]
fn only_surfaces_of_the_route_are_served() {
    let world = on(&json!({ "surfaces": ["chat", "files"] }));
    for (path, status) in
        [("/v1/chat/completions", 200), ("/v1/files", 200), ("/v1/models", 404), ("/v1/messages", 404)]
    {
        assert_eq!(to(path, &world), status, "{path}");
    }
    assert_eq!(asked(&on(&json!({ "surfaces": ["embeddings"] })), "root", "tier"), (404, "unknown_url".into()));
}

#[test]
fn every_surface_has_a_word_in_policies() {
    let paths = [
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/messages/count_tokens",
        "/v1/embeddings",
        "/v1/files",
        "/v1/images/edits",
        "/v1/images/generations",
        "/v1/images/variations",
        "/v1/messages",
        "/v1/models",
        "/v1/moderations",
        "/v2/rerank",
        "/v1/responses",
        "/v1/audio/speech",
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
    ];
    for path in paths {
        let method = if path == "/v1/models" { "GET" } else { "POST" };
        let name = surfaces::route(method, path, Form::OpenAi).unwrap().name();
        let word: raw::Surface = serde_json::from_value(name.into()).unwrap();
        assert_eq!(word.name(), name);
    }
}

#[test]
fn a_request_without_a_model_means_the_route_s() {
    let world = on(&json!({ "default_model": "cheap" }));
    for body in [
        r#"{"messages":[{"role":"user","content":"hi"}]}"#,
        r#"{"model":null,"messages":[{"role":"user","content":"hi"}]}"#,
    ] {
        let gateway = world.chat("root", body);
        let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded: {:?}", world.refused()) };
        assert_eq!(exchange.asked.model, "cheap");
        let sent: Value = serde_json::from_slice(&world.host.request_body.borrow()).unwrap();
        assert_eq!((&sent["model"], &sent["messages"][0]["content"]), (&"cheap".into(), &"hi".into()));
    }
    let named = body("tier");
    let _ = world.chat("root", &named);
    assert_eq!(*world.host.request_body.borrow(), named.as_bytes());
    let part =
        |name: &str, value: &str| format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let form = format!("{}--XX--\r\n", part("prompt", "hi"));
    let headers = [("x-api-key", "root"), ("content-type", "multipart/form-data; boundary=XX")];
    let gateway = world.ask("/v1/audio/transcriptions", &headers, &form);
    assert!(matches!(gateway.state, State::Forwarded(_)), "{:?}", world.refused());
    assert_eq!(*world.host.request_body.borrow(), format!("{}{form}", part("model", "cheap")).as_bytes());
}

#[test]
fn clocks_are_the_shortest() {
    let world = on(&json!({ "policy": "quick", "timeouts": { "first_token": "30s" } }));
    let gateway = world.chat("root", &body("tier"));
    let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
    let clocks = exchange.timeouts;
    assert_eq!((clocks.total.as_secs(), clocks.first_token.as_secs(), clocks.attempt.as_secs()), (5, 5, 5));
}

#[test]
fn limits_of_a_policy_hold_on_its_routes_only() {
    let world = on(&json!({ "policy": "strict" }));
    assert_eq!(asked(&world, "root", "cheap").0, 200);
    assert_eq!(asked(&world, "root", "cheap"), (429, "budget_exceeded".into()));
    world.host.properties.borrow_mut().remove("xds.route_metadata");
    assert_eq!(asked(&world, "root", "cheap").0, 200);
}

#[test]
fn the_route_says_who_pays_where_the_key_does_not() {
    let world = on(&json!({ "policy": "quick", "team": "search", "tags": { "feature": "find" } }));
    let mut gateway = world.chat("root", &body("cheap"));
    gateway.on_log(&world.host, NOW);
    let record = world.record();
    assert_eq!((&record["team"], &record["policy"]), (&"search".into(), &"quick".into()));
    let mut gateway = world.chat("bot", &body("tier"));
    gateway.on_log(&world.host, NOW);
    assert_eq!(world.record()["team"], "own");
    assert_eq!(asked(&world, "root", "cheap"), (429, "rate_limit_exceeded".into()), "the feature is the route's");
    let shared: Vec<_> = world.host.shared.borrow().keys().cloned().collect();
    assert!(shared.iter().any(|key| key.contains("search")), "{shared:?}");
}

#[test]
fn a_soft_limit_does_not_lead_out_of_the_route() {
    for (models, answers) in [(json!(["*"]), "cheap"), (json!(["tier"]), "tier")] {
        let world = on(&json!({ "models": models }));
        let _ = world.chat("bot", &body("tier"));
        let gateway = world.chat("bot", &body("tier"));
        let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
        assert_eq!(exchange.softer.as_deref().unwrap_or("tier"), answers);
    }
}

#[test]
fn what_is_wrong_is_told_to_those_who_have_a_key() {
    let world = on(&json!({ "models": ["dear"] }));
    assert_eq!(asked(&world, "nobody", "tier").0, 401);
    assert_eq!(asked(&world, "root", "tier"), (500, "route_misconfigured".into()));
    let reply = world.host.reply.borrow().clone().unwrap();
    let text = String::from_utf8(reply.body).unwrap();
    assert!(text.contains("route.metadata.filter_metadata.tollhouse.models[0]: found `dear`"), "{text}");
    assert!(reply.headers.contains(&("x-should-retry".to_owned(), "false".to_owned())));
    assert_eq!(world.host.meters.borrow()["tollhouse_route_errors"], 2);
    let messages = [("x-api-key", "root"), ("content-type", "application/json")];
    let _ = world.head("POST", "/v1/messages", &messages).on_request_headers(&world.host, false, NOW);
    let reply: Value = serde_json::from_slice(&world.host.reply.borrow().clone().unwrap().body).unwrap();
    assert_eq!((&reply["type"], &reply["error"]["type"]), (&"error".into(), &"api_error".into()));
}

#[test]
fn a_route_that_is_none_of_ours_is_left_alone() {
    let world = on(&json!({ "enabled": false }));
    let mut gateway = world.head("POST", "/anything", &[("x-envoy-retry-on", "5xx")]);
    *world.host.request_body.borrow_mut() = vec![b'x'; 2048];
    *world.host.response.borrow_mut() = vec![(":status".into(), "503".into())];
    *world.host.response_body.borrow_mut() = b"theirs".to_vec();
    let before = format!("{:?}", world.host);
    assert_eq!(gateway.on_request_headers(&world.host, false, NOW), Action::Continue);
    assert_eq!(gateway.on_request_body(&world.host, 2048, false, NOW), Action::Continue);
    assert_eq!(gateway.on_request_trailers(&world.host, NOW), Action::Continue);
    assert_eq!(gateway.on_response_headers(&world.host, false, NOW), Action::Continue);
    assert_eq!(gateway.on_response_body(&world.host, 6, true), Action::Continue);
    assert!(gateway.passes());
    gateway.on_log(&world.host, NOW);
    // What it asks is where it is.
    world.host.asked.borrow_mut().clear();
    assert_eq!(format!("{:?}", world.host), before);
}

#[test]
fn limits_refuse_nothing_where_they_only_count() {
    let world = on(&json!({ "policy": "trial", "team": "testers" }));
    for _ in 0..6 {
        assert_eq!(asked(&world, "root", "tier").0, 200);
        let cluster = world.host.property(&[contract::CLUSTER]).unwrap();
        assert_eq!(cluster, b"o", "a full provider is not gone round");
    }
    assert!(world.host.meters.borrow().keys().all(|name| !name.starts_with("tollhouse_denials")));
    let told = |limit: &str| world.host.meters.borrow()[&format!("tollhouse_shadow_denials;limit={limit}")];
    assert_eq!((told("requests/day/team:*"), told("requests/day/provider:o/policy:trial")), (2, 5));
}

#[test]
fn metadata_holds_where_the_document_has_no_policies() {
    for (metadata, refusal) in [
        (json!({ "models": ["a/one"] }), (404, "model_not_found")),
        (json!({ "modles": ["a/one"] }), (500, "route_misconfigured")),
    ] {
        let world = World::new();
        let bytes = structure::metadata("tollhouse", &metadata);
        world.host.properties.borrow_mut().insert("xds.virtual_host_metadata".into(), bytes);
        let _ = world.chat("k", HELLO);
        assert_eq!(world.refused(), (refusal.0, refusal.1.to_owned()), "{metadata}");
    }
}
