//! What each caller can say to each provider, and what it is told back: `docs/conformance.md` is made from this test.
//!
//! `UPDATE=1 cargo test -p tollhouse-filter --test conformance` writes the page; without it the page must be the same.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod page;
mod probes;
mod requests;

use std::fmt;

use support::callers::{CHAT, Caller, MESSAGES, RESPONSES};
use tollhouse_filter::dialects::{ChatFormat, DIALECTS, Dialect};

/// What becomes of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The caller's bytes, or the provider's.
    Passes,
    Translated,
    /// Left out, and named in `x-tollhouse-dropped`.
    Dropped,
    /// A 400 that names the field.
    Refused,
    /// The provider does not say it.
    Unsaid,
    /// Left out, which is no secret: [`LEFT_OUT`] says why.
    LeftOut,
    /// Left out, and nobody was told. No cell may say this.
    Lost,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passes => "passes",
            Self::Translated => "translated",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
            Self::Unsaid => "–",
            Self::LeftOut => "left out",
            Self::Lost => "lost",
        })
    }
}

/// What is left out without being named in an answer's header: whose callers, the feature, and why.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("", "who asks", "no answer is another with it"),
    ("", "hints for the cache", "no answer is another with them; these providers cache by themselves, or not at all"),
    ("", "signed thinking, sent back", "what one provider has signed says nothing to another"),
    ("", "the signature of a call, sent back", "the same"),
];

/// The features of one surface with every dialect.
struct Table {
    caller: &'static str,
    /// A feature, and what becomes of it by dialect.
    rows: Vec<(&'static str, Vec<Verdict>)>,
}

/// A surface, as the page calls it and as the probes do.
const SURFACES: [(&str, &Caller); 3] =
    [("Chat completions", &CHAT), ("Messages", &MESSAGES), ("Responses", &RESPONSES)];

/// The format in which this dialect gets requests of the caller.
fn format_for(dialect: &dyn Dialect, caller: &Caller) -> &'static dyn ChatFormat {
    let formats = || dialect.tasks().iter().filter_map(|task| task.chat());
    formats().find(|format| format.wire() == caller.surface.wire()).or_else(|| formats().next()).unwrap()
}

/// A model of the dialect with all that its API has.
fn model_of(dialect: &dyn Dialect) -> &'static str {
    match dialect.name() {
        "anthropic" | "vertex-anthropic" => "claude-sonnet-4-5",
        "bedrock-anthropic" | "bedrock-converse" => "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "cohere" => "command-a-reasoning-08-2025",
        "gemini" | "vertex-gemini" => "gemini-2.5-pro",
        "ollama" => "qwen3",
        _ => "model",
    }
}

fn tables() -> Vec<Table> {
    let table = |(name, caller): (&'static str, &'static Caller)| {
        let known = |feature: &str| LEFT_OUT.iter().any(|(of, what, _)| [name, ""].contains(of) && *what == feature);
        let known =
            |feature, verdict| if verdict == Verdict::Lost && known(feature) { Verdict::LeftOut } else { verdict };
        let each = |verdict: &dyn Fn(&'static dyn Dialect) -> Verdict| DIALECTS.iter().copied().map(verdict).collect();
        let asked = probes::PROBES.iter().filter(|probe| probe.of(caller).is_some());
        let asked = asked.map(|probe| {
            (probe.feature, each(&|dialect| known(probe.feature, requests::verdict(probe, caller, dialect))))
        });
        let told = answers::FEATURES;
        let told = told
            .iter()
            .map(|feature| (feature.name, each(&|dialect| known(feature.name, feature.verdict(caller, dialect)))));
        Table { caller: name, rows: asked.chain(told).collect() }
    };
    SURFACES.into_iter().map(table).collect()
}

#[test]
fn nothing_is_lost_without_a_word() {
    let mut lost = Vec::new();
    let tables = tables();
    for table in &tables {
        for (feature, verdicts) in &table.rows {
            let here = DIALECTS.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Verdict::Lost);
            lost.extend(here.map(|(dialect, _)| format!("{}: {feature}: {}", table.caller, dialect.name())));
        }
    }
    assert!(lost.is_empty(), "lost:\n{}", lost.join("\n"));
    for (caller, feature, _) in LEFT_OUT {
        let here = tables.iter().filter(|table| caller.is_empty() || table.caller == *caller);
        let mut rows = here.flat_map(|table| &table.rows).filter(|(name, _)| name == feature);
        assert!(rows.any(|(_, verdicts)| verdicts.contains(&Verdict::LeftOut)), "{caller} {feature} is not left out");
    }
}

#[test]
fn the_page_is_what_the_tests_found() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/conformance.md");
    let page = page::write(&tables());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap_or_default();
    assert!(known == page, "docs/conformance.md is not what the tests found; UPDATE=1 writes it");
}
