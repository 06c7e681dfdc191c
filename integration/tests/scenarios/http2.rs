//! Callers that speak HTTP/2, byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use integration::document::KEY;
use integration::reply::Reply;
use integration::speech::ANSWER;
use integration::stage::stage;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Headers without any compression.
fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    headers.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

/// Sends the frames of one request; the body of the answer, and whether it was ended in order.
async fn exchange(frames: Vec<u8>) -> (String, bool) {
    exchange_with(stage().gateway, frames).await
}

async fn exchange_with(gateway: SocketAddr, frames: Vec<u8>) -> (String, bool) {
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[]), frames].concat();
    stream.write_all(&preface).await.unwrap();
    let mut body = Vec::new();
    loop {
        let mut head = [0; 9];
        let read = tokio::time::timeout(Duration::from_secs(60), stream.read_exact(&mut head));
        if read.await.expect("an answer in time").is_err() {
            return (String::from_utf8(body).unwrap(), false);
        }
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).await.unwrap();
        let (kind, flags) = (head[3], head[4]);
        if kind == DATA {
            body.extend(payload);
        }
        if matches!(kind, RESET | GOAWAY) || matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            return (String::from_utf8(body).unwrap(), !matches!(kind, RESET | GOAWAY));
        }
    }
}

/// Sends a request that ends with trailers to another gateway, and waits for what comes of it.
pub(crate) async fn send_trailers(gateway: SocketAddr, model: &str) {
    let frames = [
        frame(HEADERS, END_HEADERS, 1, &head(KEY)),
        frame(DATA, 0, 1, &body(model)),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[("x-checksum", "1")])),
    ];
    exchange_with(gateway, frames.concat()).await;
}

fn head(key: &str) -> Vec<u8> {
    block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "gateway"),
        (":path", "/v1/chat/completions"),
        ("content-type", "application/json"),
        ("x-api-key", key),
    ])
}

fn body(model: &str) -> Vec<u8> {
    json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] }).to_string().into_bytes()
}

fn content(answer: &(String, bool)) -> String {
    let body: Value = serde_json::from_str(&answer.0).unwrap_or_else(|e| panic!("{e}: {answer:?}"));
    body["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_request_over_http2_is_served() {
    let play = stage();
    let model = play.model("oa");
    play.o.on(&model, Reply::nothing().reset());
    let frames = [frame(HEADERS, END_HEADERS, 1, &head(KEY)), frame(DATA, END_STREAM, 1, &body(&model))].concat();
    let answer = exchange(frames).await;
    assert_eq!((content(&answer).as_str(), answer.1), (ANSWER, true));
}

#[tokio::test]
async fn a_request_that_ends_with_trailers_is_served() {
    let play = stage();
    for family in ["o", "a", "oa"] {
        let model = play.model(family);
        if family == "oa" {
            play.o.on(&model, Reply::nothing().reset());
        }
        let trailers = block(&[("x-checksum", "1"), ("authorization", "Bearer trailing")]);
        let frames = [
            frame(HEADERS, END_HEADERS, 1, &head(KEY)),
            frame(DATA, 0, 1, &body(&model)),
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &trailers),
        ];
        let answer = exchange(frames.concat()).await;
        assert_eq!((content(&answer).as_str(), answer.1), (ANSWER, true), "{family}: {answer:?}");
    }
}

#[tokio::test]
async fn trailers_open_no_way_around_the_key() {
    let play = stage();
    let model = play.model("o");
    for key in ["th-key-of-nobody-c0ffee", ""] {
        let frames = [
            frame(HEADERS, END_HEADERS, 1, &head(key)),
            frame(DATA, 0, 1, &body(&model)),
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[("x-api-key", KEY)])),
        ];
        let answer = exchange(frames.concat()).await;
        assert!(answer.0.contains("api_key"), "{answer:?}");
    }
    assert!(play.o.seen(&model).is_empty());
}

#[tokio::test]
async fn a_request_of_trailers_only_is_refused() {
    stage();
    let frames = [
        frame(HEADERS, END_HEADERS, 1, &head(KEY)),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[("x-checksum", "1")])),
    ];
    let answer = exchange(frames.concat()).await;
    assert!(answer.0.contains("\"error\"") && answer.1, "{answer:?}");
}
