//! A chat request, as OpenAI's chat completions say it.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::json::{FieldError, Object, Text};

mod content;
mod format;
mod message;
mod size;
mod stop;
mod tools;
mod wish;

pub use content::{Content, File, Part, PartKind};
pub use format::{JsonSchema, ResponseFormat};
pub use message::{FunctionCall, Message, Role, ToolCall};
pub use tools::{Function, Tool, ToolChoice};
pub use wish::Wish;

use stop::Stop;
use tools::LegacyChoice;

/// What a caller asks, in the hub's vocabulary. Values that nobody has to understand stay as bytes.
#[derive(Debug, Default)]
pub struct ChatRequest<'a> {
    pub messages: Vec<Message<'a>>,
    /// `max_completion_tokens`, else `max_tokens`.
    pub max_tokens: Option<u64>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
    /// Few providers take this and the penalties, so they are among `others` too.
    pub seed: Option<i64>,
    pub presence_penalty: Option<f64>,
    pub frequency_penalty: Option<f64>,
    /// Stop sequences, in their order.
    pub stop: Vec<Cow<'a, str>>,
    pub stream: bool,
    /// `tools`, and the legacy `functions`.
    pub tools: Vec<Tool<'a>>,
    /// `tool_choice`, and the legacy `function_call`.
    pub tool_choice: Option<ToolChoice<'a>>,
    pub parallel_tool_calls: Option<bool>,
    /// How many choices; among `others` too.
    pub n: Option<u32>,
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
    /// What of Anthropic's is not yet for everyone, but wanted: from the header `anthropic-beta`.
    pub betas: Vec<Cow<'a, str>>,
    /// Did the caller use the form that preceded tools (`functions`)? Its answer has that form too.
    pub legacy_functions: bool,
    /// Names of members that are not among these, in their order.
    pub others: Vec<Cow<'a, str>>,
}

/// Members that a [`ChatRequest`] says, in its own fields or, for the first two, in what the gateway asks.
const KNOWN: &[&str] = &[
    "model",
    "stream_options",
    "cache_control",
    "function_call",
    "functions",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "parallel_tool_calls",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "service_tier",
    "stop",
    "stream",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
    "user",
];

impl<'a> ChatRequest<'a> {
    /// Reads a request. Types are checked, ranges are not: they differ between providers.
    ///
    /// # Errors
    /// A field has another type than OpenAI's documents say.
    pub fn parse(body: &Object<'a>) -> Result<Self, FieldError> {
        let (tools, legacy_functions) = tools(body)?;
        Ok(Self {
            messages: body.read("messages")?.unwrap_or_default(),
            max_tokens: body.read("max_completion_tokens")?.or(body.read("max_tokens")?),
            temperature: body.read("temperature")?,
            top_p: body.read("top_p")?,
            top_k: body.read("top_k")?,
            seed: body.read("seed")?,
            presence_penalty: body.read("presence_penalty")?,
            frequency_penalty: body.read("frequency_penalty")?,
            stop: body.read::<Stop<'a>>("stop")?.map(|stop| stop.0).unwrap_or_default(),
            stream: body.read("stream")?.unwrap_or_default(),
            tools,
            tool_choice: tool_choice(body)?,
            parallel_tool_calls: body.read("parallel_tool_calls")?,
            n: body.read("n")?,
            response_format: body.read("response_format")?,
            reasoning_effort: text(body, "reasoning_effort")?,
            thinking: body.get("thinking"),
            user: text(body, "user")?.or(text(body, "safety_identifier")?),
            service_tier: text(body, "service_tier")?,
            cache_control: body.get("cache_control"),
            betas: Vec::new(),
            legacy_functions,
            others: others(body),
        })
    }
}

fn text<'a>(body: &Object<'a>, name: &str) -> Result<Option<Cow<'a, str>>, FieldError> {
    Ok(body.read::<Text<'a>>(name)?.map(|text| text.0))
}

/// The tools, and whether they came in the form that preceded tools.
fn tools<'a>(body: &Object<'a>) -> Result<(Vec<Tool<'a>>, bool), FieldError> {
    if let Some(tools) = body.read("tools")? {
        return Ok((tools, false));
    }
    let Some(functions) = body.read::<Vec<Function<'a>>>("functions")? else { return Ok((Vec::new(), false)) };
    let tools = functions.into_iter().map(|function| Tool { function, cache_control: None }).collect();
    Ok((tools, true))
}

fn tool_choice<'a>(body: &Object<'a>) -> Result<Option<ToolChoice<'a>>, FieldError> {
    let choice = body.read("tool_choice")?;
    let legacy = body.read::<LegacyChoice<'a>>("function_call")?;
    Ok(choice.or(legacy.map(|legacy| legacy.0)))
}

fn others<'a>(body: &Object<'a>) -> Vec<Cow<'a, str>> {
    body.names()
        .filter(|(name, value)| value.get() != "null" && !KNOWN.contains(&name.as_ref()))
        .map(|(n, _)| n.clone())
        .collect()
}

#[cfg(test)]
mod tests;
