#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::hub::Event;
use crate::usage::Usage;

const BODY: &str = r#"{"model":"tier","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}"#;

/// A worker with these limits, whose models have known prices.
fn world(limits: Value) -> World {
    world_with(limits, Value::Null)
}

/// The same with somebody who is told.
fn world_with(limits: Value, alerts: Value) -> World {
    let client = |name: &str, more: Value| {
        let mut client = json!({ "name": name, "key_sha256": Digest::of(name).to_string(), "models": ["*"] });
        client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client
    };
    World::of(&json!({
        "providers": {
            "a": { "dialect": "anthropic", "keys": [{ "value": "sk-a" }] },
            "b": { "dialect": "openai", "keys": [{ "value": "sk-b" }] },
        },
        "models": { "tier": { "targets": ["a/big", "b/big"] }, "cheap": { "targets": ["b/small"] } },
        "clients": [
            client("bot", json!({ "team": "support" })),
            client("job", json!({ "class": "batch" })),
        ],
        "prices": { "a/*": { "per_million": { "input": 1, "output": 10 } }, "b/*": { "per_million": { "input": 1, "output": 10 } } },
        "limits": limits,
        "alerts": alerts,
    }))
}

/// The request is over, with these tokens.
pub(super) fn end(world: &World, mut gateway: Gateway, input: u64, output: u64) {
    if let State::Forwarded(exchange) = &gateway.state {
        let mut progress = exchange.progress.borrow_mut();
        progress.begin("a/big");
        progress.meter.see(&[Event::Usage(Usage { input, output, ..Usage::default() })], NOW);
        progress.meter.complete();
    }
    gateway.on_log(&world.host, NOW);
}

fn is_forwarded(gateway: &Gateway) -> bool {
    matches!(gateway.state, State::Forwarded(_))
}

fn answered(world: &World, name: &str) -> Option<String> {
    *world.host.response.borrow_mut() = vec![(":status".into(), "200".into())];
    world.host.header(Side::Response, name)
}

#[test]
fn a_limit_on_tokens_holds_for_requests_under_way() {
    let world = world(json!([{ "for": { "team": "support" }, "tokens": 400, "per": "minute" }]));
    let first = world.chat("bot", BODY);
    let second = world.chat("bot", BODY);
    assert!(is_forwarded(&first) && is_forwarded(&second));
    let third = world.chat("bot", BODY);
    assert!(!is_forwarded(&third));
    assert_eq!(world.refused(), (429, "rate_limit_exceeded".into()));
    let reply = world.host.reply.borrow().clone().unwrap();
    assert!(reply.headers.contains(&("x-should-retry".into(), "true".into())), "{:?}", reply.headers);
    assert!(String::from_utf8_lossy(&reply.body).contains("400 tokens per minute for team support"));
    // What was held and not used is there again.
    end(&world, first, 10, 10);
    assert!(is_forwarded(&world.chat("bot", BODY)));
    // Others have no such limit.
    assert!(is_forwarded(&world.chat("job", BODY)));
    drop(second);
}

#[test]
fn money_is_counted_by_the_price_of_the_target() {
    let world = world(json!([{ "for": { "client": "each" }, "usd": 0.003, "per": "month", "alert_at": [0.5] }]));
    let gateway = world.chat("bot", BODY);
    end(&world, gateway, 1000, 50);
    // 1000 tokens at 1 and 50 at 10 dollars a million.
    assert_eq!(world.record()["cost_usd"], 0.0015);
    assert_eq!(world.host.meters.borrow()["tollhouse_alerts;limit=usd/month/client:*"], 1);
    let gateway = world.chat("bot", BODY);
    end(&world, gateway, 500, 50);
    assert!(!is_forwarded(&world.chat("bot", BODY)));
    assert_eq!(world.refused(), (429, "budget_exceeded".into()));
    let reply = world.host.reply.borrow().clone().unwrap();
    let header = |name: &str| reply.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    assert_eq!(header("x-should-retry").as_deref(), Some("false"));
    assert!(header("retry-after").unwrap().parse::<u64>().unwrap() > 3600);
    assert_eq!(serde_json::from_slice::<Value>(&reply.body).unwrap()["error"]["type"], "insufficient_quota");
}

