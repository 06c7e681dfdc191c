use super::*;
use crate::config::Config;
use crate::exchange::Progress;
use crate::host::memory::Memory;
use crate::host::{Shared, Stream};
use crate::routing::Plan;
use crate::surfaces::{Asked, Task, chat::Chat};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod chains;
mod credentials;
mod endings;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const BODY: &str = r#"{"model":"tier","messages":[{"role":"user","content":"hi"}],"seed":7}"#;

/// One request on one worker, and its attempts.
struct World {
    exchanges: Exchanges,
    exchange: Rc<Exchange>,
    host: Memory,
}

impl World {
    fn new(targets: &[&str], stream: bool) -> Self {
        Self::planned(targets, stream, |plan| plan)
    }

    fn planned(targets: &[&str], stream: bool, change: impl FnOnce(Plan) -> Plan) -> Self {
        Self::changed(targets, stream, |exchange| Exchange { plan: change(exchange.plan), ..exchange })
    }

    fn changed(targets: &[&str], stream: bool, change: impl FnOnce(Exchange) -> Exchange) -> Self {
        let document = serde_json::json!({
            "providers": {
                "a": { "dialect": "anthropic", "keys": [{ "value": "sk-up-a" }], "endpoint": "https://a.example/v1" },
                "b": { "dialect": "anthropic", "keys": [{ "value": "sk-up-b1" }, { "value": "sk-up-b2" }], "endpoint": "http://b.example:81" },
                "e": { "dialect": "openai", "keys": [{ "file": "/run/secrets/e" }] },
                "s": { "dialect": "bedrock-converse", "keys": [{ "aws": { "region": "us-east-1" } }] },
                "c": { "dialect": "gemini", "keys": [{ "value": "k" }], "endpoint": "https://c.example" },
            },
            "models": { "tier": { "targets": targets, "timeouts": { "idle": "5s" } } },
        });
        let config = Config::parse(document.to_string().as_bytes(), &|_| None).unwrap();
        let model = &config.models["tier"];
        let exchange = Rc::new(change(Exchange {
            id: 4,
            task: Task::Chat(&Chat),
            asked: Asked { model: "tier".into(), stream, ..Asked::default() },
            resource: None,
            plan: Plan::new(&model.targets, |_| false),
            timeouts: model.timeouts,
            logical: true,
            failover_on: Vec::new(),
            max_answer: 1000,
            headers: Rc::new(Headers::from_iter([("anthropic-beta", "x"), ("x-team", "t")])),
            later: false,
            request_id: "r-1".into(),
            request_bytes: 0,
            started: NOW,
            softer: None,
            tolls: Default::default(),
            progress: Progress::default().into(),
        }));
        let exchanges = Exchanges::default();
        exchanges.open(Rc::clone(&exchange));
        let host = Memory::default();
        host.set_property(contract::EXCHANGE, b"4");
        *host.request.borrow_mut() = vec![("authorization".into(), "Bearer sk-gateway".into())];
        Self { exchanges, exchange, host }
    }

    /// Sends the request as one attempt.
    fn attempt(&self) -> Provider {
        let mut provider = Provider::new(7, self.exchanges.clone());
        assert_eq!(provider.on_request_headers(&self.host, NOW), Action::Pause);
        *self.host.request_body.borrow_mut() = BODY.into();
        if self.host.reply.borrow().is_none() {
            assert_eq!(provider.on_request_body(&self.host, BODY.len(), true), Action::Continue);
        }
        provider
    }

    /// The provider's headers come.
    fn head(&self, provider: &mut Provider, status: &str, headers: &[(&str, &str)], end: bool) -> Action {
        let all = [(":status", status)];
        *self.host.response.borrow_mut() =
            all.iter().chain(headers).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self.host.response_body.borrow_mut().clear();
        provider.on_response_headers(&self.host, end, NOW)
    }

    /// A piece of the provider's body comes; what goes out of it is returned.
    fn piece(&self, provider: &mut Provider, piece: &str, end: bool) -> Option<String> {
        self.piece_at(provider, piece, end, NOW)
    }

    fn piece_at(&self, provider: &mut Provider, piece: &str, end: bool, now: Timestamp) -> Option<String> {
        let size = {
            let mut held = self.host.response_body.borrow_mut();
            held.extend_from_slice(piece.as_bytes());
            held.len()
        };
        match provider.on_response_body(&self.host, size, end, now) {
            Action::Pause => None,
            Action::Continue => {
                Some(String::from_utf8(std::mem::take(&mut *self.host.response_body.borrow_mut())).unwrap())
            }
        }
    }

