//! Answers in JSON.
//!
//! <https://docs.cohere.com/docs/structured-outputs>

use serde::Serialize;
use serde_json::value::RawValue;

use crate::hub::request::ResponseFormat;

const INSTRUCTION: &str = "Unless you call a tool, answer with one JSON object and nothing else: no text around it, \
                           no code fence.";

/// `response_format`.
#[derive(Debug, Serialize)]
pub(super) struct Format<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<&'a RawValue>,
}

/// How the form is asked for: by the API, or, since that has no form for answers that may call tools, in words.
pub(super) fn form<'a>(format: Option<&ResponseFormat<'a>>, tools: bool) -> (Option<Format<'a>>, Option<String>) {
    let json_schema = match format {
        None | Some(ResponseFormat::Text) => return (None, None),
        Some(ResponseFormat::JsonObject) => None,
        Some(ResponseFormat::JsonSchema(wanted)) => wanted.schema,
    };
    if !tools {
        return (Some(Format { kind: "json_object", json_schema }), None);
    }
    let instruction = match json_schema {
        Some(schema) => format!("{INSTRUCTION} It must match this JSON Schema:\n{schema}"),
        None => INSTRUCTION.to_owned(),
    };
    (None, Some(instruction))
}
