//! What a turn says, apart from calls and thinking.
//!
//! <https://docs.anthropic.com/en/api/messages#body-messages>

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::object::{self, Placed};
use super::source;
use crate::hub::request::{Content, Part, PartKind};
use crate::json::{FieldError, Text, without_position};

/// `content`, or the system prompt.
pub(super) enum Said<'a> {
    Text(Cow<'a, str>),
    Blocks(Vec<Placed<'a>>),
}

/// Reads a text or a list of blocks.
///
/// # Errors
/// It is neither.
pub(super) fn said<'a>(raw: &'a RawValue, path: &str) -> Result<Said<'a>, FieldError> {
    let wrong = |e: serde_json::Error| FieldError { path: path.to_owned(), reason: without_position(&e.to_string()) };
    if raw.get().starts_with('"') {
        return serde_json::from_str::<Text<'a>>(raw.get()).map(|text| Said::Text(text.0)).map_err(wrong);
    }
    if !raw.get().starts_with('[') {
        let reason = "expected a string or a list of content blocks".to_owned();
        return Err(FieldError { path: path.to_owned(), reason });
    }
    object::list(raw, path).map(Said::Blocks)
}

/// The part that a block is; `None` if it says nothing that other models could read. Names of blocks that are left
/// out are added to `others`.
///
/// # Errors
/// It lacks something.
pub(super) fn part<'a>(block: &Placed<'a>, others: &mut Vec<Cow<'a, str>>) -> Result<Option<Part<'a>>, FieldError> {
    let kind = block.kind()?;
    let kind = match kind.as_ref() {
        // Anthropic refuses empty text; so do others.
        "text" => {
            Some(PartKind::Text(block.text("text")?)).filter(|kind| !matches!(kind, PartKind::Text(t) if t.is_empty()))
        }
        "image" => Some(source::image(block)?),
        "document" => Some(source::document(block)?),
        "search_result" => Some(source::search_result(block)?),
        other if is_of_servers(other) => {
            leave_out(kind, others);
            None
        }
        _ => Some(PartKind::Other(kind)),
    };
    Ok(kind.map(|kind| Part { kind, cache_control: block.get("cache_control") }))
}

/// Blocks of tools that Anthropic runs itself.
///
/// <https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/overview>
pub(super) fn is_of_servers(kind: &str) -> bool {
    matches!(kind, "server_tool_use" | "mcp_tool_use" | "container_upload" | "compaction" | "tool_reference")
        || kind.strip_suffix("_tool_result").is_some_and(|tool| !tool.is_empty())
}

/// Notes what other providers have no word for, once.
pub(super) fn leave_out<'a>(name: Cow<'a, str>, others: &mut Vec<Cow<'a, str>>) {
    if !others.contains(&name) {
        others.push(name);
    }
}

/// Parts in the plainest form that says the same: some servers take lists of parts from users only.
pub(super) fn content(mut parts: Vec<Part<'_>>) -> Content<'_> {
    match parts.pop() {
        None => Content::None,
        Some(Part { kind: PartKind::Text(text), cache_control: None }) if parts.is_empty() => Content::Text(text),
        Some(last) => {
            parts.push(last);
            Content::Parts(parts)
        }
    }
}
