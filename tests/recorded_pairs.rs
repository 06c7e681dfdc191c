//! Compares translations with pairs that other gateways and client libraries were recorded with: the same request or
//! answer in a caller's and in a provider's form.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;
use support::callers::{CHAT, Caller, MESSAGES, RESPONSES, context};
use support::exemptions::{EXEMPTIONS, Exemption, Side, UNTRIED_PAIRS};
use support::outcome::Outcome;
use support::pairs::{self, Pair};
use support::{events, families, rules};
use tollhouse_filter::dialects::{ChatFormat, Progress};
use tollhouse_filter::json::Object;
use tollhouse_filter::stream::{Framing, sse};
use tollhouse_filter::wire::Wire;

/// A pair with its two sides.
struct Case {
    pair: Pair,
    caller: &'static Caller,
    format: &'static dyn ChatFormat,
}

impl Case {
    fn of(pair: Pair) -> Option<Self> {
        let caller = match pair.word("client_surface") {
            "openai" => &CHAT,
            "anthropic" => &MESSAGES,
            "responses" => &RESPONSES,
            _ => return None,
        };
        let format = families::format(pair.provider());
        Some(Self { pair, caller, format })
    }

    fn passes(&self) -> bool {
        self.caller.surface.wire() == self.format.wire()
    }

    fn exemptions(&self) -> Vec<&'static Exemption> {
        EXEMPTIONS.iter().filter(|exemption| self.pair.name.contains(exemption.pair)).collect()
    }

    /// Compares what we make of one side with the other, but for these differences.
    fn check(&self, exempt: &[&Exemption]) {
        match self.pair.word("kind") {
            "request" => self.request(exempt),
            "response" => self.answer(exempt),
            "response-stream" => self.stream(exempt),
            "error" => self.failure(exempt),
            other => panic!("{}: a kind that nobody knows: {other}", self.pair.name),
        }
    }

    fn request(&self, exempt: &[&Exemption]) {
        let asked = self.pair.bytes(&format!("{}_request.json", self.pair.word("client_surface")));
        let body = Object::parse(&asked).unwrap();
        let theirs = self.pair.json("expected_provider_request.json");
        let asked = self.caller.surface.asked(&body).unwrap();
        let model = theirs["model"].as_str().unwrap_or(&asked.model);
        let ours = if self.passes() {
            self.format.pass_request(&body, &asked, model).body
        } else {
            self.format.request(&self.caller.surface.request(&body).unwrap(), model).unwrap().body
        };
        let normal = if self.format.wire() == Wire::Gemini { rules::normal_gemini } else { rules::normal };
        self.agree(json(&ours), theirs, exempt, normal);
    }

    fn answer(&self, exempt: &[&Exemption]) {
        let told = self.pair.bytes("provider_response.json");
        let said = self.format.answer(&told).unwrap();
        let ours = if self.passes() {
            Outcome::of(&said, None).check_sum(&self.pair);
            let passed = self.format.pass_answer(&told).ok().and_then(|passed| passed.mended);
            passed.unwrap_or_else(|| told.clone())
        } else {
            let written = self.caller.surface.answer(&said, &context());
            (self.caller.answer)(&written).check_sum(&self.pair);
            written
        };
        let theirs = self.pair.json("expected_client_response.json");
        self.agree(json(&ours), theirs, exempt, rules::normal_answer);
    }

    fn stream(&self, exempt: &[&Exemption]) {
        let (mut reader, mut said) = (self.format.stream(), Vec::new());
        let over = self.events().iter().any(|event| reader.read(event, &mut said).unwrap() == Progress::Done);
        assert!(over || reader.end(&mut said).is_ok(), "it is whole");
        let out = self.caller.streamed(&said, None, context());
        (self.caller.stream)(&out).check_sum(&self.pair);
        let theirs = (self.caller.sum)(&self.pair.bytes("expected_client_response.sse"));
        self.agree((self.caller.sum)(&out), theirs, exempt, Value::clone);
    }

    /// The provider's events, in its own framing.
    fn events(&self) -> Vec<sse::Event> {
        if self.format.framing() == Framing::Sse {
            return events([self.pair.bytes("provider_response.sse").as_slice()]);
        }
        let mut decoder = self.format.framing().decoder(8 << 20);
        decoder.push(&self.pair.bytes("provider_response.bin"));
        std::iter::from_fn(|| decoder.next().unwrap()).collect()
    }

    fn failure(&self, exempt: &[&Exemption]) {
        let status = u16::try_from(self.pair.meta["source"]["status"].as_u64().unwrap_or(400)).unwrap();
        let error = self.format.error(status, &self.pair.bytes("provider_response.json"), &|_| None);
        assert_eq!(error.status, status);
        let theirs = self.pair.json("expected_client_response.json");
        self.agree(json(&self.caller.surface.error(&error)), theirs, exempt, rules::normal);
    }

    /// Do both sides say the same, but for what the pair leaves open and for these differences?
    fn agree(&self, mut ours: Value, mut theirs: Value, exempt: &[&Exemption], normal: fn(&Value) -> Value) {
        for path in self.pair.excluded() {
            rules::remove(&mut ours, &path);
            rules::remove(&mut theirs, &path);
        }
        let (mut ours, mut theirs) = (normal(&ours), normal(&theirs));
        for exemption in exempt {
            if exemption.side != Side::They {
                rules::remove(&mut ours, exemption.path);
            }
            if exemption.side != Side::We {
                rules::remove(&mut theirs, exemption.path);
            }
        }
        let (ours, theirs) = (normal(&ours), normal(&theirs));
        assert!(ours == theirs, "{}\n  ours {ours}\ntheirs {theirs}", self.pair.name);
    }
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn is_untried(pair: &Pair) -> bool {
    UNTRIED_PAIRS.iter().any(|(name, _)| pair.name.contains(name))
}

fn cases() -> Vec<(String, Case)> {
    let tried = pairs::all().into_iter().filter(|pair| !is_untried(pair));
    let case = |pair: Pair| (pair.name.clone(), Case::of(pair).expect("a pair is tried, or it is listed why not"));
    tried.map(case).collect()
}

#[test]
fn translations_say_what_others_say() {
    support::failures(cases(), |(_, case)| case.check(&case.exemptions()));
}

#[test]
fn every_exemption_is_needed() {
    let cases = cases();
    for exemption in EXEMPTIONS.iter().filter(|_| !cases.is_empty()) {
        let needed = cases.iter().filter(|(name, _)| name.contains(exemption.pair)).any(|(_, case)| {
            let others: Vec<_> =
                case.exemptions().into_iter().filter(|other| !std::ptr::eq(*other, exemption)).collect();
            catch_unwind(AssertUnwindSafe(|| case.check(&others))).is_err()
        });
        assert!(needed, "{} {} is not needed any more: {}", exemption.pair, exemption.path, exemption.reason);
    }
}

#[test]
fn every_pair_that_is_not_tried_exists() {
    let all = pairs::all();
    for (name, reason) in UNTRIED_PAIRS.iter().filter(|_| !all.is_empty()) {
        assert!(all.iter().any(|pair| pair.name.contains(name)), "{name}: {reason}");
    }
}
