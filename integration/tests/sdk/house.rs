//! The gateway of these tests, between the packages and the providers.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use integration::admin::Admin;
use integration::document::{self, KEY, client, provider, with};
use integration::provider::{Provider, Seen};
use integration::records::Records;
use integration::reply::Reply;
use integration::speech::Speech;
use integration::stage;
use integration::strict;
use serde_json::{Map, Value, json};
use tollhouse::process::Gateway;

use crate::aimock::{Chaos, Mock};
use crate::packages::{self, Package};

/// Both APIs.
pub(crate) const SPEECHES: [Speech; 2] = [Speech::OpenAi, Speech::Anthropic];
/// A key that may use little.
pub(crate) const FEW: &str = "th-key-of-few-c0ffee";
/// What it may use.
pub(crate) const OF_FEW: [&str; 2] = ["large", "small"];

/// Everything that the tests share.
pub(crate) struct House {
    openai: Provider,
    anthropic: Provider,
    /// The access log.
    pub(crate) records: Records,
    /// Independent providers, each with its own way to fail.
    _mocks: Vec<Mock>,
    base: String,
    admin: Admin,
    log: PathBuf,
    // Kept, not used: they end with this process.
    _envoy: Mutex<Gateway>,
}

/// The shared house; `None` when these tests are left out.
pub(crate) fn house() -> Option<&'static House> {
    static HOUSE: OnceLock<House> = OnceLock::new();
    let build = || {
        // Here, so that every test says what is missing.
        packages::node();
        let (sender, receiver) = std::sync::mpsc::channel();
        // Envoy asks the kernel for a SIGTERM when the thread that started it ends, and a test's thread ends soon.
        std::thread::spawn(move || {
            drop(sender.send(House::build()));
            loop {
                std::thread::park();
            }
        });
        receiver.recv().expect("a house")
    };
    (!packages::left_out()).then(|| HOUSE.get_or_init(build))
}

impl House {
    fn build() -> Self {
        let mocks: Vec<_> = Chaos::ALL.into_iter().map(Mock::spawn).collect();
        let mocks: Vec<_> = mocks.into_iter().map(Mock::ready).collect();
        let [openai, anthropic] = SPEECHES.map(stage::provider);
        let folder = packages::folder("house");
        let (records, log) = (folder.join("access.log"), folder.join("envoy.log"));
        // What another run left: Envoy adds to it.
        drop(std::fs::remove_file(&records));
        let document = document::read(&configuration(&openai, &anthropic, &mocks));
        let gateway = Gateway::start(&document, stage::options(&records, &log)).expect("a gateway");
        Self {
            openai,
            anthropic,
            records: Records(records),
            _mocks: mocks,
            base: format!("{}/v1", gateway.base_url()),
            admin: Admin::of(&gateway.admin_url()),
            log,
            _envoy: Mutex::new(gateway),
        }
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

    /// Runs functions of the scripts, and checks what must be true at any time.
    pub(crate) fn run(&self, package: Package, functions: &[&str], models: &[&str]) {
        self.run_with(package, KEY, functions, models);
    }

    /// The same with another key.
    pub(crate) fn run_with(&self, package: Package, key: &str, functions: &[&str], models: &[&str]) {
        package.run(functions, models, &self.base, key);
        stage::healthy(self.admin, &std::fs::read_to_string(&self.log).unwrap_or_default());
    }
}

fn host(speech: Speech) -> &'static strict::Host {
    strict::Host::named(&speech.to_string())
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
    for mock in mocks {
        for speech in SPEECHES {
            let name = mock.provider(speech);
            providers[&name] = provider(&speech.to_string(), "aimock", &mock.host());
            let lone = format!("{name}/lone");
            models.insert(format!("lone-{name}"), json!({ "targets": [lone], "timeouts": clocks() }));
            for (good, package) in SPEECHES.into_iter().flat_map(|good| Package::ALL.map(|package| (good, package))) {
                let model = then(package, &name, good);
                // Cooldowns belong to targets: each of these models has targets of its own.
                let targets = [format!("{name}/{model}"), format!("{}/{model}", Chaos::None.provider(good))];
                models.insert(model, json!({ "targets": targets, "timeouts": clocks() }));
            }
        }
    }
    let few = client("few", FEW, &OF_FEW);
    json!({ "providers": providers, "models": models, "clients": [client("main", KEY, &["*"]), with(few, "team", json!("few"))] })
}

/// The name of a model that has a provider that fails, and a good one after it.
pub(crate) fn then(package: Package, bad: &str, good: Speech) -> String {
    format!("{bad}-then-{good}-{}", package.name())
}

/// Shorter than the slow mock.
fn clocks() -> Value {
    json!({ "first_token": "1s", "attempt": "1s", "idle": "5s", "total": "10s" })
}
