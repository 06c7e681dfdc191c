//! An Envoy whose rendered configuration gets what an operator puts before our filter.

use std::net::SocketAddr;

use integration::caller::Call;
use integration::document;
use integration::envoy::Envoy;
use integration::provider::Provider;
use integration::speech::Speech::OpenAi;
use integration::stage;
use serde_json::{Value, json};
use tollhouse::render::{self, Options};
use tollhouse_filter::config::raw::{Document, Key};

/// Envoy, and the one provider behind it.
pub(super) struct Gate {
    pub(super) envoy: Envoy,
    pub(super) provider: Provider,
}

impl Gate {
    /// With the provider in the place of those of the document, and the bootstrap as `change` leaves it.
    pub(super) fn open(document: Document, change: impl FnOnce(&mut Value)) -> Self {
        Self::open_with(&[], document, change)
    }

    /// The same with variables of the environment.
    pub(super) fn open_with(env: &[(&str, &str)], mut document: Document, change: impl FnOnce(&mut Value)) -> Self {
        let provider = stage::provider(OpenAi);
        for (name, raw) in &mut document.providers {
            raw.endpoint = Some(format!("http://{}/v1", provider.address));
            let key = document::provider("openai", name, "")["keys"][0]["value"].as_str().unwrap().to_owned();
            raw.keys = vec![Key { value: Some(key), ..Key::default() }];
        }
        let make = |files: &integration::envoy::Files<'_>| {
            let nowhere = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
            let access_log = Some(files.records());
            let options = Options { listen: nowhere, admin: nowhere, access_log, ..Options::new(files.filter()) };
            let mut bootstrap = render::bootstrap(&document::suited(&document), &options).unwrap();
            change(&mut bootstrap);
            bootstrap.to_string()
        };
        Self { envoy: Envoy::start(make, env), provider }
    }

    /// A chat request without a key.
    pub(super) fn call(&self, model: &str) -> Call {
        Call::chat(self.envoy.gateway, "", model).without("authorization")
    }
}

/// A document of one provider whose models are all named ones.
pub(super) fn document(identity: Value, clients: Value) -> Document {
    let models: serde_json::Map<_, _> =
        (0..20).map(|i| (format!("m-{i}"), json!({ "targets": [format!("o/m-{i}")] }))).collect();
    document::read(&json!({
        "providers": { "o": { "dialect": "openai" } },
        "models": models,
        "identity": identity,
        "clients": clients,
    }))
}

/// The connection manager of a rendered bootstrap.
pub(super) fn manager(bootstrap: &mut Value) -> &mut Value {
    bootstrap.pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config").unwrap()
}

/// Puts an HTTP filter before all others.
pub(super) fn put_first(bootstrap: &mut Value, filter: Value) {
    manager(bootstrap)["http_filters"].as_array_mut().unwrap().insert(0, filter);
}

/// Another listener: the first one with another name and transport.
pub(super) fn add_listener(bootstrap: &mut Value, name: &str, transport: Option<Value>) {
    let listeners = bootstrap["static_resources"]["listeners"].as_array_mut().unwrap();
    let mut other = listeners[0].clone();
    other["name"] = json!(name);
    other["filter_chains"][0]["name"] = json!(name);
    if let Some(transport) = transport {
        other["filter_chains"][0]["transport_socket"] = transport;
    }
    listeners.push(other);
}

/// A cluster without any of ours.
pub(super) fn add_cluster(bootstrap: &mut Value, name: &str, at: SocketAddr) {
    let address = json!({ "socket_address": { "address": at.ip().to_string(), "port_value": at.port() } });
    let endpoints = json!([{ "lb_endpoints": [{ "endpoint": { "address": address } }] }]);
    let assignment = json!({ "cluster_name": name, "endpoints": endpoints });
    let cluster = json!({ "name": name, "type": "STATIC", "load_assignment": assignment });
    bootstrap["static_resources"]["clusters"].as_array_mut().unwrap().push(cluster);
}
