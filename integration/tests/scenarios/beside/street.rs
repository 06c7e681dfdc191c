//! One Envoy with a listener for each way to put filters of others beside ours.
//!
//! Each listener has a client and a model of its own, both named as the listener. A client has one request under way
//! at most: one that is not settled lets no other one pass.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::OnceLock;

use integration::caller::Call;
use integration::document;
use integration::envoy::{Envoy, Files};
use integration::provider::Provider;
use integration::reply::Reply;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::stage;
use serde_json::{Map, Value, json};
use tollhouse::render::{Options, bootstrap};

use super::{behind, breakers, front, logs, mirrors, services};
use crate::doors::plain;

/// A listener with filters of others.
#[derive(Default)]
pub(super) struct House {
    pub(super) name: &'static str,
    /// Filters before ours.
    front: Vec<Value>,
    /// Filters between ours and the router.
    behind: Vec<Value>,
    /// Filters of the provider's cluster, behind ours.
    upstream: Vec<Value>,
    /// More of the virtual host, of its route and of the connection manager.
    virtual_host: Map<String, Value>,
    route: Map<String, Value>,
    manager: Map<String, Value>,
    /// More of the cluster of the first target.
    cluster: Map<String, Value>,
    /// Is the first target's server found by its name?
    by_name: bool,
}

impl House {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    pub(super) fn front(mut self, filter: Value) -> Self {
        self.front.push(filter);
        self
    }

    pub(super) fn behind(mut self, filter: Value) -> Self {
        self.behind.push(filter);
        self
    }

    pub(super) fn upstream(mut self, filter: Value) -> Self {
        self.upstream.push(filter);
        self
    }

    pub(super) fn virtual_host(mut self, field: &str, value: Value) -> Self {
        self.virtual_host.insert(field.to_owned(), value);
        self
    }

    pub(super) fn route(mut self, field: &str, value: Value) -> Self {
        self.route.insert(field.to_owned(), value);
        self
    }

    pub(super) fn manager(mut self, field: &str, value: Value) -> Self {
        self.manager.insert(field.to_owned(), value);
        self
    }

    pub(super) fn cluster(mut self, field: &str, value: Value) -> Self {
        self.cluster.insert(field.to_owned(), value);
        self
    }

    pub(super) fn by_name(mut self) -> Self {
        self.by_name = true;
        self
    }

    fn key(&self) -> String {
        key(self.name)
    }

    /// The provider of the first target, which is the listener's own.
    fn provider(&self) -> String {
        format!("{}-o", self.name)
    }

    /// The listener that is rendered, and more.
    fn listener(&self, rendered: &Value) -> Value {
        let mut listener = rendered.clone();
        listener["name"] = json!(self.name);
        let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        manager["stat_prefix"] = json!(self.name);
        let filters = manager["http_filters"].as_array_mut().unwrap();
        filters.splice(1..1, self.behind.clone());
        filters.splice(0..0, self.front.clone());
        let host = &mut manager["route_config"]["virtual_hosts"][0];
        host["routes"][0]["route"].as_object_mut().unwrap().extend(self.route.clone());
        host.as_object_mut().unwrap().extend(self.virtual_host.clone());
        for (field, value) in &self.manager {
            match (&mut manager[field.as_str()], value) {
                (Value::Array(all), Value::Array(more)) => all.extend(more.clone()),
                (old, new) => *old = new.clone(),
            }
        }
        listener
    }

    /// Changes the cluster of the first target, and the chains that begin with it, whose filters and breakers run instead
    /// in an Envoy that has some.
    fn change(&self, cluster: &mut Value) {
        let (name, provider) = (cluster["name"].as_str().unwrap().to_owned(), self.provider());
        let is_chain = name.starts_with(&format!("{provider}>"));
        if name != provider && !is_chain {
            return;
        }
        let mut fields = self.cluster.clone();
        fields.retain(|field, _| !is_chain || field == "circuit_breakers");
        cluster.as_object_mut().unwrap().extend(fields);
        let options = "/typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        let filters = cluster.pointer_mut(&format!("{options}/http_filters")).unwrap().as_array_mut().unwrap();
        filters.splice(1..1, self.upstream.clone());
    }
}

pub(super) fn key(name: &str) -> String {
    format!("th-key-of-{name}-c0ffee")
}

/// What all scenarios of this folder share.
pub(super) struct Street {
    envoy: Envoy,
    /// Speaks OpenAI's API: the first target of every model. The second speaks Anthropic's.
    pub(super) o: Provider,
    /// Takes what it gets: mirrors of requests, and questions whether somebody may.
    pub(super) other: Provider,
}

