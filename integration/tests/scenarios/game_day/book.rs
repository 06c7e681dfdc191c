//! What the access log says of a game day.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::Value;

/// All records, by the model that was asked for.
pub(super) struct Book(HashMap<String, Vec<Value>>);

impl Book {
    /// Reads the log.
    pub(super) fn read(log: &Path) -> Self {
        let mut book: HashMap<String, Vec<Value>> = HashMap::new();
        for line in std::fs::read_to_string(log).unwrap_or_default().lines() {
            let record: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            book.entry(record["model"].as_str().unwrap_or_default().to_owned()).or_default().push(record);
        }
        Self(book)
    }

    /// The records of a model.
    pub(super) fn of(&self, model: &str) -> &[Value] {
        self.0.get(model).map_or(&[], Vec::as_slice)
    }
}

/// Sums over all records.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// How many there are.
    pub(super) records: usize,
    /// How many tell of a whole answer.
    pub(super) completed: u64,
    /// All tokens.
    pub(super) tokens: u64,
    /// Those of whole answers.
    pub(super) of_completed: u64,
}

impl Sums {
    /// Reads the log line by line: it may be a long one.
    pub(super) fn read(log: &Path) -> Self {
        let lines = BufReader::new(File::open(log).expect("a log")).lines().map(|line| line.expect("a line"));
        lines.fold(Self::default(), |sums, line| {
            sums.and(&serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}")))
        })
    }

    fn and(self, record: &Value) -> Self {
        let tokens = ["input", "output"].iter().filter_map(|kind| record["usage"][kind].as_u64()).sum();
        let completed = record["outcome"] == "completed";
        Self {
            records: self.records + 1,
            completed: self.completed + u64::from(completed),
            tokens: self.tokens + tokens,
            of_completed: self.of_completed + if completed { tokens } else { 0 },
        }
    }
}
