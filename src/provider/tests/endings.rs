use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_failure_after_content_is_told_in_band() {
    for (rest, end) in
        [("", true), ("data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"lost\"}}\n\n", false)]
    {
        let world = World::new(&["a/one", "b/two"], true);
        let mut provider = world.attempt();
        let _ = world.head(&mut provider, "200", SSE, false);
        let mut out = world.piece(&mut provider, &[START, TEXT].concat(), false).unwrap();
        out += &world.piece(&mut provider, rest, end).unwrap();
        assert!(out.contains("data: {\"error\":{"), "{out}");
        assert!(!out.contains("[DONE]"), "{out}");
        assert_eq!(world.exchange.progress.borrow().phase, Phase::Broken);
        assert_eq!(world.told(contract::RETRY_HEADER), None);
        assert_eq!(world.piece(&mut provider, TEXT, true).unwrap(), "", "nothing follows a failure");
        assert_eq!(world.exchange.progress.borrow().meter.usage(0).unwrap().1, crate::usage::Source::Partial);
    }
}

#[test]
fn an_attempt_that_ends_before_its_answer_breaks_it_off() {
    let later = NOW.after(std::time::Duration::from_secs(600));
    for (now, code) in [(NOW, "provider_reset"), (later, "timeout")] {
        let world = World::new(&["a/one", "b/two"], true);
        let mut provider = world.attempt();
        let _ = world.head(&mut provider, "200", SSE, false);
        let _ = world.piece(&mut provider, &[START, TEXT].concat(), false);
        world.exchange.progress.borrow_mut().held_open = true;
        let (id, last) = provider.on_done(now).unwrap();
        assert_eq!(id, world.exchange.id);
        assert!(String::from_utf8(last).unwrap().contains(code));
        assert_eq!(provider.on_done(now), None);
    }
}

#[test]
fn an_attempt_that_ends_otherwise_has_nothing_to_tell() {
    let world = World::new(&["a/one", "b/two"], true);
    let mut held = world.attempt();
    let _ = world.head(&mut held, "200", SSE, false);
    let _ = world.piece(&mut held, START, false);
    assert_eq!(held.on_done(NOW), None, "another target can answer");
    let mut whole = world.attempt();
    let _ = world.head(&mut whole, "200", SSE, false);
    let _ = world.piece(&mut whole, &[START, TEXT, STOP].concat(), false);
    world.exchange.progress.borrow_mut().held_open = true;
    assert_eq!(whole.on_done(NOW), None, "the answer is whole");
    let world = World::new(&["a/one"], true);
    let mut left = world.attempt();
    let _ = world.head(&mut left, "200", SSE, false);
    let _ = world.piece(&mut left, &[START, TEXT].concat(), false);
    world.exchange.progress.borrow_mut().held_open = true;
    world.exchanges.close(world.exchange.id);
    assert_eq!(left.on_done(NOW), None, "the caller has left");
}

#[test]
fn content_and_failure_in_one_piece_are_told_in_band_too() {
    let world = World::new(&["a/one", "b/two"], true);
    let mut provider = world.attempt();
    let _ = world.head(&mut provider, "200", SSE, false);
    let out = world.piece(&mut provider, &[START, TEXT].concat(), true).unwrap();
    assert!(out.contains("Hello") && out.contains("data: {\"error\":{"), "{out}");
    assert_eq!(world.told("content-type").unwrap(), "text/event-stream; charset=utf-8");
}

#[test]
fn pings_keep_a_stream_open_but_not_alive() {
    let world = World::new(&["a/one"], true);
    let mut provider = world.attempt();
    let _ = world.head(&mut provider, "200", SSE, false);
    let _ = world.piece(&mut provider, &[START, TEXT].concat(), false);
    let ping = "data: {\"type\":\"ping\"}\n\n";
    let later = |s| NOW.after(std::time::Duration::from_secs(s));
    assert_eq!(world.piece_at(&mut provider, ping, false, later(4)).unwrap(), "");
    let out = world.piece_at(&mut provider, ping, false, later(6)).unwrap();
    assert!(out.contains("idle_timeout"), "{out}");
}

#[test]
fn an_answer_that_ends_with_trailers_is_whole() {
    let world = World::new(&["a/one"], false);
    let mut provider = world.attempt();
    let _ = world.head(&mut provider, "200", JSON, false);
    assert_eq!(world.piece(&mut provider, WHOLE, false), None);
    assert_eq!(provider.on_response_trailers(&world.host, NOW), None);
    assert!(String::from_utf8(world.host.response_body.borrow().clone()).unwrap().contains("chat.completion"));
}