    fn sent(&self, name: &str) -> Option<String> {
        self.host.header(Side::Request, name)
    }

    fn told(&self, name: &str) -> Option<String> {
        self.host.header(Side::Response, name)
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.exchange.progress.borrow().attempts.iter().map(|a| a.outcome.clone()).collect()
    }
}

const SSE: &[(&str, &str)] = &[("content-type", "text/event-stream")];
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const START: &str = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\ndata: {\"type\":\"ping\"}\n\n";
const TEXT: &str = "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n";
const STOP: &str = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
const WHOLE: &str = r#"{"id":"msg_1","type":"message","model":"m","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":5}}"#;

#[test]
fn an_attempt_sends_only_what_is_meant_for_its_provider() {
    let world = World::new(&["a/one", "b/two"], false);
    let _ = world.attempt();
    assert_eq!(world.sent("authorization"), None);
    assert_eq!(world.sent("x-api-key").unwrap(), "sk-up-a");
    assert_eq!(
        (world.sent(":scheme").unwrap(), world.sent(":authority").unwrap()),
        ("https".into(), "a.example".into())
    );
    assert_eq!(world.sent(":path").unwrap(), "/v1/messages");
    assert_eq!(world.sent("x-team"), None);
    assert_eq!(world.sent("anthropic-beta"), None, "a caller of another format knows nothing of it");
    let body = world.host.request_body.borrow().clone();
    assert_eq!(world.sent("content-length").unwrap(), body.len().to_string());
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["model"], "one");
    assert_eq!(world.exchange.progress.borrow().dropped, ["seed"]);
    assert_eq!(world.host.property(&[contract::CLUSTER]).unwrap(), b"b");
}

#[test]
fn the_next_attempt_carries_nothing_of_the_last() {
    let world = World::new(&["a/one", "b/two"], false);
    let _ = world.attempt();
    let _ = world.attempt();
    assert_eq!(world.sent("x-api-key").unwrap(), "sk-up-b1");
    assert_eq!(
        (world.sent(":authority").unwrap(), world.sent(":path").unwrap()),
        ("b.example:81".into(), "/messages".into())
    );
    let all = world.host.headers(Side::Request);
    assert!(all.iter().all(|(_, v)| !v.contains("sk-up-a") && !v.contains("sk-gateway")), "{all:?}");
    assert_eq!(all.iter().filter(|(n, _)| *n == "x-api-key").count(), 1);
}

#[test]
fn an_attempt_without_a_hand_over_is_refused() {
    let world = World::new(&["a/one"], false);
    world.exchanges.close(4);
    let _ = world.attempt();
    assert_eq!(world.host.reply.borrow().clone().unwrap().status, 503);
    assert_eq!(world.sent("x-api-key"), None);
}

