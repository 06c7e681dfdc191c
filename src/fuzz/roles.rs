//! Both roles over the in-memory host: whatever callers and providers send, the caller is answered once and the
//! request is settled.
//!
//! An input is a head and a body with an empty line between them. A line of the head is `name: value`.

use std::rc::Rc;

use super::{check_object, parsed};
use crate::clients::Digest;
use crate::config::Config;
use crate::contract;
use crate::exchange::Exchanges;
use crate::gateway::Gateway;
use crate::host::memory::{Memory, Reply};
use crate::host::{Action, Side, Stream};
use crate::multipart::{self, Form};
use crate::provider::Provider;
use crate::stream::Framing;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const KEY: &str = "k";
const HEAD: &[(&str, &str)] = &[(":method", "POST"), (":path", "/v1/chat/completions"), ("x-api-key", KEY)];

/// A worker with a target of each dialect.
fn worker() -> Rc<Config> {
    let document = format!(
        r#"{{"providers":{{"a":{{"dialect":"anthropic","keys":[{{"value":"sk-up"}}]}},"o":{{"dialect":"openai"}}}},
        "models":{{"tier":{{"targets":["a/one","o/two"]}}}},"max_body":"1MiB","files":{{"provider":"o"}},
        "clients":[{{"name":"bot","key_sha256":"{}","models":["*"]}}]}}"#,
        Digest::of(KEY)
    );
    let config = Config::parse(document.as_bytes(), &|_| None);
    assert!(config.is_ok(), "{:?}", config.err());
    config.unwrap_or_default().into()
}

/// Head and body of an input.
fn parts(data: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.and_then(|end| data.split_at_checked(end)).unwrap_or((&[], data));
    let body = body.strip_prefix(b"\n\n").unwrap_or(body);
    let head = String::from_utf8_lossy(head);
    let header = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()));
    (head.lines().filter_map(header).collect(), body)
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

/// A caller's request: refused with a body that is JSON, or sent to every target in turn.
pub fn gateway_request(data: &[u8]) {
    let (mut head, body) = parts(data);
    for (name, value) in owned(HEAD) {
        if !head.iter().any(|(n, _)| *n == name) {
            head.push((name, value));
        }
    }
    let (host, exchanges) = (Memory::default(), Exchanges::default());
    *host.request.borrow_mut() = head;
    *host.request_body.borrow_mut() = body.to_vec();
    let mut gateway = Gateway::new(1, worker(), exchanges.clone());
    let mut action = gateway.on_request_headers(&host, body.is_empty(), NOW);
    if host.reply.borrow().is_none() && !body.is_empty() {
        assert_eq!(gateway.on_request_body(&host, body.len() / 2, false, NOW), Action::Pause);
        action = gateway.on_request_body(&host, body.len(), true, NOW);
    }
    let refused = host.reply.borrow().is_some();
    assert_eq!(refused, action == Action::Pause, "forwarded or refused");
    if !refused {
        attempts(&host, &exchanges, body);
    }
    check_settled(&mut gateway, &host, &exchanges);
}

/// Each target gets what the caller sent; none answers.
fn attempts(host: &Memory, exchanges: &Exchanges, body: &[u8]) {
    for _ in 0..2 {
        *host.request_body.borrow_mut() = body.to_vec();
        let mut provider = Provider::new(1, exchanges.clone());
        let action = provider.on_request_headers(host, NOW);
        if host.reply.borrow().is_some() {
            return;
        }
        assert!(host.headers(Side::Request).iter().all(|(_, value)| value != KEY), "the caller's key stays here");
        assert_eq!(action == Action::Continue, body.is_empty(), "headers alone are a whole request");
        if body.is_empty() {
            continue;
        }
        match provider.on_request_body(host, body.len(), true) {
            Action::Continue => {
                let sent = host.request_body.borrow().clone();
                check_sent(host, &sent, body);
                assert_eq!(host.header(Side::Request, "content-length"), Some(sent.len().to_string()));
            }
            Action::Pause => assert!(host.reply.borrow().is_some(), "a request that is not sent is refused"),
        }
    }
}

