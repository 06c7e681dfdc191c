//! No provider is shown the key of another, whoever puts it in and however the attempt before ended.

use std::collections::BTreeMap;
use std::time::Instant;

use integration::document::{self, KEY};
use integration::gateway::Gateway;
use integration::provider::{Provider, Seen};
use integration::reply::Reply;
use integration::speech::Speech::{self, Anthropic, OpenAi};
use integration::{stage, strict};
use serde_json::{Map, Value, json};

use super::{PATIENCE, Secrets, key, secret, server};
use crate::control_plane::ControlPlane;

/// Headers by which providers know who asks.
const CREDENTIALS: [&str; 6] =
    ["authorization", "x-api-key", "api-key", "x-goog-api-key", "x-amz-date", "x-amz-content-sha256"];
/// Those that answer, each with its key from somewhere else.
const THERE: [&str; 6] = ["file-o", "file-a", "sds-o", "value-o", "none-o", "signed"];
/// Connections there are refused, or nobody knows the name.
const GONE: [&str; 2] = ["down-o", "nowhere-o"];
/// A model of requests that may come before its key.
const EARLY: &str = "early";
/// How the first attempt ends: by an answer, or within the request.
const ENDS: [&str; 2] = ["bad", "torn"];

fn dialect(name: &str) -> &'static str {
    match name {
        "file-a" => "anthropic",
        "signed" => "bedrock-converse",
        _ => "openai",
    }
}

/// What stands in the headers of a provider's own requests, but for what a signature changes.
fn own(name: &str) -> Vec<(&'static str, String)> {
    match name {
        "file-a" => vec![("x-api-key", key(name))],
        "none-o" => Vec::new(),
        "signed" => {
            ["authorization", "x-amz-date", "x-amz-content-sha256"].map(|header| (header, String::new())).into()
        }
        _ => vec![("authorization", format!("Bearer {}", key(name)))],
    }
}

fn shown(name: &str, seen: &Seen) -> Vec<(&'static str, String)> {
    let of_signature = |value: &str| name == "signed" && !value.contains(document::PROVIDER_KEYS);
    let value = |header: &&'static str| Some((*header, seen.head.get(header)?.to_owned()));
    let all = CREDENTIALS.iter().filter_map(value);
    all.map(|(header, value)| (header, if of_signature(&value) { String::new() } else { value })).collect()
}

fn answer(name: &str, seen: &Seen) -> Reply {
    match seen.model.split_once('-').map(|(end, _)| end) {
        Some("bad") => Reply::new(500).header("retry-after-ms", "0").body("{}"),
        Some("torn") => Reply::nothing().reset(),
        _ if name == "signed" => Reply::json(
            200,
            &json!({
                "output": { "message": { "role": "assistant", "content": [{ "text": "signed" }] } },
                "stopReason": "end_turn",
                "usage": { "inputTokens": 1, "outputTokens": 1, "totalTokens": 2 },
                "metrics": { "latencyMs": 1 },
            }),
        ),
        _ => speech(name).good(false),
    }
}

fn speech(name: &str) -> Speech {
    if name == "file-a" { Anthropic } else { OpenAi }
}

fn keys(name: &str, files: &Secrets) -> Value {
    match name {
        "none-o" => json!([]),
        "value-o" => json!([{ "value": key(name) }]),
        "signed" => json!([{ "aws": { "region": "eu-central-1" } }]),
        "sds-o" | "nowhere-o" => json!([{ "sds": name }]),
        _ => files.key(name),
    }
}

/// A model for each pair of providers and each end of the first attempt.
fn models() -> Map<String, Value> {
    let mut models = Map::new();
    for first in THERE.iter().chain(&GONE) {
        for second in THERE.iter().filter(|second| *second != first) {
            for end in ENDS {
                // Each target is its own, so that none is passed over for what another has met.
                let targets = [format!("{first}/{end}-{second}"), format!("{second}/good-{end}-{first}")];
                models.insert(format!("{end} {first} {second}"), json!({ "targets": targets }));
            }
        }
    }
    models
}

fn provider(name: &str, at: &BTreeMap<&str, Provider>, files: &Secrets) -> Value {
    let host = match name {
        "down-o" => "127.0.0.1:1".to_owned(),
        "nowhere-o" => "nowhere.invalid".to_owned(),
        _ => at[name].address.to_string(),
    };
    document::with(document::provider(dialect(name), "-", &host), "keys", keys(name, files))
}

/// All providers behind one gateway.
struct Row {
    gateway: Gateway,
    at: BTreeMap<&'static str, Provider>,
    _server: ControlPlane,
    _files: Secrets,
}

impl Row {
    fn raise(models: &Map<String, Value>) -> Self {
        let control = ControlPlane::start();
        control.offer(&["sds-o", "nowhere-o"].map(|name| secret(name, &key(name))));
        let files = ["file-o", "file-a", "down-o"].map(|name| (name, key(name)));
        let files = Secrets::mount(&files.each_ref().map(|(name, key)| (*name, key.as_str())));
        let start = |name| stage::outliving(Provider::answering(move |seen, _| answer(name, seen)));
        let at: BTreeMap<_, _> = THERE.map(|name| (name, start(name))).into();
        let all = THERE.iter().chain(&GONE);
        let providers: Map<_, _> = all.map(|name| ((*name).to_owned(), provider(name, &at, &files))).collect();
        let mut document = server(control.address);
        document["providers"] = Value::Object(providers);
        document["models"] = json!(models);
        document["clients"] = json!([document::client("main", KEY, &["*"])]);
        let env = strict::AWS_ENV.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let gateway = Gateway::with(&document::read(&document), |options| options.env = env.into());
        Self { gateway, at, _server: control, _files: files }
    }

    /// Envoy starts without the key of a server that is slow.
    async fn has_the_key_of_the_server(&self) {
        let end = Instant::now() + PATIENCE;
        while self.at["sds-o"].seen(EARLY).last().is_none_or(|seen| shown("sds-o", seen) != own("sds-o")) {
            assert!(Instant::now() < end, "the server's key is not seen");
            self.gateway.chat(KEY, &format!("sds-o/{EARLY}")).send().await;
        }
    }

    /// The first of the pair fails, and the second answers.
    async fn play(&self, model: &str) {
        let answer = self.gateway.chat(KEY, model).send().await;
        let second = model.rsplit(' ').next().unwrap();
        assert_eq!((answer.status, answer.served().1.as_str()), (200, "2"), "{model}: {}", answer.text());
        assert!(answer.served().0.starts_with(second), "{model}: {}", answer.served().0);
    }
}

#[tokio::test]
async fn a_provider_is_shown_its_own_key_and_no_other() {
    let models = models();
    let row = Row::raise(&models);
    row.has_the_key_of_the_server().await;
    for model in models.keys() {
        row.play(model).await;
    }
    for (name, provider) in &row.at {
        let mut all = provider.everything();
        all.retain(|seen| seen.model != EARLY);
        // As the first of a pair, and as the second.
        assert_eq!(all.len(), ENDS.len() * (2 * (THERE.len() - 1) + GONE.len()), "{name}");
        for seen in all {
            assert_eq!(shown(name, &seen), own(name), "{name}: {}", seen.model);
        }
    }
}
