//! The scenarios in every Envoy that the filter runs in: `docs/versions.md` is made from what becomes of them.
//!
//! `cargo test` plays them in the newest. Here they are played in a release, one after the other, and its column of the
//! page must say what was found; with `UPDATE=1` it is written:
//!
//! ```sh
//! cargo test -p integration --test versions -- --ignored          # all releases
//! cargo test -p integration --test versions -- --ignored 1_37     # one
//! ```

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say where")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use tollhouse::binary::RELEASES;

mod page;
mod play;
mod story;

use page::Page;

/// A story's words, and what a release makes of it.
type Column = BTreeMap<String, String>;

/// What stands where all scenarios of a story came out well.
const WELL: &str = "yes";

/// Plays all scenarios in a release, and looks whether the page says what became of them.
fn is_true(version: &str) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let found = play::column(version);
    let mut page = Page::read();
    if std::env::var_os("UPDATE").is_some() {
        page.put(version, found);
        return page.write();
    }
    let known = page.column(version);
    assert!(known == found, "UPDATE=1 writes docs/versions.md, which says {known:#?}; Envoy {version} says {found:#?}");
}

#[test]
#[ignore = "plays all scenarios"]
fn envoy_1_37() {
    is_true("1.37.0");
}

#[test]
#[ignore = "plays all scenarios"]
fn envoy_1_38() {
    is_true("1.38.2");
}

#[test]
#[ignore = "plays all scenarios"]
fn envoy_1_39() {
    is_true("1.39.3");
}

#[test]
#[ignore = "plays all scenarios"]
fn envoy_1_40() {
    is_true("1.40.0");
}

#[test]
fn the_page_has_a_column_for_each_release_and_a_row_for_each_story() {
    let page = Page::read();
    let releases = RELEASES.map(|release| release.version);
    assert_eq!(page.versions(), releases, "UPDATE=1 writes them, with --ignored");
    let stories: BTreeSet<_> = story::all().into_values().collect();
    for version in releases {
        let told = page.column(version);
        assert!(stories.iter().eq(told.keys()), "UPDATE=1 writes them, with --ignored: {stories:?}, not {told:?}");
    }
    let newest = page.column(tollhouse::binary::VERSION);
    assert!(newest.values().all(|cell| cell == WELL), "the newest plays everything: {newest:?}");
}
