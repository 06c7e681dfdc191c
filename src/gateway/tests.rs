mod beside;
mod chains;
mod identity;
mod limits;
mod records;
mod routes;
mod store;
mod strangers;
mod tasks;

use super::*;
use crate::clients::Digest;
use crate::host::Stream as _;
use crate::host::memory::Memory;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod prices;

pub(super) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// A worker with one configuration.
pub(super) struct World {
    config: Rc<Config>,
    pub(super) exchanges: Exchanges,
    pub(super) host: Memory,
}

impl World {
    fn new() -> Self {
        let document = serde_json::json!({
            "max_body": "1KiB",
            "timeouts": { "total": "60s" },
            "providers": {
                "a": { "dialect": "anthropic", "keys": [{ "value": "sk-up-a" }] },
                "b": { "dialect": "anthropic", "keys": [{ "value": "sk-up-b" }], "cluster": "b-cluster" },
            },
            "models": {
                "tier": { "targets": ["a/one", "b/two"], "timeouts": { "first_token": "3s" } },
                "lone": { "targets": ["a/one"] },
            },
            "clients": [
                { "name": "bot", "team": "support", "key_sha256": Digest::of("k").to_string(), "models": ["tier", "b/two"] },
                { "name": "root", "key_sha256": Digest::of("root").to_string(), "models": ["*"] },
                { "name": "old", "key_sha256": Digest::of("old").to_string(), "models": ["*"], "expires": "2020-01-01" },
            ],
        });
        Self::of(&document)
    }

    fn of(document: &serde_json::Value) -> Self {
        let config = Config::parse(document.to_string().as_bytes(), &|_| None).unwrap();
        Self { config: Rc::new(config), exchanges: Exchanges::default(), host: Memory::default() }
    }

    fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Gateway {
        let all = [(":method", method), (":path", path), ("x-request-id", "r-1")];
        *self.host.request.borrow_mut() =
            all.iter().chain(headers).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        *self.host.reply.borrow_mut() = None;
        Gateway::new(1, Rc::clone(&self.config), self.exchanges.clone())
    }

    /// A chat request with this body, all at once.
    fn chat(&self, key: &str, body: &str) -> Gateway {
        self.chat_with(&[("x-api-key", key), ("content-type", "application/json")], body)
    }

    fn chat_with(&self, headers: &[(&str, &str)], body: &str) -> Gateway {
        self.ask("/v1/chat/completions", headers, body)
    }

