//! An ingress gateway of Istio with what `render --for istio` writes.

use integration::caller::Call;
use integration::document::{self, KEY};
use integration::envoy::{Envoy, Files};
use integration::provider::Provider;
use integration::reply::Reply;
use integration::speech::ANSWER;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::{istio, stage};
use serde_json::{Value, json};
use tollhouse::render;

const HOST: &str = "llm.example.com";
const IMAGE: &str = "oci://registry.example.com/tollhouse:1";

struct Mesh {
    openai: Provider,
    anthropic: Provider,
    shop: Provider,
}

impl Mesh {
    fn raise() -> Self {
        let [openai, shop] = [OpenAi; 2].map(stage::provider);
        Self { openai, anthropic: stage::provider(Anthropic), shop }
    }

    /// Both providers have one host and two ports; of one that nobody knows the name does not resolve.
    fn resources(&self, files: &Files<'_>, image: Option<&str>) -> Vec<Value> {
        let at = |provider: &Provider| format!("localhost:{}", provider.address.port());
        let document = json!({
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
        });
        let mut options = render::Options::new(files.filter());
        options.access_log = Some(files.records());
        let ingress = render::Ingress {
            namespace: "istio-ingress".to_owned(),
            gateway: "gateway".to_owned(),
            labels: [("istio".to_owned(), "ingress".to_owned())].into(),
            host: HOST.to_owned(),
            image: image.map(str::to_owned),
        };
        render::istio(&document::read(&document), &options, &ingress).unwrap()
    }

    /// The shop is where the ordinary host leads.
    fn gateway(&self, resources: &[Value]) -> Value {
        let mut gateway = istio::gateway(resources);
        let shop =
            "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
        gateway.pointer_mut(shop).unwrap()["port_value"] = json!(self.shop.address.port());
        gateway
    }

    fn start(&self) -> Envoy {
        Envoy::start(|files| self.gateway(&self.resources(files, None)).to_string(), &[])
    }
}

fn chat(envoy: &Envoy, model: &str) -> Call {
    Call::chat(envoy.gateway, KEY, model).header("host", HOST)
}

async fn serves(mesh: &Mesh, envoy: &Envoy) {
    for stream in [false, true] {
        let answer = chat(envoy, "chat").stream(stream).send().await;
        assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, stream), "{}", answer.text());
        assert_eq!(answer.served(), ("a/first".to_owned(), "1".to_owned()));
    }
    mesh.anthropic.on("first", Reply::new(503).header("retry-after-ms", "0").body("{}"));
    for stream in [false, true] {
        let answer = chat(envoy, "chat").prompt(2 << 20).stream(stream).send().await;
        assert_eq!(answer.content(), ANSWER, "{}", answer.text());
        assert_eq!(answer.served(), ("o/second".to_owned(), "2".to_owned()));
    }
    let seen = mesh.openai.seen("second");
    assert_eq!(seen[0].head.get("authorization"), Some("Bearer sk-upstream-o"));
    assert!(seen[0].body.len() > 2 << 20);
    let answer = chat(envoy, "lost").send().await;
    assert_eq!((answer.content().as_str(), answer.served().1.as_str()), (ANSWER, "2"), "{}", answer.text());
}

#[tokio::test]
async fn an_ingress_gateway_serves_and_fails_over() {
    let mesh = Mesh::raise();
    let envoy = mesh.start();
    serves(&mesh, &envoy).await;
    let refused = chat(&envoy, "chat").without("authorization").send().await;
    assert_eq!((refused.status, refused.code().as_str()), (401, "missing_api_key"), "{}", refused.text());
    let too_large = chat(&envoy, "chat").prompt(33 << 20).chunked(1 << 20).send().await;
    assert_eq!((too_large.status, too_large.code().as_str()), (413, "request_too_large"));
    let records = envoy.records.wait(5, "\"outcome\":\"completed\"").await;
    assert!(records.iter().all(|record| record["usage_source"] == "provider"));
    let metrics = envoy.admin.metrics("tollhouse_requests{");
    assert!(metrics.iter().any(|line| line.contains("target=\"o/second\"")), "{metrics:?}");
}

#[tokio::test]
async fn a_filter_that_the_agent_gets_from_an_image_does_the_same() {
    let mesh = Mesh::raise();
    let bootstrap = |files: &Files<'_>| {
        let resources = mesh.resources(files, Some(IMAGE));
        let mut gateway = mesh.gateway(&resources);
        istio::agent::serve(&resources, &mut gateway, IMAGE, &files.filter());
        gateway.to_string()
    };
    let envoy = Envoy::start(bootstrap, &[]);
    serves(&mesh, &envoy).await;
}

#[tokio::test]
async fn other_hosts_of_the_gateway_do_not_meet_the_filter() {
    let mesh = Mesh::raise();
    let envoy = mesh.start();
    let of_shop = |call: Call| call.without("host").header("host", "shop.example.com");
    // Without a key, for a model that the document does not have, and with headers that the filter would take away.
    let call = of_shop(chat(&envoy, "goods").without("authorization")).header("x-tollhouse-cluster", "kept");
    let answer = call.send().await;
    assert_eq!((answer.status, answer.header("x-tollhouse-target")), (200, None), "{}", answer.text());
    assert_eq!(mesh.shop.one("goods").await.head.get("x-tollhouse-cluster"), Some("kept"));
    // Nor do Envoy's own answers change.
    mesh.shop.on("away", Reply::nothing().close());
    let away = of_shop(chat(&envoy, "away")).send().await;
    assert_eq!(away.status, 503);
    assert!(away.text().starts_with("upstream connect error"), "{}", away.text());
    // The filter's route has answered by now, so that its record would come after one of these.
    assert_eq!(chat(&envoy, "chat").send().await.status, 200);
    assert_eq!(envoy.records.wait(1, "outcome").await[0]["model"], "chat");
}

#[tokio::test]
async fn without_the_envoy_filter_nothing_goes_to_a_provider() {
    let mesh = Mesh::raise();
    let bootstrap = |files: &Files<'_>| {
        let resources = mesh.resources(files, None);
        let others: Vec<_> = resources.into_iter().filter(|one| one["kind"] != "EnvoyFilter").collect();
        mesh.gateway(&others).to_string()
    };
    let envoy = Envoy::start(bootstrap, &[]);
    let answer = chat(&envoy, "chat").send().await;
    assert_eq!((answer.status, answer.text().as_str()), (503, "The EnvoyFilter of Tollhouse is not in force."));
    assert!(mesh.anthropic.seen("first").is_empty() && mesh.openai.seen("second").is_empty());
}
