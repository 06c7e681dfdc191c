//! Strings of an answer, borrowed where they have no escapes.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A string. Inside an `Option` serde would copy a plain `Cow`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::dialects) struct Text<'a>(#[serde(borrow)] pub(in crate::dialects) Cow<'a, str>);

/// The string, or an empty one.
pub(in crate::dialects) fn or_empty(text: Option<Text<'_>>) -> Cow<'_, str> {
    text.map(|t| t.0).unwrap_or_default()
}

/// Reads a value that may be missing or of another shape: then it says nothing.
pub(in crate::dialects) fn lenient<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}
