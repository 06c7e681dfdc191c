//! Envoy is replaced, or asked to end, while streams run.

use std::net::SocketAddr;
use std::time::Duration;

use integration::caller::{Call, Live};
use integration::document::{self, KEY, client};
use integration::envoy::{Envoy, Files};
use integration::gateway::Gateway;
use integration::provider::Provider;
use integration::reply::{Gate, Reply};
use integration::speech::ANSWER;
use integration::speech::Speech::OpenAi;
use integration::stage;
use serde_json::json;
use tollhouse::render;
use tollhouse_filter::config::raw::Document;

use super::load::{Load, PATIENCE, until};

const STREAMS: usize = 8;

fn document(provider: &Provider) -> Document {
    document::read(&json!({
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "tier": { "targets": ["o/tier"] }, "held": { "targets": ["o/held"] } },
        "clients": [client("main", KEY, &["*"])],
    }))
}

fn bootstrap(files: &Files<'_>, provider: &Provider) -> String {
    let mut options = render::Options::new(files.filter());
    // The successor takes over the socket of this very address.
    options.listen = Some(std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    options.admin = Some(([127, 0, 0, 1], 0).into());
    options.access_log = Some(files.records());
    render::bootstrap(&document(provider), &options).unwrap().to_string()
}

/// Streams that have begun, and wait for the gate.
async fn begin(gateway: SocketAddr, provider: &Provider, gate: &Gate) -> Vec<Live> {
    let begun = [OpenAi.opening(), vec![OpenAi.piece("answer-")]].concat();
    let rest = [vec![OpenAi.piece("canary-77aa")], OpenAi.closing()].concat();
    provider.on("held", Reply::stream(begun).gate(gate).chunks(rest).end());
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let mut live = Call::chat(gateway, KEY, "held").stream(true).open().await;
        live.until("answer-").await;
        streams.push(live);
    }
    streams
}

async fn finish(streams: Vec<Live>, gate: &Gate) {
    (0..STREAMS).for_each(|_| gate.open());
    for live in streams {
        let answer = live.finish().await;
        assert_eq!((answer.content().as_str(), answer.done(), answer.whole), (ANSWER, true, true), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_gateway_that_is_asked_to_end_lets_streams_come_to_theirs() {
    let provider = stage::provider(OpenAi);
    let gateway = Gateway::start(&document(&provider));
    let address = gateway.address;
    let gate = Gate::default();
    let streams = begin(address, &provider, &gate).await;
    assert_eq!(gateway.process().under_way().unwrap(), STREAMS as u64);
    assert!(!gateway.process().drain(Duration::from_millis(1)).unwrap(), "they are still under way");
    let drained = std::thread::spawn(move || {
        let drained = gateway.process().drain(PATIENCE).unwrap();
        (drained, gateway)
    });
    until("nobody new is let in", || std::net::TcpStream::connect(address).is_err()).await;
    finish(streams, &gate).await;
    let (drained, _gateway) = drained.join().unwrap();
    assert!(drained);
}

/// Requests that an Envoy has taken.
fn taken(envoy: &Envoy) -> u64 {
    envoy.admin.sum("^http.tollhouse.downstream_rq_http1_total$")
}

#[tokio::test]
async fn a_hot_restart_cuts_no_stream_and_loses_no_request() {
    let provider = stage::provider(OpenAi);
    let mut old = Envoy::start(|files| bootstrap(files, &provider), &[]);
    let gate = Gate::default();
    let streams = begin(old.gateway, &provider, &gate).await;
    let call = Call::chat(old.gateway, KEY, "tier");
    let load = Load::of([call.clone(), call.clone().stream(true)]);
    load.more(10).await;
    let new = old.successor(&[]);
    assert_eq!(new.gateway, old.gateway);
    until("the new one is asked", || new.admin.sum("tollhouse_requests") > 0 && taken(&new) > 0).await;
    load.more(50).await;
    assert_eq!(load.end().await, Vec::<String>::new());
    finish(streams, &gate).await;
    let held = old.records.wait(STREAMS, "\"model\":\"held\"").await;
    assert!(held.iter().all(|record| record["outcome"] == "completed" && record["usage_source"] == "provider"));
}
