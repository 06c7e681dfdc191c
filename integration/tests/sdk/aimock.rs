//! `@copilotkit/aimock`: a provider that nobody here wrote, with failures of its own making.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use integration::document::PROVIDER_KEYS;
use integration::speech::Speech;
use integration::stage;
use serde_json::Value;

use crate::house::{SPEECHES, house, then};
use crate::packages::{self, Package};

/// How many `answered` sends for each model.
const REQUESTS: usize = 20;

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

    /// What the configuration calls it.
    pub(crate) fn provider(self, speech: Speech) -> String {
        format!("{speech}-{}", self.name())
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

    pub(crate) fn provider(&self, speech: Speech) -> String {
        self.chaos.provider(speech)
    }

    pub(crate) fn host(&self) -> String {
        self.host.clone()
    }
}

with_each_package! {
    an_independent_provider_is_understood_in_either_api
    an_independent_provider_that_cuts_a_stream_is_an_error_in_it
    every_request_is_answered_when_the_first_target_fails_in_any_way
    every_request_is_answered_when_the_first_target_fails_now_and_then
    a_lone_target_that_fails_in_any_way_is_a_failure_with_a_word_for_it
    a_lone_target_that_fails_now_and_then_answers_a_patient_caller
}

fn an_independent_provider_is_understood_in_either_api(package: Package) {
    let Some(house) = house() else { return };
    let models = SPEECHES.map(|speech| format!("{}/any-model", Chaos::None.provider(speech)));
    let models: Vec<_> = models.iter().map(String::as_str).collect();
    let functions = [
        "plain",
        "conversation",
        "streamed",
        "streamed_usage",
        "helper",
        "tool",
        "parallel_tools",
        "streamed_tools",
        "parsed_tools",
        "structured",
        "structured_stream",
        "reasoning",
        "refused_by_mock",
    ];
    house.run(package, &functions, &models);
}

fn an_independent_provider_that_cuts_a_stream_is_an_error_in_it(package: Package) {
    let Some(house) = house() else { return };
    let models = SPEECHES.map(|speech| format!("{}/cut-{speech}", Chaos::None.provider(speech)));
    house.run(package, &["error_in_stream"], &models.each_ref().map(String::as_str));
}

fn every_request_is_answered_when_the_first_target_fails_in_any_way(package: Package) {
    let Some(house) = house() else { return };
    for chaos in Chaos::HOPELESS {
        for (model, first) in answered_in_spite_of(package, chaos) {
            let of_model = format!("\"model\":\"{model}\"");
            let records = stage::runtime().block_on(house.records.wait(REQUESTS, &of_model));
            let failed = |record: &Value| {
                let attempts = &record["attempts"];
                attempts[0]["target"] == *first && attempts[0]["outcome"] != "answered"
            };
            assert!(records.iter().any(failed), "{model}: {records:?}");
        }
    }
}

fn every_request_is_answered_when_the_first_target_fails_now_and_then(package: Package) {
    drop(answered_in_spite_of(package, Chaos::Flaky));
}

/// Returns the models and their first targets.
fn answered_in_spite_of(package: Package, chaos: Chaos) -> Vec<(String, String)> {
    let Some(house) = house() else { return Vec::new() };
    let pairs = SPEECHES.into_iter().flat_map(|bad| SPEECHES.map(|good| (chaos.provider(bad), good)));
    let models = pairs.map(|(bad, good)| (then(package, &bad, good), bad));
    let models: Vec<_> = models.map(|(model, bad)| (model.clone(), format!("{bad}/{model}"))).collect();
    house.run(package, &["answered"], &models.iter().map(|(model, _)| model.as_str()).collect::<Vec<_>>());
    models
}

fn a_lone_target_that_fails_in_any_way_is_a_failure_with_a_word_for_it(package: Package) {
    let Some(house) = house() else { return };
    let models: Vec<_> = Chaos::HOPELESS.into_iter().flat_map(lone).collect();
    house.run(package, &["lone"], &models.iter().map(String::as_str).collect::<Vec<_>>());
}

fn a_lone_target_that_fails_now_and_then_answers_a_patient_caller(package: Package) {
    let Some(house) = house() else { return };
    house.run(package, &["stubborn"], &lone(Chaos::Flaky).each_ref().map(String::as_str));
}

fn lone(chaos: Chaos) -> [String; 2] {
    SPEECHES.map(|speech| format!("lone-{}", chaos.provider(speech)))
}
