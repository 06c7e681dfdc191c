//! Reading what may be missing.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::Text;

/// The string, or an empty one.
pub(super) fn or_empty(text: Option<Text<'_>>) -> Cow<'_, str> {
    text.map(|t| t.0).unwrap_or_default()
}

/// Reads a value that may be missing or of another shape: then it says nothing.
pub(super) fn lenient<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}
