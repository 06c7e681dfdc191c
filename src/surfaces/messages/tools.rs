//! Tools, and the choice of them.
//!
//! <https://docs.anthropic.com/en/api/messages#body-tools>

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::content::leave_out;
use super::object::{self, Placed};
use crate::hub::request::{Function, Tool, ToolChoice};
use crate::json::FieldError;

/// The caller's own tools. Tools that Anthropic defines or runs mean nothing to other models; their types are added
/// to `others`.
///
/// # Errors
/// Something is missing, or has another type.
pub(super) fn tools<'a>(
    raw: Option<&'a RawValue>,
    others: &mut Vec<Cow<'a, str>>,
) -> Result<Vec<Tool<'a>>, FieldError> {
    let Some(raw) = raw else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for tool in object::list(raw, "tools")? {
        let kind = tool.kind()?;
        if matches!(kind.as_ref(), "" | "custom") {
            out.push(own(&tool)?);
        } else {
            leave_out(kind, others);
        }
    }
    Ok(out)
}

fn own<'a>(tool: &Placed<'a>) -> Result<Tool<'a>, FieldError> {
    let function = Function {
        name: tool.text("name")?,
        description: tool.optional_text("description")?,
        parameters: tool.get("input_schema"),
        strict: tool.optional("strict")?,
    };
    Ok(Tool { function, cache_control: tool.get("cache_control") })
}

/// Which tools the model must use, and whether several at once are forbidden.
///
/// # Errors
/// A choice that nobody knows.
pub(super) fn choice(raw: Option<&RawValue>) -> Result<(Option<ToolChoice<'_>>, Option<bool>), FieldError> {
    let Some(raw) = raw else { return Ok((None, None)) };
    let choice = Placed::read(raw, "tool_choice".to_owned())?;
    let chosen = match choice.kind()?.as_ref() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Function(choice.text("name")?),
        other => return Err(choice.unknown("type", other, "`auto`, `any`, `tool` or `none`")),
    };
    let serial = choice.optional::<bool>("disable_parallel_tool_use")?.unwrap_or(false);
    Ok((Some(chosen), serial.then_some(false)))
}