/// The header by which `other` knows whom to refuse.
pub(super) const VISITOR: &str = "x-visitor";

impl Street {
    fn build() -> Self {
        let (o, a) = (stage::provider(OpenAi), stage::provider(Anthropic));
        let other = stage::outliving(Provider::answering(|seen, _| {
            let refused = seen.head.get(VISITOR) == Some("stranger");
            Reply::new(if refused { 403 } else { 200 }).body(if refused { "Not you." } else { "" })
        }));
        let houses: Vec<_> = [front::houses(), behind::houses(), mirrors::houses(), breakers::houses(), logs::houses()]
            .into_iter()
            .flatten()
            .collect();
        let clusters =
            [plain("other", other.address), plain("nobody", ([127, 0, 0, 1], 1).into()), services::cluster()];
        let document = document(&houses, &o, &a);
        let make = |files: &Files<'_>| configuration(&houses, &document, &clusters, files);
        let envoy = Envoy::start(make, &[]);
        Self { envoy, o, other }
    }

    /// A chat request to a listener, with its key and its model.
    pub(super) fn chat(&self, name: &str) -> Call {
        Call::chat(self.at(name), &key(name), name)
    }

    pub(super) fn at(&self, name: &str) -> SocketAddr {
        self.envoy.listener(name)
    }
}

impl Deref for Street {
    type Target = Envoy;

    fn deref(&self) -> &Envoy {
        &self.envoy
    }
}

/// The document of all: two providers, one of them under the name of each listener, so that each has a cluster.
fn document(houses: &[House], o: &Provider, a: &Provider) -> Value {
    let mut providers = Map::new();
    providers.insert("a".to_owned(), provider("anthropic", a));
    let mut models = Map::new();
    for house in houses {
        let mut first = provider("openai", o);
        if house.by_name {
            first["endpoint"] = json!(format!("http://localhost:{}/v1", o.address.port()));
        }
        providers.insert(house.provider(), first);
        let targets = [house.provider(), "a".to_owned()].map(|provider| format!("{provider}/{}", house.name));
        models.insert(house.name.to_owned(), json!({ "targets": targets }));
    }
    let clients: Vec<_> = houses.iter().map(|house| document::client(house.name, &house.key(), &["*"])).collect();
    json!({
        "providers": providers,
        "models": models,
        "clients": clients,
        "limits": [{ "for": { "client": "each" }, "in_flight": 1, "wait": "20s" }],
    })
}

fn provider(dialect: &str, provider: &Provider) -> Value {
    let provider = document::provider(dialect, dialect, &provider.address.to_string());
    document::with(provider, "connect_timeout", json!("10s"))
}

fn configuration(houses: &[House], document: &Value, more: &[Value], files: &Files<'_>) -> String {
    let mut options = Options::new(files.filter());
    options.listen = Some(([127, 0, 0, 1], 0).into());
    options.admin = options.listen;
    options.access_log = Some(files.records());
    let mut all = bootstrap(&document::read(document), &options).unwrap();
    let resources = &mut all["static_resources"];
    let rendered = resources["listeners"][0].clone();
    resources["listeners"] = houses.iter().map(|house| house.listener(&rendered)).collect();
    let clusters = resources["clusters"].as_array_mut().unwrap();
    breakers::forbid_retries(clusters.iter_mut().find(|cluster| cluster["name"] == "a").unwrap());
    houses.iter().for_each(|house| clusters.iter_mut().for_each(|cluster| house.change(cluster)));
    clusters.extend_from_slice(more);
    resources["secrets"] = front::secrets();
    // What the scenarios write themselves.
    all.to_string().replace("FOLDER", files.folder.to_str().unwrap())
}

/// The street, as long as a scenario plays in it.
pub(super) struct Visit(&'static Street);

impl Deref for Visit {
    type Target = Street;

    fn deref(&self) -> &Street {
        self.0
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            stage::healthy(self.0.admin, &self.0.log());
            let records = std::fs::read_to_string(&self.0.records.0).unwrap_or_default();
            stage::discreet(&records);
            assert!(!records.contains("\"time_ms\":0"), "a record of nothing: {records}");
        }
    }
}

/// The street. When a scenario ends, what must always be true is checked.
pub(super) fn street() -> Visit {
    static STREET: OnceLock<Street> = OnceLock::new();
    Visit(STREET.get_or_init(|| {
        stage::folder();
        stage::kept(Street::build)
    }))
}
