//! Targets that cannot do what a caller asks.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// A worker with models whose providers do not all know embeddings.
fn world() -> World {
    World::of(&serde_json::json!({
        "providers": { "a": { "dialect": "anthropic" }, "o": { "dialect": "openai" } },
        "models": { "mixed": { "targets": ["a/one", "o/two"] }, "chats": { "targets": ["a/one"] } },
        "clients": [{ "name": "bot", "key_sha256": Digest::of("k").to_string(), "models": ["*"] }],
    }))
}

fn embed(world: &World, model: &str) -> Gateway {
    let body = format!(r#"{{"model":"{model}","input":"hi"}}"#);
    world.ask("/v1/embeddings", &[("x-api-key", "k"), ("content-type", "application/json")], &body)
}

#[test]
fn a_target_that_cannot_do_what_is_asked_is_no_attempt() {
    let world = world();
    let gateway = embed(&world, "mixed");
    let State::Forwarded(exchange) = &gateway.state else { panic!("{:?}", world.refused()) };
    assert_eq!(exchange.plan.target(0).unwrap().name, "o/two");
    assert!(!exchange.plan.has_next(0));
    assert_eq!(world.host.property(&[contract::CLUSTER]).unwrap(), b"o");
}

#[test]
fn a_model_that_cannot_do_what_is_asked_is_refused_by_name() {
    let world = world();
    for model in ["chats", "a/one"] {
        let _ = embed(&world, model);
        assert_eq!(world.refused(), (400, "unsupported_operation".to_owned()));
        let reply = world.host.reply.borrow().clone().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["error"]["param"], "model");
    }
}
