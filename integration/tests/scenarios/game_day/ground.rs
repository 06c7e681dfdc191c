//! One gateway before a provider of each API.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use integration::caller::Call;
use integration::document::{self, KEY, client};
use integration::gateway::Gateway;
use integration::provider::{Provider, Seen};
use integration::reply::Reply;
use integration::speech::PROMPT;
use integration::strict::Host;
use serde_json::{Map, Value, json};

use super::book::{Book, Sums};
use super::case::{self, Case, DEAD, HOSTS};
use super::fault::Fault;
use crate::matrix::surface::Talk;

/// What is said in a large answer.
pub(super) static LARGE: LazyLock<String> = LazyLock::new(|| "0123456789abcdef".repeat((5 << 20) / 16));
/// What is said in one of an API that tells the length of its events.
pub(super) const MARK: &str = "mark!";

/// How long an attempt, or a stream between two tokens, may stand still.
const CLOCK: Duration = Duration::from_secs(6);
/// How long all may take.
pub(super) const TOTAL: Duration = Duration::from_secs(40);

/// How long records may be on their way.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a game day is.
pub(super) struct Ground {
    gateway: Gateway,
}

impl Ground {
    /// Starts the providers, and a gateway with a model for each case.
    pub(super) async fn raise(cases: &Arc<Vec<Case>>) -> Self {
        let mut providers = Map::new();
        for name in HOSTS {
            let (host, cases) = (Host::named(name), Arc::clone(cases));
            let provider = Provider::forgetting(move |seen| answer(host, &cases, seen)).await;
            providers.insert(name.to_owned(), host.document(&provider.address.to_string()));
            providers.insert(format!("{name}{DEAD}"), host.document("127.0.0.1:1"));
        }
        let document = document::read(&json!({
            "providers": providers,
            "models": models(cases),
            "clients": [client("main", KEY, &["*"])],
            "limits": [{ "for": { "client": "main" }, "tokens": 1_000_000_000_u64, "per": "ever" }],
        }));
        Self { gateway: Gateway::start(&document) }
    }

    /// Envoy's number in the system.
    pub(super) fn process(&self) -> u32 {
        self.gateway.process().id()
    }

    /// The request of a case.
    pub(super) fn call(&self, case: &Case) -> Call {
        let body = case.surface.body(&case.model(), &Talk::new(&user(), case.stream));
        let call = Call::new(self.gateway.address, "POST", case.surface.path()).header("x-api-key", KEY);
        call.header("content-type", "application/json").json(&body)
    }

    /// What the limit has room for, beside one more request.
    pub(super) async fn remaining(&self) -> u64 {
        let call = self.gateway.chat(KEY, "openai/model").field("max_completion_tokens", 10);
        let answer = call.send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.header("x-ratelimit-remaining-tokens").and_then(|left| left.parse().ok()).expect("a limit")
    }

    /// All records so far.
    pub(super) fn book(&self) -> Book {
        Book::read(&self.gateway.records.0)
    }

    /// Waits for so many records, and adds them up.
    pub(super) async fn sums(&self, count: usize) -> Sums {
        let log = &self.gateway.records.0;
        let end = Instant::now() + PATIENCE;
        let lines = || std::fs::read(log).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
        while lines() < count && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Sums::read(log)
    }
}

/// What every caller says.
pub(super) fn user() -> String {
    format!("Say hello. {PROMPT}")
}

/// Does what the case says.
fn answer(host: &Host, cases: &[Case], seen: &Seen) -> Reply {
    let target = case::place(&seen.model).and_then(|(number, slot)| cases.get(number)?.targets.get(slot));
    let fault = target.map_or(Fault::None, |target| target.fault);
    match host.read(seen) {
        Ok((api, asked)) => fault.reply(api, &asked),
        // The gateway does not go on from here.
        Err(why) => host.fail(seen, 400, &format!("the strict provider refuses: {why}")),
    }
}

fn models(cases: &[Case]) -> Value {
    let clock = |time: Duration| format!("{}s", time.as_secs());
    let timeouts = json!({
        "first_token": clock(CLOCK), "attempt": clock(CLOCK), "idle": clock(CLOCK), "total": clock(TOTAL),
    });
    let model = |case: &Case| {
        let targets: Vec<_> = (0..case.targets.len()).map(|slot| case.target(slot)).collect();
        (case.model(), json!({ "targets": targets, "timeouts": timeouts }))
    };
    cases.iter().map(model).collect::<Map<_, _>>().into()
}
