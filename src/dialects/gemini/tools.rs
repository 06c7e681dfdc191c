//! Tools, and the choice of them.
//!
//! <https://ai.google.dev/api/caching#Tool>

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::model::Model;
use super::schema;
use crate::errors::ApiError;
use crate::hub::request::{ChatRequest, ToolChoice};

/// A list of tools of the caller.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

/// A tool. The schema keeps its bytes, except for models that take no JSON Schema.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'a RawValue>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'a> {
    function_calling_config: Calling<'a>,
}

/// Which tools the model must or may use.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Calling<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_function_names: Vec<&'a str>,
}

/// A tool's name. Others cannot be sent, and a new name would not be the caller's when the model calls it.
pub(super) fn name<'a>(name: &'a str, path: &str) -> Result<&'a str, ApiError> {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.len() <= 64 && name.starts_with(first) && name.chars().all(plain) {
        return Ok(name);
    }
    let message = format!(
        "{path}: this provider takes tool names of 1 to 64 letters, digits, `_`, `.` and `-` that start with a \
         letter or `_`: `{name}`"
    );
    Err(ApiError::invalid(message).param(path))
}

/// All tools, or those that the choice allows: Gemini has no list of what it may but need not use.
pub(super) fn tools<'a>(chat: &'a ChatRequest<'a>, model: Model) -> Result<Vec<Tools<'a>>, ApiError> {
    let mut function_declarations = Vec::with_capacity(chat.tools.len());
    for (at, tool) in chat.tools.iter().enumerate() {
        let name = name(&tool.function.name, &format!("tools[{at}].function.name"))?;
        if !is_allowed(chat.tool_choice.as_ref(), name) {
            continue;
        }
        // An object without properties is refused, and takes as much as no schema at all.
        let schema = tool.function.parameters.filter(|raw| schema::has_properties(raw));
        let whole = model.takes_json_schema();
        function_declarations.push(Declaration {
            name,
            description: tool.function.description.as_deref(),
            parameters: schema.filter(|_| !whole).and_then(schema::subset),
            parameters_json_schema: schema.filter(|_| whole),
        });
    }
    Ok(if function_declarations.is_empty() { Vec::new() } else { vec![Tools { function_declarations }] })
}

fn is_allowed(choice: Option<&ToolChoice<'_>>, name: &str) -> bool {
    match choice {
        Some(ToolChoice::Allowed { required: false, names }) => names.iter().any(|allowed| allowed == name),
        _ => true,
    }
}

/// The choice among the tools.
pub(super) fn choice<'a>(chat: &'a ChatRequest<'a>) -> Result<Option<ToolConfig<'a>>, ApiError> {
    let Some(choice) = &chat.tool_choice else { return Ok(None) };
    let (mode, names) = match choice {
        ToolChoice::Auto | ToolChoice::Allowed { required: false, .. } => ("AUTO", Vec::new()),
        ToolChoice::None => ("NONE", Vec::new()),
        ToolChoice::Required => ("ANY", Vec::new()),
        ToolChoice::Function(name) => ("ANY", vec![name.as_ref()]),
        ToolChoice::Allowed { required: true, names } => ("ANY", names.iter().map(AsRef::as_ref).collect()),
    };
    if mode == "ANY" && chat.tools.is_empty() {
        return Err(refused("it asks for a call, but there is no tool to call"));
    }
    if let Some(unknown) = names.iter().find(|name| !chat.tools.iter().any(|tool| tool.function.name == **name)) {
        return Err(refused(&format!("`{unknown}` is none of the tools")));
    }
    // Gemini takes no choice without tools.
    let config = ToolConfig { function_calling_config: Calling { mode, allowed_function_names: names } };
    Ok((!chat.tools.is_empty()).then_some(config))
}

fn refused(reason: &str) -> ApiError {
    ApiError::invalid(format!("tool_choice: {reason}")).param("tool_choice")
}
