//! Answers in JSON.
//!
//! A schema goes into `output_config.format`. Models before Claude 4.1 do not know that, and no model has a word for
//! "any JSON object": there an instruction in the system prompt says it.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs>

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::hub::request::ResponseFormat;

const INSTRUCTION: &str = "Answer with one JSON object and nothing else: no text around it, no code fence.";

/// How the form of the answer is asked for: by a schema, in words, or not at all.
#[derive(Debug, Default)]
pub(in crate::dialects) struct Form<'a> {
    pub(in crate::dialects) format: Option<Format<'a>>,
    pub(in crate::dialects) instruction: Option<String>,
}

/// `output_config.format`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::dialects) enum Format<'a> {
    JsonSchema { schema: Schema<'a> },
}

impl Format<'_> {
    /// The schema as JSON text.
    pub(in crate::dialects) fn text(&self) -> String {
        let Self::JsonSchema { schema } = self;
        match schema {
            Schema::Given(raw) => raw.get().to_owned(),
            Schema::Closed(value) => value.to_string(),
        }
    }
}

/// A schema, as it was given or closed.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::dialects) enum Schema<'a> {
    Given(&'a RawValue),
    Closed(Value),
}

/// What `response_format` becomes. `keeps_schemas`: does the model keep to a schema by itself?
pub(in crate::dialects) fn form<'a>(format: Option<&ResponseFormat<'a>>, keeps_schemas: bool) -> Form<'a> {
    let schema = match format {
        None | Some(ResponseFormat::Text) => return Form::default(),
        Some(ResponseFormat::JsonObject) => None,
        Some(ResponseFormat::JsonSchema(wanted)) => wanted.schema,
    };
    let instruction = match schema {
        Some(schema) if keeps_schemas => {
            let format = Format::JsonSchema { schema: closed(schema) };
            return Form { format: Some(format), instruction: None };
        }
        Some(schema) => format!("{INSTRUCTION} It must match this JSON Schema:\n{schema}"),
        None => INSTRUCTION.to_owned(),
    };
    Form { format: None, instruction: Some(instruction) }
}

/// Anthropic requires `additionalProperties: false` on every object; schemas that have it keep their bytes.
fn closed(schema: &RawValue) -> Schema<'_> {
    match serde_json::from_str::<Value>(schema.get()) {
        Ok(mut value) => {
            if close(&mut value) {
                Schema::Closed(value)
            } else {
                Schema::Given(schema)
            }
        }
        Err(_) => Schema::Given(schema),
    }
}

/// Closes a schema and all schemas in it; says whether that changed anything.
///
/// The depth is bounded: `serde_json` refuses to read deeper documents.
fn close(schema: &mut Value) -> bool {
    let Value::Object(members) = schema else { return false };
    let mut changed = false;
    for (name, value) in members.iter_mut() {
        changed |= match (name.as_str(), value) {
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                Value::Object(named),
            ) => named.values_mut().fold(false, |changed, schema| close(schema) | changed),
            ("anyOf" | "allOf" | "oneOf" | "prefixItems" | "items", Value::Array(list)) => {
                list.iter_mut().fold(false, |changed, schema| close(schema) | changed)
            }
            (
                "items" | "not" | "if" | "then" | "else" | "contains" | "additionalProperties" | "propertyNames",
                schema,
            ) => close(schema),
            _ => false,
        };
    }
    if is_object(members) && !members.contains_key("additionalProperties") {
        members.insert("additionalProperties".to_owned(), Value::Bool(false));
        changed = true;
    }
    changed
}

fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => schema.contains_key("properties"),
    }
}
