//! Gateways whose configuration others make, with what `render --for` writes.

use std::time::{Duration, Instant};

use integration::caller::Call;
use integration::document::{self, KEY};
use integration::envoy::{Envoy, Files};
use integration::provider::Provider;
use integration::reply::Reply;
use integration::speech::ANSWER;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::stage;
use serde_json::{Value, json};
use tollhouse::render::Options;
use tollhouse_filter::config::raw::Document;

use crate::beside::filters::ratelimit;
use crate::beside::services;
use crate::control_plane::ControlPlane;
use crate::keys::secret;

mod envoy_gateway;
mod istio;

/// How long a key may take until it is seen.
const PATIENCE: Duration = Duration::from_secs(60);
const VISITOR: &str = "x-visitor";
const HOST: &str = "llm.example.com";

/// Who is behind the gateway.
struct Upstreams {
    openai: Provider,
    anthropic: Provider,
    /// Where the ordinary host leads.
    shop: Provider,
}

impl Upstreams {
    fn raise() -> Self {
        let [openai, shop] = [OpenAi; 2].map(stage::provider);
        Self { openai, anthropic: stage::provider(Anthropic), shop }
    }

    /// Both providers have one host and two ports; of one that nobody knows the name does not resolve.
    fn written(&self) -> Value {
        let at = |provider: &Provider| format!("localhost:{}", provider.address.port());
        json!({
            "providers": {
                "a": document::provider("anthropic", "a", &at(&self.anthropic)),
                "o": document::provider("openai", "o", &at(&self.openai)),
                "nowhere": document::provider("openai", "n", "nowhere.invalid"),
            },
            "models": {
                "chat": { "targets": ["a/first", "o/second"] },
                "lost": { "targets": ["nowhere/lost", "o/found"] },
            },
            "clients": [document::client("main", KEY, &["*"])],
        })
    }

    fn document(&self) -> Document {
        document::read(&self.written())
    }

    /// With the key of one provider at this server.
    fn document_with(&self, secrets: &ControlPlane) -> Document {
        secrets.offer(&[secret("openai-key", "sk-upstream-of-the-server")]);
        let mut document = self.written();
        document["sds"] = json!({ "cluster": "secrets", "address": secrets.address.to_string() });
        document["providers"]["o"]["keys"] = json!([{ "sds": "openai-key" }]);
        document::read(&document)
    }

