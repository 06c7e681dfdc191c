//! A changed document, while requests run.

use integration::caller::Call;
use integration::document::{self, KEY, NARROW_KEY};
use integration::gateway::Gateway;
use integration::provider::Provider;
use integration::reply::{Gate, Reply};
use integration::speech::ANSWER;
use integration::speech::Speech::{self, Anthropic, OpenAi};
use integration::stage;
use serde_json::{Value, json};

/// A gateway of its own.
struct Play {
    gateway: Gateway,
    o: Provider,
    a: Provider,
}

impl Play {
    fn raise() -> Self {
        let (o, a) = (stage::provider(OpenAi), stage::provider(Anthropic));
        let gateway = Gateway::start(&document::read(&first(&o)));
        Self { gateway, o, a }
    }

    fn call(&self, key: &str, model: &str) -> Call {
        self.gateway.chat(key, model)
    }

    fn reload(&self, document: &Value) -> Result<(), String> {
        self.gateway.process().reload(&document::read(document)).map_err(|error| error.to_string())
    }

    /// How often requests for a model were counted.
    fn counted(&self, model: &str) -> u64 {
        let lines = self.gateway.admin.metrics("tollhouse_requests{");
        let ours = lines.iter().filter(|line| line.contains(&format!("model=\"{model}\"")));
        ours.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    }
}

fn at(speech: Speech, provider: &Provider, name: &str) -> Value {
    document::provider(&speech.to_string(), name, &provider.address.to_string())
}

/// One provider, one model, two keys.
fn first(o: &Provider) -> Value {
    json!({
        "providers": { "o": at(OpenAi, o, "o") },
        "models": { "old": { "targets": ["o/old"] } },
        "clients": [document::client("main", KEY, &["*"]), document::client("narrow", NARROW_KEY, &["*"])],
    })
}

/// Another provider and model more, one key less.
fn second(o: &Provider, a: &Provider) -> Value {
    json!({
        "providers": { "o": at(OpenAi, o, "o2"), "a": at(Anthropic, a, "a") },
        "models": { "old": { "targets": ["o/old"] }, "new": { "targets": ["o/new", "a/new"] } },
        "clients": [document::client("main", KEY, &["*"])],
    })
}

#[tokio::test]
async fn a_changed_document_takes_effect_while_a_stream_runs_on() {
    let play = Play::raise();
    assert_eq!(play.call(KEY, "new").send().await.status, 404);
    assert_eq!(play.call(NARROW_KEY, "old").send().await.content(), ANSWER);
    let gates = [Gate::default(), Gate::default()];
    for (gate, speech) in gates.iter().zip([OpenAi; 2]) {
        let begun = [speech.opening(), vec![speech.piece("before")]].concat();
        let rest = [vec![speech.piece("after")], speech.closing()].concat();
        play.o.on("old", Reply::stream(begun).gate(gate).chunks(rest).end());
    }
    let mut live = play.call(NARROW_KEY, "old").stream(true).open().await;
    live.until("before").await;
    // One that has not been answered at all.
    play.o.script("old", {
        let gate = gates[0].clone();
        move |_, _| Reply::nothing().gate(&gate).chain(OpenAi.good(false))
    });
    let waiting = play.call(NARROW_KEY, "old");
    let waiting = tokio::spawn(async move { waiting.send().await });
    while play.o.seen("old").len() < 3 {
        tokio::task::yield_now().await;
    }

    let (o, a) = (play.o.clone(), play.a.clone());
    play.reload(&second(&o, &a)).unwrap();

    assert_eq!(play.call(KEY, "new").send().await.served().0, "o/new");
    assert_eq!(o.one("new").await.head.get("authorization"), Some(&*format!("Bearer {}o2", document::PROVIDER_KEYS)));
    o.on("new", Reply::nothing().reset());
    assert_eq!(play.call(KEY, "new").send().await.served(), ("a/new".to_owned(), "2".to_owned()));
    let revoked = play.call(NARROW_KEY, "old").send().await;
    assert_eq!((revoked.status, revoked.code().as_str()), (401, "invalid_api_key"));

    gates[1].open();
    let answer = live.finish().await;
    assert_eq!((answer.content().as_str(), answer.whole, answer.done()), ("beforeafter", true, true));
    gates[0].open();
    assert_eq!(waiting.await.unwrap().content(), ANSWER);
    let old = play.gateway.records.wait(3, "\"model\":\"old\"").await;
    assert!(old.iter().all(|record| record["usage_source"] == "provider"), "{old:?}");
}

#[tokio::test]
async fn a_broken_document_is_refused_and_the_old_one_stays() {
    let play = Play::raise();
    for broken in [
        document::with(first(&play.o), "models", json!({ "old": { "targets": ["nobody/old"] } })),
        document::with(first(&play.o), "models", json!({ "old": { "targets": [] } })),
        document::with(first(&play.o), "providers", json!({ "o": { "dialect": "klingon" } })),
        document::with(first(&play.o), "clients", json!([{ "name": "x", "key_sha256": "short", "models": ["*"] }])),
    ] {
        let error = play.reload(&broken).unwrap_err();
        assert!(error.contains("expected"), "{error}");
        assert_eq!(play.call(KEY, "old").send().await.content(), ANSWER, "{error}");
    }
    let missing = json!([{ "env": "A_VARIABLE_THAT_IS_NOT_SET" }]);
    let mut broken = first(&play.o);
    broken["providers"]["o"]["keys"] = missing;
    assert!(play.reload(&broken).is_err());
    assert_eq!(play.call(KEY, "old").send().await.content(), ANSWER);
}

#[tokio::test]
async fn counters_and_cooldowns_outlive_a_reload() {
    let play = Play::raise();
    let (o, a) = (play.o.clone(), play.a.clone());
    play.reload(&second(&o, &a)).unwrap();
    o.on("new", Reply::new(429).header("retry-after", "60").body("{}"));
    assert_eq!(play.call(KEY, "new").send().await.served(), ("a/new".to_owned(), "2".to_owned()));
    o.on("new", OpenAi.good(false));
    play.gateway.records.wait(1, "\"model\":\"new\"").await;
    let mut third = second(&o, &a);
    third["models"]["third"] = json!({ "targets": ["o/third"] });
    play.reload(&third).unwrap();
    assert_eq!(play.call(KEY, "third").send().await.status, 200);
    for _ in 0..8 {
        assert_eq!(play.call(KEY, "new").send().await.served(), ("a/new".to_owned(), "1".to_owned()));
    }
    play.gateway.records.wait(9, "\"model\":\"new\"").await;
    assert_eq!((play.counted("new"), play.counted("third")), (9, 1));
}

#[tokio::test]
async fn requests_that_come_during_a_reload_are_all_answered() {
    let play = Play::raise();
    let (o, a) = (play.o.clone(), play.a.clone());
    let calls: Vec<_> = (0..8).map(|_| play.call(KEY, "old")).collect();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let callers: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let stop = std::sync::Arc::clone(&stop);
            stage::runtime().spawn(async move {
                let mut answered = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let answer = call.send().await;
                    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{}", answer.text());
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    for round in 0..6 {
        let document = if round % 2 == 0 { second(&o, &a) } else { first(&o) };
        play.reload(&document).unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut answered = 0;
    for caller in callers {
        answered += caller.await.unwrap();
    }
    assert!(answered > 20, "{answered}");
}
