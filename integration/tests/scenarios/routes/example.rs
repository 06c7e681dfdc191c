//! `examples/beside-existing-routes`: only addresses, files and the key's digest are others.

use integration::caller::Call;
use integration::document::KEY;
use integration::envoy::{Envoy, Files};
use integration::provider::Provider;
use integration::reply::Reply;
use integration::speech::{ANSWER, Speech};
use integration::{stage, version};
use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;

use super::{HCM, beside};

const EXAMPLE: &str = include_str!("../../../../examples/beside-existing-routes/envoy.yaml");

fn bootstrap(files: &Files<'_>, ports: &[(&str, u16)]) -> String {
    let text = EXAMPLE.replace("/etc/tollhouse/tollhouse_filter.wasm", &files.filter().display().to_string());
    let text =
        text.replace("6b0fbd9f1ef3a1f2b1a1fbb4b1a4fbd2a7d1a9d6b0f7e2c4f5a8d9e0c1b2a3f4", &Digest::of(KEY).to_string());
    let mut all: Value = serde_saphyr::from_str(&text).unwrap();
    *all.pointer_mut("/admin/address/socket_address/port_value").unwrap() = json!(0);
    all["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] = json!(0);
    let log = all.pointer_mut(&format!("{HCM}/access_log/1/typed_config")).unwrap();
    log["@type"] = json!("type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog");
    log["path"] = json!(files.records());
    for cluster in all["static_resources"]["clusters"].as_array_mut().unwrap() {
        let port = ports.iter().find(|(name, _)| cluster["name"] == *name).unwrap().1;
        let address = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
        *cluster.pointer_mut(address).unwrap() = json!({ "address": "127.0.0.1", "port_value": port });
        let Some(_tls) = cluster.as_object_mut().unwrap().remove("transport_socket") else { continue };
        let protocol = "/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        let protocol = cluster.pointer_mut(protocol).unwrap().as_object_mut().unwrap();
        protocol.remove("auto_config").expect("HTTP/2 where the provider speaks it");
        protocol.insert("explicit_http_config".to_owned(), json!({ "http_protocol_options": {} }));
    }
    all.to_string()
}

struct Example {
    envoy: Envoy,
    openai: Provider,
    anthropic: Provider,
    shop: Provider,
}

impl Example {
    fn start() -> Self {
        let (openai, anthropic, shop) =
            (stage::provider(Speech::OpenAi), stage::provider(Speech::Anthropic), beside::shop());
        let ports = [&openai, &anthropic, &shop].map(|provider| provider.address.port());
        let ports = [("openai", ports[0]), ("anthropic", ports[1]), ("shop", ports[2])];
        let keys = [("ANTHROPIC_API_KEY", "sk-upstream-a"), ("OPENAI_API_KEY", "sk-upstream-o")];
        let envoy = Envoy::start(|files| bootstrap(files, &ports), &keys);
        Self { envoy, openai, anthropic, shop }
    }
}

#[tokio::test]
async fn models_are_served_beside_the_routes_of_a_shop() {
    if !version::since("1.39", "what is written by hand is for 1.39 and later") {
        return;
    }
    let example = Example::start();
    let to = example.envoy.gateway;
    let page = Call::new(to, "POST", "/basket").host("shop.example.com").body("a hat").send().await;
    assert_eq!((page.status, page.text().as_str()), (200, "a hat"));
    assert_eq!(example.shop.everything().len(), 1);

    let assistant = Call::chat(to, KEY, "fast").host("shop.example.com");
    assert_eq!(assistant.send().await.content(), ANSWER);
    let nameless = assistant.clone().json(&json!({ "messages": [{ "role": "user", "content": "hi" }] }));
    assert_eq!(nameless.send().await.content(), ANSWER);
    assert_eq!(example.openai.seen("gpt-5-mini").len(), 2);
    let best = Call::chat(to, KEY, "best");
    assert_eq!(best.clone().host("shop.example.com").send().await.status, 404);
    let models = Call::new(to, "GET", "/v1/models").header("x-api-key", KEY);
    assert_eq!(models.clone().host("shop.example.com").send().await.status, 404);

    assert_eq!(models.host("llm.example.com").send().await.status, 200);
    example.anthropic.on("claude-sonnet-4-6", Reply::new(503).header("retry-after-ms", "0").body("{}"));
    let answer = best.host("llm.example.com").send().await;
    assert_eq!((answer.content().as_str(), answer.served().0.as_str()), (ANSWER, "openai/gpt-5"), "{}", answer.text());

    let records = example.envoy.records.wait(3, "\"outcome\":\"completed\",\"finish_reason\"").await;
    let paid = |record: &&Value| record["team"] == "shop" && record["policy"] == "shop";
    assert_eq!(records.iter().filter(paid).count(), 2, "{records:?}");
}
