//! Requests and answers that are nearly right, through the module that ships, in Envoy. The parts are fuzzed elsewhere
//! (`fuzz/`), and longer.
//!
//! `FUZZ_REQUESTS` says how many, `FUZZ_SEED` which.

use std::sync::Mutex;

use fastrand::Rng;
use integration::caller::{Answer, Call};
use integration::document::{self, KEY, client};
use integration::gateway::Gateway;
use integration::provider::{Provider, Seen};
use integration::reply::Reply;
use integration::strict::Host;
use serde_json::{Map, Value, json};

use super::mutant::{change, spoil};
use crate::game_day::{HOSTS, setting};
use crate::matrix::surface::{SURFACES, Talk};

/// Requests that are under way at a time.
const AT_A_TIME: usize = 16;

/// Paths beside the surfaces' own, with a body that they take.
fn others() -> Vec<(&'static str, Value)> {
    let model = "openai/model";
    vec![
        ("/v1/embeddings", json!({ "model": model, "input": ["a", "b"], "dimensions": 8 })),
        ("/v1/completions", json!({ "model": model, "prompt": "a", "max_tokens": 9, "logprobs": 1 })),
        ("/v1/messages/count_tokens", json!({ "model": model, "messages": [{ "role": "user", "content": "a" }] })),
        ("/v1/moderations", json!({ "model": model, "input": "a" })),
        ("/v1/models", json!({})),
        ("/v1/nothing", json!({ "model": model })),
    ]
}

/// A request from a seed.
fn request(gateway: std::net::SocketAddr, rng: &mut Rng) -> Call {
    let host = Host::named(HOSTS[rng.usize(..HOSTS.len())]);
    let (path, mut body) = if rng.u8(..4) == 0 {
        others().swap_remove(rng.usize(..others().len()))
    } else {
        let surface = SURFACES[rng.usize(..SURFACES.len())];
        let talk = Talk { tool: rng.bool(), ..Talk::new("Weather of Rome?", rng.bool()) };
        (surface.path(), surface.body(&format!("{}/{}", host.name, host.models), &talk))
    };
    for _ in 0..rng.usize(..3) {
        change(&mut body, rng);
    }
    let mut bytes = body.to_string().into_bytes();
    if rng.u8(..5) == 0 {
        spoil(&mut bytes, rng);
    }
    let method = if rng.u8(..20) == 0 { "GET" } else { "POST" };
    let call = Call::new(gateway, method, path).header("x-api-key", KEY).body(bytes);
    let call = if rng.u8(..20) == 0 { call } else { call.header("content-type", "application/json") };
    headers(call, rng)
}

fn headers(call: Call, rng: &mut Rng) -> Call {
    const ODD: [(&str, &str); 12] = [
        ("x-tollhouse-target", "anthropic/x"),
        ("x-tollhouse-exchange", "1"),
        ("x-envoy-max-retries", "99"),
        ("x-envoy-upstream-rq-timeout-ms", "0"),
        ("x-envoy-original-path", "/v1/files"),
        ("anthropic-beta", ",,,,a,,"),
        ("anthropic-version", "\u{e9}"),
        ("x-portkey-metadata", "{\"_user\":{}}"),
        ("x-user-id", "\u{fc}"),
        ("x-request-id", "1"),
        ("accept", "*/*;q=nan"),
        ("content-encoding", "identity"),
    ];
    (0..rng.usize(..4)).fold(call, |call, _| {
        let (name, value) = ODD[rng.usize(..ODD.len())];
        call.header(name, value)
    })
}

/// What a provider says, changed by half of the time.
fn answer(host: &Host, seen: &Seen, rng: &mut Rng) -> Reply {
    let Ok((api, asked)) = host.read(seen) else { return host.fail(seen, 400, "No.") };
    let spoilt = |mut bytes: Vec<u8>, rng: &mut Rng| {
        if rng.bool() {
            spoil(&mut bytes, rng);
        }
        bytes
    };
    if !asked.stream {
        let mut whole = api.whole(&asked.answer());
        if rng.bool() {
            change(&mut whole, rng);
        }
        let body = if rng.u8(..3) == 0 { spoilt(whole.to_string().into(), rng) } else { whole.to_string().into() };
        return Reply::new(200).header("content-type", "application/json").body(body);
    }
    let stream = api.stream(&asked.answer());
    let mut pieces = [stream.opening, stream.content, stream.closing].concat();
    if rng.bool() && !pieces.is_empty() {
        let at = rng.usize(..pieces.len());
        pieces[at] = spoilt(std::mem::take(&mut pieces[at]), rng);
    }
    let cut = rng.usize(1..200);
    let pieces = pieces.concat();
    Reply::new(200).header("content-type", api.stream_type()).chunks(pieces.chunks(cut)).end()
}

fn document(providers: Map<String, Value>) -> Value {
    json!({
        "providers": providers,
        "timeouts": { "first_token": "20s", "attempt": "20s", "idle": "20s", "total": "30s" },
        "clients": [client("main", KEY, &["*"])],
        "limits": [
            // Providers say that they have used more than there is.
            { "for": { "client": "main" }, "tokens": 1_000_000_000, "per": "ever", "shadow": true },
            { "for": { "user": "each" }, "usd": 1_000_000, "per": "month", "unpriced": "allow", "shadow": true },
        ],
    })
}

/// An answer that a caller can read: a good status, or a failure in JSON with a message.
fn readable(answer: &Answer) -> bool {
    let message = || {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        body["error"]["message"].as_str().is_some_and(|message| !message.is_empty())
    };
    match answer.status {
        200 => true,
        400.. => answer.header("content-type") == Some("application/json") && message(),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_sent_there_is_an_answer_and_no_trap() {
    let (seed, count) = (setting("FUZZ_SEED", 1), setting("FUZZ_REQUESTS", 1_500));
    println!("{count} requests of FUZZ_SEED={seed}");
    let mut providers = Map::new();
    for (number, name) in HOSTS.into_iter().enumerate() {
        let (host, rng) = (Host::named(name), Mutex::new(Rng::with_seed(seed + number as u64)));
        let script = move |seen: &Seen, _| answer(host, seen, &mut rng.lock().expect("numbers"));
        let provider = Provider::answering(script).await;
        providers.insert(name.to_owned(), host.document(&provider.address.to_string()));
    }
    let gateway = Gateway::start(&document::read(&document(providers)));

    let mut rng = Rng::with_seed(seed);
    let mut calls: Vec<Call> = (0..count).map(|_| request(gateway.address, &mut rng)).collect();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..AT_A_TIME {
        let share = calls.split_off(calls.len() - calls.len().min(usize::try_from(count).unwrap().div_ceil(AT_A_TIME)));
        callers.spawn(async move {
            for call in share {
                let answer = call.send().await;
                let sent = || String::from_utf8_lossy(&call.bytes()).chars().take(3_000).collect::<String>();
                assert!(readable(&answer), "{} {}\nafter\n{}", answer.status, answer.text(), sent());
            }
        });
    }
    callers.join_all().await;
}
