//! Limits that a rate limit service keeps, with a service that says what the test wants.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::*;
use crate::host::Shared as _;
use crate::protobuf::{Message, structure};

const BODY: &str = r#"{"model":"tier","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}"#;

fn world(limits: Value, store: Value) -> World {
    World::of(&json!({
        "providers": {
            "a": { "dialect": "anthropic", "keys": [{ "value": "sk-a" }] },
            "b": { "dialect": "openai", "keys": [{ "value": "sk-b" }] },
        },
        "models": { "tier": { "targets": ["a/big", "b/big"] } },
        "clients": [{ "name": "bot", "team": "support", "key_sha256": Digest::of("bot").to_string(), "models": ["*"] }],
        "limits": limits,
        "limit_store": store,
    }))
}

/// A limit on tokens that the store keeps, beside one on requests under way that is kept here.
fn tokens() -> World {
    let limits = json!([{ "tokens": 1000, "per": "hour" }, { "in_flight": 1, "local": true }]);
    world(limits, json!({ "rate_limit_service": "rls", "local_share": 0.25 }))
}

fn answer(over: bool, left: u64) -> Vec<u8> {
    let code = if over { 2 } else { 1 };
    let limit = Message::default().number(1, 1000);
    let status = Message::default().number(1, code).message(2, &limit).number(3, left);
    Message::default().number(1, code).message(2, &status).into_bytes()
}

fn ok() -> Vec<u8> {
    answer(false, 500)
}

/// The request is over, with these tokens; the worker has had a moment since.
fn end(world: &World, gateway: Gateway, input: u64, output: u64) {
    limits::end(world, gateway, input, output);
    world.exchanges.outbox().send(&world.host, NOW);
}

fn calls(world: &World) -> usize {
    world.host.calls.borrow().len()
}

fn outcome(world: &World, outcome: &str) -> u64 {
    let name = format!("tollhouse_limit_store;outcome={outcome}");
    world.host.meters.borrow().get(&name).copied().unwrap_or_default()
}

fn answered(world: &World, gateway: &mut Gateway, answer: Option<&[u8]>) -> Option<Action> {
    let call = gateway.call().expect("it asks");
    gateway.on_call_answer(&world.host, call, answer, NOW)
}

fn is_forwarded(gateway: &Gateway) -> bool {
    matches!(gateway.state, State::Forwarded(_))
}

#[test]
fn a_request_is_held_until_the_store_has_room_for_it() {
    let world = tokens();
    let mut gateway = world.chat("bot", BODY);
    assert!(gateway.call().is_some() && !is_forwarded(&gateway));
    assert!(world.host.reply.borrow().is_none());
    assert_eq!(answered(&world, &mut gateway, Some(&ok())), Some(Action::Continue));
    assert!(is_forwarded(&gateway) && gateway.call().is_none());
    let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
    assert_eq!(exchange.tolls.borrow().standings.last().unwrap().remaining(), 500);
    assert_eq!(calls(&world), 1);
    end(&world, gateway, 10, 20);
    // One call before, one after; nobody hears of the second one.
    assert_eq!((calls(&world), outcome(&world, "granted")), (2, 1));
}

#[test]
fn requests_that_no_limit_of_the_store_is_for_do_not_ask() {
    let limits = json!([{ "tokens": 1000, "per": "hour", "local": true }]);
    let world = world(limits, json!({ "rate_limit_service": "rls" }));
    assert!(is_forwarded(&world.chat("bot", BODY)));
    assert_eq!(calls(&world), 0);
}

#[test]
fn a_limit_of_the_store_refuses_in_the_same_words_as_one_of_ours() {
    let world = tokens();
    let mut gateway = world.chat("bot", BODY);
    assert_eq!(answered(&world, &mut gateway, Some(&answer(true, 0))), Some(Action::Pause));
    assert_eq!(world.refused(), (429, "rate_limit_exceeded".into()));
    let reply = world.host.reply.borrow().clone().unwrap();
    assert!(
        String::from_utf8_lossy(&reply.body)
            .contains("The limit of 1000 tokens per hour is reached: 1000 spent, 0 held")
    );
    end(&world, gateway, 0, 0);
    assert_eq!((world.record()["limit"].as_str(), calls(&world)), (Some("tokens/hour"), 1));
    assert_eq!(world.host.meters.borrow()["tollhouse_denials;limit=tokens/hour"], 1);
    // What was held here meanwhile is free again.
    assert!(world.chat("bot", BODY).call().is_some());
}

