//! Tools, and the choice of them.
//!
//! <https://docs.cohere.com/docs/tool-use-overview>

use serde::Serialize;
use serde_json::value::RawValue;

use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::{self, ToolChoice};

/// The schema of a tool that takes nothing.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

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
    parameters: Option<&'a RawValue>,
}

impl<'a> Tool<'a> {
    fn of(tool: &'a request::Tool<'a>) -> Self {
        let request::Function { name, description, parameters, .. } = &tool.function;
        let parameters = parameters.or_else(|| serde_json::from_str(NO_PARAMETERS).ok());
        Self { kind: "function", function: Function { name, description: description.as_deref(), parameters } }
    }
}

/// The tools that the choice leaves, and the word for the choice. A choice of one tool is a choice among one.
pub(super) fn tools<'a>(chat: &'a ChatRequest<'a>) -> Result<(Vec<Tool<'a>>, Option<&'static str>), ApiError> {
    let choice = match &chat.tool_choice {
        None | Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => None,
        Some(ToolChoice::None) => Some("NONE"),
        Some(ToolChoice::Required | ToolChoice::Function(_) | ToolChoice::Allowed { required: true, .. }) => {
            Some("REQUIRED")
        }
    };
    let left = chat.tools.iter().filter(|tool| is_left(chat.tool_choice.as_ref(), &tool.function.name));
    let tools: Vec<_> = left.map(Tool::of).collect();
    match choice {
        Some("REQUIRED") if tools.is_empty() => {
            let message = "tool_choice: it asks for a call, but there is no such tool";
            Err(ApiError::invalid(message).param("tool_choice"))
        }
        choice => Ok((tools, choice)).map(|(tools, choice)| {
            let choice = choice.filter(|_| !tools.is_empty());
            (tools, choice)
        }),
    }
}

fn is_left(choice: Option<&ToolChoice<'_>>, name: &str) -> bool {
    match choice {
        Some(ToolChoice::Function(chosen)) => chosen == name,
        Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|allowed| allowed == name),
        _ => true,
    }
}
