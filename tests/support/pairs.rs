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

    pub fn is(&self, kind: &str) -> bool {
        self.meta["kind"] == kind
    }

    /// The bytes of a file of the pair.
    pub fn bytes(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(file)).unwrap_or_else(|error| panic!("{} {file}: {error}", self.name))
    }

    /// A file of the pair as JSON.
    pub fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&self.bytes(file)).unwrap()
    }

    /// What a stream or an answer adds up to, where the pair says so.
    pub fn semantic(&self) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.folder.join("expected_semantic.json")).ok()?).ok()
    }

    /// Paths that are a gateway's own choice.
    pub fn excluded(&self) -> Vec<String> {
        let paths = self.meta["exclude_paths"].as_array().cloned().unwrap_or_default();
        paths.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()
    }
}

/// All pairs of callers of this surface with these providers, in the order of their names.
pub fn of(surface: &str, providers: &[&str]) -> Vec<Pair> {
    let Some(root) = recordings::root() else {
        eprintln!("no recordings: set TOLLHOUSE_FIXTURES to their folder");
        return Vec::new();
    };
    let folders = providers.iter().flat_map(|provider| recordings::folders(&root.join("pairs").join(provider)));
    let pairs = folders.filter_map(|folder| Pair::read(&folder));
    let mut found: Vec<_> = pairs.filter(|pair| pair.meta["client_surface"] == surface).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!found.is_empty(), "the folder of recordings has no such pair");
    found
}