#[test]
fn the_webhook_is_told_once_of_each_share() {
    let limits = json!([{ "for": { "client": "each" }, "requests": 4, "per": "day", "alert_at": [0.5, 1.0] }]);
    let world =
        world_with(limits.clone(), json!({ "webhook": { "endpoint": "https://h", "path": { "value": "/x" } } }));
    for _ in 0..4 {
        let gateway = world.chat("bot", BODY);
        end(&world, gateway, 1, 1);
    }
    let told: Vec<_> = world.exchanges.alerts().take().into_iter().map(|alert| alert.body).collect();
    let text = |percent| json!({ "text": format!("Tollhouse: {percent} % of the limit of 4 requests per day for client bot are spent.") });
    assert_eq!(told, [text(50).to_string(), text(100).to_string()]);
    assert_eq!(world.host.meters.borrow()["tollhouse_alerts;limit=requests/day/client:*"], 2);
    let silent = world_with(limits, Value::Null);
    for _ in 0..4 {
        let gateway = silent.chat("bot", BODY);
        end(&silent, gateway, 1, 1);
    }
    assert!(silent.exchanges.alerts().take().is_empty());
}

#[test]
fn how_long_answers_are_is_learned_where_callers_do_not_say() {
    let body = BODY.replace(r#""max_tokens":100,"#, "");
    let world = world(json!([{ "tokens": 100_000, "per": "day" }]));
    let held = |body: &str| {
        let gateway = world.chat("bot", body);
        let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
        let held = exchange.tolls.borrow().standings[0].level.held;
        (gateway, held)
    };
    let (gateway, first) = held(&body);
    end(&world, gateway, 10, 9_000);
    let (gateway, longer) = held(&body);
    assert_eq!(longer - first, 9_000 - 4_096);
    end(&world, gateway, 10, 10);
    for _ in 0..32 {
        let (gateway, _) = held(&body);
        end(&world, gateway, 10, 10);
    }
    let (gateway, shorter) = held(&body);
    assert!(shorter < longer && shorter > longer / 2, "{longer} to {shorter}");
    end(&world, gateway, 10, 10);
    // What the caller says is not learned from.
    let (gateway, _) = held(&BODY.replace("100", "50000"));
    end(&world, gateway, 10, 40_000);
    assert!(held(&body).1 < 2 * shorter);
}

#[test]
fn the_plan_goes_round_a_target_without_room() {
    let world = world(json!([{ "for": { "provider": "a" }, "requests": 1, "per": "minute" }]));
    let targets = |gateway: &Gateway| -> Vec<String> {
        let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
        exchange.plan.targets().iter().map(|target| target.name.clone()).collect()
    };
    assert_eq!(targets(&world.chat("bot", BODY)), ["a/big", "b/big"]);
    assert_eq!(targets(&world.chat("bot", BODY)), ["b/big"]);
    let spelled_out = world.chat("bot", &BODY.replace("tier", "a/big"));
    assert!(!is_forwarded(&spelled_out));
    assert_eq!(world.refused().0, 429);
}

#[test]
fn a_soft_limit_changes_the_model_and_says_so() {
    let world = world(json!([{ "tokens": 1000, "per": "day", "soft": { "at": 0.5, "model": "cheap" } }]));
    let gateway = world.chat("bot", BODY);
    end(&world, gateway, 500, 0);
    let mut gateway = world.chat("bot", BODY);
    let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
    assert_eq!(exchange.plan.targets()[0].name, "b/small");
    exchange.progress.borrow_mut().phase = Phase::Committed;
    answered(&world, "");
    let _ = gateway.on_response_headers(&world.host, false, NOW);
    let header = |name| world.host.header(Side::Response, name).unwrap_or_default();
    assert_eq!(header("x-tollhouse-soft-limit"), "cheap");
    assert_eq!(header("x-ratelimit-limit-tokens"), "1000");
    assert!(header("x-ratelimit-remaining-tokens").parse::<u64>().unwrap() < 400);
    gateway.on_log(&world.host, NOW);
    assert_eq!((&world.record()["model"], &world.record()["answered_as"]), (&json!("tier"), &json!("cheap")));
}

#[test]
fn a_request_waits_for_room_and_goes_on_when_there_is() {
    let world = world(json!([{ "in_flight": 1, "wait": "5s", "waiting": 1 }]));
    let first = world.chat("bot", BODY);
    let mut second = world.chat("bot", BODY);
    assert!(second.is_waiting() && world.host.reply.borrow().is_none());
    assert_eq!(second.on_wake(&world.host, NOW), None);
    end(&world, first, 1, 1);
    assert_eq!(second.on_wake(&world.host, NOW.after(Duration::from_secs(2))), Some(Action::Continue));
    assert!(is_forwarded(&second));
    end(&world, second, 1, 1);
    assert_eq!(world.record()["queued_ms"], 2000);
}

#[test]
fn nobody_waits_for_longer_than_the_limit_says() {
    let world = world(json!([{ "in_flight": 1, "wait": "5s" }]));
    let _first = world.chat("bot", BODY);
    let mut second = world.chat("bot", BODY);
    assert_eq!(second.on_wake(&world.host, NOW.after(Duration::from_secs(5))), Some(Action::Pause));
    assert_eq!(world.refused(), (429, "rate_limit_exceeded".into()));
}

#[test]
fn a_batch_job_may_not_take_what_is_kept_for_people() {
    let world = world(json!([{ "in_flight": 2, "keep": { "interactive": 0.5 } }]));
    let _job = world.chat("job", BODY);
    assert!(!is_forwarded(&world.chat("job", BODY)));
    assert!(is_forwarded(&world.chat("bot", BODY)));
}

#[test]
fn a_limit_that_only_counts_refuses_nothing_and_reports() {
    let world = world(json!([{ "requests": 1, "per": "day", "shadow": true }]));
    for _ in 0..3 {
        assert!(is_forwarded(&world.chat("bot", BODY)));
    }
    assert_eq!(world.host.meters.borrow()["tollhouse_shadow_denials;limit=requests/day"], 2);
}

#[test]
fn what_is_held_for_later_attempts_is_free_when_an_answer_has_begun() {
    let world = world(json!([{ "for": { "provider": "b" }, "in_flight": 1 }]));
    let first = world.chat("bot", BODY);
    let State::Forwarded(exchange) = &first.state else { panic!("not forwarded") };
    // The second request has no second target as long as the first may need it.
    let second = world.chat("bot", BODY);
    let State::Forwarded(other) = &second.state else { panic!("not forwarded") };
    assert_eq!(other.plan.targets().len(), 1);
    exchange.tolls.borrow_mut().commit(1, &world.host, NOW);
    let third = world.chat("bot", BODY);
    let State::Forwarded(other) = &third.state else { panic!("not forwarded") };
    assert_eq!(other.plan.targets().len(), 2);
}

#[test]
fn the_bytes_of_a_file_are_no_tokens() {
    let world = world(json!([{ "tokens": 10_000, "per": "minute" }]));
    let sound = "x".repeat(900).replace('x', "\u{1f}\u{7}");
    let form = format!(
        "--B\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nb/whisper\r\n\
         --B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n{sound}\r\n--B--\r\n"
    );
    let headers = [("x-api-key", "bot"), ("content-type", "multipart/form-data; boundary=B")];
    assert!(is_forwarded(&world.ask("/v1/audio/transcriptions", &headers, &form)));
}
