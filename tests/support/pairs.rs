//! Recorded pairs of a caller's and a provider's form of the same request or answer.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::recordings;

/// One pair.
pub struct Pair {
    /// Provider and case.
    pub name: String,
    pub meta: Value,
    folder: PathBuf,
}

impl Pair {
    fn read(folder: &Path) -> Option<Self> {
        let meta: Value = serde_json::from_slice(&std::fs::read(folder.join("meta.json")).ok()?).ok()?;
        let provider = folder.parent()?.file_name()?.to_string_lossy();
        let name = format!("{provider}/{}", folder.file_name()?.to_string_lossy());
        Some(Self { name, meta, folder: folder.to_owned() })
    }

    /// A word of what is known of it.
    pub fn word(&self, name: &str) -> &str {
        self.meta[name].as_str().unwrap_or_default()
    }

    /// The dialect of its provider.
    pub fn provider(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The bytes of a file of the pair.
    pub fn bytes(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(file)).unwrap_or_else(|error| panic!("{} {file}: {error}", self.name))
    }

    /// A file of the pair as JSON.
    pub fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&self.bytes(file)).unwrap()
    }

    /// What the pair says that its answer adds up to, where it does.
    pub fn sum(&self) -> Option<Value> {
        let sum = std::fs::read(self.folder.join("expected_semantic.json")).ok()?;
        Some(serde_json::from_slice(&sum).unwrap())
    }

    /// Paths that are a gateway's own choice.
    pub fn excluded(&self) -> Vec<String> {
        let paths = self.meta["exclude_paths"].as_array().cloned().unwrap_or_default();
        paths.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()
    }
}

/// All pairs, in the order of their names.
pub fn all() -> Vec<Pair> {
    let Some(root) = recordings::root() else {
        eprintln!("no recordings: set TOLLHOUSE_FIXTURES to their folder");
        return Vec::new();
    };
    let folders =
        recordings::folders(&root.join("pairs")).into_iter().flat_map(|provider| recordings::folders(&provider));
    let mut found: Vec<_> = folders.map(|folder| Pair::read(&folder).unwrap()).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!found.is_empty(), "the folder of recordings has no pair");
    found
}
