use super::*;
use crate::hub::Event;
use crate::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A request to `target` whose answer is complete.
fn answered(world: &World, target: &str, stream: bool) {
    let body = HELLO.replace("tier", target).replacen('{', &format!(r#"{{"stream":{stream},"#), 1);
    let mut gateway = world.chat("root", &body);
    let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
    let mut progress = exchange.progress.borrow_mut();
    progress.begin(target);
    progress.phase = Phase::Committed;
    let usage = Usage { input: 12_307, cache_write: 12_304, output: 550, ..Usage::default() };
    progress.meter.see(&[Event::Usage(usage)], NOW);
    progress.meter.complete();
    drop(progress);
    *world.host.response.borrow_mut() = vec![(":status".into(), "200".into())];
    let _ = gateway.on_response_headers(&world.host, false, NOW);
    gateway.on_log(&world.host, NOW);
}

fn counted(world: &World, metric: &str) -> Vec<(String, u64)> {
    let meters = world.host.meters.borrow();
    let found = meters.iter().filter(|(name, _)| name.starts_with(&format!("tollhouse_{metric};")));
    found.map(|(name, value)| (name.clone(), *value)).collect()
}

#[test]
fn what_is_priced_is_told_in_the_record_the_header_and_the_stats() {
    let world = World::new();
    answered(&world, "a/claude-sonnet-4-6", false);
    assert_eq!(world.host.header(Side::Response, "x-tollhouse-cost-usd").unwrap(), "0.054399000");
    let line = String::from_utf8(world.host.property(&[contract::RECORD]).unwrap()).unwrap();
    let kinds = r#""cost_by_kind":{"input":0.000009000,"cache_write":0.046140000,"output":0.008250000}"#;
    assert!(line.contains(&format!(r#""cost_usd":0.054399000,{kinds},"price_version":"#)), "{line}");
    assert!(!line.contains("unpriced"));
    let cost = "tollhouse_cost_nanousd;client=root;model=*;target=a/*".to_owned();
    assert_eq!(counted(&world, "cost_nanousd"), [(cost, 54_399_000)]);
}

#[test]
fn the_cost_of_a_stream_is_not_known_when_its_headers_go_out() {
    let world = World::new();
    answered(&world, "a/claude-sonnet-4-6", true);
    assert_eq!(world.host.header(Side::Response, "x-tollhouse-cost-usd"), None);
    assert_eq!(world.record()["cost_usd"], 0.054_399);
}

#[test]
fn what_has_no_price_is_said_to_have_none() {
    let world = World::new();
    answered(&world, "a/ours", false);
    assert_eq!(world.host.header(Side::Response, "x-tollhouse-cost-usd"), None);
    let record = world.record();
    assert_eq!((&record["unpriced"], &record["cost_usd"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(counted(&world, "unpriced").len(), 1);
    assert!(counted(&world, "cost_nanousd").is_empty());
}
