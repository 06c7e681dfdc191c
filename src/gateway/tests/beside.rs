//! Filters of others, in front of us and behind us.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Envoy answers itself, in these words for programs.
fn answered_by_envoy(world: &World, gateway: &mut Gateway, status: u16, details: &str) {
    world.host.properties.borrow_mut().insert("response.code_details".into(), details.into());
    *world.host.response.borrow_mut() = vec![(":status".into(), status.to_string())];
    let _ = gateway.on_response_headers(&world.host, false, NOW);
    *world.host.response_body.borrow_mut() = b"Envoy's words".to_vec();
    let _ = gateway.on_response_body(&world.host, 13, true);
    gateway.on_log(&world.host, NOW);
}

fn told(world: &World) -> (Option<String>, serde_json::Value) {
    let body: serde_json::Value = serde_json::from_slice(&world.host.response_body.borrow()).unwrap();
    (world.host.header(Side::Response, ":status"), body["error"]["code"].clone())
}

#[test]
fn what_a_filter_in_front_of_us_answers_is_not_ours() {
    let world = World::new();
    let mut gateway = world.head("OPTIONS", "/v1/chat/completions", &[]);
    answered_by_envoy(&world, &mut gateway, 200, "cors_response");
    assert_eq!(*world.host.response_body.borrow(), b"Envoy's words");
    assert_eq!(world.host.header(Side::Response, "x-request-id"), None);
    assert!(!world.host.properties.borrow().contains_key(contract::RECORD));
    assert!(world.host.meters.borrow().is_empty());
}

#[test]
fn a_filter_behind_us_that_refuses_is_no_provider_that_fails() {
    for (status, told_status, code, outcome) in [
        (403, "403", "refused_by_proxy", "refused"),
        (429, "429", "refused_by_proxy", "refused"),
        (503, "503", "no_healthy_target", "failed"),
    ] {
        let world = World::new();
        let mut gateway = world.chat("k", HELLO);
        answered_by_envoy(&world, &mut gateway, status, "a_filter_s_own");
        assert_eq!(told(&world), (Some(told_status.to_owned()), code.into()));
        let record = world.record();
        assert_eq!((&record["outcome"], &record["attempts"]), (&outcome.into(), &serde_json::Value::Null));
        assert!(world.host.shared.borrow().is_empty(), "nothing cools");
    }
}

#[test]
fn the_key_ends_at_the_gateway() {
    let world = World::new();
    let json = ("content-type", "application/json");
    for key in [("x-api-key", "k"), ("authorization", "Bearer k"), ("api-key", "k"), ("x-goog-api-key", "k")] {
        let gateway = world.chat_with(&[json, key], HELLO);
        assert!(gateway.exchange_id().is_some());
        assert_eq!(world.host.header(Side::Request, key.0), None);
        assert_eq!(world.host.header(Side::Request, json.0).as_deref(), Some(json.1));
    }
}

#[test]
fn the_headers_of_attempts_are_not_there_any_more_when_the_request_is_over() {
    for answers in [true, false] {
        let world = World::new();
        let mut gateway = world.chat("k", HELLO);
        // What an attempt leaves.
        *world.host.request.borrow_mut() =
            vec![(":path".into(), "/v1/messages".into()), ("x-api-key".into(), "sk-up-a".into())];
        if answers {
            *world.host.response.borrow_mut() = vec![(":status".into(), "200".into())];
            let _ = gateway.on_response_headers(&world.host, false, NOW);
        } else {
            gateway.on_log(&world.host, NOW);
        }
        let header = |name| world.host.header(Side::Request, name);
        assert_eq!(header("x-api-key"), None);
        assert_eq!(header(":path").as_deref(), Some("/v1/chat/completions"));
        assert_eq!((header("x-request-id").as_deref(), header("x-envoy-retry-on")), (Some("r-1"), None));
    }
}

#[test]
fn a_request_that_becomes_another_protocol_is_refused() {
    let world = World::new();
    let headers = [("x-api-key", "k"), ("content-type", "application/json"), ("upgrade", "websocket")];
    let _ = world.chat_with(&headers, HELLO);
    assert_eq!(world.refused(), (400, "unsupported_upgrade".to_owned()));
}

#[test]
fn a_target_whose_cluster_is_full_or_empty_is_gone_round_by_the_next_request() {
    for details in ["upstream_reset_before_response_started{overflow}", "no_healthy_upstream", "cluster_not_found"] {
        let world = World::new();
        let mut gateway = world.chat("k", HELLO);
        answered_by_envoy(&world, &mut gateway, 503, details);
        assert_eq!(world.record()["attempts"][0]["target"], "a/one", "{details}");
        let _ = world.chat("k", HELLO);
        assert_eq!(world.host.property(&[contract::CLUSTER]).unwrap(), b"b-cluster", "{details}");
    }
}

#[test]
fn an_attempt_that_was_begun_and_had_no_room_is_not_counted_twice() {
    let world = World::new();
    let mut gateway = world.chat("k", HELLO);
    let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
    exchange.progress.borrow_mut().begin("a/one");
    answered_by_envoy(&world, &mut gateway, 503, "upstream_reset_before_response_started{overflow}");
    assert_eq!(world.record()["attempts"].as_array().unwrap().len(), 1);
}

#[test]
fn an_answer_that_the_provider_role_has_signed_is_left_as_it_is_unless_a_filter_has_put_another_in_its_place() {
    for (status, is_signed) in [("200", true), ("503", false)] {
        let world = World::new();
        let mut gateway = world.chat("k", HELLO);
        let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
        let mut progress = exchange.progress.borrow_mut();
        progress.begin("a/one");
        (progress.phase, progress.signed) = (Phase::Committed, Some(200));
        drop(progress);
        *world.host.response.borrow_mut() = vec![(":status".into(), status.into())];
        let _ = gateway.on_response_headers(&world.host, false, NOW);
        assert_eq!(world.host.header(Side::Response, "x-tollhouse-target").is_none(), is_signed, "{status}");
        gateway.on_log(&world.host, NOW);
        assert_eq!(world.record()["status"].to_string(), status);
    }
}