    /// Envoy starts without the key if the server is slow.
    async fn key_of_the_server(&self, envoy: &Envoy) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let answer = chat(envoy, "o/keyed").send().await;
            assert_eq!(answer.content(), ANSWER, "{}", answer.text());
            let seen = self.openai.seen("keyed");
            if seen.last().unwrap().head.get("authorization") == Some("Bearer sk-upstream-of-the-server") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the key is not seen");
    }

    /// The first cluster of a recorded gateway is the ordinary host's.
    fn open_shop(&self, mut gateway: Value) -> String {
        let endpoint = "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0/endpoint";
        let address = gateway.pointer_mut(endpoint).unwrap();
        address["address"]["socket_address"]["port_value"] = json!(self.shop.address.port());
        gateway.to_string()
    }

    async fn answer_and_fail_over(&self, envoy: &Envoy) {
        for stream in [false, true] {
            let answer = chat(envoy, "chat").stream(stream).send().await;
            assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, stream), "{}", answer.text());
            assert_eq!(answer.served(), ("a/first".to_owned(), "1".to_owned()));
        }
        self.anthropic.on("first", Reply::new(503).header("retry-after-ms", "0").body("{}"));
        for stream in [false, true] {
            let answer = chat(envoy, "chat").prompt(20 << 20).stream(stream).send().await;
            assert_eq!(answer.content(), ANSWER, "{}", answer.text());
            assert_eq!(answer.served(), ("o/second".to_owned(), "2".to_owned()));
        }
        let seen = self.openai.seen("second");
        assert_eq!(seen[0].head.get("authorization"), Some("Bearer sk-upstream-o"));
        assert!(seen[0].body.len() > 20 << 20);
        let answer = chat(envoy, "lost").send().await;
        assert_eq!((answer.content().as_str(), answer.served().1.as_str()), (ANSWER, "2"), "{}", answer.text());
    }

    /// A filter of the operator's, before ours, that does nothing where the route has no cluster.
    async fn strangers_are_refused(&self, envoy: &Envoy) {
        for (visitor, status) in [("guest", 200), ("stranger", 429)] {
            let answer = chat(envoy, "chat").header(VISITOR, visitor).send().await;
            assert_eq!(answer.status, status, "{visitor}: {}", answer.text());
        }
    }

    /// Errors in a form that SDKs read, records and metrics. For an Envoy that has answered and failed over.
    async fn tell(&self, envoy: &Envoy) {
        let refused = chat(envoy, "chat").without("authorization").send().await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "missing_api_key"), "{}", refused.text());
        let too_large = chat(envoy, "chat").prompt(33 << 20).chunked(1 << 20).send().await;
        assert_eq!((too_large.status, too_large.code().as_str()), (413, "request_too_large"));
        let records = envoy.records.wait(5, "\"outcome\":\"completed\"").await;
        assert!(records.iter().all(|record| record["usage_source"] == "provider"));
        let metrics = envoy.admin.metrics("tollhouse_requests{");
        assert!(metrics.iter().any(|line| line.contains("target=\"o/second\"")), "{metrics:?}");
    }

    /// The ordinary host does not meet the filter.
    async fn shop_as_ever(&self, envoy: &Envoy) {
        let of_shop = |call: Call| call.without("host").header("host", "shop.example.com");
        // Without a key, for a model that the document does not have, and with a header that the filter would take away.
        let call = of_shop(chat(envoy, "goods").without("authorization")).header("x-tollhouse-cluster", "kept");
        let answer = call.send().await;
        assert_eq!((answer.status, answer.header("x-tollhouse-target")), (200, None), "{}", answer.text());
        assert_eq!(self.shop.one("goods").await.head.get("x-tollhouse-cluster"), Some("kept"));
        // Nor do Envoy's own answers change.
        self.shop.on("away", Reply::nothing().close());
        let away = of_shop(chat(envoy, "away")).send().await;
        assert_eq!(away.status, 503);
        assert!(away.text().starts_with("upstream connect error"), "{}", away.text());
        // The filter's route has answered by now, so that its record would come after one of these.
        assert_eq!(chat(envoy, "chat").send().await.status, 200);
        assert_eq!(envoy.records.wait(1, "outcome").await[0]["model"], "chat");
    }

    fn nobody_was_asked(&self) {
        assert!(self.anthropic.seen("first").is_empty() && self.openai.seen("second").is_empty());
    }
}

fn chat(envoy: &Envoy, model: &str) -> Call {
    Call::chat(envoy.gateway, KEY, model).header("host", HOST)
}

fn options(files: &Files<'_>) -> Options {
    let mut options = Options::new(files.filter());
    options.access_log = Some(files.records());
    options
}

/// Limits the rate of strangers, with the first filter of this connection manager.
fn limit_strangers(gateway: &mut Value, manager: &str) {
    let action = json!({ "request_headers": { "header_name": VISITOR, "descriptor_key": "visitor" } });
    let manager = gateway.pointer_mut(manager).unwrap();
    manager["http_filters"].as_array_mut().unwrap().insert(0, ratelimit());
    for host in manager["route_config"]["virtual_hosts"].as_array_mut().unwrap() {
        host["rate_limits"] = json!([{ "actions": [action] }]);
    }
    gateway["static_resources"]["clusters"].as_array_mut().unwrap().push(services::cluster());
}

fn without(kind: &str, resources: Vec<Value>) -> Vec<Value> {
    resources.into_iter().filter(|resource| resource["kind"] != kind).collect()
}
