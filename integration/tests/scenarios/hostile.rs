//! Callers that mean harm.

use std::time::Duration;

use integration::caller::{Call, Live};
use integration::document::{self, KEY};
use integration::gateway::Gateway;
use integration::speech::ANSWER;
use integration::speech::Speech::OpenAi;
use integration::stage::{self, stage};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

mod fuzz;
mod mutant;

/// How long what must happen may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends a byte of a request now and then, and waits for the end of the connection.
async fn trickle(gateway: std::net::SocketAddr) {
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-slow: {}", "x".repeat(10_000));
    let (mut from, mut into) = stream.split();
    let write = async {
        for byte in head.bytes() {
            if into.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let mut rest = Vec::new();
    tokio::select! { () = write => {}, _ = from.read_to_end(&mut rest) => {} }
}

#[tokio::test]
async fn callers_that_never_end_their_headers_are_sent_away_and_hold_nobody_up() {
    let play = stage();
    let slow: Vec<_> = (0..64).map(|_| tokio::spawn(trickle(play.gateway))).collect();
    let model = play.model("o");
    for _ in 0..20 {
        assert_eq!(play.chat(&model).send().await.content(), ANSWER);
    }
    for connection in slow {
        tokio::time::timeout(PATIENCE, connection).await.expect("the connection is closed").unwrap();
    }
}

#[tokio::test]
async fn a_hundred_thousand_headers_are_refused() {
    let play = stage();
    let model = play.model("o");
    let many = (0..100_000).fold(play.chat(&model), |call, number| call.header(&format!("x-{number}"), "1"));
    let answer = many.send().await;
    // Envoy may close before it has read what was sent, and its answer is lost on the way.
    assert!(matches!(answer.status, 0 | 431), "{}", answer.status);
    assert_eq!(play.chat(&model).send().await.content(), ANSWER);
    assert!(play.o.seen(&model).iter().all(|seen| seen.head.headers.len() < 10));
}

/// Lengths and encodings about which two servers may be of two minds; what follows looks like a request of its own.
const AMBIGUOUS: [&str; 10] = [
    "content-length: 5\r\ntransfer-encoding: chunked",
    "transfer-encoding: chunked\r\ncontent-length: 5",
    "content-length: 5\r\ncontent-length: 6",
    "content-length: 5, 6",
    "content-length: +5",
    "content-length: 0x5",
    "content-length: 5\r\ntransfer-encoding: xchunked",
    "content-length: 5\r\ntransfer-encoding : chunked",
    "content-length: 5\r\ntransfer-encoding:\x0bchunked",
    "content-length: 99999999999999999999999999",
];

#[tokio::test]
async fn no_request_is_smuggled_in_the_body_of_another() {
    let play = stage();
    let (open, hidden) = (play.model("o"), play.model("o"));
    let smuggled = play.chat(&hidden).without("authorization").bytes();
    for framing in AMBIGUOUS {
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n\
             {framing}\r\n\r\n0\r\n\r\n"
        );
        let bytes = [head.as_bytes(), &smuggled, play.chat(&open).bytes().as_slice()].concat();
        let answer = Live::open(play.gateway, bytes, false).await.finish().await;
        assert!(matches!(answer.status, 0 | 400 | 501), "{framing}: {} {}", answer.status, answer.text());
    }
    assert!(play.o.seen(&hidden).is_empty() && play.o.seen(&open).is_empty());
    // A body that is none of these is framed anew.
    play.chat(&open).chunked(7).send().await;
    let seen = play.o.one(&open).await;
    let framing = |name: &str| seen.head.headers.iter().filter(|(n, _)| n == name).count();
    assert_eq!((framing("content-length"), framing("transfer-encoding")), (1, 0), "{:?}", seen.head);
}

/// A caller in a hurry to guess: every key is wrong, by a letter or altogether.
#[tokio::test]
async fn a_wrong_key_is_told_the_same_whatever_is_wrong_with_it() {
    let play = stage();
    let nearly = KEY.replacen("main", "mein", 1);
    let mut told = Vec::new();
    for key in [nearly.as_str(), "", "x", &"k".repeat(5_000), &format!("{KEY} "), &KEY.to_uppercase()] {
        let answer = Call::chat(play.gateway, key, "o-0").send().await;
        if key.trim() == KEY || key.is_empty() {
            continue;
        }
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_api_key"), "{}", answer.text());
        told.push(answer.text());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn who_guesses_keys_is_told_to_wait_while_keys_that_are_known_are_served() {
    let provider = stage::provider(OpenAi);
    let gateway = Gateway::start(&document::read(&json!({
        "providers": { "o": document::provider("openai", "o", &provider.address.to_string()) },
        "models": { "tier": { "targets": ["o/tier"] } },
        "clients": [document::client("main", KEY, &["*"])],
        "failed_keys": { "most": 5, "within": "1h" },
    })));
    let mut told = Vec::new();
    for number in 0..60 {
        // An address that the caller makes up is not its own.
        let address = format!("203.0.113.{number}");
        let call = gateway.chat(&format!("guess-{number}-c0ffee"), "tier").header("x-forwarded-for", &address);
        let answer = call.send().await;
        told.push((answer.status, answer.code()));
    }
    let count = |status: u16, code: &str| told.iter().filter(|(s, c)| *s == status && c == code).count();
    let (unknown, refused) = (count(401, "invalid_api_key"), count(429, "too_many_failed_keys"));
    // Each of two workers counts for itself.
    assert!((5..=10).contains(&unknown) && unknown + refused == 60, "{told:?}");
    assert_eq!(gateway.chat(KEY, "tier").send().await.content(), ANSWER);
    assert_eq!(gateway.admin.sum("tollhouse_failed_keys;outcome=unknown"), unknown as u64);
    assert_eq!(gateway.admin.sum("tollhouse_failed_keys;outcome=refused"), refused as u64);
    let said = gateway.said();
    let lines = said.matches("5 keys that nobody has came from 127.0.0.1; more are refused").count();
    assert!((1..=2).contains(&lines), "{said}");
}
