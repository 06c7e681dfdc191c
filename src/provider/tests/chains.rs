//! Attempts that a chain leads to.

use super::*;
use crate::routing::chain::Chains;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn chained(targets: &[&str]) -> World {
    let chains = Chains::new(["a>b", "a>b>c"].map(str::to_owned));
    World::planned(targets, false, |plan| plan.chained(&chains))
}

/// Envoy has chosen a host of this cluster.
fn at(world: &World, cluster: &str) {
    world.host.set_property(&contract::HOST_CLUSTER.join("."), cluster.as_bytes());
}

#[test]
fn each_attempt_is_at_the_host_that_the_chain_leads_to() {
    let world = chained(&["a/one", "b/two"]);
    at(&world, "a");
    let _ = world.attempt();
    assert_eq!(world.sent("x-api-key").unwrap(), "sk-up-a");
    assert_eq!(world.host.property(&[contract::CLUSTER]).unwrap(), b"a", "what signs requests must know");
    at(&world, "b");
    let _ = world.attempt();
    assert_eq!(world.sent("x-api-key").unwrap(), "sk-up-b1");
    assert_eq!(world.outcomes().len(), 2);
}

#[test]
fn an_attempt_that_envoy_gave_up_on_before_it_was_seen_is_missed_out() {
    let world = chained(&["a/one", "b/two", "c/three"]);
    at(&world, "c");
    let _ = world.attempt();
    assert_eq!(world.sent("x-goog-api-key").unwrap(), "k");
    assert!(world.host.headers(Side::Request).iter().all(|(_, value)| !value.contains("sk-up")));
    assert_eq!(world.outcomes(), [Outcome::Unanswered, Outcome::Unanswered, Outcome::Unanswered]);
    for missed in ["a/one", "b/two"] {
        assert!(Shared::get(&world.host, &format!("cooldown/{missed}")).is_some(), "{missed}");
    }
}

#[test]
fn a_host_that_nobody_has_planned_gets_nothing() {
    for cluster in [Some("c"), None] {
        let world = chained(&["a/one", "b/two"]);
        if let Some(cluster) = cluster {
            at(&world, cluster);
        }
        let _ = world.attempt();
        assert_eq!(world.host.reply.borrow().clone().unwrap().status, 503);
        assert_eq!(world.sent("x-api-key"), None);
    }
}

#[test]
fn an_attempt_at_a_cluster_that_is_full_counts_as_one() {
    let world = chained(&["a/one", "b/two"]);
    let _ = world.attempt();
    assert_eq!(world.outcomes(), [Outcome::Unanswered]);
    at(&world, "b");
    let _ = world.attempt();
    assert_eq!(world.outcomes(), [Outcome::Unanswered, Outcome::Unanswered], "and the chain goes on");
    assert!(Shared::get(&world.host, "cooldown/a/one").is_some());
}
