//! Turns and content blocks, as they are written.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>

use std::borrow::Cow;

use crate::json::{Text, lenient};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One turn.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    pub(super) role: &'static str,
    pub(super) content: Vec<Block<'a>>,
}

/// A piece of a turn, of the system prompt, or of a tool's result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Block<'a> {
    Text(Cow<'a, str>),
    Image { format: &'static str, source: Source<'a> },
    Document { format: &'static str, name: String, source: Source<'a> },
    ToolUse(ToolUse<'a>),
    ToolResult(ToolResult<'a>),
    ReasoningContent(Reasoning<'a>),
    CachePoint(CachePoint),
}

/// Base64.
#[derive(Debug, Serialize)]
pub(super) struct Source<'a> {
    pub(super) bytes: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolUse<'a> {
    pub(super) tool_use_id: Cow<'a, str>,
    pub(super) name: &'a str,
    pub(super) input: &'a RawValue,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResult<'a> {
    pub(super) tool_use_id: Cow<'a, str>,
    pub(super) content: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<&'static str>,
}

/// Thinking as it was given out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reasoning<'a> {
    ReasoningText { text: Cow<'a, str>, signature: Cow<'a, str> },
    RedactedContent(Cow<'a, str>),
}

/// The prompt up to here is worth caching.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CachePointBlock.html>
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct CachePoint {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl CachePoint {
    /// What a `cache_control` asks for. Five minutes is what a cache lives anyway.
    pub(super) fn of(hint: &RawValue) -> Self {
        #[derive(Default, Deserialize)]
        struct Hint<'a> {
            #[serde(borrow, default)]
            ttl: Option<Text<'a>>,
        }
        let hour = lenient::<Hint<'_>>(Some(hint)).ttl.is_some_and(|ttl| ttl.0 == "1h");
        Self { kind: "default", ttl: hour.then_some("1h") }
    }
}
