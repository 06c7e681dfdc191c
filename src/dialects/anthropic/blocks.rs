//! Turns and content blocks, as they are written.
//!
//! <https://docs.anthropic.com/en/api/messages#body-messages>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

/// The role of turns that hold what people and tools say.
pub(in crate::dialects) const USER: &str = "user";
/// The role of turns that hold what the model said.
pub(in crate::dialects) const ASSISTANT: &str = "assistant";

/// One turn.
#[derive(Debug, Serialize)]
pub(in crate::dialects) struct Turn<'a> {
    pub(in crate::dialects) role: &'static str,
    pub(in crate::dialects) content: Vec<Block<'a>>,
}

/// A piece of a turn, of the system prompt, or of a tool's result.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::dialects) enum Block<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: &'a RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Said<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a RawValue>,
    },
    /// A block of thinking, byte for byte as it was given out.
    #[serde(untagged)]
    Thinking(&'a RawValue),
}

/// Text, or blocks where there is more to say than text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::dialects) enum Said<'a> {
    Text(Cow<'a, str>),
    Blocks(Vec<Block<'a>>),
}

/// Where an image or a document is.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::dialects) enum Source<'a> {
    Base64 { media_type: Cow<'a, str>, data: &'a str },
    File { file_id: &'a str },
    Text { media_type: &'static str, data: String },
    Url { url: &'a str },
}

impl<'a> Block<'a> {
    /// Text without a cache hint.
    pub(in crate::dialects) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text { text: text.into(), cache_control: None }
    }

    pub(in crate::dialects) fn image(source: Source<'a>) -> Self {
        Self::Image { source, cache_control: None }
    }

    pub(in crate::dialects) fn document(source: Source<'a>, title: Option<&'a str>) -> Self {
        Self::Document { source, title, cache_control: None }
    }

    /// The place of the cache hint; thinking has none.
    fn cache_slot(&mut self) -> Option<&mut Option<&'a RawValue>> {
        match self {
            Self::Text { cache_control, .. }
            | Self::Image { cache_control, .. }
            | Self::Document { cache_control, .. }
            | Self::ToolUse { cache_control, .. }
            | Self::ToolResult { cache_control, .. } => Some(cache_control),
            Self::Thinking(_) => None,
        }
    }
}

/// Puts the hint of a message on the last block made from it; a hint of the block's own stays.
pub(in crate::dialects) fn mark<'a>(blocks: &mut [Block<'a>], hint: Option<&'a RawValue>) {
    if let Some(slot) = blocks.iter_mut().rev().find_map(Block::cache_slot) {
        *slot = slot.or(hint);
    }
}
