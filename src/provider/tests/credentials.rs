//! Credentials that Envoy puts in.

use super::*;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const REFUSED: &str = r#"{"error":{"message":"Incorrect API key provided: sk-x","code":"invalid_api_key"}}"#;

fn refused(world: &World, status: &str) -> (Option<String>, String) {
    let mut provider = world.attempt();
    assert_eq!(world.head(&mut provider, status, JSON, false), Action::Pause);
    let body = world.piece(&mut provider, REFUSED, true).unwrap();
    (world.told(contract::RETRY_HEADER), body)
}

#[test]
fn a_provider_without_the_credential_of_envoy_is_replaced_and_passed_over_for_a_while() {
    for status in ["401", "403"] {
        let world = World::new(&["e/one", "a/two"], false);
        let (retry, _) = refused(&world, status);
        assert_eq!(retry.as_deref(), Some("1"));
        let failed = Outcome::Failed { status: 502, reason: "provider_credential".into() };
        assert_eq!(world.outcomes(), [failed]);
        assert!(failover::is_cooling(&world.host, &world.exchange.plan.target(0).unwrap().clone(), NOW));
    }
}

#[test]
fn a_caller_is_not_told_that_its_own_key_is_wrong() {
    let world = World::new(&["e/one"], false);
    let (retry, body) = refused(&world, "401");
    assert_eq!((retry, world.told(":status").as_deref()), (None, Some("502")));
    assert!(body.contains("provider_credential") && !body.contains("sk-x"), "{body}");
    assert_eq!(world.told("x-should-retry").as_deref(), Some("true"));
}

#[test]
fn what_a_provider_says_of_a_key_of_the_filter_is_told_as_it_was() {
    let world = World::new(&["a/one", "e/two"], false);
    let (retry, _) = refused(&world, "401");
    assert_eq!((retry, world.told(":status").as_deref()), (None, Some("401")));
}

#[test]
fn what_aws_says_of_a_signature_is_told_as_it_was() {
    let world = World::new(&["s/one"], false);
    let (_, body) = refused(&world, "403");
    assert_eq!(world.told(":status").as_deref(), Some("403"));
    assert!(!body.contains("provider_credential"), "{body}");
}

#[test]
fn the_filter_sends_no_credential_where_envoy_does() {
    let world = World::new(&["a/one", "e/two"], false);
    let _ = world.attempt();
    let _ = world.attempt();
    assert_eq!((world.sent("authorization"), world.sent("x-api-key")), (None, None));
}

#[test]
fn a_key_is_gone_from_the_request_when_an_answer_comes_where_that_is_left_to_this_role() {
    let headers = Rc::new(Headers::from_iter([("user-agent", "callers/1.0")]));
    let world = World::changed(&["a/one"], false, |exchange| Exchange { headers, later: true, ..exchange });
    let mut provider = world.attempt();
    assert_eq!(world.sent("x-api-key").as_deref(), Some("sk-up-a"));
    let _ = world.head(&mut provider, "200", &[("content-type", "application/json")], false);
    assert_eq!((world.sent("x-api-key"), world.sent("user-agent").as_deref()), (None, Some("callers/1.0")));
}
