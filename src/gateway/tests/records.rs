//! What the access log is told.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn every_request_leaves_one_record_and_no_hand_over() {
    let world = World::new();
    let mut gateway = world.chat("k", HELLO);
    assert_eq!(world.exchanges.len(), 1);
    gateway.on_log(&world.host, NOW);
    assert!(world.exchanges.is_empty());
    let record = world.record();
    assert_eq!((record["client"].as_str(), record["team"].as_str()), (Some("bot"), Some("support")));
    assert_eq!((record["model"].as_str(), record["outcome"].as_str()), (Some("tier"), Some("abandoned")));
    gateway = world.chat("nope", HELLO);
    gateway.on_log(&world.host, NOW);
    assert_eq!((world.record()["outcome"].as_str(), world.record()["status"].as_u64()), (Some("refused"), Some(401)));
    let requests = |outcome: &str| {
        world.host.meters.borrow().iter().filter(|(n, _)| n.contains(outcome)).map(|(_, v)| v).sum::<u64>()
    };
    assert_eq!((requests("outcome=abandoned"), requests("outcome=refused;status=401")), (1, 1));
}

#[test]
fn an_answer_that_breaks_off_is_the_fault_of_who_broke_it_off() {
    for (details, outcome, error) in [
        ("upstream_reset_after_response_started{remote_reset}", "failed", Some("provider_reset")),
        ("upstream_response_timeout", "failed", Some("timeout")),
        ("downstream_remote_disconnect", "abandoned", None),
        ("via_upstream", "abandoned", None),
    ] {
        let world = World::new();
        let mut gateway = world.chat("k", HELLO);
        *world.host.response.borrow_mut() = vec![(":status".into(), "200".into())];
        let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
        exchange.progress.borrow_mut().phase = Phase::Committed;
        let _ = gateway.on_response_headers(&world.host, false, NOW);
        world.host.properties.borrow_mut().insert("response.code_details".into(), details.into());
        gateway.on_log(&world.host, NOW);
        let record = world.record();
        assert_eq!((record["outcome"].as_str(), record["error"].as_str()), (Some(outcome), error), "{details}");
    }
}

#[test]
fn no_key_is_in_the_record() {
    let world = World::new();
    for key in ["k-secret-1", "old"] {
        let mut gateway = world.chat(key, HELLO);
        gateway.on_log(&world.host, NOW);
        let record = String::from_utf8(world.host.property(&[contract::RECORD]).unwrap()).unwrap();
        assert!(!record.contains("k-secret-1") && !record.contains("sk-up") && !record.contains("hi\""));
    }
}
