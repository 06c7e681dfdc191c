//! TLS to providers, as it is rendered: nothing in the document is about it.

use integration::document::{self, KEY};
use integration::envoy::Envoy;
use integration::gateway::Gateway;
use integration::provider::Provider;
use integration::speech::ANSWER;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::stage;
use serde_json::{Value, json};

use super::street::plain;
use super::wire::{door, envoy};
use crate::pki::{self, Authority, Certificate};

/// A server with TLS.
struct Server {
    name: &'static str,
    certificate: Certificate,
    protocols: &'static [&'static str],
    /// What it sees of the wire, if the gateway trusts it.
    wire: Option<&'static str>,
}

fn servers(trusted: &Authority, other: &Authority) -> [Server; 6] {
    let server = |name, certificate, protocols, wire| Server { name, certificate, protocols, wire };
    let good = |name| trusted.certificate(&[name]);
    [
        server("good", good("localhost"), &["h2", "http/1.1"], Some("HTTP/2 localhost")),
        server("old-http", good("localhost"), &["http/1.1"], Some("HTTP/1.1 localhost")),
        // An address is no server name.
        server("address", good("127.0.0.1"), &["h2"], Some("HTTP/2")),
        server("expired", trusted.certificate_until(&["localhost"], 2020), &["h2"], None),
        server("another-name", good("elsewhere.example"), &["h2"], None),
        server("another-authority", other.certificate(&["localhost"]), &["h2"], None),
    ]
}

impl Server {
    /// Tells the provider behind it of the wire.
    fn listener(&self) -> Value {
        let mut listener = door(self.name, "o");
        let chain = &mut listener["filter_chains"][0];
        chain["transport_socket"] = pki::tls("DownstreamTlsContext", pki::server(&self.certificate, self.protocols));
        let wire = json!({ "key": "x-wire", "value": "%PROTOCOL% %REQUESTED_SERVER_NAME%" });
        let manager = &mut chain["filters"][0]["typed_config"];
        manager["route_config"]["virtual_hosts"][0]["request_headers_to_add"] = json!([{ "header": wire }]);
        let inspector = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";
        listener["listener_filters"] =
            json!([{ "name": "envoy.filters.listener.tls_inspector", "typed_config": { "@type": inspector } }]);
        listener
    }

    fn provider(&self, fronts: &Envoy) -> Value {
        let host = if self.name == "address" { "127.0.0.1" } else { "localhost" };
        json!({
            "dialect": "openai",
            "endpoint": format!("https://{host}:{}/v1", fronts.listener(self.name).port()),
            "keys": [{ "value": "sk-upstream-tls" }],
            "connect_timeout": "10s",
        })
    }
}

/// Models named as the servers, with another provider as the second target.
fn document(servers: &[Server], fronts: &Envoy, a: &Provider) -> Value {
    let mut providers = json!({ "a": document::provider("anthropic", "a", &a.address.to_string()) });
    let mut models = json!({});
    for server in servers {
        let name = server.name;
        providers[name] = server.provider(fronts);
        models[name] = json!({ "targets": [format!("{name}/{name}"), format!("a/{name}")] });
    }
    json!({ "providers": providers, "models": models, "clients": [document::client("main", KEY, &["*"])] })
}

#[tokio::test]
async fn a_provider_must_prove_who_it_is() {
    stage::folder();
    let (o, a) = (stage::provider(OpenAi), stage::provider(Anthropic));
    let (trusted, other) = (Authority::new(), Authority::new());
    let servers = servers(&trusted, &other);
    let listeners: Vec<_> = servers.iter().map(Server::listener).collect();
    let fronts = envoy(&listeners, &[plain("o", o.address)]);
    let ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&ca, trusted.pem()).unwrap();
    let document = document::read(&document(&servers, &fronts, &a));
    let gateway = Gateway::with(&document, |options| options.ca = Some(ca.path().to_owned()));
    for Server { name, wire, .. } in &servers {
        let answer = gateway.chat(KEY, name).send().await;
        assert_eq!(answer.content(), ANSWER, "{name}: {}", answer.text());
        let trusts = (format!("{name}/{name}"), "1".to_owned());
        let goes_on = (format!("a/{name}"), "2".to_owned());
        assert_eq!(answer.served(), if wire.is_some() { trusts } else { goes_on });
        let seen = o.seen(name);
        assert_eq!(seen.first().and_then(|seen| seen.head.get("x-wire")), *wire, "{name}");
    }
}