/// A provider gets JSON, a form with its own model, or the caller's bytes where they are kept.
fn check_sent(host: &Memory, sent: &[u8], body: &[u8]) {
    let header = |name| host.header(Side::Request, name).unwrap_or_default();
    let (path, content_type) = (header(":path"), header("content-type"));
    if path.starts_with("/v1/files") || path.starts_with("/v1/batches") {
        assert_eq!(sent, body);
    } else if multipart::is_form(&content_type) {
        let model = Form::parse(&content_type, sent).and_then(|form| form.text("model"));
        assert!(matches!(model, Ok(Some(_))), "{model:?}");
    } else {
        parsed(sent);
    }
}

/// The request is told in the access log, and forgotten.
fn check_settled(gateway: &mut Gateway, host: &Memory, exchanges: &Exchanges) {
    if let Some(reply) = host.reply.borrow().as_ref() {
        assert!((200..600).contains(&reply.status), "{reply:?}");
        check_object(&reply.body);
    }
    gateway.on_log(host, NOW);
    parsed(&host.property(&[contract::RECORD]).unwrap_or_default());
    assert!(exchanges.is_empty(), "nothing is left behind");
}

/// A provider's answer to a request that is fine: the first byte says which target, whether a stream is asked for
/// and how the body is cut.
pub fn provider_answer(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let (mut head, body) = parts(data);
    if !head.iter().any(|(name, _)| name == ":status") {
        head.push((":status".to_owned(), "200".to_owned()));
    }
    let stream = choice & 1 == 0;
    if !head.iter().any(|(name, _)| name == "content-type") {
        let kind = if stream { "text/event-stream" } else { "application/json" };
        head.push(("content-type".to_owned(), kind.to_owned()));
    }
    let target = if choice & 2 == 0 { "a/one" } else { "o/two" };
    let request = format!(r#"{{"model":"{target}","stream":{stream},"messages":[{{"role":"user","content":"hi"}}]}}"#);
    let size = [1, 7, 100].get(usize::from(choice >> 2) % 3).copied().unwrap_or(1);
    let told = answered(&request, head.clone(), body, size);
    assert!(told == answered(&request, head, body, usize::MAX), "the same in pieces of {size}");
}

/// Status, headers and body.
type Told = (Option<Reply>, Vec<(String, String)>, Vec<u8>);

fn answered(request: &str, head: Vec<(String, String)>, body: &[u8], size: usize) -> Told {
    let (host, exchanges) = (Memory::default(), Exchanges::default());
    *host.request.borrow_mut() = owned(&[HEAD, &[("content-type", "application/json")]].concat());
    *host.request_body.borrow_mut() = request.into();
    let mut gateway = Gateway::new(1, worker(), exchanges.clone());
    assert_eq!(gateway.on_request_headers(&host, false, NOW), Action::Pause);
    assert_eq!(gateway.on_request_body(&host, request.len(), true, NOW), Action::Continue);
    let mut provider = Provider::new(1, exchanges.clone());
    assert_eq!(provider.on_request_headers(&host, NOW), Action::Pause);
    assert_eq!(provider.on_request_body(&host, request.len(), true), Action::Continue);
    *host.response.borrow_mut() = head;
    let mut told = provider.on_response_headers(&host, body.is_empty(), NOW) == Action::Continue;
    let mut out = Vec::new();
    let mut left = body;
    while !left.is_empty() {
        let (piece, rest) = left.split_at_checked(size).unwrap_or((left, &[]));
        left = rest;
        host.response_body.borrow_mut().extend_from_slice(piece);
        let held = host.response_body.borrow().len();
        let action = provider.on_response_body(&host, held, left.is_empty(), NOW);
        assert!(action == Action::Continue || !left.is_empty(), "an answer that is over goes out");
        if action == Action::Continue {
            told = true;
            out.append(&mut host.response_body.borrow_mut());
        }
    }
    assert!(told || host.reply.borrow().is_some(), "the caller is answered");
    let _ = gateway.on_response_headers(&host, out.is_empty(), NOW);
    check_told(&host, &out);
    check_settled(&mut gateway, &host, &exchanges);
    (host.reply.take(), host.response.take(), out)
}

/// The caller gets a stream of JSON objects, or one.
fn check_told(host: &Memory, out: &[u8]) {
    if host.reply.borrow().is_some() {
        return;
    }
    if host.header(Side::Response, "content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        super::events(Framing::Sse, [out]).iter().filter(|event| event.data != "[DONE]").for_each(|event| {
            check_object(event.data.as_bytes());
        });
    } else {
        check_object(out);
    }
}
