//! Limits under concurrency: what providers really serve, and what the ledger says of it.

use std::time::Duration;

use integration::caller::{Answer, Call};
use integration::document::{self, KEY};
use integration::gateway::Gateway;
use integration::provider::Provider;
use integration::reply::{Gate, Reply};
use integration::speech::Speech::{self, Anthropic, OpenAi};
use integration::speech::{INPUT, OUTPUT};
use integration::stage;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const NARROW: &str = "gw-narrow-limits-c0ffee";

/// A gateway of its own, between two providers.
struct Play {
    gateway: Gateway,
    o: Provider,
    a: Provider,
}

impl Play {
    /// With so many workers and these limits.
    fn raise(workers: u32, models: &Value, limits: &Value) -> Self {
        let (o, a) = (stage::provider(OpenAi), stage::provider(Anthropic));
        let document = document([&o, &a], models, limits);
        let gateway = Gateway::with(&document::read(&document), |options| options.concurrency = Some(workers));
        Self { gateway, o, a }
    }

    fn call(&self, key: &str, model: &str) -> Call {
        self.gateway.chat(key, model).field("max_tokens", OUTPUT)
    }

    /// What the ledger says is spent for a model, by the words of a refusal.
    async fn spent(&self, model: &str, limit: u64) -> u64 {
        let end = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            let refused = self.call(KEY, model).field("max_tokens", limit - 200).send().await;
            let message = refused.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
            assert_eq!(refused.status, 429, "{message}");
            let (before, _) = message.split_once(" spent, 0 held").unwrap_or_default();
            match before.rsplit(' ').next().unwrap_or_default().parse() {
                Ok(spent) => return spent,
                Err(_) => assert!(std::time::Instant::now() < end, "something is held on: {message}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn document([o, a]: [&Provider; 2], models: &Value, limits: &Value) -> Value {
    json!({
        "providers": {
            "o": document::provider("openai", "o", &o.address.to_string()),
            "a": document::provider("anthropic", "a", &a.address.to_string()),
        },
        "models": models,
        "clients": [
            document::client("main", KEY, &["*"]),
            document::with(document::client("job", NARROW, &["*"]), "class", json!("batch")),
        ],
        "limits": limits,
    })
}

/// How one caller behaves, and its provider.
#[derive(Clone, Copy, Debug)]
enum Way {
    Plain,
    Streamed,
    HungUp,
    Reset,
}

const WAYS: [Way; 4] = [Way::Plain, Way::Streamed, Way::HungUp, Way::Reset];

/// What a provider answers, by a word of the prompt.
fn script(speech: Speech, provider: &Provider, model: &str) {
    let begun = speech.opening().into_iter().chain([speech.piece("word")]);
    let begun: Vec<_> = begun.collect();
    provider.script(model, move |seen, _| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        if body.contains("HungUp") {
            Reply::stream(&begun).forever(&speech.ping(), Duration::from_millis(20))
        } else if body.contains("Reset") {
            Reply::stream(&begun).pause(Duration::from_millis(250)).reset()
        } else {
            speech.good(body.contains("Streamed"))
        }
    });
}

async fn go(call: Call, way: Way) -> u16 {
    let text = format!("{way:?} {}", "word ".repeat(40));
    let call = call.field("messages", json!([{ "role": "user", "content": text }]));
    match way {
        Way::Plain => call.send().await.status,
        Way::Streamed | Way::Reset => call.stream(true).send().await.status,
        Way::HungUp => {
            let mut live = call.stream(true).open().await;
            if live.status() == 200 {
                live.until("word").await;
            }
            live.status()
        }
    }
}

/// What a provider served of a request, at least: all that it said it did, or what it had read and written so far.
fn served(body: &str) -> u64 {
    match body.contains("HungUp") || body.contains("Reset") {
        true => INPUT + 1,
        false => INPUT + OUTPUT,
    }
}

/// 64 callers at once, again and again, each round with a limit of its own.
async fn never_more_than_the_limit(workers: u32) {
    const ROUNDS: usize = 20;
    const LIMIT: u64 = 4_000;
    let name = |round: usize| format!("tier-{round}");
    let mut models = json!({});
    let mut limits = Vec::new();
    for round in 0..ROUNDS {
        let provider = if round % 2 == 0 { "o" } else { "a" };
        models[name(round)] = json!({ "targets": [format!("{provider}/{}", name(round))] });
        limits.push(json!({ "for": { "model": name(round) }, "tokens": LIMIT, "per": "ever" }));
    }
    let play = Play::raise(workers, &models, &Value::from(limits));
    for round in 0..ROUNDS {
        let model = name(round);
        let (speech, provider) = if round % 2 == 0 { (OpenAi, &play.o) } else { (Anthropic, &play.a) };
        script(speech, provider, &model);
        let mut callers = JoinSet::new();
        for caller in 0..64 {
            let call = play.call(KEY, &model);
            callers.spawn(go(call, WAYS[(caller + round) % WAYS.len()]));
        }
        let statuses = callers.join_all().await;
        let let_in = statuses.iter().filter(|status| **status == 200).count();
        assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
        assert!(let_in > 0 && let_in < 64, "{let_in} of 64 were let in");
        let seen = provider.seen(&model);
        let sum: u64 = seen.iter().map(|seen| served(&String::from_utf8_lossy(&seen.body))).sum();
        assert!(sum <= LIMIT, "round {round}: {sum} tokens were served of {LIMIT}");
        let spent = play.spent(&model, LIMIT).await;
        let records = play.gateway.records.with(&format!("\"model\":\"{model}\""));
        let told = |kind: &str| records.iter().filter_map(|record| record["usage"][kind].as_u64()).sum::<u64>();
        assert_eq!(spent, told("input") + told("output"), "round {round}: the ledger against the records");
        assert!(spent >= sum && spent <= LIMIT, "round {round}: {spent} spent, {sum} served of {LIMIT}");
    }
}

#[tokio::test]
async fn two_workers_never_let_more_through_than_a_limit() {
    never_more_than_the_limit(2).await;
}

#[tokio::test]
async fn eight_workers_never_let_more_through_than_a_limit() {
    never_more_than_the_limit(8).await;
}

fn refusal(answer: &Answer) -> (u16, String, Option<&str>) {
    (answer.status, answer.code(), answer.header("x-should-retry"))
}

#[tokio::test]
async fn answers_tell_how_far_limits_have_got() {
    let models = json!({ "tier": { "targets": ["o/tier"] } });
    let limits = json!([
        { "for": { "client": "each" }, "requests": 2, "per": "hour" },
        { "for": { "team": "main-team" }, "tokens": 10_000, "per": "day" },
        { "for": { "client": "job" }, "usd": 1, "per": "month", "unpriced": "refuse" },
    ]);
    let play = Play::raise(2, &models, &limits);
    let answer = play.call(KEY, "tier").send().await;
    assert_eq!((answer.status, answer.header("x-ratelimit-limit-requests")), (200, Some("2")));
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some("1"));
    assert_eq!(answer.header("x-ratelimit-limit-tokens"), Some("10000"));
    assert!(answer.header("x-ratelimit-reset-tokens").is_some());
    assert_eq!(play.call(KEY, "tier").send().await.status, 200);
    let refused = play.call(KEY, "tier").send().await;
    assert_eq!(refusal(&refused), (429, "rate_limit_exceeded".into(), Some("true")), "{}", refused.text());
    assert!(refused.text().contains("2 requests per hour for client main"), "{}", refused.text());
    assert!(refused.header("retry-after").is_some() && refused.header("retry-after-ms").is_some());
    let unpriced = play.call(NARROW, "tier").send().await;
    assert_eq!(refusal(&unpriced), (403, "unpriced_model".into(), Some("false")), "{}", unpriced.text());
    let records = play.gateway.records.wait(4, "\"model\":\"tier\"").await;
    assert_eq!(records[2]["limit"], "requests/hour/client:*", "{:?}", records[2]);
}

#[tokio::test]
async fn counters_outlive_a_changed_document_and_what_is_held_is_settled_after_it() {
    let models = json!({ "tier": { "targets": ["o/tier"] } });
    let limits = |tokens: u64| json!([{ "tokens": tokens, "per": "ever" }]);
    let play = Play::raise(2, &models, &limits(300));
    let gate = Gate::default();
    let begun = [OpenAi.opening(), vec![OpenAi.piece("word")]].concat();
    play.o.on("tier", Reply::stream(begun).gate(&gate).chunks(OpenAi.closing()).end());
    let mut live = play.call(KEY, "tier").field("max_tokens", 200).stream(true).open().await;
    live.until("word").await;
    play.o.on("tier", OpenAi.good(true));
    assert_eq!(play.call(KEY, "tier").field("max_tokens", 200).send().await.status, 429);

    let changed = document([&play.o, &play.a], &models, &limits(600));
    play.gateway.process().reload(&document::read(&changed)).unwrap();

    let refused = play.call(KEY, "tier").field("max_tokens", 400).send().await;
    assert_eq!(refused.status, 429, "what the old document held counts: {}", refused.text());
    gate.open();
    let told: u64 = live.head.get("x-ratelimit-remaining-tokens").unwrap().parse().unwrap();
    assert!(live.finish().await.done());
    play.gateway.records.wait(3, "\"model\":\"tier\"").await;
    // The same request holds the same, from the new limit without what the old one's came to.
    let again = play.call(KEY, "tier").field("max_tokens", 200).stream(true).send().await;
    let left: u64 = again.header("x-ratelimit-remaining-tokens").unwrap().parse().unwrap();
    assert_eq!(left, told + 300 - INPUT - OUTPUT, "{}", again.text());
}

#[tokio::test]
async fn requests_wait_in_envoy_for_room_and_people_come_first() {
    let models = json!({ "tier": { "targets": ["o/tier"] } });
    let limits = json!([{ "in_flight": 1, "wait": "15s", "waiting": 8 }]);
    // One worker, so that all wait in one queue.
    let play = Play::raise(1, &models, &limits);
    play.o.on("tier", OpenAi.good(false).chain(Reply::nothing()).pause(Duration::from_millis(1)));
    play.o.script("tier", |_, _| Reply::nothing().pause(Duration::from_millis(300)).chain(OpenAi.good(false)));
    let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut calls = JoinSet::new();
    for (number, key) in [(0, KEY), (1, NARROW), (2, KEY), (3, NARROW), (4, KEY)] {
        let (call, order) = (play.call(key, "tier"), std::sync::Arc::clone(&order));
        calls.spawn(async move {
            let status = call.send().await.status;
            order.lock().unwrap().push(number);
            status
        });
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    assert_eq!(calls.join_all().await, [200; 5]);
    assert_eq!(*order.lock().unwrap(), [0, 2, 4, 1, 3]);
    let records = play.gateway.records.wait(5, "\"model\":\"tier\"").await;
    assert_eq!(records.iter().filter(|record| record["queued_ms"].as_u64() > Some(100)).count(), 4, "{records:?}");
}

#[tokio::test]
async fn a_runaway_batch_job_does_not_slow_the_chat_product() {
    let models = json!({ "tier": { "targets": ["o/tier"] } });
    let limits = json!([{ "for": { "provider": "o" }, "in_flight": 8, "keep": { "interactive": 0.5 } }]);
    let play = Play::raise(2, &models, &limits);
    play.o.script("tier", |_, _| Reply::nothing().pause(Duration::from_millis(50)).chain(OpenAi.good(false)));
    let mut job = JoinSet::new();
    for _ in 0..32 {
        let call = play.call(NARROW, "tier");
        job.spawn(async move {
            let mut statuses = Vec::new();
            for _ in 0..10 {
                statuses.push(call.send().await.status);
            }
            statuses
        });
    }
    for _ in 0..10 {
        assert_eq!(play.call(KEY, "tier").send().await.status, 200);
    }
    let statuses = job.join_all().await.concat();
    assert!(statuses.contains(&429) && statuses.contains(&200), "{statuses:?}");
}
