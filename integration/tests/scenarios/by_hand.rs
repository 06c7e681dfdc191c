//! The bootstrap that is written by hand does what the rendered one does.

use integration::caller::Call;
use integration::document::KEY;
use integration::envoy::{Envoy, Files};
use integration::provider::Provider;
use integration::reply::Reply;
use integration::speech::ANSWER;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::{stage, version};
use serde_json::{Value, json};
use tollhouse_filter::clients::Digest;

/// Can its Envoy play this?
fn plays() -> bool {
    version::since("1.39", "what is written by hand is for 1.39 and later")
}

const BOOTSTRAP: &str = include_str!("../../../envoy/bootstrap.yaml");
const FIRST: &str = "claude-sonnet-4-6";
const SECOND: &str = "gpt-5-mini";

/// Only addresses, transports, files and the key's digest are others than in the file.
fn bootstrap(files: &Files<'_>, anthropic: &Provider, openai: &Provider) -> String {
    let filter = files.filter().display().to_string();
    let digest = Digest::of(KEY).to_string();
    let text = BOOTSTRAP.replace("/etc/tollhouse/tollhouse_filter.wasm", &filter).replace(&"0".repeat(64), &digest);
    let mut all: Value = serde_saphyr::from_str(&text).unwrap();
    *all.pointer_mut("/admin/address/socket_address/port_value").unwrap() = json!(0);
    let listener = &mut all["static_resources"]["listeners"][0];
    listener["address"]["socket_address"]["port_value"] = json!(0);
    let log = listener.pointer_mut("/filter_chains/0/filters/0/typed_config/access_log/0/typed_config").unwrap();
    log["@type"] = json!("type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog");
    log["path"] = json!(files.records());
    let clusters = all["static_resources"]["clusters"].as_array_mut().unwrap();
    for cluster in clusters.iter_mut().filter(|cluster| cluster.get("load_assignment").is_some()) {
        let provider = if cluster["name"] == "anthropic" { anthropic } else { openai };
        let address = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address";
        let port = provider.address.port();
        *cluster.pointer_mut(address).unwrap() = json!({ "address": "127.0.0.1", "port_value": port });
        cluster.as_object_mut().unwrap().remove("transport_socket").expect("TLS");
        let protocol = "/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        let protocol = cluster.pointer_mut(protocol).unwrap().as_object_mut().unwrap();
        // Without TLS there is nothing to negotiate.
        protocol.remove("auto_config").expect("HTTP/2 where the provider speaks it");
        protocol.insert("explicit_http_config".to_owned(), json!({ "http_protocol_options": {} }));
    }
    all.to_string()
}

#[tokio::test]
async fn it_does_what_the_rendered_one_does() {
    if !plays() {
        return;
    }
    let (anthropic, openai) = (stage::provider(Anthropic), stage::provider(OpenAi));
    let keys = [("ANTHROPIC_API_KEY", "sk-upstream-a"), ("OPENAI_API_KEY", "sk-upstream-o")];
    let envoy = Envoy::start(|files| bootstrap(files, &anthropic, &openai), &keys);
    let call = Call::chat(envoy.gateway, KEY, "chat");

    for stream in [false, true] {
        let answer = call.clone().stream(stream).send().await;
        assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, stream), "{}", answer.text());
        assert_eq!(answer.served(), (format!("anthropic/{FIRST}"), "1".to_owned()));
    }
    let seen = anthropic.seen(FIRST);
    assert_eq!(
        (seen[0].head.get("x-api-key"), seen[0].head.get("host")),
        (Some("sk-upstream-a"), Some("api.anthropic.com"))
    );

    let refused = call.clone().without("authorization").send().await;
    assert_eq!((refused.status, refused.code().as_str()), (401, "missing_api_key"), "{}", refused.text());

    for stream in [false, true] {
        anthropic.on(FIRST, Reply::new(503).header("retry-after-ms", "0").body("{}"));
        let large = call.clone().prompt(2 << 20).stream(stream).send().await;
        assert_eq!(large.content(), ANSWER, "{}", large.text());
        assert_eq!(large.served(), (format!("openai/{SECOND}"), "2".to_owned()));
    }
    let seen = openai.seen(SECOND);
    assert_eq!(seen[0].head.get("authorization"), Some("Bearer sk-upstream-o"));
    assert!(seen[0].body.len() > 2 << 20);

    let too_large = call.clone().prompt(33 << 20).chunked(1 << 20).send().await;
    assert_eq!((too_large.status, too_large.code().as_str()), (413, "request_too_large"));

    let records = envoy.records.wait(4, "\"outcome\":\"completed\"").await;
    assert!(records.iter().all(|record| record["usage_source"] == "provider" && record["model"] == "chat"));
    let metrics = envoy.admin.metrics("tollhouse_requests{");
    assert!(metrics.iter().any(|line| line.contains(&format!("target=\"openai/{SECOND}\""))), "{metrics:?}");
}

#[tokio::test]
async fn unreachable_providers_are_passed_over_there_too() {
    if !plays() {
        return;
    }
    let (anthropic, openai) = (stage::provider(Anthropic), stage::provider(OpenAi));
    let keys = [("ANTHROPIC_API_KEY", "sk-upstream-a"), ("OPENAI_API_KEY", "sk-upstream-o")];
    let nobody = |text: String| {
        let port = anthropic.address.port().to_string();
        text.replace(
            &format!("{{\"address\":\"127.0.0.1\",\"port_value\":{port}}}"),
            "{\"address\":\"nowhere.invalid\",\"port_value\":80}",
        )
    };
    let envoy = Envoy::start(|files| nobody(bootstrap(files, &anthropic, &openai)), &keys);
    let answer = Call::chat(envoy.gateway, KEY, "chat").send().await;
    assert_eq!((answer.content().as_str(), answer.served().1.as_str()), (ANSWER, "2"), "{}", answer.text());
    assert!(anthropic.seen(FIRST).is_empty());
}
