//! Recorded exchanges with providers. They are not part of this repository; without them the tests that replay
//! them say so and pass.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// One recorded exchange.
pub struct Recording {
    /// Provider and case.
    pub name: String,
    pub meta: Value,
    pub expected: Value,
    pub response: Vec<u8>,
    /// The body that was sent, where it is known.
    pub request: Option<Vec<u8>>,
}

impl Recording {
    fn read(folder: &Path) -> Option<Self> {
        let json = |file: &str| serde_json::from_slice(&std::fs::read(folder.join(file)).ok()?).ok();
        let meta: Value = json("meta.json")?;
        let response = ["json", "sse", "txt", "bin", "ndjson"]
            .iter()
            .find_map(|kind| std::fs::read(folder.join(format!("response.{kind}"))).ok())?;
        let case = folder.file_name()?.to_string_lossy();
        let provider = folder.parent()?.file_name()?.to_string_lossy();
        let request = std::fs::read(folder.join("request.json")).ok();
        Some(Self { name: format!("{provider}/{case}"), meta, expected: json("expected.json")?, response, request })
    }

    pub fn status(&self) -> u16 {
        self.meta["status"].as_u64().and_then(|status| status.try_into().ok()).unwrap()
    }

    /// Headers of the answer.
    pub fn headers(&self) -> Vec<(String, String)> {
        let kept = self.meta["response_headers"].as_object().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let others = kept.iter().filter(|(name, _)| *name != "content-type");
        let content_type = ("content-type".to_owned(), text(&self.meta["content_type"]));
        std::iter::once(content_type).chain(others.map(|(name, value)| (name.clone(), text(value)))).collect()
    }

    pub fn is_stream(&self) -> bool {
        self.meta["stream"] == true
    }

    pub fn split_hints(&self) -> Vec<usize> {
        let mut hints = Vec::new();
        numbers(&self.meta["split_hints"], &mut hints);
        hints
    }

    /// Is this a matter of policy, on which no test may insist?
    pub fn is_policy(&self, field: &str) -> bool {
        let fields = self.expected["policy_fields"].as_array().or(self.meta["policy_fields"].as_array());
        fields.is_some_and(|fields| fields.iter().any(|f| f.as_str().is_some_and(|f| f.contains(field))))
    }
}

/// All recordings, in the order of their names.
pub fn all() -> Vec<Recording> {
    let Some(root) = root() else {
        eprintln!("no recordings: set TOLLHOUSE_FIXTURES to their folder");
        return Vec::new();
    };
    let mut found: Vec<_> = folders(&root.join("cases"))
        .iter()
        .flat_map(|provider| folders(provider))
        .filter_map(|case| Recording::read(&case))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// All recordings of a wire format, in the order of their names.
pub fn of(wire_family: &str) -> Vec<Recording> {
    let mut found = all();
    let any = !found.is_empty();
    found.retain(|recording| recording.meta["wire_family"] == wire_family);
    assert!(!any || !found.is_empty(), "the folder of recordings has none of {wire_family}");
    found
}

/// All numbers in a value, however they are arranged.
fn numbers(value: &Value, out: &mut Vec<usize>) {
    match value {
        Value::Number(number) => out.extend(number.as_u64().and_then(|number| usize::try_from(number).ok())),
        Value::Array(list) => list.iter().for_each(|value| numbers(value, out)),
        Value::Object(members) => members.values().for_each(|value| numbers(value, out)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

pub(super) fn root() -> Option<PathBuf> {
    let named = std::env::var_os("TOLLHOUSE_FIXTURES").map(PathBuf::from);
    // Beside the repository, of which the package may be a member.
    let beside = ["..", "../.."].map(|up| Path::new(env!("CARGO_MANIFEST_DIR")).join(up).join("shared/fixtures"));
    named.into_iter().chain(beside).find(|root| root.join("cases").is_dir())
}

pub(super) fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
