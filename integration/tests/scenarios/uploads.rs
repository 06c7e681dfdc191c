//! Callers that do not finish what they began.

use std::time::{Duration, Instant};

use integration::document::{self, KEY};
use integration::envoy::Envoy;
use integration::speech::{ANSWER, Speech};
use integration::stage;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An Envoy that waits for a second only.
fn impatient() -> (Envoy, integration::provider::Provider) {
    let provider = stage::provider(Speech::OpenAi);
    let document = document::read(&json!({
        "max_body": "64KiB",
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "m": { "targets": ["o/m"] } },
        "clients": [document::client("main", KEY, &["*"])],
    }));
    let envoy = Envoy::start(
        |files| {
            let mut options = tollhouse::render::Options::new(files.filter());
            let anywhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
            (options.listen, options.admin) = (Some(anywhere), Some(anywhere));
            options.access_log = Some(files.records());
            let mut bootstrap = tollhouse::render::bootstrap(&document, &options).unwrap();
            let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
            let manager = bootstrap.pointer_mut(manager).unwrap();
            assert_eq!(manager["request_timeout"], "120s");
            manager["request_timeout"] = json!("1s");
            manager["request_headers_timeout"] = json!("1s");
            bootstrap.to_string()
        },
        &[],
    );
    (envoy, provider)
}

#[tokio::test]
async fn an_upload_that_stalls_gets_408() {
    let (envoy, provider) = impatient();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n"
    );
    for (name, bytes) in [
        ("chunked", format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n{{\"mod")),
        ("with a length", format!("{head}content-length: 100\r\n\r\n{{\"mod")),
        ("no body at all", format!("{head}content-length: 100\r\n\r\n")),
    ] {
        let begun = Instant::now();
        let answer = integration::caller::Live::open(envoy.gateway, bytes.into_bytes(), false).await.finish().await;
        assert_eq!((answer.status, answer.code().as_str()), (408, "request_timeout"), "{name}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(30), "{name}: {took:?}");
        let record = envoy.records.of_request(answer.header("x-request-id").unwrap()).await;
        assert_eq!((&record["status"], &record["error"]), (&json!(408), &json!("request_timeout")), "{record}");
    }
    // Headers that never end: there is no request yet.
    let mut stream = TcpStream::connect(envoy.gateway).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut rest));
    drop(read.await.expect("no hang"));
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
    assert!(provider.seen("m").is_empty());
}

#[tokio::test]
async fn limits_are_those_of_the_document() {
    let (envoy, provider) = impatient();
    let call = integration::caller::Call::chat(envoy.gateway, KEY, "m");
    let room = (64 << 10) - call.clone().prompt(0).bytes().len();
    for chunk in [None, Some(1000), Some(60_000)] {
        let call = |size: usize| {
            let call = call.clone().prompt(size);
            chunk.map_or(call.clone(), |size| call.chunked(size))
        };
        assert_eq!(call(room).send().await.content(), ANSWER, "{chunk:?}");
        for size in [64 << 10, 200 << 10, 1 << 20, 4 << 20] {
            let answer = call(size).send().await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (413, "request_too_large"),
                "{chunk:?} {size}: {}",
                answer.text()
            );
            assert_eq!(answer.header("x-should-retry"), Some("false"), "{chunk:?} {size}");
            assert!(
                answer.json()["error"]["message"].as_str().is_some_and(|m| m.contains("limit")),
                "{}",
                answer.text()
            );
        }
    }
    assert_eq!(provider.seen("m").len(), 3);
    let record: Vec<Value> = envoy.records.wait(12, "request_too_large").await;
    assert!(record.iter().all(|record| record["outcome"] == "refused"), "{record:?}");
}
