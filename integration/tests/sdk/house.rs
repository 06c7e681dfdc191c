//! The gateway of these tests, between the packages and the providers.

use std::sync::OnceLock;

use integration::document::{self, KEY, client, provider, with};
use integration::gateway::Gateway;
use integration::provider::{Provider, Seen};
use integration::reply::Reply;
use integration::speech::Speech;
use integration::stage;
use integration::strict;
use serde_json::{Map, Value, json};

use crate::aimock::{Chaos, Mock};
use crate::failover;
use crate::packages::{self, Package};

/// The APIs that the mock speaks, and where it has them. Its streams of Bedrock's `InvokeModel` are not AWS's: their
/// frames hold the events themselves, not their base64 in `bytes`.
pub(crate) const MOCKED: [(&str, &str); 9] = [
    ("openai", "/v1"),
    ("anthropic", "/v1"),
    ("openai-responses", "/v1"),
    ("azure-openai", ""),
    ("bedrock-converse", ""),
    ("gemini", "/v1beta"),
    ("vertex-gemini", "/v1"),
    ("cohere", ""),
    ("ollama", ""),
];
/// Dialects whose strict providers answer every model, for what is no conversation.
const BESIDE: [&str; 3] = ["cohere", "gemini", "ollama"];
/// APIs of callers.
pub(crate) const CALLERS: [&str; 3] = ["chat", "responses", "messages"];
/// APIs of scripted providers.
pub(crate) const SPEECHES: [Speech; 2] = [Speech::OpenAi, Speech::Anthropic];
/// A key that may use little.
pub(crate) const FEW: &str = "th-key-of-few-c0ffee";
/// What it may use.
pub(crate) const OF_FEW: [&str; 2] = ["large", "small"];

/// Everything that the tests share.
pub(crate) struct House {
    openai: Provider,
    anthropic: Provider,
    pub(crate) gateway: Gateway,
    /// Independent providers, each with its own way to fail.
    _mocks: Vec<Mock>,
}

/// The shared house; `None` when these tests are left out.
pub(crate) fn house() -> Option<&'static House> {
    static HOUSE: OnceLock<House> = OnceLock::new();
    let build = || {
        // Here, so that every test says what is missing.
        packages::node();
        stage::kept(House::build)
    };
    (!packages::left_out()).then(|| HOUSE.get_or_init(build))
}

impl House {
    fn build() -> Self {
        let mocks: Vec<_> = Chaos::ALL.into_iter().map(Mock::spawn).collect();
        let mocks: Vec<_> = mocks.into_iter().map(Mock::ready).collect();
        let [openai, anthropic] = SPEECHES.map(stage::provider);
        let mut document = configuration(&openai, &anthropic, &mocks);
        for name in BESIDE {
            document["providers"][name] = beside(name);
        }
        let document = document::read(&document);
        Self { openai, anthropic, gateway: Gateway::start(&document), _mocks: mocks }
    }

    fn provider(&self, speech: Speech) -> &Provider {
        match speech {
            Speech::OpenAi => &self.openai,
            Speech::Anthropic => &self.anthropic,
        }
    }

    /// Lets a provider answer requests for `model` by their content, and returns what callers ask for.
    pub(crate) fn strict(&self, speech: Speech, model: &str) -> String {
        self.provider(speech).script(model, move |seen, _| strict::answer(host(speech), seen));
        format!("{speech}/{model}")
    }

    /// The same, but the first answers are these. What is asked must be good anyway.
    pub(crate) fn scripted(&self, speech: Speech, model: &str, first: Vec<Reply>) -> String {
        self.provider(speech).script(model, move |seen, number| {
            let good = strict::answer(host(speech), seen);
            first.get(number).cloned().unwrap_or(good)
        });
        format!("{speech}/{model}")
    }

    /// The requests for this model so far.
    pub(crate) fn seen(&self, speech: Speech, model: &str) -> Vec<std::sync::Arc<Seen>> {
        self.provider(speech).seen(model)
    }

    /// Runs functions of the scripts for each of these models.
    pub(crate) fn run(&self, package: Package, functions: &[&str], models: &[&str]) {
        let each = |function| models.iter().map(move |model| (function, *model));
        self.run_each(package, KEY, &functions.iter().flat_map(|function| each(*function)).collect::<Vec<_>>());
    }

    /// Runs functions of the scripts, each for its model, and checks what must be true at any time.
    pub(crate) fn run_each(&self, package: Package, key: &str, asked: &[(&str, &str)]) {
        package.run(asked, &format!("http://{}", self.gateway.address), key);
        self.gateway.check();
    }
}

fn host(speech: Speech) -> &'static strict::Host {
    strict::Host::named(&speech.to_string())
}

/// Starts a strict provider, and returns its part of the configuration.
fn beside(name: &'static str) -> Value {
    let host = strict::Host::named(name);
    let provider = stage::outliving(Provider::answering(move |seen, _| strict::answer(host, seen)));
    host.document(&provider.address.to_string())
}

/// `openai` and `anthropic` are strict providers, `openai-drop` and the like speak either API to a mock.
fn configuration(openai: &Provider, anthropic: &Provider, mocks: &[Mock]) -> Value {
    let mut providers = json!({
        "openai": provider("openai", "openai", &openai.address.to_string()),
        "anthropic": provider("anthropic", "anthropic", &anthropic.address.to_string()),
    });
    let mut models = Map::new();
    for name in OF_FEW {
        models.insert(name.to_owned(), json!({ "targets": [format!("openai/{name}")] }));
    }
    for model in failover::models() {
        models.insert(model.name.clone(), json!({ "targets": model.targets() }));
    }
    for mock in mocks {
        for (at, (dialect, path)) in MOCKED.into_iter().enumerate() {
            let name = mock.provider(dialect);
            providers[&name] = mocked(dialect, &format!("http://{}{path}", mock.host()));
            let lone = format!("{name}/lone");
            models.insert(format!("lone-{name}"), json!({ "targets": [lone], "timeouts": mock.clocks() }));
            let (good, _) = MOCKED[(at + 1) % MOCKED.len()];
            for (package, caller) in Package::ALL.into_iter().flat_map(|p| CALLERS.map(|caller| (p, caller))) {
                let model = then(package, caller, &name);
                // Cooldowns belong to targets: each of these models has targets of its own.
                let targets = [format!("{name}/{model}"), format!("{}/{model}", Chaos::None.provider(good))];
                models.insert(model, json!({ "targets": targets, "timeouts": mock.clocks() }));
            }
        }
    }
    let few = client("few", FEW, &OF_FEW);
    let clients = [client("main", KEY, &["*"]), with(few, "team", json!("few"))];
    json!({ "providers": providers, "models": models, "files": { "provider": "openai" }, "clients": clients })
}

/// A mock as a provider of this dialect.
fn mocked(dialect: &str, endpoint: &str) -> Value {
    let mocked = with(provider(dialect, "aimock", ""), "endpoint", json!(endpoint));
    match dialect {
        "azure-openai" => with(mocked, "api_version", json!("2024-10-21")),
        "vertex-gemini" => with(with(mocked, "project", json!("ours")), "location", json!("global")),
        _ => mocked,
    }
}

/// The name of a model that has a provider that fails, and a good one of the next dialect after it.
pub(crate) fn then(package: Package, caller: &str, bad: &str) -> String {
    format!("{bad}-then-good-{}-{caller}", package.name())
}
