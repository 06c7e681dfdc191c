//! Limits that several Envoys share by a rate limit service.

use std::time::{Duration, Instant};

use integration::caller::Call;
use integration::document::{self, KEY};
use integration::gateway::Gateway;
use integration::provider::Provider;
use integration::speech::Speech::OpenAi;
use integration::speech::{INPUT, OUTPUT};
use integration::stage::{self, Hole};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollhouse_filter::config::raw::Document;

use crate::rate_limit_service::{self, Redis};

/// Tokens in all.
const LIMIT: u64 = 3_000;
/// Tokens of each answer, as the provider tells.
const USED: u64 = INPUT + OUTPUT;

/// Two gateways with one provider and one store.
struct Play {
    redis: Redis,
    provider: Provider,
    gateways: [Gateway; 2],
}

impl Play {
    /// `None`, and a word about it, where there is no Redis.
    fn raise(store: &Value) -> Option<Self> {
        let Some(redis) = Redis::start() else {
            eprintln!("skipped: there is no redis-server on the PATH");
            return None;
        };
        let mut store = store.clone();
        store["rate_limit_service"] = json!("ratelimit");
        store["address"] = json!(rate_limit_service::start(&redis).to_string());
        let provider = stage::provider(OpenAi);
        let document = document(&provider, &store);
        let gateways = [(); 2].map(|()| Gateway::start(&document));
        Some(Self { redis, provider, gateways })
    }

    /// So many calls of each gateway at once. Tells how many were answered; the others were refused.
    async fn calls(&self, of_each: usize) -> u64 {
        let calls = (0..2 * of_each).map(|i| call(&self.gateways[i % 2]));
        let calls: JoinSet<_> = calls.map(|call| async move { call.send().await }).collect();
        let answers = calls.join_all().await;
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!((answer.status, answer.code().as_str()), (429, "budget_exceeded"), "{}", answer.text());
            assert!(
                answer.text().contains("3000 tokens per month for team main-team")
                    || answer.text().contains("750 tokens")
            );
        }
        answers.iter().filter(|answer| answer.status == 200).count() as u64
    }

    /// What both have counted of the store.
    fn outcomes(&self, outcome: &str) -> u64 {
        let of = |gateway: &Gateway| gateway.admin.sum(&format!("limit_store;outcome={outcome}"));
        self.gateways.iter().map(of).sum()
    }

    fn served(&self) -> u64 {
        self.provider.seen("tier").len() as u64
    }
}

fn document(provider: &Provider, store: &Value) -> Document {
    document::read(&json!({
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "tier": { "targets": ["o/tier"] } },
        "clients": [document::client("main", KEY, &["*"])],
        "limits": [
            { "for": { "team": "each" }, "tokens": LIMIT, "per": "month" },
            { "for": { "client": "main" }, "requests": 1_000_000, "per": "month" },
        ],
        "limit_store": store,
    }))
}

fn call(gateway: &Gateway) -> Call {
    gateway.chat(KEY, "tier").field("max_tokens", 50)
}

/// Until what these gateways have asked their store, or told it, is answered.
async fn settled(gateways: &[Gateway]) {
    let end = Instant::now() + Duration::from_secs(60);
    // The last word about a request follows its answer.
    tokio::time::sleep(Duration::from_millis(300)).await;
    while gateways.iter().any(|gateway| gateway.admin.sum("ratelimit.*upstream_rq_active") > 0) {
        assert!(Instant::now() < end, "the store does not answer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn two_envoys_keep_one_limit_to_the_last_token() {
    let Some(play) = Play::raise(&json!({ "timeout": "10s", "when_down": "refuse" })) else { return };
    let first = call(&play.gateways[0]).send().await;
    let left: u64 = first.header("x-ratelimit-remaining-tokens").unwrap().parse().unwrap();
    // What a request may come to, as the store has heard it.
    let held = LIMIT - left;
    let mut served = 1;
    for _ in 0..4 {
        served += play.calls(32).await;
        assert!(served * USED <= LIMIT, "{served} answers");
        settled(&play.gateways).await;
    }
    // One at a time, until there is no room for another one.
    loop {
        let answered = play.calls(1).await;
        served += answered;
        settled(&play.gateways).await;
        if answered == 0 {
            break;
        }
    }
    assert_eq!(served, play.served());
    assert!(served * USED <= LIMIT, "{served} answers");
    // What is left is less than a request may come to: nothing was lost on the way.
    assert!(served * USED + held > LIMIT, "{served} answers, {held} tokens held for each");
    assert_eq!(play.outcomes("granted"), served);
    assert!(play.outcomes("denied") > 0);
    assert_eq!(play.outcomes("unsettled") + play.outcomes("timeout") + play.outcomes("unavailable"), 0);
}

#[tokio::test]
async fn without_its_redis_each_envoy_grants_its_share_and_counters_go_on_afterwards() {
    let Some(mut play) = Play::raise(&json!({ "timeout": "2s", "local_share": 0.25 })) else { return };
    let before = play.calls(8).await;
    assert_eq!(before, 16);
    settled(&play.gateways).await;
    play.redis.kill();
    let meanwhile = play.calls(32).await;
    assert!(meanwhile > 0, "traffic flows");
    // Each grants a quarter of the limit at most.
    assert!(meanwhile * USED <= 2 * LIMIT / 4, "{meanwhile} answers");
    assert!(play.outcomes("unavailable") + play.outcomes("timeout") > 0);
    play.redis.restart();
    let end = Instant::now() + Duration::from_secs(60);
    let granted = play.outcomes("granted");
    let mut after = 0;
    while play.outcomes("granted") == granted {
        assert!(Instant::now() < end, "the store is not asked again");
        after += play.calls(1).await;
        settled(&play.gateways).await;
    }
    for _ in 0..60 {
        after += play.calls(4).await;
        settled(&play.gateways).await;
    }
    let all = before + meanwhile + after;
    assert_eq!(all, play.served());
    // What was counted before still counts; what this bound adds is what each granted alone.
    assert!(all * USED <= LIMIT + 2 * LIMIT / 4, "{all} answers");
    assert_eq!(play.calls(4).await, 0, "there is nothing left");
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_holds_nobody_up() {
    let (hole, provider) = (Hole::dig(), stage::provider(OpenAi));
    let hole = hole.address().to_string();
    for (address, outcomes) in [("127.0.0.1:1", "(unavailable%7Ctimeout)"), (hole.as_str(), "timeout")] {
        for (when_down, status) in [("local", 200), ("refuse", 503)] {
            let store = json!({ "rate_limit_service": "rls", "address": address, "when_down": when_down });
            let gateway = Gateway::start(&document(&provider, &store));
            for _ in 0..3 {
                let answer = call(&gateway).send().await;
                assert_eq!(answer.status, status, "{address} {when_down}: {}", answer.text());
                assert!(status == 200 || answer.code() == "limit_store_unavailable", "{}", answer.text());
            }
            let counted = |outcome: &str| gateway.admin.sum(&format!("limit_store;outcome={outcome}"));
            // What a request came to has nobody to be told to: a charge for each of the two limits.
            let unsettled = if status == 200 { 6 } else { 0 };
            let end = Instant::now() + Duration::from_secs(60);
            while counted("unsettled") < unsettled && Instant::now() < end {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!((counted(outcomes), counted("unsettled")), (3, unsettled), "{address} {when_down}");
            let said = gateway.said();
            assert_eq!(said.matches("the store of limits fails").count(), 1, "{said}");
        }
    }
}
