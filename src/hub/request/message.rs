//! Turns of a conversation, and the calls in them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::Content;
use crate::json::{Object, Text, optional_text, or_default, text_or_empty};

/// One turn. Fields that a role does not have are empty.
#[derive(Debug, Deserialize)]
pub struct Message<'a> {
    pub role: Role,
    #[serde(borrow, default)]
    pub content: Content<'a>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    pub name: Option<Cow<'a, str>>,
    /// Assistant: the calls of this turn.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub tool_calls: Vec<ToolCall<'a>>,
    /// Assistant: the call in the form that preceded tools.
    #[serde(borrow, default)]
    pub function_call: Option<FunctionCall<'a>>,
    /// Assistant: what was declined.
    #[serde(borrow, default, deserialize_with = "optional_text")]
    pub refusal: Option<Cow<'a, str>>,
    /// Assistant, an extension: blocks of signed thinking as they came in an earlier answer.
    #[serde(borrow, default, deserialize_with = "blocks")]
    pub thinking_blocks: Vec<Cow<'a, RawValue>>,
    /// Assistant, an extension: readable thinking of an earlier answer.
    #[serde(borrow, default, deserialize_with = "optional_text")]
    pub reasoning_content: Option<Cow<'a, str>>,
    /// Tool: the call that this answers.
    #[serde(borrow, default, deserialize_with = "optional_text")]
    pub tool_call_id: Option<Cow<'a, str>>,
    /// Tool, an extension: the call failed.
    #[serde(default)]
    pub is_error: Option<bool>,
    /// An extension: the prompt up to here is worth caching.
    #[serde(borrow, default)]
    pub cache_control: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// A turn that says this and nothing else.
    pub fn new(role: Role, content: Content<'a>) -> Self {
        Self {
            role,
            content,
            name: None,
            tool_calls: Vec::new(),
            function_call: None,
            refusal: None,
            thinking_blocks: Vec::new(),
            reasoning_content: None,
            tool_call_id: None,
            is_error: None,
            cache_control: None,
        }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    Developer,
    User,
    Assistant,
    Tool,
    /// A tool, in the form that preceded tools.
    Function,
}

/// A call that the model made in an earlier turn.
#[derive(Debug, Deserialize)]
pub struct ToolCall<'a> {
    #[serde(borrow, default, deserialize_with = "text_or_empty")]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub function: FunctionCall<'a>,
    /// An extension, `extra_content.google.thought_signature`: the signature that the call was given out with.
    ///
    /// <https://ai.google.dev/gemini-api/docs/thought-signatures#openai>
    #[serde(borrow, default, rename = "extra_content", deserialize_with = "signature")]
    pub signature: Option<Cow<'a, str>>,
    /// An extension: the prompt up to here is worth caching.
    #[serde(borrow, default)]
    pub cache_control: Option<&'a RawValue>,
}

/// The function that is called, and how.
#[derive(Debug, Deserialize)]
pub struct FunctionCall<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// JSON as text; may be empty.
    #[serde(borrow, default, deserialize_with = "text_or_empty")]
    pub arguments: Cow<'a, str>,
}

fn blocks<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Vec<Cow<'de, RawValue>>, D::Error> {
    let blocks = Option::<Vec<&'de RawValue>>::deserialize(json)?.unwrap_or_default();
    Ok(blocks.into_iter().map(Cow::Borrowed).collect())
}

/// The signature in `extra_content`; anything else in there is nobody's business.
fn signature<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    let extra = Option::<&'de RawValue>::deserialize(json)?;
    let inner = |raw: &'de RawValue, name: &str| serde_json::from_str::<Object<'de>>(raw.get()).ok()?.get(name);
    let signature =
        extra.and_then(|extra| inner(extra, "google")).and_then(|google| inner(google, "thought_signature"));
    Ok(signature.and_then(|raw| serde_json::from_str::<Text<'de>>(raw.get()).ok()).map(|text| text.0))
}
