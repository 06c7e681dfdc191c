//! Tools, which are flat here, and which of them the model must use.
//!
//! <https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::lacks;
use super::request::{hosted, refused};
use crate::errors::ApiError;
use crate::hub::request::{Function, Tool, ToolChoice};
use crate::json::{Object, Text, optional_text};

#[derive(Deserialize)]
struct Flat<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    description: Option<&'a RawValue>,
    #[serde(borrow, default)]
    parameters: Option<&'a RawValue>,
    #[serde(borrow, default)]
    strict: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cache_control: Option<&'a RawValue>,
}

/// Reads `tools`. Those that OpenAI runs itself cannot be given to others.
pub(super) fn tools<'a>(body: &Object<'a>) -> Result<Vec<Tool<'a>>, ApiError> {
    let flat = body.read::<Vec<Flat<'a>>>("tools").map_err(|e| refused("", e))?.unwrap_or_default();
    flat.into_iter().enumerate().map(|(at, tool)| tool.read(&format!("tools[{at}]"))).collect()
}

impl<'a> Flat<'a> {
    fn read(self, path: &str) -> Result<Tool<'a>, ApiError> {
        if self.kind != "function" {
            return Err(hosted(path, &self.kind));
        }
        let name = member::<Text<'a>>(self.name, path, "name")?.ok_or_else(|| lacks(&format!("{path}.name")))?.0;
        let function = Function {
            name,
            description: member::<Text<'a>>(self.description, path, "description")?.map(|text| text.0),
            parameters: self.parameters.filter(|raw| raw.get() != "null"),
            strict: member(self.strict, path, "strict")?,
        };
        Ok(Tool { function, cache_control: self.cache_control })
    }
}

/// A member of a tool, read only where its type has it.
fn member<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>, path: &str, name: &str) -> Result<Option<T>, ApiError> {
    let Some(raw) = raw else { return Ok(None) };
    serde_json::from_str(raw.get()).map_err(|e| {
        let (path, reason) = (format!("{path}.{name}"), crate::json::without_position(&e.to_string()));
        ApiError::invalid(format!("Invalid `{path}`: {reason}")).param(path).code("invalid_type")
    })
}

#[derive(Deserialize)]
struct Chosen<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    mode: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    tools: Vec<Chosen<'a>>,
}

/// Reads `tool_choice`.
pub(super) fn choice<'a>(body: &Object<'a>) -> Result<Option<ToolChoice<'a>>, ApiError> {
    let Some(raw) = body.get("tool_choice") else { return Ok(None) };
    if !raw.get().starts_with('{') {
        return body.read("tool_choice").map_err(|e| refused("", e));
    }
    let Some(chosen) = body.read::<Chosen<'a>>("tool_choice").map_err(|e| refused("", e))? else { return Ok(None) };
    match (chosen.kind.as_ref(), chosen.name) {
        ("function", Some(name)) => Ok(Some(ToolChoice::Function(name))),
        ("function", None) => Err(lacks("tool_choice.name")),
        ("allowed_tools", _) => {
            let required = chosen.mode.as_deref() == Some("required");
            Ok(Some(ToolChoice::Allowed { required, names: names(chosen.tools)? }))
        }
        (other, _) => Err(hosted("tool_choice", other)),
    }
}

fn names<'a>(tools: Vec<Chosen<'a>>) -> Result<Vec<Cow<'a, str>>, ApiError> {
    let name = |(at, tool): (usize, Chosen<'a>)| match (tool.kind.as_ref(), tool.name) {
        ("function", Some(name)) => Ok(name),
        ("function", None) => Err(lacks(&format!("tool_choice.tools[{at}].name"))),
        (other, _) => Err(hosted(&format!("tool_choice.tools[{at}]"), other)),
    };
    tools.into_iter().enumerate().map(name).collect()
}