#[test]
fn trailers_after_a_stream_settle_it() {
    let failure = "data: {\"error\":{";
    for (last, phase, complete, owed) in [(STOP, Phase::Committed, true, ""), ("", Phase::Broken, false, failure)] {
        let world = World::new(&["a/one"], true);
        let mut provider = world.attempt();
        let _ = world.head(&mut provider, "200", SSE, false);
        let _ = world.piece(&mut provider, &[START, TEXT, last].concat(), false);
        world.exchange.progress.borrow_mut().held_open = true;
        let (id, told) = provider.on_response_trailers(&world.host, NOW).unwrap_or_default();
        let told = String::from_utf8(told).unwrap();
        assert_eq!((id, told.starts_with(owed)), (if owed.is_empty() { 0 } else { world.exchange.id }, true), "{told}");
        let progress = world.exchange.progress.borrow();
        assert_eq!((progress.phase, progress.meter.is_complete()), (phase, complete));
    }
}

#[test]
fn a_complete_stream_that_does_not_end_is_ended() {
    for (end, endless) in [(false, 1), (true, 0)] {
        let world = World::new(&["a/one"], true);
        let mut provider = world.attempt();
        let _ = world.head(&mut provider, "200", SSE, false);
        let _ = world.piece(&mut provider, &[START, TEXT, STOP].concat(), end);
        assert!(world.exchange.progress.borrow().meter.is_complete());
        let much_later = NOW.after(std::time::Duration::from_secs(3600));
        assert_eq!(world.exchanges.endless(much_later).len(), endless);
        assert!(world.exchanges.idle(much_later).is_empty());
    }
}

#[test]
fn a_stream_whose_end_is_the_end_of_its_bytes_may_end_with_trailers() {
    let world = World::new(&["c/one"], true);
    let mut provider = world.attempt();
    let _ = world.head(&mut provider, "200", SSE, false);
    let chunk = r#"{"candidates":[{"content":{"parts":[{"text":"Hello"}]},"finishReason":"STOP"}]}"#;
    let told = world.piece(&mut provider, &format!("data: {chunk}\r\n\r\n"), false).unwrap();
    assert!(told.contains("Hello") && !told.contains("\"stop\""), "{told}");
    world.exchange.progress.borrow_mut().held_open = true;
    let (id, owed) = provider.on_response_trailers(&world.host, NOW).unwrap();
    let owed = String::from_utf8(owed).unwrap();
    assert_eq!(id, world.exchange.id);
    assert!(owed.contains("\"finish_reason\":\"stop\"") && owed.ends_with("data: [DONE]\n\n"), "{owed}");
    assert!(world.exchange.progress.borrow().meter.is_complete());
    assert_eq!(provider.on_done(NOW), None);
}

#[test]
fn an_attempt_that_fails_before_any_content_costs_nothing_whatever_it_told() {
    let usage = |world: &World| world.exchange.progress.borrow().meter.usage(BODY.len() as u64);
    for targets in [&["a/one"][..], &["a/one", "b/two"]] {
        let world = World::new(targets, true);
        let mut provider = world.attempt();
        let _ = world.head(&mut provider, "200", SSE, false);
        assert_eq!(world.piece(&mut provider, START, false), None);
        assert_eq!(usage(&world).unwrap().0.input, 9, "a caller that leaves now has read so much");
        let _ = world.piece(&mut provider, "", true);
        assert!(matches!(world.outcomes()[0], Outcome::Failed { .. }));
        assert_eq!(usage(&world), None);
    }
}

#[test]
fn nor_does_one_that_envoy_gave_up_on() {
    let world = World::new(&["a/one", "b/two"], true);
    let mut provider = world.attempt();
    let _ = world.head(&mut provider, "200", SSE, false);
    assert_eq!(world.piece(&mut provider, START, false), None);
    let mut provider = world.attempt();
    assert_eq!(world.exchange.progress.borrow().meter.usage(0), None);
    let _ = world.head(&mut provider, "500", JSON, false);
    let _ = world.piece(&mut provider, "{}", true);
    assert_eq!(world.exchange.progress.borrow().meter.usage(0), None);
}
