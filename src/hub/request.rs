//! A chat request, as OpenAI's chat completions say it.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{FieldError, Object};

/// What a caller asks, in the hub's vocabulary. Values that nobody has to understand stay as bytes.
#[derive(Debug, Default)]
pub struct ChatRequest<'a> {
    pub messages: Vec<Message<'a>>,
    /// `max_completion_tokens`, else `max_tokens`.
    pub max_tokens: Option<u64>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
    /// Stop sequences, in their order.
    pub stop: Vec<Cow<'a, str>>,
    pub stream: bool,
    /// `tools`, and the legacy `functions`.
    pub tools: Vec<Tool<'a>>,
    /// `tool_choice`, and the legacy `function_call`.
    pub tool_choice: Option<ToolChoice<'a>>,
    pub parallel_tool_calls: Option<bool>,
    pub response_format: Option<ResponseFormat<'a>>,
    /// `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    pub reasoning_effort: Option<Cow<'a, str>>,
    /// Anthropic's own `thinking` object, which callers send as an extension.
    pub thinking: Option<&'a RawValue>,
    /// `user`, else `safety_identifier`.
    pub user: Option<Cow<'a, str>>,
    pub service_tier: Option<Cow<'a, str>>,
    /// A cache hint for the whole request, an extension.
    pub cache_control: Option<&'a RawValue>,
    /// Did the caller use the form that preceded tools (`functions`)? Its answer has that form too.
    pub legacy_functions: bool,
    /// Names of members that are not among these, in their order.
    pub others: Vec<Cow<'a, str>>,
}

/// One turn. Fields that a role does not have are empty.
#[derive(Debug, Deserialize)]
pub struct Message<'a> {
    pub role: Role,
    #[serde(borrow, default)]
    pub content: Content<'a>,
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
    /// Assistant: the calls of this turn.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub tool_calls: Vec<ToolCall<'a>>,
    /// Assistant: the call in the form that preceded tools.
    #[serde(borrow, default)]
    pub function_call: Option<FunctionCall<'a>>,
    /// Assistant: what was declined.
    #[serde(borrow, default)]
    pub refusal: Option<Cow<'a, str>>,
    /// Assistant, an extension: blocks of signed thinking as they came in an earlier answer.
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub thinking_blocks: Vec<&'a RawValue>,
    /// Assistant, an extension: readable thinking of an earlier answer.
    #[serde(borrow, default)]
    pub reasoning_content: Option<Cow<'a, str>>,
    /// Tool: the call that this answers.
    #[serde(borrow, default)]
    pub tool_call_id: Option<Cow<'a, str>>,
    /// Tool, an extension: the call failed.
    #[serde(default)]
    pub is_error: Option<bool>,
    /// An extension: the prompt up to here is worth caching.
    #[serde(borrow, default)]
    pub cache_control: Option<&'a RawValue>,
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

/// What a turn says.
#[derive(Debug, Default)]
pub enum Content<'a> {
    /// `null` or absent.
    #[default]
    None,
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

/// A piece of content.
#[derive(Debug)]
pub struct Part<'a> {
    pub kind: PartKind<'a>,
    /// An extension: the prompt up to here is worth caching.
    pub cache_control: Option<&'a RawValue>,
}

/// Pieces by type.
#[derive(Debug)]
pub enum PartKind<'a> {
    Text(Cow<'a, str>),
    /// `image_url.url`: `https:` or `data:`.
    ImageUrl(Cow<'a, str>),
    File(File<'a>),
    Refusal(Cow<'a, str>),
    /// A type that the hub has no word for, such as `input_audio`: the type.
    Other(Cow<'a, str>),
}

/// A document: its data or an id of it.
#[derive(Debug, Default, Deserialize)]
pub struct File<'a> {
    /// A `data:` URL.
    #[serde(borrow, default)]
    pub file_data: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub file_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub filename: Option<Cow<'a, str>>,
}

/// A call that the model made in an earlier turn.
#[derive(Debug, Deserialize)]
pub struct ToolCall<'a> {
    #[serde(borrow, default)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub function: FunctionCall<'a>,
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
    #[serde(borrow, default)]
    pub arguments: Cow<'a, str>,
}

/// A tool that the model may call.
#[derive(Debug, Deserialize)]
pub struct Tool<'a> {
    #[serde(borrow)]
    pub function: Function<'a>,
    /// An extension: the prompt up to here is worth caching.
    #[serde(borrow, default)]
    pub cache_control: Option<&'a RawValue>,
}

/// What a tool takes. The schema keeps its bytes: providers cache prompts by them.
#[derive(Debug, Deserialize)]
pub struct Function<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub description: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub parameters: Option<&'a RawValue>,
    #[serde(default)]
    pub strict: Option<bool>,
}

/// Which tools the model must or may use.
#[derive(Debug, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    Auto,
    None,
    Required,
    /// This one.
    Function(Cow<'a, str>),
    /// One of these, or none when `required` is false.
    Allowed {
        required: bool,
        names: Vec<Cow<'a, str>>,
    },
}

/// The form of the text that is asked for.
#[derive(Debug)]
pub enum ResponseFormat<'a> {
    Text,
    JsonObject,
    JsonSchema(JsonSchema<'a>),
}

/// A schema that the answer must meet.
#[derive(Debug, Deserialize)]
pub struct JsonSchema<'a> {
    #[serde(borrow, default)]
    pub name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub description: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub schema: Option<&'a RawValue>,
    #[serde(default)]
    pub strict: Option<bool>,
}

/// A list that may also be `null`.
fn or_default<'de, D, T>(json: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(json)?.unwrap_or_default())
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Said;
        impl<'de> serde::de::Visitor<'de> for Said {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or a list of content parts")
            }

            fn visit_unit<E>(self) -> Result<Content<'de>, E> {
                Ok(Content::None)
            }

            fn visit_str<E>(self, text: &str) -> Result<Content<'de>, E> {
                Ok(Content::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'de>, E> {
                Ok(Content::Text(Cow::Borrowed(text)))
            }

            fn visit_seq<S: serde::de::SeqAccess<'de>>(self, mut parts: S) -> Result<Content<'de>, S::Error> {
                let mut out = Vec::new();
                while let Some(part) = parts.next_element()? {
                    out.push(part);
                }
                Ok(Content::Parts(out))
            }
        }
        json.deserialize_any(Said)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Part<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(_json: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("to be written"))
    }
}
