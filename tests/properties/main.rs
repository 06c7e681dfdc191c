//! Properties that hold for whatever is generated; a failure is told by its smallest input.
//!
//! `PROPTEST_CASES` is how many inputs each property gets.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod anthropic;
mod bytes;
mod codecs;
mod embeddings;
mod events;
mod ledger;
mod messages;
mod misfits;
mod prices;
mod requests;
mod responses;
mod store;
mod there_and_back;

use proptest::prelude::*;

/// Failures are told, not kept in a file.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// Text as models and people write it: with escapes, line ends, and characters of every length.
fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            4 => "[a-z ]{1,6}",
            1 => prop::sample::select(vec!["\n", "\r\n", "\"", "\\", "\u{0}", "é", "漢", "🦀", "data: ", "</s>", "\u{feff}"])
                .prop_map(str::to_owned),
        ],
        0..6,
    )
    .prop_map(|words| words.concat())
}

/// Text with something in it to read.
fn words() -> impl Strategy<Value = String> {
    text().prop_map(|text| format!("w{text}"))
}

/// A name that every provider takes.
fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-zA-Z0-9_-]{0,20}"
}

/// Cuts bytes at these places, which count from any number.
fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..12)
}
