//! Requests that cannot be served are refused in a form that SDKs read, and reach no provider.

use std::time::Duration;

use integration::caller::{Answer, Call, Live};
use integration::document::KEY;
use integration::speech::ANSWER;
use integration::stage::{Stage, stage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A refusal in OpenAI's form that tells SDKs not to try again.
fn refused(answer: &Answer, status: u16, case: &str) {
    assert_eq!((answer.status, answer.whole), (status, true), "{case}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"), "{case}");
    let error = &answer.json()["error"];
    for field in ["message", "type"] {
        assert!(error[field].as_str().is_some_and(|text| !text.is_empty()), "{case}: {}", answer.text());
    }
    assert!(error.get("param").is_some() && error.get("code").is_some(), "{case}: {}", answer.text());
    assert_eq!(answer.header("x-should-retry"), Some("false"), "{case}");
}

fn chat(stage: &Stage, body: impl Into<Vec<u8>>) -> Call {
    Call::chat(stage.gateway, KEY, "").body(body)
}

#[tokio::test]
async fn bodies_that_make_no_sense_get_400() {
    let play = stage();
    let model = play.model("o");
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    let deep = format!(r#"{{"model":"{model}","messages":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let unclosed = "[".repeat(1_000_000);
    let objects = r#"{"a":"#.repeat(200_000);
    for (name, body) in [
        ("words", "hello".to_owned()),
        ("a list", "[1,2]".to_owned()),
        ("a string", "\"x\"".to_owned()),
        ("null", "null".to_owned()),
        ("spaces", "   ".to_owned()),
        ("cut", format!(r#"{{"model":"{model}",{messages}"#)),
        ("more than one", format!(r#"{{"model":"{model}",{messages}}}{{}}"#)),
        ("no model", format!("{{{messages}}}")),
        ("model of another type", format!(r#"{{"model":7,{messages}}}"#)),
        ("empty model", format!(r#"{{"model":"",{messages}}}"#)),
        ("no messages", format!(r#"{{"model":"{model}"}}"#)),
        ("empty messages", format!(r#"{{"model":"{model}","messages":[]}}"#)),
        ("messages of another type", format!(r#"{{"model":"{model}","messages":"hi"}}"#)),
        ("stream of another type", format!(r#"{{"model":"{model}","stream":"yes",{messages}}}"#)),
        ("two models", format!(r#"{{"model":"{model}","model":"narrow",{messages}}}"#)),
        ("two messages", format!(r#"{{"model":"{model}",{messages},{messages}}}"#)),
        ("10,000 levels", deep),
        ("a million brackets", unclosed),
        ("objects without end", objects),
    ] {
        refused(&chat(&play, body).send().await, 400, name);
    }
    for (name, body) in [
        (
            "invalid UTF-8",
            [format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":""#).as_bytes(), b"\xff\"}]}"]
                .concat(),
        ),
        ("zeros", vec![0; 100]),
        ("UTF-16", "{}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a BOM", format!("\u{feff}{{\"model\":\"{model}\"}}").into_bytes()),
    ] {
        refused(&chat(&play, body).send().await, 400, name);
    }
    assert!(play.o.seen(&model).is_empty());
}

#[tokio::test]
async fn wrong_methods_paths_and_types_are_told() {
    let play = stage();
    let model = play.model("o");
    let good = play.chat(&model);
    let at = |method: &str, path: &str| Call::new(play.gateway, method, path).header("x-api-key", KEY);
    for (name, call, status) in [
        ("no such path", at("POST", "/v1/nothing").header("content-type", "application/json").body("{}"), 404),
        ("the root", at("GET", "/"), 404),
        ("no version", at("POST", "/chat/completions").body("{}"), 404),
        ("GET", at("GET", "/v1/chat/completions"), 405),
        ("DELETE", at("DELETE", "/v1/chat/completions"), 405),
        ("PUT", at("PUT", "/v1/chat/completions").body("{}"), 405),
        ("POST of models", at("POST", "/v1/models").body("{}"), 405),
        ("OPTIONS", at("OPTIONS", "/v1/chat/completions"), 405),
        ("no content type", good.clone().without("content-type"), 415),
        (
            "a form",
            good.clone().without("content-type").header("content-type", "application/x-www-form-urlencoded"),
            415,
        ),
        ("text", good.clone().without("content-type").header("content-type", "text/plain"), 415),
        ("gzip", good.clone().header("content-encoding", "gzip"), 415),
        ("br", good.clone().header("content-encoding", "br"), 415),
        ("no body", good.clone().body(""), 400),
    ] {
        refused(&call.send().await, status, name);
    }
    let head = at("HEAD", "/v1/chat/completions").send().await;
    assert_eq!((head.status, head.body.len()), (405, 0));
    let content_type = "application/json; charset=utf-8";
    let good = good.without("content-type").header("content-type", content_type).header("content-encoding", "identity");
    assert_eq!(good.send().await.content(), ANSWER);
    assert_eq!(play.o.seen(&model).len(), 1);
}

#[tokio::test]
async fn paths_that_play_tricks_lead_nowhere_else() {
    let play = stage();
    for path in [
        "/v1/../v1/nothing",
        "/v1/models/..%2f..%2fx",
        "//v1//nothing",
        "/v1/chat/completions/",
        "/V1/CHAT/COMPLETIONS",
        "/%00",
    ] {
        let answer = Call::new(play.gateway, "POST", path).header("x-api-key", KEY).body("{}").send().await;
        assert!(matches!(answer.status, 400 | 404 | 405), "{path}: {} {}", answer.status, answer.text());
    }
}

#[tokio::test]
async fn an_upgrade_is_refused_and_hangs_nobody() {
    let play = stage();
    let upgrade = Call::new(play.gateway, "GET", "/v1/realtime")
        .header("x-api-key", KEY)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-version", "13");
    let answer = upgrade.send().await;
    assert!(matches!(answer.status, 403 | 404), "{} {}", answer.status, answer.text());
    assert!(answer.whole);
    let connect = Call::new(play.gateway, "CONNECT", "api.openai.com:443").header("x-api-key", KEY).send().await;
    assert!((400..500).contains(&connect.status), "{}", connect.status);
}

#[tokio::test]
async fn a_body_over_the_limit_gets_413_before_it_is_sent() {
    let play = stage();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        (32 << 20) + 1
    );
    let answer = Live::open(play.gateway, head.into_bytes(), false).await.finish().await;
    refused(&answer, 413, "length");
    assert_eq!(answer.code(), "request_too_large");
}

#[tokio::test]
async fn a_body_over_the_limit_gets_413_when_it_is_sent_in_chunks() {
    let play = stage();
    let model = play.model("o");
    let answer = play.chat(&model).prompt((32 << 20) + 1000).chunked(1 << 20).send().await;
    refused(&answer, 413, "chunks");
    assert_eq!(answer.code(), "request_too_large");
    // Envoy finds out first, when its own buffer is full within one read.
    for (size, chunk) in [(33 << 20, 10 << 10), (33 << 20, 1 << 20), (40 << 20, 8 << 20)] {
        let answer = play.chat(&model).prompt(size).chunked(chunk).send().await;
        refused(&answer, 413, "chunks");
        assert_eq!(answer.code(), "request_too_large", "{size} by {chunk}: {}", answer.text());
    }
    let fits = play.chat(&model).prompt((32 << 20) - 1000).chunked(1 << 20).send().await;
    assert_eq!(fits.content(), ANSWER, "{}", fits.text());
}

#[tokio::test]
async fn a_caller_that_waits_for_leave_to_send_gets_it() {
    let play = stage();
    let model = play.model("oa");
    play.o.on(&model, integration::reply::Reply::nothing().reset());
    let whole = play.chat(&model).prompt(100_000).header("expect", "100-continue").bytes();
    let at = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let mut stream = TcpStream::connect(play.gateway).await.unwrap();
    stream.write_all(&whole[..at]).await.unwrap();
    let mut leave = [0; 25];
    stream.read_exact(&mut leave).await.unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&whole[at..]).await.unwrap();
    let mut line = [0; 15];
    stream.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"HTTP/1.1 200 OK");
    // The provider is not made to wait: its request is complete.
    assert_eq!(play.a.one(&model).await.head.get("expect"), None);
}

#[tokio::test]
async fn an_upload_that_breaks_off_reaches_nobody() {
    let play = stage();
    let model = play.model("o");
    let whole = play.chat(&model).bytes();
    for end in [20, whole.len() / 2, whole.len() - 1] {
        let mut stream = TcpStream::connect(play.gateway).await.unwrap();
        stream.write_all(&whole[..end]).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        // Envoy closes, with or without a word.
        let read = stream.read_to_end(&mut rest);
        drop(tokio::time::timeout(Duration::from_secs(60), read).await.expect("no hang"));
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&rest));
    }
    assert!(play.o.seen(&model).is_empty());
}

#[tokio::test]
async fn bytes_that_are_not_http_are_refused() {
    let play = stage();
    for bytes in [
        &b"hello\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1/models HTTP/1.1\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: a\x00b\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    ] {
        let answer = Live::open(play.gateway, bytes.to_vec(), false).await.finish().await;
        assert!(matches!(answer.status, 0 | 400), "{:?} {}", String::from_utf8_lossy(bytes), answer.status);
    }
    let long =
        Call::new(play.gateway, "GET", "/v1/models").header("x-api-key", KEY).header("x-long", &"x".repeat(100_000));
    assert_eq!(long.send().await.status, 431);
}

#[tokio::test]
async fn headers_that_are_not_utf8_do_no_harm() {
    let play = stage();
    let model = play.model("o");
    let call = String::from_utf8(play.chat(&model).bytes()).unwrap();
    let latin = call.replacen("host: gateway\r\n", "host: gateway\r\nx-odd: caf\u{e9}\r\n", 1);
    let bytes: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let answer = Live::open(play.gateway, bytes, false).await.finish().await;
    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER));
    let key = [b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: ".as_slice(), b"\xff\xfe\xc3\x28\r\n\r\n"].concat();
    let answer = Live::open(play.gateway, key, false).await.finish().await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_api_key"));
}

#[tokio::test]
async fn one_connection_serves_many_requests_whatever_came_before() {
    let play = stage();
    let (first, second) = (play.model("o"), play.model("a"));
    let refused = play.chat("nothing").bytes();
    let bytes = [refused, play.chat(&first).bytes(), play.chat(&second).bytes()].concat();
    let mut live = Live::open(play.gateway, bytes, false).await;
    let mut statuses = vec![live.status()];
    while statuses.len() < 3 {
        while live.piece().await.unwrap().is_some() {}
        live = live.next().await;
        statuses.push(live.status());
    }
    assert_eq!(statuses, [404, 200, 200]);
}
