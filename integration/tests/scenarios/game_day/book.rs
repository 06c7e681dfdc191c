//! What the access log says of a game day.

use std::collections::HashMap;
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

    /// All tokens.
    pub(super) fn tokens(&self) -> u64 {
        let of = |record: &Value| ["input", "output"].map(|kind| record["usage"][kind].as_u64().unwrap_or(0));
        self.0.values().flatten().flat_map(of).sum()
    }
}
