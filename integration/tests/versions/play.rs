//! Plays the scenarios in a release, and reads what became of them.

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Stdio};

use integration::version::CANNOT;

use super::{Column, WELL, story};

/// What became of a scenario that did not fail: the reason, if it could not be played.
type Found = BTreeMap<String, Option<String>>;

/// What a release makes of each story.
///
/// # Panics
/// A scenario fails.
pub(super) fn column(version: &str) -> Column {
    // Before the scenarios begin, so that a release that cannot be had is told as such.
    tollhouse::binary::of_version(version, &mut io::stderr()).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--package", "integration", "--test", "scenarios", "--", "--show-output"]);
    cargo.env("TOLLHOUSE_ENVOY_VERSION", version).env_remove("UPDATE").stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "in Envoy {version}:\n{said}");
    let found = read(&said);
    story::all().into_iter().map(|(module, story)| (story, cell(&module, &found))).collect()
}

/// Reads `test failover::three_targets_are_three_attempts ... ok`, and the reasons that some tell later:
///
/// ```text
/// ---- by_hand::it_does_what_the_rendered_one_does stdout ----
/// cannot be played: what is written by hand is for 1.39 and later
/// ```
fn read(said: &str) -> Found {
    let mut found = Found::new();
    let mut teller = None;
    for line in said.lines() {
        if let Some(name) = line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... ok")) {
            found.insert(name.to_owned(), None);
        } else if let Some(name) = line.strip_prefix("---- ").and_then(|line| line.strip_suffix(" stdout ----")) {
            teller = Some(name);
        } else if let (Some(name), Some(why)) = (teller, line.strip_prefix(CANNOT)) {
            found.insert(name.to_owned(), Some(why.to_owned()));
        }
    }
    found
}

/// All scenarios of a module came out well, or some could not be played.
fn cell(module: &str, found: &Found) -> String {
    let of_this = |name: &str| name.rsplit_once("::").is_some_and(|(of, _)| of == module);
    let all: Vec<_> = found.iter().filter(|(name, _)| of_this(name)).collect();
    assert!(!all.is_empty(), "no scenario of {module} was played");
    let mut reasons: Vec<_> = all.iter().filter_map(|(_, why)| why.as_deref()).collect();
    let how_many = reasons.len();
    reasons.dedup();
    match reasons.as_slice() {
        [] => WELL.to_owned(),
        some if how_many == all.len() => format!("no: {}", some.join("; ")),
        some => format!("all but {how_many}: {}", some.join("; ")),
    }
}

#[test]
fn what_became_of_scenarios_is_read() {
    let said = "test a::b::well ... ok\ntest a::b::not ... ok\ntest a::c ... ok\n\n---- a::b::not stdout ----\ncannot be played: too old\n";
    let found = read(said);
    assert_eq!(found.len(), 3);
    assert_eq!((cell("a::b", &found).as_str(), cell("a", &found).as_str()), ("all but 1: too old", "yes"));
}
