//! `@copilotkit/aimock`: a provider that nobody here wrote, with failures of its own making.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use integration::document::PROVIDER_KEYS;
use integration::speech::Speech;
use integration::stage;
use serde_json::{Value, json};

use crate::house::{CALLERS, MOCKED, SPEECHES, house, then};
use crate::packages::{self, Package};

/// How many `answered` sends for each model.
const REQUESTS: usize = 10;

/// How a mock fails, by its own flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chaos {
    /// Not at all.
    None,
    /// 500 for each request.
    Drop,
    /// 200 with a body that is not JSON.
    Malformed,
    /// The connection is destroyed.
    Disconnect,
    /// 429 with `retry-after`.
    RateLimit,
    /// Later than anybody waits.
    Latency,
    /// Each of these now and then.
    Flaky,
}

impl Chaos {
    pub(crate) const ALL: [Self; 7] =
        [Self::None, Self::Drop, Self::Malformed, Self::Disconnect, Self::RateLimit, Self::Latency, Self::Flaky];
    /// Those that never answer well.
    const HOPELESS: [Self; 5] = [Self::Drop, Self::Malformed, Self::Disconnect, Self::RateLimit, Self::Latency];

    fn name(self) -> &'static str {
        match self {
            Self::None => "good",
            Self::Drop => "drop",
            Self::Malformed => "malformed",
            Self::Disconnect => "disconnect",
            Self::RateLimit => "ratelimit",
            Self::Latency => "latency",
            Self::Flaky => "flaky",
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Drop => &["--chaos-drop", "1"],
            Self::Malformed => &["--chaos-malformed", "1"],
            Self::Disconnect => &["--chaos-disconnect", "1"],
            Self::RateLimit => &["--chaos-ratelimit", "1"],
            Self::Latency => &["--chaos-latency", "20000"],
            Self::Flaky => &[
                "--chaos-drop",
                "0.1",
                "--chaos-malformed",
                "0.1",
                "--chaos-ratelimit",
                "0.1",
                "--chaos-disconnect",
                "0.1",
            ],
        }
    }

    /// Which dialects it is tried with: whoever waits for a mock that is late does not know what it speaks.
    fn dialects(self) -> Vec<&'static str> {
        let dialects = MOCKED.iter().map(|(dialect, _)| *dialect);
        dialects.take(if self == Self::Latency { 2 } else { MOCKED.len() }).collect()
    }

    /// The providers that fail so.
    fn providers(self) -> impl Iterator<Item = String> {
        self.dialects().into_iter().map(move |dialect| self.provider(dialect))
    }

    /// What the configuration calls it.
    pub(crate) fn provider(self, dialect: &str) -> String {
        format!("{dialect}-{}", self.name())
    }
}

/// A running mock. It ends with this process.
pub(crate) struct Mock {
    chaos: Chaos,
    /// A shell that ends the mock when its input closes.
    shell: Child,
    host: String,
}

impl Mock {
    /// The clocks of its models: longer than any answer of a busy machine takes, but shorter than the slow mock.
    pub(crate) fn clocks(&self) -> Value {
        let attempt = if self.chaos == Chaos::Latency { "3s" } else { "10s" };
        json!({ "first_token": attempt, "attempt": attempt, "idle": "5s", "total": "30s" })
    }

    /// Starts one that takes only the provider's key, on a port of its choice.
    pub(crate) fn spawn(chaos: Chaos) -> Self {
        let program = packages::node().join("node_modules/@copilotkit/aimock/dist/cli.js");
        let script = r#""$@" </dev/null & mock=$!; read -r _; kill -9 "$mock""#;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script, "sh", "node"]).arg(program);
        shell.args(["--host", "127.0.0.1", "--port", "0", "--chunk-size", "4", "--validate-on-load", "--fixtures"]);
        shell.arg(packages::scripts().join("aimock/fixtures.json")).args(chaos.flags());
        shell.env("AIMOCK_API_KEYS", format!("{PROVIDER_KEYS}aimock"));
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        Self { chaos, shell: shell.spawn().expect("a shell"), host: String::new() }
    }

