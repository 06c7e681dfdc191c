//! Calls of tools in earlier turns: ids, names and arguments as Anthropic takes them.

use std::borrow::Cow;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::errors::ApiError;

/// An id in the letters that Anthropic takes, `[a-zA-Z0-9_-]`: the same for a call and its result, and different
/// for different ids, so rewritten ids end in a digest of what they were.
pub(in crate::dialects) fn id(id: &str) -> Cow<'_, str> {
    if id.chars().all(is_plain) {
        return Cow::Borrowed(id);
    }
    let mut out: String = id.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    out.push('_');
    for byte in Sha256::digest(id.as_bytes()).iter().take(6) {
        out.push_str(&format!("{byte:02x}"));
    }
    Cow::Owned(out)
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// A tool's name. Others cannot be sent, and a new name would not be the caller's when the model calls it.
///
/// <https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use#specifying-client-tools>
pub(in crate::dialects) fn name<'a>(name: &'a str, path: &str) -> Result<&'a str, ApiError> {
    if (1..=64).contains(&name.len()) && name.chars().all(is_plain) {
        return Ok(name);
    }
    let message = format!("{path}: this provider takes tool names of 1 to 64 letters, digits, `_` and `-`: `{name}`");
    Err(ApiError::invalid(message).param(path))
}

/// The arguments of a call: one JSON object, or nothing.
pub(in crate::dialects) fn input<'a>(arguments: &'a str, path: &str) -> Result<&'a RawValue, ApiError> {
    let text = arguments.trim();
    object(if text.is_empty() { "{}" } else { text })
        .ok_or_else(|| ApiError::invalid(format!("{path}: expected the text of a JSON object")).param(path))
}

/// The text as JSON, if it is one object.
pub(in crate::dialects) fn object(text: &str) -> Option<&RawValue> {
    text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

/// Ids of calls that came without one, made from their place, until their results take them.
#[derive(Debug, Default)]
pub(in crate::dialects) struct MadeIds<'a>(Vec<(&'a str, String)>);

impl<'a> MadeIds<'a> {
    /// Makes the id of a call of the tool `name`.
    pub(in crate::dialects) fn make(&mut self, name: &'a str, message: usize, call: usize) -> String {
        let id = format!("call_{message}_{call}");
        self.0.push((name, id.clone()));
        id
    }

    /// The id for a result without one: the first open call of the tool that it names, else of any.
    pub(in crate::dialects) fn take(&mut self, name: Option<&str>) -> Option<String> {
        let at = self.0.iter().position(|(own, _)| Some(*own) == name).unwrap_or(0);
        (at < self.0.len()).then(|| self.0.remove(at).1)
    }
}
