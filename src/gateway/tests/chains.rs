//! Plans for an Envoy that does not choose a cluster anew before each attempt.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn world(version: &str) -> World {
    World::of(&serde_json::json!({
        "envoy_version": version,
        "providers": {
            "a": { "dialect": "anthropic", "keys": [{ "value": "sk-up-a" }] },
            "b": { "dialect": "anthropic", "keys": [{ "value": "sk-up-b" }], "cluster": "b-cluster" },
            "s": { "dialect": "bedrock-converse", "keys": [{ "aws": { "region": "us-east-1" } }] },
        },
        "models": {
            "tier": { "targets": ["a/one", "b/two"] },
            "lone": { "targets": ["a/one", "a/two"] },
            "signed": { "targets": ["s/one", "a/two"] },
        },
        "clients": [{ "name": "root", "key_sha256": Digest::of("root").to_string(), "models": ["*"] }],
    }))
}

/// The cluster that Envoy is told, and how often it may try again.
fn steered(world: &World, model: &str) -> (String, String) {
    let body = format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}]}}"#);
    let _ = world.chat("root", &body);
    let cluster = world.host.property(&[contract::CLUSTER]).unwrap();
    let retries = world.host.header(Side::Request, "x-envoy-max-retries").unwrap();
    (String::from_utf8(cluster).unwrap(), retries)
}

#[test]
fn before_1_39_envoy_is_told_the_chain_of_all_attempts() {
    let world = world("1.37");
    let told = |cluster: &str, retries: &str| (cluster.to_owned(), retries.to_owned());
    assert_eq!(steered(&world, "tier"), told("a>b-cluster", "1"));
    let later = NOW.after(std::time::Duration::from_secs(60));
    world.host.shared.borrow_mut().insert("cooldown/a/one".to_owned(), later.0.to_le_bytes().to_vec());
    assert_eq!(steered(&world, "tier"), told("b-cluster>a", "1"), "those that cool come last there too");
    assert_eq!(steered(&world, "lone"), told("a", "1"));
    assert_eq!(steered(&world, "signed"), told("s>a", "1"));
    assert_eq!(steered(&world, "b/three"), told("b-cluster", "1"));
}

#[test]
fn from_1_39_on_envoy_is_told_the_first_cluster() {
    assert_eq!(steered(&world("1.39"), "tier").0, "a");
}
