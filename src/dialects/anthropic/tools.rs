//! Tools, and the choice of them.
//!
//! <https://docs.anthropic.com/en/api/messages#body-tools>

use serde::Serialize;
use serde_json::value::RawValue;

use super::calls;
use super::model::Model;
use crate::errors::ApiError;
use crate::hub::request::{self, ChatRequest};

/// The schema of a tool that takes nothing.
const NO_PARAMETERS: &str = r#"{"type":"object"}"#;

/// A tool. The schema keeps its bytes: the prompt cache goes by them.
#[derive(Debug, Serialize)]
pub(in crate::dialects) struct Tool<'a> {
    pub(in crate::dialects) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dialects) description: Option<&'a str>,
    pub(in crate::dialects) input_schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::dialects) strict: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dialects) cache_control: Option<&'a RawValue>,
}

/// Which tools the model must or may use.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(in crate::dialects) struct Choice<'a> {
    #[serde(rename = "type")]
    pub(in crate::dialects) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dialects) name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::dialects) disable_parallel_tool_use: bool,
}

impl Choice<'_> {
    /// Thinking excludes a forced choice; says whether it was one.
    ///
    /// <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking#extended-thinking-with-tool-use>
    pub(in crate::dialects) fn relax(&mut self) -> bool {
        let forced = matches!(self.kind, "any" | "tool");
        if forced {
            (self.kind, self.name) = ("auto", None);
        }
        forced
    }
}

/// All tools, or those that the choice allows.
pub(in crate::dialects) fn tools<'a>(chat: &'a ChatRequest<'a>, model: Model) -> Result<Vec<Tool<'a>>, ApiError> {
    let mut out = Vec::with_capacity(chat.tools.len());
    for (at, tool) in chat.tools.iter().enumerate() {
        let name = calls::name(&tool.function.name, &format!("tools[{at}].function.name"))?;
        if is_allowed(chat.tool_choice.as_ref(), name) {
            out.push(Tool {
                name,
                description: tool.function.description.as_deref(),
                input_schema: schema(tool.function.parameters),
                strict: tool.function.strict == Some(true) && model.keeps_schemas(),
                cache_control: tool.cache_control,
            });
        }
    }
    Ok(out)
}

fn is_allowed(choice: Option<&request::ToolChoice<'_>>, name: &str) -> bool {
    match choice {
        Some(request::ToolChoice::Allowed { names, .. }) => names.iter().any(|allowed| allowed == name),
        _ => true,
    }
}

/// A schema of nothing at all lacks the `type` that Anthropic requires.
fn schema(parameters: Option<&RawValue>) -> Option<&RawValue> {
    let says = |raw: &&RawValue| raw.get().contains('"');
    parameters.filter(says).or_else(|| calls::object(NO_PARAMETERS))
}

/// The choice among `tools`. Anthropic takes none without tools.
pub(in crate::dialects) fn choice<'a>(
    chat: &'a ChatRequest<'a>,
    tools: &[Tool<'_>],
) -> Result<Option<Choice<'a>>, ApiError> {
    use request::ToolChoice;
    let serial = chat.parallel_tool_calls == Some(false);
    let (kind, name) = match &chat.tool_choice {
        None if serial => ("auto", None),
        None => return Ok(None),
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => ("auto", None),
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => ("any", None),
        Some(ToolChoice::Function(name)) => ("tool", Some(calls::name(name, "tool_choice.function.name")?)),
    };
    if !tools.is_empty() {
        return Ok(Some(Choice { kind, name, disable_parallel_tool_use: serial && kind != "none" }));
    }
    if matches!(kind, "auto" | "none") {
        return Ok(None);
    }
    Err(ApiError::invalid("tool_choice: it asks for a call, but there is no tool to call").param("tool_choice"))
}