#[test]
fn limits_that_are_kept_here_come_first() {
    let world = tokens();
    let mut first = world.chat("bot", BODY);
    let _ = answered(&world, &mut first, Some(&ok()));
    let second = world.chat("bot", BODY);
    assert!(second.call().is_none());
    assert_eq!((world.refused().0, calls(&world)), (429, 1));
}

#[test]
fn a_request_over_the_whole_limit_is_refused_without_asking() {
    let world = tokens();
    let gateway = world.chat("bot", &BODY.replace("100", "2000"));
    assert_eq!((world.refused().1.as_str(), calls(&world)), ("request_over_limit", 0));
    drop(gateway);
    assert!(world.chat("bot", BODY).call().is_some(), "nothing is held for it");
}

#[test]
fn without_the_store_this_envoy_grants_its_share() {
    for failure in [None, Some(&b"garbage"[..])] {
        let world = tokens();
        let mut granted = 0;
        loop {
            let mut gateway = world.chat("bot", BODY);
            let action = answered(&world, &mut gateway, failure);
            if action == Some(Action::Pause) {
                break;
            }
            granted += 1;
            end(&world, gateway, 30, 30);
        }
        // A quarter of 1000 tokens: with 60 for each that is over, a third one might go beyond it.
        assert_eq!((granted, world.refused()), (2, (429, "rate_limit_exceeded".into())), "{failure:?}");
        let word = if failure.is_none() { "unavailable" } else { "nonsense" };
        assert_eq!(outcome(&world, word), 3, "{failure:?}");
    }
}

#[test]
fn without_a_way_to_the_store_nobody_waits() {
    let world = tokens();
    world.host.cut_off.set(true);
    let gateway = world.chat("bot", BODY);
    assert!(is_forwarded(&gateway));
    end(&world, gateway, 10, 10);
    assert_eq!((outcome(&world, "unavailable"), outcome(&world, "unsettled")), (1, 1));
}

#[test]
fn nothing_passes_without_the_store_where_the_document_says_so() {
    let limits = json!([{ "tokens": 1000, "per": "hour" }, { "in_flight": 1, "local": true }]);
    let world = world(limits, json!({ "rate_limit_service": "rls", "when_down": "refuse" }));
    for _ in 0..2 {
        let mut gateway = world.chat("bot", BODY);
        assert_eq!(answered(&world, &mut gateway, None), Some(Action::Pause));
        assert_eq!(world.refused(), (503, "limit_store_unavailable".into()));
        let reply = world.host.reply.borrow().clone().unwrap();
        assert!(reply.headers.contains(&("x-should-retry".into(), "true".into())), "{:?}", reply.headers);
    }
    assert_eq!(outcome(&world, "unavailable"), 2);
}

#[test]
fn an_answer_that_comes_too_late_or_for_another_call_changes_nothing() {
    let world = tokens();
    let mut gateway = world.chat("bot", BODY);
    let call = gateway.call().unwrap();
    assert_eq!(gateway.on_call_answer(&world.host, call + 1, Some(&ok()), NOW), None);
    assert_eq!(gateway.call(), Some(call));
    // The caller leaves; what is held here is free, and what the store may have granted stays.
    gateway.on_log(&world.host, NOW);
    world.exchanges.outbox().send(&world.host, NOW);
    assert_eq!(gateway.on_call_answer(&world.host, call, Some(&ok()), NOW), None);
    assert_eq!((calls(&world), world.record()["outcome"].as_str()), (1, Some("abandoned")));
    assert!(world.chat("bot", BODY).call().is_some());
}

