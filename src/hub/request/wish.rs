//! What callers wish of thinking, in Anthropic's words.

use std::borrow::Cow;

use serde::Deserialize;

use super::ChatRequest;
use crate::json::{lenient, text_or_empty};

/// The object `thinking`, which callers of every API send as an extension.
///
/// <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>
#[derive(Debug, Default, Deserialize)]
pub struct Wish<'a> {
    /// `enabled`, `adaptive` or `disabled`; empty if nothing is said.
    #[serde(borrow, default, rename = "type", deserialize_with = "text_or_empty")]
    pub kind: Cow<'a, str>,
    /// Tokens.
    #[serde(default)]
    pub budget_tokens: Option<u64>,
}

impl<'a> ChatRequest<'a> {
    /// What of `thinking` is understood, if there is any.
    pub fn wish(&self) -> Option<Wish<'a>> {
        self.thinking.map(|raw| lenient(Some(raw)))
    }
}
