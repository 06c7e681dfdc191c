//! Filters before ours: they see what the caller sends and what it gets.

use integration::caller::Call;
use integration::reply::{Gate, Reply};
use integration::speech::{ANSWER, Speech};
use serde_json::{Value, json};

use super::filters::{
    TOKEN, abort, buffer, compressor, cors, decompressor, delay, ext_authz, grpc_web, header_mutation, health_check,
    jwt_authn, local_ratelimit, lua, oauth2, ratelimit, tap,
};
use super::street::{House, VISITOR, street};

pub(super) fn houses() -> Vec<House> {
    let front = |name, filter| House::new(name).front(filter);
    let cors_policy = json!({ "envoy.filters.http.cors": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{ "exact": ORIGIN }],
        "allow_methods": "POST",
        "allow_headers": "authorization, content-type",
        "expose_headers": "x-tollhouse-target",
    } });
    let visitors =
        json!([{ "actions": [{ "request_headers": { "header_name": VISITOR, "descriptor_key": "visitor" } }] }]);
    vec![
        front("cors", cors()).virtual_host("typed_per_filter_config", cors_policy),
        // The caller of the compressor: it asks for gzip and reads it.
        front("compressor", compressor()),
        front("decompressor", decompressor()),
        front("buffer", buffer()),
        front("lua", lua("function envoy_on_response(h) h:headers():add('x-lua', h:headers():get(':status')) end")),
        front("grpc-web", grpc_web()),
        front("abort", abort()),
        front("delay", delay()),
        front("authz", ext_authz("other", false)),
        front("authz-down", ext_authz("nobody", false)),
        front("authz-down-open", ext_authz("nobody", true)),
        front("local-ratelimit", local_ratelimit()),
        front("ratelimit", ratelimit()).virtual_host("rate_limits", visitors),
        front("tap", tap("tap-front")),
        front("oauth2", oauth2()),
        front("jwt", jwt_authn()),
        front("health", health_check()),
        front("mutation", header_mutation(("x-api-key", "th-key-of-mutation-c0ffee"), ("x-mutated", "yes"))),
    ]
}

/// What OAuth2 wants to know.
pub(super) fn secrets() -> Value {
    let secret = |name: &str| json!({ "name": name, "generic_secret": { "secret": { "inline_string": name } } });
    json!([secret("token"), secret("hmac")])
}

const ORIGIN: &str = "https://app.example";

/// Plain and streamed.
async fn serves(call: &Call) {
    for stream in [false, true] {
        let answer = call.clone().stream(stream).send().await;
        assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{}", answer.text());
        assert_eq!(answer.done(), stream);
    }
}

#[tokio::test]
async fn filters_that_let_requests_pass_change_nothing() {
    let street = street();
    let names = ["buffer", "lua", "grpc-web", "delay", "authz", "authz-down-open", "oauth2"];
    for name in names {
        serves(&street.chat(name)).await;
        let records = street.records.wait(2, &format!("\"model\":\"{name}\"")).await;
        for record in records {
            assert_eq!(
                (&record["outcome"], &record["usage_source"]),
                (&"completed".into(), &"provider".into()),
                "{name}"
            );
        }
        assert_eq!(street.o.seen(name)[0].head.get("authorization"), Some("Bearer sk-upstream-openai"));
    }
}

#[tokio::test]
async fn preflights_pass_and_refusals_can_be_read_by_browsers() {
    let street = street();
    let origin = |call: Call| call.header("origin", ORIGIN);
    let preflight = origin(Call::new(street.at("cors"), "OPTIONS", "/v1/chat/completions"))
        .header("access-control-request-method", "POST");
    let answer = preflight.send().await;
    assert_eq!((answer.status, answer.header("access-control-allow-methods")), (200, Some("POST")));
    let good = origin(street.chat("cors"));
    let bad = good.clone().without("authorization");
    for (call, status) in [(&good, 200), (&good.clone().stream(true), 200), (&bad, 401)] {
        let answer = call.send().await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some(ORIGIN)));
        assert_eq!(answer.header("access-control-expose-headers"), Some("x-tollhouse-target"));
    }
}

#[tokio::test]
async fn answers_are_compressed_and_streams_are_not_held() {
    let street = street();
    let call = street.chat("compressor").header("accept-encoding", "gzip");
    let plain = call.send().await;
    assert_eq!((plain.status, plain.header("content-encoding")), (200, Some("gzip")));
    assert!(plain.body.starts_with(&[0x1f, 0x8b]) && !plain.text().contains(ANSWER));
    let gate = Gate::default();
    let events = Speech::OpenAi.events(&["answer-", "canary", "-77aa"]);
    street.o.on("compressor", Reply::stream(&events[..2]).gate(&gate).chunks(&events[2..]).end());
    let mut live = call.stream(true).open().await;
    assert_eq!(live.head.get("content-encoding"), Some("gzip"));
    // The first piece is here while the provider has not said the second.
    assert!(live.piece().await.unwrap().is_some());
    gate.open();
    assert!(live.finish().await.whole);
}