    fn ask(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Gateway {
        let mut gateway = self.head("POST", path, headers);
        *self.host.request_body.borrow_mut() = body.into();
        assert_eq!(gateway.on_request_headers(&self.host, false, NOW), Action::Pause);
        if self.host.reply.borrow().is_none() {
            let _ = gateway.on_request_body(&self.host, body.len(), true, NOW);
        }
        gateway
    }

    /// Status and code of our own answer.
    fn refused(&self) -> (u16, String) {
        let reply = self.host.reply.borrow().clone().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        (reply.status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
    }

    fn record(&self) -> serde_json::Value {
        serde_json::from_slice(&self.host.properties.borrow()[contract::RECORD]).unwrap()
    }
}

/// A stream request that is on its way.
pub(super) fn streamed() -> (World, Rc<Exchange>) {
    let world = World::new();
    let gateway = world.chat("k", &HELLO.replacen('{', r#"{"stream":true,"#, 1));
    let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
    let exchange = Rc::clone(exchange);
    (world, exchange)
}

const HELLO: &str = r#"{"model":"tier","messages":[{"role":"user","content":"hi"}]}"#;

#[test]
fn a_request_goes_to_the_first_target_with_its_clocks() {
    let world = World::new();
    let gateway = world.chat("k", HELLO);
    assert!(world.host.reply.borrow().is_none());
    let property = |name| String::from_utf8(world.host.property(&[name]).unwrap()).unwrap();
    assert_eq!(property(contract::CLUSTER), "a");
    let exchange = world.exchanges.find(property(contract::EXCHANGE).as_bytes()).unwrap();
    assert_eq!(gateway.exchange_id(), Some(exchange.id));
    let header = |name| world.host.header(Side::Request, name).unwrap();
    assert_eq!(header("x-envoy-max-retries"), "1");
    assert_eq!(header("x-envoy-upstream-rq-timeout-ms"), "60000");
    // A plain answer has no first token to wait for.
    assert_eq!(header("x-envoy-upstream-rq-per-try-timeout-ms"), "60000");
    let _ = world.chat("k", &HELLO.replacen('{', r#"{"stream":true,"#, 1));
    assert_eq!(header("x-envoy-upstream-rq-per-try-timeout-ms"), "3000");
}

#[test]
fn a_request_may_end_with_trailers() {
    let world = World::new();
    let mut gateway =
        world.head("POST", "/v1/chat/completions", &[("x-api-key", "k"), ("content-type", "application/json")]);
    *world.host.request_body.borrow_mut() = HELLO.into();
    let _ = gateway.on_request_headers(&world.host, false, NOW);
    assert_eq!(gateway.on_request_body(&world.host, HELLO.len(), false, NOW), Action::Pause);
    assert_eq!(gateway.on_request_trailers(&world.host, NOW), Action::Continue);
    assert!(gateway.exchange_id().is_some());
    assert_eq!(world.chat("nobody", HELLO).on_request_trailers(&world.host, NOW), Action::Pause);
}

#[test]
fn a_caller_cannot_steer_with_headers_of_ours() {
    let world = World::new();
    let all = [
        ("x-api-key", "k"),
        ("content-type", "application/json"),
        ("x-tollhouse-attempt", "7"),
        ("x-envoy-retry-on", "5xx"),
        ("x-envoy-hedge", "1"),
        ("anthropic-beta", "a, b"),
        ("anthropic-beta", "c,"),
    ];
    let gateway = world.chat_with(&all, HELLO);
    assert_eq!(world.host.header(Side::Request, "x-tollhouse-attempt"), None);
    assert_eq!(world.host.header(Side::Request, "x-envoy-hedge"), None);
    assert_eq!(
        world.host.header(Side::Request, "x-envoy-retry-on").unwrap(),
        "retriable-headers,reset,connect-failure"
    );
    let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
    let ours = |name: &str| name.starts_with("x-envoy-") || name.starts_with("x-tollhouse-");
    assert!(exchange.headers.iter().all(|(name, _)| name != "x-api-key" && !ours(name)));
    assert_eq!(exchange.asked.betas, ["a", "b", "c"]);
}

#[test]
fn keys_that_are_missing_unknown_or_expired_are_refused() {
    let world = World::new();
    for (headers, code) in [
        (&[][..], "missing_api_key"),
        (&[("authorization", "Bearer nope")], "invalid_api_key"),
        (&[("api-key", "old")], "key_expired"),
    ] {
        let mut gateway = world.head("POST", "/v1/chat/completions", headers);
        assert_eq!(gateway.on_request_headers(&world.host, false, NOW), Action::Pause);
        assert_eq!(world.refused(), (401, code.to_owned()));
        let reply = world.host.reply.borrow().clone().unwrap();
        assert!(reply.headers.contains(&("x-should-retry".to_owned(), "false".to_owned())));
    }
}

#[test]
fn a_model_that_is_unknown_looks_like_one_that_is_not_allowed() {
    let world = World::new();
    for model in ["lone", "a/one", "b/other", "nothing", "nowhere/x", "b/"] {
        let _ = world.chat("k", &HELLO.replace("tier", model));
        assert_eq!(world.refused(), (404, "model_not_found".to_owned()), "{model}");
    }
    for (key, model) in [("k", "b/two"), ("root", "a/anything/with/slashes"), ("root", "lone")] {
        let _ = world.chat(key, &HELLO.replace("tier", model));
        assert!(world.host.reply.borrow().is_none(), "{model}");
    }
}

#[test]
fn a_target_that_is_spelled_out_is_divided_at_the_first_slash() {
    let world = World::new();
    let gateway = world.chat("root", &HELLO.replace("tier", "a/org/model"));
    let State::Forwarded(exchange) = &gateway.state else { panic!("not forwarded") };
    assert_eq!(exchange.plan.target(0).unwrap().model, "org/model");
    assert_eq!((exchange.model_label(), exchange.target_label("a/org/model").as_str()), ("*", "a/*"));
}

#[test]
fn a_cooling_target_comes_last() {
    let world = World::new();
    world.host.shared.borrow_mut().insert("cooldown/a/one".into(), (NOW.0 + 1).to_le_bytes().to_vec());
    let _ = world.chat("k", HELLO);
    assert_eq!(world.host.property(&[contract::CLUSTER]).unwrap(), b"b-cluster");
    world.host.shared.borrow_mut().insert("cooldown/b/two".into(), (NOW.0 + 1).to_le_bytes().to_vec());
    let _ = world.chat("k", HELLO);
    assert_eq!(world.host.property(&[contract::CLUSTER]).unwrap(), b"a", "when all are cooling, all are tried");
}

#[test]
fn bodies_that_cannot_be_read_are_refused() {
    let world = World::new();
    let deep = format!(r#"{{"model":"tier","messages":{}1{}}}"#, "[".repeat(300), "]".repeat(300));
    for (body, status) in [
        ("not json", 400),
        ("[]", 400),
        ("", 400),
        (r#"{"model":"tier"}"#, 400),
        (r#"{"messages":[{"role":"user","content":"x"}]}"#, 400),
        (r#"{"model":"tier","model":"tier","messages":[1]}"#, 400),
        (r#"{"model":7,"messages":[1]}"#, 400),
        (HELLO.trim_end_matches('}'), 400),
        (&deep, 400),
        (&" ".repeat(1025), 413),
    ] {
        let _ = world.chat("k", body);
        assert_eq!(world.refused().0, status, "{body}");
    }
    let mut gateway =
        world.head("POST", "/v1/chat/completions", &[("x-api-key", "k"), ("content-type", "application/json")]);
    let _ = gateway.on_request_headers(&world.host, false, NOW);
    *world.host.request_body.borrow_mut() = b"{\"model\":\"\xff\"}".to_vec();
    let _ = gateway.on_request_body(&world.host, 13, true, NOW);
    assert_eq!(world.refused(), (400, "invalid_json".to_owned()));
}

#[test]
fn what_is_wrong_with_the_headers_is_told_before_the_body_is_read() {
    let world = World::new();
    let json = ("content-type", "application/json");
    for (method, path, headers, status) in [
        ("GET", "/v1/chat/completions", vec![json], 405),
        ("POST", "/v1/models", vec![json], 405),
        ("HEAD", "/v1/models", vec![], 405),
        ("OPTIONS", "/v1/chat/completions", vec![], 405),
        ("POST", "/v1/nothing", vec![json], 404),
        ("POST", "/v1/chat/completions", vec![], 415),
        ("POST", "/v1/chat/completions", vec![("content-type", "text/plain")], 415),
        ("POST", "/v1/chat/completions", vec![json, ("content-encoding", "gzip")], 415),
        ("POST", "/v1/chat/completions", vec![json, ("content-length", "4096")], 413),
    ] {
        let headers: Vec<_> = [("x-api-key", "k")].into_iter().chain(headers).collect();
        let mut gateway = world.head(method, path, &headers);
        let _ = gateway.on_request_headers(&world.host, false, NOW);
        assert_eq!(world.refused().0, status, "{method} {path} {headers:?}");
    }
    let mut gateway = world.head(
        "POST",
        "/v1/chat/completions?x=1",
        &[("x-api-key", "k"), ("content-type", "Application/JSON; charset=utf-8")],
    );
    let _ = gateway.on_request_headers(&world.host, false, NOW);
    assert!(world.host.reply.borrow().is_none(), "queries and parameters are no fault");
}

#[test]
fn models_are_listed_by_what_the_key_may_use() {
    let world = World::new();
    let list = |key| {
        let _ = world.head("GET", "/v1/models", &[("x-api-key", key)]).on_request_headers(&world.host, true, NOW);
        let reply = world.host.reply.borrow().clone().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        body["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list("k"), ["tier", "b/two"]);
    assert_eq!(list("root"), ["lone", "tier"]);
    let one = |id: &str| {
        let path = format!("/v1/models/{id}");
        let _ = world.head("GET", &path, &[("x-api-key", "k")]).on_request_headers(&world.host, true, NOW);
        world.host.reply.borrow().clone().unwrap().status
    };
    assert_eq!((one("tier"), one("b/two"), one("lone")), (200, 200, 404));
}

#[test]
fn callers_of_anthropic_s_api_are_answered_in_its_form() {
    let world = World::new();
    let json = ("content-type", "application/json");
    let told = |method, path, headers: &[(&str, &str)]| {
        let _ = world.head(method, path, headers).on_request_headers(&world.host, false, NOW);
        let reply = world.host.reply.borrow().clone().unwrap();
        (reply.status, serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap())
    };
    for path in ["/v1/messages", "/anthropic/v1/messages?beta=true"] {
        for (method, headers, status, kind) in [
            ("POST", vec![json], 401, "authentication_error"),
            ("GET", vec![json, ("x-api-key", "k")], 405, "invalid_request_error"),
            ("POST", vec![("x-api-key", "k")], 415, "invalid_request_error"),
            ("POST", vec![json, ("x-api-key", "k"), ("content-length", "4096")], 413, "request_too_large"),
        ] {
            let (code, body) = told(method, path, &headers);
            assert_eq!(
                (code, &body["type"], &body["error"]["type"]),
                (status, &"error".into(), &kind.into()),
                "{path}"
            );
        }
    }
    let (code, body) = told("POST", "/v1/messages/nothing", &[json, ("x-api-key", "k")]);
    assert_eq!((code, &body["error"]["code"]), (404, &"unknown_url".into()));
    let version = [("x-api-key", "k"), ("anthropic-version", "2023-06-01")];
    let list = told("GET", "/v1/models?limit=9", &version).1;
    assert_eq!(
        (&list["first_id"], &list["last_id"], &list["has_more"]),
        (&"tier".into(), &"b/two".into(), &false.into())
    );
    assert_eq!(told("GET", "/v1/models/lone", &version).1["error"]["type"], "not_found_error");
    let one = told("GET", "/v1/models/tier", &version).1;
    assert_eq!(one, list["data"][0]);
    assert_eq!((&one["type"], &one["display_name"]), (&"model".into(), &"tier".into()));
    let key = [("x-api-key", "k")];
    assert_eq!(told("GET", "/anthropic/v1/models", &key).1, list, "this path has one form only");
    assert_eq!(told("GET", "/anthropic/v1/models/tier", &key).1, one);
    for (method, path, status) in [
        ("GET", "/anthropic/v1/models/lone", 404),
        ("POST", "/anthropic/v1/models", 405),
        ("GET", "/anthropic/v1", 404),
    ] {
        let (code, body) = told(method, path, &key);
        assert_eq!((code, &body["type"]), (status, &"error".into()), "{path}");
    }
}

#[test]
fn what_envoy_answers_itself_is_told_in_the_callers_form() {
    let world = World::new();
    let mut gateway = world.chat("k", HELLO);
    *world.host.response.borrow_mut() = vec![(":status".into(), "504".into()), ("content-length".into(), "24".into())];
    *world.host.response_body.borrow_mut() = b"upstream request timeout".to_vec();
    assert_eq!(gateway.on_response_headers(&world.host, false, NOW), Action::Continue);
    assert_eq!(gateway.on_response_body(&world.host, 24, true), Action::Continue);
    let body: serde_json::Value = serde_json::from_slice(&world.host.response_body.borrow()).unwrap();
    assert_eq!(body["error"]["code"], "timeout");
    assert_eq!(world.host.header(Side::Response, "content-length"), None);
    assert_eq!(world.host.header(Side::Response, "content-type").unwrap(), "application/json");
    gateway.on_log(&world.host, NOW.after(std::time::Duration::from_millis(7)));
    let record = world.record();
    assert_eq!((record["outcome"].as_str(), record["status"].as_u64()), (Some("failed"), Some(504)));
    assert_eq!(record["duration_ms"], 7);
}

#[test]
fn an_upload_that_envoy_gives_up_on_is_told_in_the_callers_form() {
    let world = World::new();
    let mut gateway =
        world.head("POST", "/v1/chat/completions", &[("x-api-key", "k"), ("content-type", "application/json")]);
    let _ = gateway.on_request_headers(&world.host, false, NOW);
    *world.host.response.borrow_mut() = vec![(":status".into(), "408".into())];
    *world.host.response_body.borrow_mut() = b"request timeout".to_vec();
    let _ = gateway.on_response_headers(&world.host, false, NOW);
    let _ = gateway.on_response_body(&world.host, 15, true);
    let body: serde_json::Value = serde_json::from_slice(&world.host.response_body.borrow()).unwrap();
    assert_eq!(body["error"]["code"], "request_timeout");
}

#[test]
fn our_refusal_stands_when_envoy_refuses_too() {
    let world = World::new();
    let mut gateway = world.chat("k", &" ".repeat(1025));
    let ours = world.host.reply.borrow().clone().unwrap().body;
    for (body, kept) in [(ours.clone(), true), (b"Payload Too Large".to_vec(), false)] {
        *world.host.response.borrow_mut() =
            vec![(":status".into(), "413".into()), ("content-length".into(), body.len().to_string())];
        *world.host.response_body.borrow_mut() = body.clone();
        let _ = gateway.on_response_headers(&world.host, false, NOW);
        let _ = gateway.on_response_body(&world.host, body.len(), true);
        assert_eq!(*world.host.response_body.borrow(), ours);
        assert_eq!(world.host.header(Side::Response, "content-length").is_some(), kept);
        gateway = world.chat("k", &" ".repeat(1025));
    }
}
