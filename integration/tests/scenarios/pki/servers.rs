//! Providers with TLS, some of which cannot prove who they are.

use std::path::Path;

use integration::caller::Call;
use integration::document::{self, KEY};
use integration::envoy::Envoy;
use integration::provider::Provider;
use integration::speech::ANSWER;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::stage;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tollhouse_filter::config::raw::Document;

use super::{Authority, Certificate};
use crate::doors::{door, envoy, plain};

/// Servers with TLS before one provider, and another provider behind all of them.
pub(crate) struct Servers {
    all: [Server; 6],
    fronts: Envoy,
    o: Provider,
    a: Provider,
    ca: NamedTempFile,
}

struct Server {
    name: &'static str,
    certificate: Certificate,
    protocols: &'static [&'static str],
    /// What it sees of the wire, if the gateway trusts it.
    wire: Option<&'static str>,
}

impl Servers {
    pub(crate) fn raise() -> Self {
        stage::folder();
        let (o, a) = (stage::provider(OpenAi), stage::provider(Anthropic));
        let (trusted, other) = (Authority::new(), Authority::new());
        let all = servers(&trusted, &other);
        let listeners: Vec<_> = all.iter().map(Server::listener).collect();
        let fronts = envoy(&listeners, &[plain("o", o.address)]);
        let ca = NamedTempFile::new().unwrap();
        std::fs::write(&ca, trusted.pem()).unwrap();
        Self { all, fronts, o, a, ca }
    }

    /// The certificates that a gateway is to trust.
    pub(crate) fn ca(&self) -> &Path {
        self.ca.path()
    }

    /// Models named as the servers, with another provider as the second target. Nothing in it is about TLS but `https`.
    pub(crate) fn document(&self) -> Document {
        let mut providers = json!({ "a": document::provider("anthropic", "a", &self.a.address.to_string()) });
        let mut models = json!({});
        for server in &self.all {
            let name = server.name;
            providers[name] = server.provider(&self.fronts);
            models[name] = json!({ "targets": [format!("{name}/{name}"), format!("a/{name}")] });
        }
        let clients = [document::client("main", KEY, &["*"])];
        document::read(&json!({ "providers": providers, "models": models, "clients": clients }))
    }

    /// Those that prove who they are answer; in the place of the others the next target does, and they see no request.
    pub(crate) async fn must_prove_who_they_are(&self, chat: impl Fn(&str) -> Call) {
        for Server { name, wire, .. } in &self.all {
            let answer = chat(name).send().await;
            assert_eq!(answer.content(), ANSWER, "{name}: {}", answer.text());
            let trusts = (format!("{name}/{name}"), "1".to_owned());
            let goes_on = (format!("a/{name}"), "2".to_owned());
            assert_eq!(answer.served(), if wire.is_some() { trusts } else { goes_on });
            let seen = self.o.seen(name);
            assert_eq!(seen.first().and_then(|seen| seen.head.get("x-wire")), *wire, "{name}");
        }
    }
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
        chain["transport_socket"] =
            super::tls("DownstreamTlsContext", super::server(&self.certificate, self.protocols));
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