/// `{"model":"decompressor","messages":[{"role":"user","content":"hi"}]}` in gzip.
const COMPRESSED: [u8; 82] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0xca, 0xcd, 0x4f, 0x49, 0xcd, 0x51, 0xb2,
    0x52, 0x4a, 0x49, 0x4d, 0xce, 0xcf, 0x2d, 0x28, 0x4a, 0x2d, 0x2e, 0xce, 0x2f, 0x52, 0xd2, 0x51, 0xca, 0x05, 0x32,
    0x12, 0xd3, 0x53, 0x8b, 0x95, 0xac, 0xa2, 0xab, 0x95, 0x8a, 0xf2, 0x73, 0x52, 0x81, 0x4a, 0x4a, 0x8b, 0x53, 0x41,
    0x52, 0xc9, 0xf9, 0x79, 0x25, 0xa9, 0x79, 0x25, 0x40, 0x81, 0x8c, 0x4c, 0xa5, 0xda, 0xd8, 0x5a, 0x00, 0x18, 0x1c,
    0x77, 0xc3, 0x44, 0x00, 0x00, 0x00,
];

#[tokio::test]
async fn compressed_requests_are_read_when_a_decompressor_is_in_front() {
    let street = street();
    let call = street.chat("decompressor").header("content-encoding", "gzip").body(COMPRESSED);
    let answer = call.send().await;
    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{}", answer.text());
    let elsewhere = street.chat("buffer").header("content-encoding", "gzip").body(COMPRESSED).send().await;
    assert_eq!((elsewhere.status, elsewhere.code().as_str()), (415, "unsupported_encoding"));
}

#[tokio::test]
async fn a_body_that_is_too_large_for_the_buffer_is_refused_in_words_that_sdks_read() {
    let street = street();
    let answer = street.chat("buffer").prompt(100_000).send().await;
    assert_eq!((answer.status, &answer.json()["error"]["type"]), (413, &"request_too_large".into()));
}

#[tokio::test]
async fn refusals_go_through_filters_of_answers() {
    let street = street();
    let answer = street.chat("lua").without("authorization").send().await;
    assert_eq!((answer.status, answer.header("x-lua")), (401, Some("401")));
}

#[tokio::test]
async fn calls_of_grpc_are_refused_in_its_own_words() {
    let street = street();
    let call = street.chat("grpc-web").without("content-type").header("content-type", "application/grpc");
    let answer = call.send().await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/grpc")));
    assert!(answer.header("grpc-message").unwrap().contains("application/json"));
    let stranger = call.without("authorization").send().await;
    assert_eq!(stranger.header("grpc-status"), Some("16"), "unauthenticated");
}

#[tokio::test]
async fn what_a_filter_in_front_refuses_leaves_no_record_and_holds_nothing() {
    let street = street();
    let visit = |name, visitor| street.chat(name).header(VISITOR, visitor);
    for (call, status, words) in [
        (street.chat("abort"), 503, "fault filter abort"),
        (visit("authz", "stranger"), 403, "Not you."),
        (street.chat("authz-down"), 403, "403"),
        (visit("ratelimit", "stranger"), 429, "429"),
        (street.chat("jwt"), 401, "Jwt is not in the form"),
    ] {
        let answer = call.send().await;
        assert_eq!((answer.status, &answer.json()["error"]["type"]), (status, &"api_error".into()));
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    // A request that was answered has a record by then.
    let answer = visit("ratelimit", "guest").send().await;
    assert_eq!(answer.content(), ANSWER, "{}", answer.text());
    street.records.of_model("ratelimit").await;
    for name in ["abort", "authz-down"] {
        assert!(street.records.with(&format!("\"client\":\"{name}\"")).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_local_rate_limit_in_front_counts_all_requests() {
    let street = street();
    let stranger = street.chat("local-ratelimit").without("authorization").send().await;
    assert_eq!(stranger.status, 401);
    let answer = street.chat("local-ratelimit").send().await;
    assert_eq!((answer.status, &answer.json()["error"]["type"]), (429, &"api_error".into()));
    assert!(street.o.seen("local-ratelimit").is_empty());
}

#[tokio::test]
async fn browsers_are_sent_to_their_login_and_keys_pass() {
    let street = street();
    let browser = street.chat("oauth2").without("authorization").send().await;
    assert_eq!(browser.status, 302);
    assert!(browser.header("location").unwrap().starts_with("https://id.example/authorize?"));
}

#[tokio::test]
async fn a_token_that_was_checked_makes_room_for_a_key() {
    let street = street();
    let call = street.chat("jwt").without("authorization").header("x-api-key", "th-key-of-jwt-c0ffee");
    serves(&call.header("authorization", &format!("Bearer {TOKEN}"))).await;
}

#[tokio::test]
async fn a_filter_can_give_the_key() {
    let street = street();
    let answer = street.chat("mutation").without("authorization").send().await;
    assert_eq!((answer.content().as_str(), answer.header("x-mutated")), (ANSWER, Some("yes")));
}

#[tokio::test]
async fn what_is_no_failure_is_not_told_as_one() {
    let street = street();
    let answer = Call::new(street.at("health"), "GET", "/healthz").send().await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
}

#[tokio::test]
async fn a_tap_in_front_sees_no_key_of_a_provider() {
    let street = street();
    serves(&street.chat("tap").header("x-of-the-caller", "yes")).await;
    let traces = super::mirrors::traces(&street, "tap-front").await;
    assert!(traces.contains(ANSWER) && traces.contains("x-of-the-caller"), "{traces}");
    assert!(!traces.contains("sk-upstream"), "{traces}");
}
