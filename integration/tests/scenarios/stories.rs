//! The stories of the examples, told by the very documents: only addresses and secrets are others.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use integration::caller::Call;
use integration::gateway::Gateway;
use integration::provider::{Provider, Seen};
use integration::reply::Reply;
use integration::speech::{ANSWER, Speech};
use integration::stage;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::{Document, Key, Secret};

/// How long what must happen may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stands in the place of the webhook's secret.
const HOOK: &str = "/services/hook-c0ffee";

/// An example that runs.
struct Story {
    gateway: Gateway,
    openai: Provider,
    webhook: Provider,
}

/// The document of an example.
fn example(name: &str) -> Document {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    tollhouse::document::load(&root.join("examples").join(name).join("gateway.yaml")).unwrap()
}

/// The key of a client.
fn key(client: &str) -> String {
    format!("gw-{client}-c0ffee")
}

impl Story {
    fn tell(name: &str) -> Self {
        Self::of(example(name))
    }

    fn of(mut document: Document) -> Self {
        let openai = stage::provider(Speech::OpenAi);
        let webhook = stage::outliving(Provider::answering(|_, _| Reply::new(200).body("ok")));
        // A server elsewhere has no prices of its own.
        for target in document.models.values().flat_map(|model| &model.targets) {
            document.prices.insert(target.clone(), price_of(target));
        }
        for provider in document.providers.values_mut() {
            provider.endpoint = Some(format!("http://{}/v1", openai.address));
            provider.keys = vec![Key { value: Some("sk-upstream-o".into()), ..Key::default() }];
        }
        for client in &mut document.clients {
            client.key_sha256 = Some(Digest::of(&key(&client.name)).to_string());
        }
        if let Some(alerts) = &mut document.alerts {
            // A scenario without a webhook has its own address.
            if alerts.webhook.endpoint.starts_with("https") {
                alerts.webhook.endpoint = format!("http://{}", webhook.address);
            }
            alerts.webhook.path = Secret { env: None, value: Some(HOOK.into()) };
        }
        Self { gateway: Gateway::start(&document), openai, webhook }
    }

    fn call(&self, client: &str, model: &str) -> Call {
        self.gateway.chat(&key(client), model).field("max_tokens", 100)
    }

    /// What the webhook was told, once it was told so much; and nothing more a while after.
    async fn told(&self, count: usize) -> Vec<String> {
        let end = Instant::now() + PATIENCE;
        while self.webhook.seen("").len() < count {
            assert!(Instant::now() < end, "the webhook was told {} times", self.webhook.seen("").len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let seen = self.webhook.seen("");
        assert!(seen.iter().all(|seen| is_post(seen)), "{:?}", seen.iter().map(|seen| &seen.head).collect::<Vec<_>>());
        seen.iter().map(|seen| seen.json()["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

fn is_post(seen: &Seen) -> bool {
    seen.head.word(0) == "POST"
        && seen.head.word(1) == HOOK
        && seen.head.get("content-type") == Some("application/json")
}

fn price_of(target: &str) -> tollhouse_filter::config::raw::Price {
    serde_json::from_value(json!({ "model": target })).unwrap()
}

/// An answer that says it had so many tokens.
fn answer(input: u64, output: u64) -> Reply {
    let mut body = Speech::OpenAi.answer(ANSWER);
    body["usage"] = json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output });
    Reply::json(200, &body)
}

#[tokio::test]
async fn a_runaway_batch_job_waits_while_the_chat_product_goes_on() {
    let story = Story::tell("batch");
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&under_way), Arc::clone(&most));
    story.openai.script("gpt-5-mini", move |_, _| {
        peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let now = Arc::clone(&now);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(95)).await;
            now.fetch_sub(1, Ordering::SeqCst);
        });
        Reply::nothing().pause(Duration::from_millis(100)).chain(Speech::OpenAi.good(false))
    });
    let mut job = JoinSet::new();
    for _ in 0..200 {
        let call = story.call("nightly", "assistant");
        job.spawn(async move { call.send().await.status });
    }
    while story.gateway.records.with("\"client\":\"nightly\"").is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..10 {
        assert_eq!(story.call("chat", "assistant").send().await.status, 200);
    }
    assert!(
        !job.is_empty() && story.gateway.records.with("\"client\":\"nightly\"").len() < 200,
        "the job was over before"
    );
    let chat = story.gateway.records.wait(10, "\"client\":\"chat\"").await;
    assert!(chat.iter().all(|record| record["queued_ms"].is_null()), "{chat:?}");
    assert_eq!(job.join_all().await, [200; 200]);
    assert!(most.load(Ordering::SeqCst) <= 16, "{most:?} at a time");
    let nightly = story.gateway.records.wait(200, "\"client\":\"nightly\"").await;
    assert!(nightly.iter().filter(|record| record["queued_ms"].as_u64() > Some(50)).count() > 150);
}

