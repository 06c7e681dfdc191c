//! Tools, and the choice of them.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::blocks::CachePoint;
use super::model::Model;
use crate::dialects::anthropic::tools::{self as from};
use crate::errors::ApiError;
use crate::hub::ChatRequest;

/// Bedrock wants tools where the conversation has calls of tools.
const PLACEHOLDER: &str = "no_tool_do_not_call";
const NO_PARAMETERS: &str = r#"{"type":"object"}"#;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'a> {
    tools: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Entry<'a> {
    ToolSpec(Spec<'a>),
    CachePoint(CachePoint),
}

/// The schema keeps its bytes: the prompt cache goes by them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: Schema<'a>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    strict: bool,
}

#[derive(Debug, Serialize)]
struct Schema<'a> {
    json: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Choice<'a> {
    Auto {},
    Any {},
    Tool { name: &'a str },
}

/// What a request says of tools.
#[derive(Debug, Default)]
pub(super) struct Plan<'a> {
    pub(super) config: Option<ToolConfig<'a>>,
    /// The choice in Anthropic's own words, which can forbid more than one call at a time.
    pub(super) choice: Option<from::Choice<'a>>,
}

/// `used`: the conversation has calls or results. `thinking` excludes a forced choice.
pub(super) fn plan<'a>(
    chat: &'a ChatRequest<'a>,
    model: Model,
    (used, thinking): (bool, bool),
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Plan<'a>, ApiError> {
    let tools = from::tools(chat, model.claude)?;
    let mut choice = from::choice(chat, &tools)?;
    if thinking && choice.as_mut().is_some_and(from::Choice::relax) {
        dropped.push(Cow::Borrowed("tool_choice"));
    }
    let forbidden = choice.as_ref().is_some_and(|choice| choice.kind == "none");
    if forbidden && used {
        // There is no word for it, and the tools cannot be left out.
        dropped.push(Cow::Borrowed("tool_choice"));
    }
    if (tools.is_empty() || forbidden) && !used {
        return Ok(Plan::default());
    }
    let mut config = ToolConfig { tools: entries(tools, model), tool_choice: None };
    let Some(choice) = choice.filter(|_| !forbidden) else { return Ok(Plan { config: Some(config), choice: None }) };
    if choice.disable_parallel_tool_use && model.is_claude() {
        return Ok(Plan { config: Some(config), choice: Some(choice) });
    }
    if choice.disable_parallel_tool_use {
        dropped.push(Cow::Borrowed("parallel_tool_calls"));
    }
    config.tool_choice = chat.tool_choice.as_ref().map(|_| word(&choice));
    Ok(Plan { config: Some(config), choice: None })
}

fn entries<'a>(tools: Vec<from::Tool<'a>>, model: Model) -> Vec<Entry<'a>> {
    let mut out = Vec::with_capacity(tools.len().max(1));
    for tool in tools {
        out.push(Entry::ToolSpec(Spec {
            name: tool.name,
            description: tool.description.filter(|text| !text.is_empty()),
            input_schema: Schema { json: tool.input_schema },
            strict: tool.strict && model.keeps_schemas(),
        }));
        let hint = tool.cache_control.filter(|_| model.caches_tools());
        out.extend(hint.map(|hint| Entry::CachePoint(CachePoint::of(hint))));
    }
    if out.is_empty() {
        let input_schema = Schema { json: serde_json::from_str(NO_PARAMETERS).ok() };
        let description = Some("Stands for tools that are not there any more. Never call it.");
        out.push(Entry::ToolSpec(Spec { name: PLACEHOLDER, description, input_schema, strict: false }));
    }
    out
}

fn word<'a>(choice: &from::Choice<'a>) -> Choice<'a> {
    match (choice.kind, choice.name) {
        ("tool", Some(name)) => Choice::Tool { name },
        ("any", _) => Choice::Any {},
        _ => Choice::Auto {},
    }
}
