#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn world() -> World {
    World::of(&serde_json::json!({
        "clients": [
            { "name": "bot", "key_sha256": Digest::of("k").to_string(), "models": ["*"] },
            { "name": "old", "key_sha256": Digest::of("old").to_string(), "models": ["*"], "expires": "2020-01-01" },
        ],
        "failed_keys": { "most": 3, "within": "1m" },
    }))
}

const HERE: &str = "203.0.113.9:1";
const THERE: &str = "198.51.100.7:1";

/// How a request for the list of models ends.
fn list(world: &World, key: &str, from: &str, seconds: u64) -> u16 {
    world.host.properties.borrow_mut().insert("source.address".to_owned(), from.into());
    let mut gateway = world.head("GET", "/v1/models", &[("x-api-key", key)]);
    let _ = gateway.on_request_headers(&world.host, true, Timestamp(NOW.0 + seconds * 1000));
    world.host.reply.borrow().as_ref().unwrap().status
}

#[test]
fn who_guesses_keys_is_told_to_wait_and_nobody_else_is() {
    let world = world();
    assert_eq!([0, 1, 2].map(|second| list(&world, "wrong", HERE, second)), [401; 3]);
    assert_eq!((list(&world, "wrong", HERE, 3), list(&world, "other", HERE, 59)), (429, 429));
    assert_eq!(list(&world, "wrong", THERE, 3), 401);
    assert_eq!(
        (list(&world, "k", HERE, 3), list(&world, "k", THERE, 3)),
        (200, 200),
        "a key that is known is no guess"
    );
    assert_eq!(list(&world, "wrong", HERE, 60), 401);
}

#[test]
fn a_refusal_says_for_how_long_and_is_counted() {
    let world = world();
    assert_eq!([0, 1, 2].map(|second| list(&world, "wrong", HERE, second)), [401; 3]);
    assert_eq!(list(&world, "wrong", HERE, 10), 429);
    assert_eq!(world.refused(), (429, "too_many_failed_keys".to_owned()));
    let reply = world.host.reply.borrow().clone().unwrap();
    for header in [("retry-after", "50"), ("x-should-retry", "false")] {
        assert!(reply.headers.contains(&(header.0.to_owned(), header.1.to_owned())), "{:?}", reply.headers);
    }
    let counted = |outcome: &str| world.host.meters.borrow()[&format!("tollhouse_failed_keys;outcome={outcome}")];
    assert_eq!((counted("unknown"), counted("refused")), (3, 1));
}

#[test]
fn a_key_that_has_expired_is_no_guess_nor_is_none() {
    let world = world();
    for key in ["old", ""] {
        assert_eq!([0; 5].map(|second| list(&world, key, HERE, second)), [401; 5]);
    }
    assert!(!world.host.meters.borrow().keys().any(|name| name.contains("failed_keys")));
}

#[test]
fn any_number_of_wrong_keys_is_refused_one_by_one_where_the_document_says_nothing() {
    let world = World::new();
    assert_eq!([0; 50].map(|second| list(&world, "wrong", HERE, second)), [401; 50]);
}