#[test]
fn a_call_that_took_its_whole_time_has_timed_out() {
    let world = tokens();
    for (waited, word) in [(2, "unavailable"), (20, "timeout")] {
        let mut gateway = world.chat("bot", BODY);
        let call = gateway.call().unwrap();
        let _ = gateway.on_call_answer(&world.host, call, None, NOW.after(std::time::Duration::from_millis(waited)));
        assert_eq!(outcome(&world, word), 1);
        gateway.on_log(&world.host, NOW);
    }
}

#[test]
fn a_failure_of_the_store_is_told_once_in_a_while() {
    let world = tokens();
    let told = || world.host.get("limit_store/told");
    let mut gateway = world.chat("bot", BODY);
    let _ = answered(&world, &mut gateway, None);
    let first = told();
    gateway.on_log(&world.host, NOW);
    let mut gateway = world.chat("bot", BODY);
    let call = gateway.call().unwrap();
    let soon = NOW.after(std::time::Duration::from_secs(59));
    let _ = gateway.on_call_answer(&world.host, call, None, soon);
    assert!(first.is_some() && told() == first);
    gateway.on_log(&world.host, soon);
    let mut gateway = world.chat("bot", BODY);
    let later = NOW.after(std::time::Duration::from_secs(60));
    let call = gateway.call().unwrap();
    let _ = gateway.on_call_answer(&world.host, call, None, later);
    assert_ne!(told(), first);
}

#[test]
fn a_request_that_had_to_wait_asks_when_there_is_room() {
    let limits = json!([{ "tokens": 1000, "per": "hour" }, { "in_flight": 1, "wait": "5s", "local": true }]);
    let world = world(limits, json!({ "rate_limit_service": "rls" }));
    let mut first = world.chat("bot", BODY);
    let _ = answered(&world, &mut first, Some(&ok()));
    let mut second = world.chat("bot", BODY);
    assert!(second.is_waiting() && second.call().is_none());
    end(&world, first, 1, 1);
    assert_eq!(second.on_wake(&world.host, NOW), Some(Action::Pause));
    assert_eq!(answered(&world, &mut second, Some(&ok())), Some(Action::Continue));
    assert!(is_forwarded(&second));
}

#[test]
fn the_plan_goes_round_a_full_target_whoever_keeps_the_other_limits() {
    let limits = json!([
        { "tokens": 1000, "per": "hour" },
        { "for": { "provider": "a" }, "requests": 1, "per": "hour", "local": true },
    ]);
    let world = world(limits, json!({ "rate_limit_service": "rls" }));
    let targets = || -> Vec<String> {
        let mut gateway = world.chat("bot", BODY);
        let _ = answered(&world, &mut gateway, Some(&ok()));
        let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
        exchange.plan.targets().iter().map(|target| target.name.clone()).collect()
    };
    assert_eq!(targets(), ["a/big", "b/big"]);
    assert_eq!(targets(), ["b/big"]);
}

/// On a route where limits only count, with a store that refuses while it is away.
fn shadow() -> World {
    let world = World::of(&json!({
        "providers": { "b": { "dialect": "openai", "keys": [{ "value": "sk-b" }] } },
        "models": { "tier": { "targets": ["b/big"] } },
        "clients": [{ "name": "bot", "key_sha256": Digest::of("bot").to_string(), "models": ["*"] }],
        "policies": { "trial": { "shadow": true } },
        "limits": [{ "tokens": 10, "per": "hour" }],
        "limit_store": { "rate_limit_service": "rls", "when_down": "refuse" },
    }));
    let route = structure::metadata("tollhouse", &json!({ "policy": "trial" }));
    world.host.properties.borrow_mut().insert("xds.route_metadata".into(), route);
    world
}

#[test]
fn the_store_refuses_nothing_where_limits_only_count() {
    for said in [Some(answer(true, 0)), None] {
        let world = shadow();
        let mut gateway = world.chat("bot", BODY);
        assert_eq!(answered(&world, &mut gateway, said.as_deref()), Some(Action::Continue));
        assert!(is_forwarded(&gateway) && world.host.reply.borrow().is_none());
        assert_eq!(world.host.meters.borrow()["tollhouse_shadow_denials;limit=tokens/hour"], 1);
        end(&world, gateway, 100, 100);
    }
}
