//! One gateway before every strict provider.

use std::sync::{Arc, OnceLock};

use integration::caller::{Answer, Call};
use integration::document::{self, KEY, client};
use integration::gateway::Gateway;
use integration::provider::{Provider, Seen};
use integration::stage;
use integration::strict::{self, Asked, HOSTS, Host};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::failover;
use super::surface::{SURFACES, Surface};

/// All that the tests of this module share.
pub(super) struct House {
    providers: Vec<Provider>,
    pub(super) gateway: Gateway,
}

/// A caller, a provider, and whether the answer is streamed.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) surface: &'static dyn Surface,
    pub(super) host: &'static Host,
    pub(super) stream: bool,
}

impl Case {
    /// A model of the provider that nobody else asks for.
    pub(super) fn model(&self, test: &str) -> String {
        let number = SURFACES.iter().position(|surface| surface.path() == self.surface.path()).expect("a surface");
        format!("{}-{test}-{number}-{}", self.host.models, u8::from(self.stream))
    }

    fn name(&self) -> String {
        format!("{} to {}{}", self.surface.path(), self.host.name, if self.stream { ", streamed" } else { "" })
    }
}

/// The shared house.
pub(super) fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| stage::kept(House::build))
}

impl House {
    fn build() -> Self {
        let start =
            |host: &'static Host| stage::outliving(Provider::answering(move |seen, _| strict::answer(host, seen)));
        let providers: Vec<_> = HOSTS.iter().map(start).collect();
        let env = strict::AWS_ENV.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let document = document::read(&configuration(&providers));
        Self { providers, gateway: Gateway::with(&document, |options| options.env = env.into()) }
    }

    pub(super) fn provider(&self, host: &Host) -> &Provider {
        let at = HOSTS.iter().position(|other| other.name == host.name).expect("a provider");
        &self.providers[at]
    }

    /// What the provider has been asked for a model, in the order of the requests.
    pub(super) fn asked(&self, host: &Host, model: &str) -> Vec<Asked> {
        let read = |seen: &Arc<Seen>| host.read(seen).unwrap_or_else(|fault| panic!("{}: {fault}", host.name)).1;
        self.provider(host).seen(model).iter().map(read).collect()
    }

    /// A request with a key.
    pub(super) fn call(&self, path: &str) -> Call {
        Call::new(self.gateway.address, "POST", path)
            .header("x-api-key", KEY)
            .header("content-type", "application/json")
    }

    /// Sends a request.
    pub(super) async fn send(&self, surface: &dyn Surface, body: &Value) -> Answer {
        self.call(surface.path()).json(body).send().await
    }
}

/// Runs a play for every caller with every provider, whole and streamed, and names the cases that fail.
pub(super) async fn each<F: Future<Output = ()> + Send + 'static>(play: impl Fn(Case) -> F) {
    let cases = SURFACES.into_iter().flat_map(|surface| HOSTS.iter().map(move |host| (surface, host)));
    let cases = cases.flat_map(|(surface, host)| [false, true].map(|stream| Case { surface, host, stream }));
    all(cases.map(|case| (case.name(), play(case)))).await;
    house().gateway.check();
}

/// Runs plays beside each other.
pub(super) async fn all<F: Future<Output = ()> + Send + 'static>(plays: impl Iterator<Item = (String, F)>) {
    let mut tasks = JoinSet::new();
    let names: Vec<_> = plays.map(|(name, play)| (tasks.spawn(play).id(), name)).collect();
    let mut failed = Vec::new();
    while let Some(result) = tasks.join_next().await {
        let Err(error) = result else { continue };
        failed.extend(names.iter().find(|(id, _)| *id == error.id()).map(|(_, name)| format!("{name}: {error}")));
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), names.len(), failed.join("\n"));
}

fn configuration(providers: &[Provider]) -> Value {
    let listed = HOSTS.iter().zip(providers);
    let listed: Map<_, _> =
        listed.map(|(host, provider)| (host.name.to_owned(), host.document(&provider.address.to_string()))).collect();
    json!({ "providers": listed, "models": failover::models(), "clients": [client("main", KEY, &["*"])] })
}
