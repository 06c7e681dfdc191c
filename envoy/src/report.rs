//! What an access log says was used and paid.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use tollhouse_filter::time::Timestamp;

mod line;
mod sums;
mod write;

use line::Line;
pub use sums::Sums;
pub use write::Format;

/// What rows are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Dimension {
    /// Who called
    Client,
    /// Who pays
    Team,
    /// What was asked for
    Model,
    /// Who answered
    Target,
    /// The caller's API
    Surface,
    /// The day on which the request came, UTC
    Day,
    /// The month in which the request came, UTC
    Month,
}

impl Dimension {
    fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Team => "team",
            Self::Model => "model",
            Self::Target => "target",
            Self::Surface => "surface",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// Sums of the requests of some time, by what was asked for.
#[derive(Debug, Default)]
pub struct Report {
    by: Vec<Dimension>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    rows: BTreeMap<Vec<Option<String>>, Sums>,
    skipped: u64,
}

impl Report {
    /// A report without requests: from a time on, and before another.
    pub fn new(by: Vec<Dimension>, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        Self { by, from, to, ..Self::default() }
    }

    /// Adds up the lines of a log. Lines that are no records of ours are counted only.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn read(&mut self, mut log: impl BufRead) -> io::Result<()> {
        let mut text = Vec::new();
        while log.read_until(b'\n', &mut text)? > 0 {
            match Line::parse(&text) {
                Some(line) => self.add(&line),
                None if text.trim_ascii().is_empty() => {}
                None => self.skipped += 1,
            }
            text.clear();
        }
        Ok(())
    }

    /// Lines that are no records of ours.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    fn add(&mut self, line: &Line<'_>) {
        let time = line.time();
        if self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to) {
            let key = self.by.iter().map(|dimension| line.value(*dimension)).collect();
            self.rows.entry(key).or_default().add(line);
        }
    }

    fn total(&self) -> Sums {
        let mut total = Sums::default();
        self.rows.values().for_each(|sums| total.merge(sums));
        total
    }
}

#[cfg(test)]
mod tests;