    /// Waits until it listens. What it says afterwards is read and forgotten.
    pub(crate) fn ready(mut self) -> Self {
        let mut lines = BufReader::new(self.shell.stdout.take().expect("output")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listening on http://").map(|(_, address)| address.trim().to_owned()));
        self.host = address.expect("a mock that listens");
        std::thread::spawn(move || lines.for_each(drop));
        self
    }

    pub(crate) fn provider(&self, dialect: &str) -> String {
        self.chaos.provider(dialect)
    }

    pub(crate) fn host(&self) -> String {
        self.host.clone()
    }
}

with_each_package! {
    an_independent_provider_is_understood_in_every_api_by_chat
    an_independent_provider_is_understood_in_every_api_by_responses
    an_independent_provider_is_understood_in_every_api_by_messages
    an_independent_provider_that_cuts_a_stream_is_an_error_in_it
    every_request_is_answered_when_the_first_target_fails_in_any_way
    every_request_is_answered_when_the_first_target_fails_now_and_then
    a_lone_target_that_fails_in_any_way_is_a_failure_with_a_word_for_it
    a_lone_target_that_fails_now_and_then_answers_a_patient_caller
}

/// Runs functions of a caller with a good mock of each dialect but these.
fn each_dialect(package: Package, caller: &str, functions: &[&str], but: &[&str]) {
    let Some(house) = house() else { return };
    let dialects = MOCKED.into_iter().map(|(dialect, _)| dialect).filter(|dialect| !but.contains(dialect));
    let models: Vec<_> = dialects.map(|dialect| format!("{}/any-model", Chaos::None.provider(dialect))).collect();
    let functions: Vec<_> = functions.iter().map(|function| format!("{caller}.{function}")).collect();
    house.run(package, &refs(&functions), &refs(&models));
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// What every caller asks of every dialect.
const COMMON: [&str; 8] =
    ["plain", "conversation", "streamed", "helper", "tool", "parallel_tools", "streamed_tools", "refused_by_mock"];

/// Mocks that do not think as the providers do: one says it in its text, one not at all.
const THOUGHTLESS: [&str; 2] = ["cohere", "ollama"];

fn an_independent_provider_is_understood_in_every_api_by_chat(package: Package) {
    each_dialect(package, "chat", &COMMON, &[]);
    let more = ["streamed_usage", "parsed_tools", "structured", "structured_stream"];
    each_dialect(package, "chat", &more, &[]);
    each_dialect(package, "chat", &["reasoning"], &THOUGHTLESS);
}

fn an_independent_provider_is_understood_in_every_api_by_responses(package: Package) {
    each_dialect(package, "responses", &COMMON, &[]);
    each_dialect(package, "responses", &["structured"], &[]);
    each_dialect(package, "responses", &["reasoning", "thinking"], &THOUGHTLESS);
    if package == Package::Python {
        each_dialect(package, "responses", &["parsed_tools", "structured_stream"], &[]);
    }
}

fn an_independent_provider_is_understood_in_every_api_by_messages(package: Package) {
    each_dialect(package, "messages", &COMMON, &[]);
    each_dialect(package, "messages", &["structured", "image"], &[]);
    each_dialect(package, "messages", &["reasoning", "thinking"], &THOUGHTLESS);
    // These APIs have no documents.
    each_dialect(package, "messages", &["document"], &["cohere", "ollama"]);
    if package == Package::Python {
        // The package lets Anthropic keep the conversation, which its mock does not.
        each_dialect(package, "messages", &["tool_runner"], &["anthropic"]);
    }
}

#[test]
fn an_independent_provider_is_understood_in_every_api_by_vercels_packages() {
    let Some(house) = house() else { return };
    // The package for Anthropic asks models that it knows for schemas.
    let models = MOCKED.map(|(dialect, _)| format!("{}/claude-sonnet-4-5", Chaos::None.provider(dialect)));
    let functions = ["plain", "streamed", "steps", "structured", "refused"].map(|name| format!("vercel.{name}"));
    house.run(Package::Node, &refs(&functions), &refs(&models));
}

/// A model whose streams the mock cuts.
fn cut(speech: Speech) -> String {
    format!("{}/cut-{speech}", Chaos::None.provider(&speech.to_string()))
}

fn an_independent_provider_that_cuts_a_stream_is_an_error_in_it(package: Package) {
    let Some(house) = house() else { return };
    let models = SPEECHES.map(cut);
    let functions = CALLERS.map(|caller| format!("{caller}.error_in_stream"));
    house.run(package, &refs(&functions), &refs(&models));
}

fn every_request_is_answered_when_the_first_target_fails_in_any_way(package: Package) {
    let Some(house) = house() else { return };
    for (model, first) in answered_in_spite_of(package, &Chaos::HOPELESS) {
        let of_model = format!("\"model\":\"{model}\"");
        let records = stage::runtime().block_on(house.gateway.records.wait(REQUESTS, &of_model));
        let failed = |record: &Value| {
            let attempts = &record["attempts"];
            attempts[0]["target"] == *first && attempts[0]["outcome"] != "answered"
        };
        assert!(records.iter().any(failed), "{model}: {records:?}");
    }
}

fn every_request_is_answered_when_the_first_target_fails_now_and_then(package: Package) {
    drop(answered_in_spite_of(package, &[Chaos::Flaky]));
}

/// Returns the models and their first targets.
fn answered_in_spite_of(package: Package, chaos: &[Chaos]) -> Vec<(String, String)> {
    let Some(house) = house() else { return Vec::new() };
    let bad: Vec<_> = chaos.iter().flat_map(|chaos| chaos.providers()).collect();
    let run = |caller: &str| {
        let models: Vec<_> = bad.iter().map(|bad| then(package, caller, bad)).collect();
        house.run(package, &[&format!("{caller}.answered")], &refs(&models));
        models.into_iter().zip(&bad).map(|(model, bad)| (model.clone(), format!("{bad}/{model}"))).collect::<Vec<_>>()
    };
    CALLERS.into_iter().flat_map(run).collect()
}

fn a_lone_target_that_fails_in_any_way_is_a_failure_with_a_word_for_it(package: Package) {
    alone(package, "lone", &Chaos::HOPELESS);
}

fn a_lone_target_that_fails_now_and_then_answers_a_patient_caller(package: Package) {
    alone(package, "stubborn", &[Chaos::Flaky]);
}

fn alone(package: Package, function: &str, chaos: &[Chaos]) {
    let Some(house) = house() else { return };
    let models = chaos.iter().flat_map(|chaos| chaos.providers()).map(|provider| format!("lone-{provider}"));
    let functions = CALLERS.map(|caller| format!("{caller}.{function}"));
    house.run(package, &refs(&functions), &refs(&models.collect::<Vec<_>>()));
}
