//! Tools. Which of them to call is the model's own choice: Ollama has no word for more.
//!
//! <https://docs.ollama.com/capabilities/tool-calling>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::hub::ChatRequest;
use crate::hub::request::{self, ToolChoice};

/// A tool. The schema keeps its bytes: the prompt cache goes by them.
#[derive(Debug, Serialize)]
pub(super) struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a RawValue>,
}

impl<'a> Tool<'a> {
    fn of(tool: &'a request::Tool<'a>) -> Self {
        let request::Function { name, description, parameters, .. } = &tool.function;
        let function = Function { name, description: description.as_deref(), parameters: *parameters };
        Self { kind: "function", function }
    }
}

/// The tools that the choice allows. That one of them must be called cannot be said.
pub(super) fn tools<'a>(chat: &'a ChatRequest<'a>, dropped: &mut Vec<Cow<'static, str>>) -> Vec<Tool<'a>> {
    let allowed = |name: &str| match &chat.tool_choice {
        Some(ToolChoice::None) => false,
        Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|allowed| allowed == name),
        _ => true,
    };
    let forced = matches!(
        chat.tool_choice,
        Some(ToolChoice::Required | ToolChoice::Function(_) | ToolChoice::Allowed { required: true, .. })
    );
    if forced {
        dropped.push(Cow::Borrowed("tool_choice"));
    }
    chat.tools.iter().filter(|tool| allowed(&tool.function.name)).map(Tool::of).collect()
}