#[test]
fn a_stream_is_held_until_its_first_content() {
    let world = World::new(&["a/one", "b/two"], true);
    let mut provider = world.attempt();
    assert_eq!(
        world.head(
            &mut provider,
            "200",
            &[SSE, &[("set-cookie", "a=b"), ("request-id", "req_1"), ("anthropic-ratelimit-requests-limit", "5")]]
                .concat(),
            false
        ),
        Action::Pause
    );
    assert_eq!(world.piece(&mut provider, START, false), None);
    assert_eq!(world.exchange.progress.borrow().phase, Phase::Held);
    let out = world.piece(&mut provider, TEXT, false).unwrap();
    assert!(out.contains(r#""content":"Hello""#) && out.contains(r#""role":"assistant""#), "{out}");
    assert_eq!(world.exchange.progress.borrow().phase, Phase::Committed);
    assert_eq!((world.told("set-cookie"), world.told("request-id")), (None, None));
    assert_eq!(world.told("anthropic-ratelimit-requests-limit").unwrap(), "5");
    assert_eq!(world.told("x-accel-buffering").unwrap(), "no");
    let out = world.piece(&mut provider, STOP, true).unwrap();
    assert!(out.ends_with("data: [DONE]\n\n"), "{out}");
    let progress = world.exchange.progress.borrow();
    assert!(progress.meter.is_complete());
    assert_eq!(progress.meter.usage(0).unwrap().0.total(), 14);
    assert_eq!(progress.attempts[0].outcome, Outcome::Answered);
}

#[test]
fn a_stream_gives_the_same_answer_however_it_is_cut() {
    let all = [START, TEXT, STOP].concat();
    let run = |cuts: &[usize]| {
        let world = World::new(&["a/one"], true);
        let mut provider = world.attempt();
        let _ = world.head(&mut provider, "200", SSE, false);
        let mut out = String::new();
        let mut at = 0;
        for cut in cuts.iter().copied().chain([all.len()]) {
            out += &world.piece(&mut provider, all.get(at..cut).unwrap(), cut == all.len()).unwrap_or_default();
            at = cut;
        }
        out
    };
    let whole = run(&[]);
    assert!(whole.ends_with("[DONE]\n\n"));
    for cut in 1..all.len() {
        assert_eq!(run(&[cut]), whole, "cut at {cut}");
    }
    assert_eq!(run(&(1..all.len()).collect::<Vec<_>>()), whole);
}

/// Events of text are taken at once where they are written as usual; nobody may see that.
#[test]
fn texts_are_told_alike_however_their_events_are_written() {
    let texts = ["Hel", "lo", " w\u{f6}rld", "", "a \\\"b\\\"", "c", "{\\n}", "d\u{2028}", "e", "f"];
    let anthropic = |text| {
        let delta = format!("{{\"type\":\"text_delta\",\"text\":\"{text}\"}}");
        format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{delta}}}\n\n"
        )
    };
    let openai = |text| {
        let choice = format!("{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}");
        format!(
            "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{choice}]}}\n\n"
        )
    };
    let ends = [(START, TEXT, STOP), ("", "", "data: [DONE]\n\n")];
    let texts: [String; 2] = [texts.map(anthropic).concat(), texts.map(openai).concat()];
    for ((target, texts), (start, first, stop)) in ["a/one", "e/two"].into_iter().zip(texts).zip(ends) {
        let usual = [start, first, &texts, "id: 7\n", &texts, ": ping\n\n", &texts, stop].concat();
        let run = |stream: &str| {
            let world = World::new(&[target], true);
            let mut provider = world.attempt();
            let _ = world.head(&mut provider, "200", SSE, false);
            let out = world.piece(&mut provider, stream, true).unwrap();
            let usage = world.exchange.progress.borrow().meter.usage(0);
            (out, usage)
        };
        let told = run(&usual);
        assert!(told.0.matches("w\u{f6}rld").count() == 3 && told.0.ends_with("data: [DONE]\n\n"), "{}", told.0);
        for unusual in
            [usual.replace("data: ", "data:"), usual.replace('\n', "\r\n"), usual.replace("data: ", "id: 1\ndata: ")]
        {
            assert_eq!(run(&unusual), told, "{unusual}");
        }
    }
}

