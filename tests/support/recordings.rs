//! Recorded exchanges with providers. They are not part of this repository; without them the tests that replay
//! them say so and pass.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// One recorded exchange.
#[derive(Clone)]
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

    pub fn is_of(&self, wire_family: &str) -> bool {
        self.meta["wire_family"] == wire_family
    }

    pub fn is_stream(&self) -> bool {
        self.meta["stream"] == true
    }

    /// Has the answer this media type?
    pub fn comes_as(&self, media_type: &str) -> bool {
        self.meta["content_type"].as_str().is_some_and(|kind| kind.starts_with(media_type))
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
    let cases = folders(&root.join("cases")).into_iter().flat_map(|provider| folders(&provider));
    let read = |case: PathBuf| Recording::read(&case).unwrap_or_else(|| panic!("{} lacks a file", case.display()));
    let mut found: Vec<_> = cases.map(read).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// All recordings of a wire format, in the order of their names.
pub fn of(wire_family: &str) -> Vec<Recording> {
    let all = all();
    let any = !all.is_empty();
    let found: Vec<_> = all.into_iter().filter(|recording| recording.is_of(wire_family)).collect();
    assert!(!any || !found.is_empty(), "the folder of recordings has none of {wire_family}");
    found
}

/// Every stream of a kind of file, with its name, in the order of their names.
pub fn streams(kind: &str) -> Vec<(String, Vec<u8>)> {
    let Some(root) = root() else {
        eprintln!("no recordings: set TOLLHOUSE_FIXTURES to their folder");
        return Vec::new();
    };
    let providers = ["cases", "pairs"].into_iter().flat_map(|part| folders(&root.join(part)));
    let files = providers.flat_map(|provider| folders(&provider)).flat_map(|case| files(&case));
    let streams = files.filter(|path| path.extension().is_some_and(|extension| extension == kind));
    let mut found: Vec<_> = streams.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect();
    found.sort();
    assert!(!found.is_empty(), "the folder of recordings has no stream of {kind}");
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
    entries(of).filter(|path| path.is_dir()).collect()
}

fn files(of: &Path) -> Vec<PathBuf> {
    entries(of).filter(|path| path.is_file()).collect()
}

fn entries(of: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(of).into_iter().flatten().flatten().map(|entry| entry.path())
}