#[tokio::test]
async fn a_team_is_told_once_when_its_budget_gets_low_and_once_when_it_is_spent() {
    let story = Story::tell("alerts");
    // 4 million tokens are written for 8 dollars.
    story.openai.script("gpt-5-mini", |_, _| answer(1, 4_000_000));
    for client in ["search", "search", "notebooks", "search", "search", "search"] {
        assert_eq!(story.call(client, "assistant").send().await.status, 200);
    }
    let of_product =
        |percent: u8| format!("Tollhouse: {percent} % of the limit of 50 USD per month for team product are spent.");
    assert_eq!(story.told(1).await, [of_product(80)]);
    for status in [200, 200, 429, 429] {
        assert_eq!(story.call("search", "assistant").send().await.status, status);
    }
    assert_eq!(story.told(2).await, [of_product(80), of_product(100)]);
    assert_eq!(story.call("notebooks", "assistant").send().await.status, 200);
}

#[tokio::test]
async fn when_most_of_the_money_is_spent_a_cheaper_model_answers() {
    let story = Story::tell("soft-limit");
    // A million tokens are written for 10 dollars, and for 40 cents.
    story.openai.script("gpt-5", |_, _| answer(1, 950_000));
    story.openai.script("gpt-5-nano", |_, _| answer(1, 1_000));
    for _ in 0..2 {
        let answer = story.call("intranet", "assistant").send().await;
        assert_eq!((answer.status, answer.header("x-tollhouse-soft-limit")), (200, None));
        assert_eq!(answer.served().0, "openai/gpt-5");
    }
    let answer = story.call("intranet", "assistant").send().await;
    assert_eq!((answer.status, answer.header("x-tollhouse-soft-limit")), (200, Some("economy")));
    assert_eq!(answer.served().0, "openai/gpt-5-nano");
    let records = story.gateway.records.wait(3, "\"model\":\"assistant\"").await;
    let answered: Vec<_> = records.iter().map(|record| &record["answered_as"]).collect();
    assert_eq!(answered, [&Value::Null, &Value::Null, &json!("economy")]);
}

/// The alerts example with fifty requests a day for everybody, in the place of money.
fn watched() -> Document {
    let mut document = example("alerts");
    let limit = json!({ "requests": 50, "per": "day", "alert_at": [0.8, 1.0] });
    document.limits = vec![serde_json::from_value(limit).unwrap()];
    document
}

async fn crowd(story: &Story) -> usize {
    let mut callers = JoinSet::new();
    for _ in 0..64 {
        let call = story.call("search", "assistant");
        callers.spawn(async move { call.send().await.status });
    }
    let statuses = callers.join_all().await;
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    statuses.iter().filter(|status| **status == 200).count()
}

#[tokio::test]
async fn a_crowd_over_two_workers_makes_one_alert_for_each_share() {
    let story = Story::of(watched());
    assert_eq!(crowd(&story).await, 50);
    let mut told = story.told(2).await;
    told.sort_unstable();
    let text = |percent: u8| format!("Tollhouse: {percent} % of the limit of 50 requests per day are spent.");
    assert_eq!(told, [text(100), text(80)]);
    assert_eq!(story.gateway.admin.sum("tollhouse_alerts;limit"), 2);
    assert_eq!(story.gateway.admin.sum("tollhouse_alerts_undelivered"), 0);
}

#[tokio::test]
async fn requests_go_on_when_nobody_can_be_told() {
    for (endpoint, reply) in [(Some("http://127.0.0.1:1"), Reply::new(200)), (None, Reply::new(500).body("no"))] {
        let mut document = watched();
        if let (Some(endpoint), Some(alerts)) = (endpoint, &mut document.alerts) {
            alerts.webhook.endpoint = endpoint.to_owned();
        }
        let story = Story::of(document);
        story.webhook.on("", reply);
        assert_eq!(crowd(&story).await, 50);
        let end = Instant::now() + PATIENCE;
        while story.gateway.admin.sum("tollhouse_alerts_undelivered;reason=refused") < 2 {
            assert!(Instant::now() < end, "{:?}", story.gateway.admin.stats("tollhouse_alerts"));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(story.gateway.admin.sum("tollhouse_alerts_undelivered"), 2);
    }
}