#[test]
fn failures_before_any_content_go_to_the_next_target() {
    type Script = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str], u16);
    let scripts: &[Script] = &[
        ("500", JSON, &["{}"], 500),
        ("408", JSON, &["{}"], 408),
        ("429", JSON, &[r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#], 429),
        ("529", JSON, &["{}"], 529),
        ("503", &[("content-type", "text/html")], &["<html>down</html>"], 503),
        ("200", &[("content-type", "text/html")], &["<html>"], 502),
        ("200", &[("content-type", "text/event-stream"), ("content-encoding", "gzip")], &["\u{1f}"], 502),
        (
            "200",
            SSE,
            &[START, "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n"],
            529,
        ),
        ("200", SSE, &[START], 502),
        ("200", JSON, &[r#"{"id":"#], 502),
        ("302", JSON, &[""], 502),
    ];
    for (status, headers, pieces, told) in scripts {
        let world = World::new(&["a/one", "b/two"], true);
        let mut provider = world.attempt();
        let _ = world.head(&mut provider, status, headers, false);
        let (last, first) = pieces.split_last().unwrap();
        for piece in first {
            assert_eq!(world.piece(&mut provider, piece, false), None);
        }
        let body = world.piece(&mut provider, last, true).unwrap();
        assert_eq!(world.told(contract::RETRY_HEADER).as_deref(), Some("1"), "{status} {pieces:?}");
        assert_eq!(world.told(":status").unwrap(), told.to_string(), "{status} {pieces:?}");
        assert!(serde_json::from_str::<serde_json::Value>(&body).unwrap()["error"]["message"].is_string(), "{body}");
        assert_eq!(world.exchange.progress.borrow().phase, Phase::Held);
        assert!(world.exchange.progress.borrow().meter.usage(0).is_none_or(|(u, _)| u.output <= 1));
    }
}

#[test]
fn an_answer_without_a_body_goes_to_the_next_target() {
    for status in ["200", "204", "503"] {
        let world = World::new(&["a/one", "b/two"], false);
        let mut provider = world.attempt();
        assert_eq!(world.head(&mut provider, status, &[], true), Action::Continue);
        assert_eq!(world.told(contract::RETRY_HEADER).as_deref(), Some("1"), "{status}");
        let mut provider = world.attempt();
        let _ = world.head(&mut provider, status, &[], true);
        let reply = world.host.reply.borrow().clone().unwrap();
        assert!(reply.status >= 500 && !reply.body.is_empty(), "{status}: the last target's failure is the caller's");
    }
}

#[test]
fn the_callers_own_fault_is_told_at_once() {
    for status in ["400", "401", "404", "422"] {
        let world = World::new(&["a/one", "b/two"], false);
        let mut provider = world.attempt();
        let _ = world.head(&mut provider, status, JSON, false);
        let body = world
            .piece(
                &mut provider,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"no such tool"}}"#,
                true,
            )
            .unwrap();
        assert_eq!(world.told(contract::RETRY_HEADER), None);
        assert_eq!(world.told(":status").unwrap(), status);
        assert!(body.contains("no such tool"));
        assert!(world.host.shared.borrow().is_empty(), "nothing cools");
    }
}

#[test]
fn a_hint_cools_the_target_for_all_workers() {
    let world = World::new(&["a/one", "b/two"], false);
    let mut provider = world.attempt();
    let _ = world.head(&mut provider, "429", &[JSON, &[("retry-after", "30")]].concat(), false);
    let _ = world.piece(&mut provider, "{}", true);
    let until = u64::from_le_bytes(Shared::get(&world.host, "cooldown/a/one").unwrap().try_into().unwrap());
    assert_eq!(until, NOW.0 + 30_000);
    assert_eq!(
        (world.told("retry-after").unwrap(), world.told("retry-after-ms").unwrap()),
        ("30".into(), "30000".into())
    );
}

#[test]
fn an_attempt_that_envoy_gave_up_on_cools_its_target() {
    let world = World::new(&["a/one", "b/two"], false);
    let _ = world.attempt();
    let _ = world.attempt();
    let until = u64::from_le_bytes(Shared::get(&world.host, "cooldown/a/one").unwrap().try_into().unwrap());
    assert_eq!(until, NOW.0 + 5_000);
    assert_eq!(world.outcomes(), [Outcome::Unanswered, Outcome::Unanswered]);
}

#[test]
fn a_whole_answer_is_translated_for_both_kinds_of_caller() {
    for stream in [false, true] {
        let world = World::new(&["a/one"], stream);
        let mut provider = world.attempt();
        assert_eq!(world.head(&mut provider, "200", JSON, false), Action::Pause);
        let (first, rest) = WHOLE.split_at(20);
        assert_eq!(world.piece(&mut provider, first, false), None);
        let out = world.piece(&mut provider, rest, true).unwrap();
        assert_eq!(out.contains("chat.completion.chunk"), stream, "{out}");
        assert!(out.contains("Hello"));
        assert_eq!(world.exchange.progress.borrow().meter.usage(0).unwrap().0.total(), 14);
        assert_eq!(world.told("content-length").unwrap(), out.len().to_string());
    }
}

#[test]
fn an_answer_that_is_too_long_goes_to_the_next_target() {
    let world = World::new(&["a/one", "b/two"], false);
    let mut provider = world.attempt();
    let _ = world.head(&mut provider, "200", JSON, false);
    let told = world.piece(&mut provider, &" ".repeat(1001), false).unwrap();
    assert!(told.contains("answer_too_long"), "{told}");
    assert_eq!(world.told(contract::RETRY_HEADER).as_deref(), Some("1"));
    let mut announced = world.attempt();
    let _ = world.head(&mut announced, "200", &[JSON, &[("content-length", "1001")]].concat(), false);
    assert_eq!(world.told(":status").as_deref(), Some("502"), "known before the first byte");
}

#[test]
fn a_request_that_cannot_be_translated_is_refused_without_asking_the_provider() {
    let world = World::new(&["a/one", "b/two"], false);
    let mut provider = Provider::new(7, world.exchanges.clone());
    let _ = provider.on_request_headers(&world.host, NOW);
    let body = r#"{"model":"tier","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}]}"#;
    *world.host.request_body.borrow_mut() = body.into();
    assert_eq!(provider.on_request_body(&world.host, body.len(), true), Action::Pause);
    let reply = world.host.reply.borrow().clone().unwrap();
    assert_eq!(reply.status, 400);
    assert!(String::from_utf8(reply.body).unwrap().contains("messages[0].content[0]"));
}
