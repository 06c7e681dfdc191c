//! The table of `docs/versions.md`: a row for each story, a column for each release.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use tollhouse::binary::RELEASES;

use super::{Column, WELL};

const BEGIN: &str = "<!-- versions: begin -->\n";
const END: &str = "<!-- versions: end -->\n";

/// The page.
pub(super) struct Page {
    before: String,
    columns: BTreeMap<String, Column>,
    after: String,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/versions.md")
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.trim_start_matches('|').trim_end_matches('|').split('|').map(str::trim)
}

impl Page {
    pub(super) fn read() -> Self {
        let page = fs::read_to_string(path()).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (table, after) = rest.split_once(END).unwrap();
        let mut lines = table.lines();
        let versions: Vec<_> = lines.next().into_iter().flat_map(cells).skip(1).collect();
        let mut columns: BTreeMap<_, _> = versions.iter().map(|name| ((*name).to_owned(), Column::new())).collect();
        for line in lines.skip(1) {
            let mut cells = cells(line);
            let story = cells.next().unwrap();
            for (version, cell) in versions.iter().zip(cells) {
                columns.get_mut(*version).unwrap().insert(story.to_owned(), cell.to_owned());
            }
        }
        Self { before: before.to_owned(), columns, after: after.to_owned() }
    }

    /// Those that the table has a column for, oldest first.
    pub(super) fn versions(&self) -> Vec<&str> {
        self.columns.keys().map(String::as_str).collect()
    }

    pub(super) fn column(&self, version: &str) -> Column {
        self.columns.get(version).cloned().unwrap_or_default()
    }

    pub(super) fn put(&mut self, version: &str, found: Column) {
        self.columns.insert(version.to_owned(), found);
    }

    pub(super) fn write(mut self) {
        self.columns.retain(|version, _| RELEASES.iter().any(|release| release.version == version));
        let stories: BTreeSet<_> = self.columns.values().flat_map(Column::keys).collect();
        let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | ")).replace("|  |", "| |");
        let mut table = line([""].into_iter().chain(self.versions()).collect());
        table += &format!("|{}\n", "---|".repeat(self.columns.len() + 1));
        for story in stories {
            let of_this = self.columns.values().map(|column| column.get(story).map_or("", String::as_str));
            table += &line([story.as_str()].into_iter().chain(of_this).collect());
        }
        fs::write(path(), format!("{}{BEGIN}{table}{END}{}", self.before, self.after)).unwrap();
    }
}

#[test]
fn what_is_written_is_read() {
    let page = Page::read();
    assert!(page.columns.values().flat_map(Column::values).any(|cell| cell == WELL));
}
