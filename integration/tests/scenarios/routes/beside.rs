//! Routes that have nothing to do with models.

use integration::caller::{Answer, Call};
use integration::document::KEY;
use integration::http::Head;
use integration::provider::Provider;
use integration::reply::{Gate, Reply};
use integration::stage;
use serde_json::{Value, json};

use super::house;

/// A server that answers what it is asked for: `/status/503`, `/stream`, `/trailers`.
pub(super) fn shop() -> Provider {
    stage::outliving(Provider::answering(|seen, _| {
        let path = seen.head.word(1);
        let status = path.strip_prefix("/status/").and_then(|status| status.parse().ok()).unwrap_or(200);
        let reply = Reply::new(status).header("content-type", "text/html").header("x-tollhouse-target", "their own");
        match path {
            "/stream" => reply.chunks(["one", "two"]).end(),
            "/trailers" => reply.chunks(["one"]).end_with_trailer("x-sum", "1"),
            _ => reply.header("retry-after", "7").header("x-request-id", "theirs").body(&seen.body),
        }
    }))
}

/// The same listener without the filter.
pub(super) fn bare(listener: &Value) -> Value {
    let mut bare = listener.clone();
    bare["name"] = json!("bare");
    let manager = bare.pointer_mut("/filter_chains/0/filters/0/typed_config").unwrap();
    manager["http_filters"].as_array_mut().unwrap().remove(0);
    let hosts = manager["route_config"]["virtual_hosts"].as_array_mut().unwrap();
    hosts.retain(|host| host["name"] == "disabled");
    let host = &mut hosts[0];
    (host["name"], host["domains"]) = (json!("bare"), json!(["bare"]));
    host.as_object_mut().unwrap().remove("typed_per_filter_config");
    bare
}

/// Requests with everything that the filter would touch.
fn requests() -> Vec<Call> {
    let house = house();
    let call = |method: &str, path: &str| {
        Call::new(house.envoy.gateway, method, path)
            .header("authorization", &format!("Bearer {KEY}"))
            .header("x-tollhouse-attempt", "1")
            .header("x-envoy-max-retries", "3")
            .header("x-user-id", "somebody")
            .header("accept-encoding", "gzip")
    };
    vec![
        call("GET", "/v1/models"),
        call("HEAD", "/page"),
        call("DELETE", "/status/404"),
        call("POST", "/v1/chat/completions").header("content-type", "application/json").body("not json"),
        call("POST", "/status/503").body("x".repeat(3 << 20)),
        call("PUT", "/upload").body("y".repeat(300_000)).chunked(1000),
        call("GET", "/stream"),
        call("GET", "/trailers"),
    ]
}

/// Without what differs from one request to the next.
fn stripped(head: &Head, host: &str) -> String {
    let names = ["date", "x-request-id", "x-envoy-upstream-service-time"];
    let kept = head.headers.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    format!("{} {:?}", head.line, kept.collect::<Vec<_>>()).replace(&format!("\"{host}\""), "\"host\"")
}

fn told(answer: &Answer, host: &str) -> (String, Vec<u8>, Option<String>) {
    let id = answer.header("x-request-id").filter(|id| *id == "theirs").map(str::to_owned);
    (stripped(&answer.head, host), answer.body.clone(), id)
}

#[tokio::test]
async fn ordinary_routes_are_left_alone() {
    let house = house();
    for (number, call) in requests().into_iter().enumerate() {
        let mut sides = Vec::new();
        for host in ["bare", "disabled", "off"] {
            let mark = format!("{host}-{number}");
            let call = call.clone().host(host).header("x-mark", &mark);
            let call = if host == "bare" { call.to(house.bare) } else { call };
            let answer = call.send().await;
            let all = house.shop.everything();
            let seen = all.iter().find(|seen| seen.head.get("x-mark") == Some(mark.as_str())).unwrap();
            let asked = stripped(&seen.head, host).replace(&mark, "mark");
            sides.push((asked, seen.body.clone(), told(&answer, host)));
        }
        assert_eq!(sides[1], sides[0], "a route for which the filter is disabled");
        assert_eq!(sides[2], sides[0], "a route with `enabled: false`");
        assert!(sides[0].0.contains("x-tollhouse-attempt"), "{}", sides[0].0);
    }
    assert!(house.envoy.records.with("/page").is_empty());
    house.check();
}

#[tokio::test]
async fn an_ordinary_answer_goes_on_piece_by_piece() {
    let house = house();
    for host in ["disabled", "off"] {
        let gate = Gate::default();
        house.shop.on(host, Reply::new(200).chunks(["first"]).gate(&gate).chunks(["second"]).end());
        let call = Call::new(house.envoy.gateway, "POST", "/live").host(host).json(&json!({ "model": host }));
        let mut live = call.open().await;
        live.until("first").await;
        gate.open();
        assert_eq!(live.finish().await.text(), "firstsecond");
    }
    house.check();
}

#[tokio::test]
async fn a_provider_takes_only_what_the_gateway_role_has_let_in() {
    let house = house();
    let answer = house.chat("leak", "leak").send().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "no_hand_over"), "{}", answer.text());
    assert!(house.openai.seen("leak").is_empty());
    house.check();
}
