//! Versions of HTTP, IPv6, and connections that become something else.

use std::net::SocketAddr;

use integration::caller::Call;
use integration::document::{self, KEY};
use integration::envoy::{Envoy, Files};
use integration::gateway::Gateway;
use integration::provider::Provider;
use integration::reply::Reply;
use integration::speech::ANSWER;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::stage;
use serde_json::{Value, json};
use tollhouse::render::{Options, bootstrap};

use crate::doors::{door, envoy, plain};
use crate::pki::{self, Authority};

/// A gateway with listeners that are rendered, but for their wires.
fn gateway(document: &Value, authority: &Authority) -> Envoy {
    let certificate = authority.certificate(&["localhost"]);
    let make = |files: &Files<'_>| {
        let mut options = Options::new(files.filter());
        options.listen = Some(([127, 0, 0, 1], 0).into());
        options.admin = options.listen;
        options.access_log = Some(files.records());
        let mut all = bootstrap(&document::read(document), &options).unwrap();
        let rendered = all["static_resources"]["listeners"][0].clone();
        let manager = |listener: &mut Value, field: &str, value: Value| {
            listener["filter_chains"][0]["filters"][0]["typed_config"][field] = value;
        };
        let (mut h2, mut h3, mut upgrades) = (rendered.clone(), rendered.clone(), rendered);
        h2["name"] = json!("h2");
        h2["filter_chains"][0]["transport_socket"] =
            pki::tls("DownstreamTlsContext", pki::server(&certificate, &["h2"]));
        h3["name"] = json!("h3");
        h3["address"]["socket_address"]["protocol"] = json!("UDP");
        h3["udp_listener_config"] = json!({ "quic_options": {} });
        let quic = pki::server(&certificate, &["h3"]);
        h3["filter_chains"][0]["transport_socket"] =
            pki::quic("QuicDownstreamTransport", "downstream_tls_context", quic);
        manager(&mut h3, "codec_type", json!("HTTP3"));
        upgrades["name"] = json!("upgrades");
        manager(&mut upgrades, "upgrade_configs", json!([{ "upgrade_type": "websocket" }]));
        all["static_resources"]["listeners"].as_array_mut().unwrap().extend([h2, h3, upgrades]);
        all.to_string()
    };
    Envoy::start(make, &[])
}

/// Two providers, the first of OpenAI's API, and a client with one request under way at most.
fn two(o: &Provider, a: &Provider) -> Value {
    json!({
        "providers": {
            "o": document::with(document::provider("openai", "o", &o.address.to_string()), "connect_timeout", json!("10s")),
            "a": document::with(document::provider("anthropic", "a", &a.address.to_string()), "connect_timeout", json!("10s")),
        },
        "models": { "plain": { "targets": ["o/plain", "a/plain"] }, "down": { "targets": ["o/down", "a/down"] } },
        "clients": [document::client("main", KEY, &["*"])],
        "limits": [{ "for": { "client": "main" }, "in_flight": 1, "wait": "20s" }],
    })
}

fn cluster_for(name: &str, to: SocketAddr, version: &str, socket: Value) -> Value {
    let mut cluster = plain(name, to);
    cluster["typed_extension_protocol_options"] = json!({ "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": { version: {} },
    } });
    cluster["transport_socket"] = socket;
    cluster
}

#[tokio::test]
async fn callers_may_speak_http2_and_http3() {
    stage::folder();
    let (o, a) = (stage::provider(OpenAi), stage::provider(Anthropic));
    let authority = Authority::new();
    let gateway = gateway(&two(&o, &a), &authority);
    let client = || pki::client(&authority, "localhost");
    let h2 = pki::tls("UpstreamTlsContext", client());
    let h3 = pki::quic("QuicUpstreamTransport", "upstream_tls_context", client());
    let clusters = [
        cluster_for("h2", gateway.listener("h2"), "http2_protocol_options", h2),
        cluster_for("h3", gateway.listener("h3"), "http3_protocol_options", h3),
    ];
    let callers = envoy(&[door("h2", "h2"), door("h3", "h3")], &clusters);
    o.on("down", Reply::nothing().reset());
    let mut served = 0;
    for version in ["h2", "h3"] {
        let call = |model| Call::chat(callers.listener(version), KEY, model);
        for (model, stream, target) in
            [("plain", false, "o/plain"), ("plain", true, "o/plain"), ("down", true, "a/down")]
        {
            let answer = call(model).stream(stream).send().await;
            assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, stream), "{version}: {}", answer.text());
            assert_eq!(answer.served().0, target);
            served += 1;
            // It is settled and told, though HTTP/3 logs when the filters are gone.
            let records = gateway.records.wait(served, "\"outcome\":\"completed\"").await;
            assert!(records.iter().all(|record| record["usage_source"] == "provider"), "{version}: {records:?}");
        }
        let refused = call("plain").without("authorization").send().await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "missing_api_key"));
    }
    assert!(gateway.admin.sum("http.tollhouse.downstream_rq_http3_total") >= 4);
    assert_eq!(gateway.admin.sum("wasmcustom.tollhouse_requests.*outcome=completed"), served as u64, "once each");
}

#[tokio::test]
async fn connections_do_not_become_something_else() {
    stage::folder();
    let (o, a) = (stage::provider(OpenAi), stage::provider(Anthropic));
    let gateway = gateway(&two(&o, &a), &Authority::new());
    let upgrade = |call: Call| {
        let call = call.header("connection", "Upgrade").header("upgrade", "websocket");
        call.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").header("sec-websocket-version", "13")
    };
    let key = |call: Call| call.header("x-api-key", KEY);
    // Envoy lets nobody upgrade unless it is told to.
    let get = |path| key(upgrade(Call::new(gateway.gateway, "GET", path)));
    assert_eq!(get("/v1/realtime?model=plain").send().await.status, 403);
    let gateway = gateway.listener("upgrades");
    let get = |path| upgrade(Call::new(gateway, "GET", path));
    for (call, status, code) in [
        (get("/v1/realtime"), 401, "missing_api_key"),
        (key(get("/v1/realtime")), 404, "unknown_url"),
        (key(get("/v1/responses")), 405, "method_not_allowed"),
        (upgrade(Call::chat(gateway, KEY, "plain")), 400, "unsupported_upgrade"),
        (key(Call::new(gateway, "CONNECT", "example.com:443")), 404, "unknown_url"),
    ] {
        let answer = call.send().await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    }
    assert!(o.seen("plain").is_empty());
}

#[tokio::test]
async fn both_sides_may_be_ipv6() {
    stage::folder();
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("skipped: this host has no IPv6");
        return;
    }
    let o = stage::outliving(Provider::at(([0, 0, 0, 0, 0, 0, 0, 1], 0).into(), |_, _| OpenAi.good(false)));
    let document = json!({
        "providers": { "six": document::provider("openai", "six", &o.address.to_string()) },
        "clients": [document::client("main", KEY, &["*"])],
    });
    let gateway = Gateway::with(&document::read(&document), |options| {
        options.listen = Some(([0, 0, 0, 0, 0, 0, 0, 1], 0).into());
    });
    assert!(gateway.address.is_ipv6());
    let answer = gateway.chat(KEY, "six/plain").send().await;
    assert_eq!(answer.content(), ANSWER, "{}", answer.text());
    let host = format!("[::1]:{}", o.address.port());
    assert_eq!(o.seen("plain")[0].head.get("host"), Some(host.as_str()));
}
