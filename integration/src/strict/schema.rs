//! Values for JSON Schemas.

use serde_json::{Map, Value, json};

/// The first value that comes to mind for a schema.
pub(super) fn fill(schema: &Value) -> Value {
    value(schema, schema)
}

fn value(schema: &Value, whole: &Value) -> Value {
    if let Some(path) = schema["$ref"].as_str() {
        return value(whole.pointer(path.trim_start_matches('#')).expect("a definition"), whole);
    }
    if let Some(first) = schema["enum"].get(0).or(schema.get("const")) {
        return first.clone();
    }
    if let Some(first) = schema["anyOf"].get(0) {
        return value(first, whole);
    }
    match schema["type"].as_str().unwrap_or_default() {
        "object" => {
            let members = schema["properties"].as_object().cloned().unwrap_or_default();
            Value::Object(
                members.iter().map(|(name, member)| (name.clone(), value(member, whole))).collect::<Map<_, _>>(),
            )
        }
        "array" => json!([value(&schema["items"], whole)]),
        "string" => json!("word"),
        "integer" => json!(7),
        "number" => json!(7.5),
        "boolean" => json!(true),
        _ => Value::Null,
    }
}

/// Is every object closed, as both APIs require of a strict schema?
pub(super) fn is_closed(schema: &Value) -> bool {
    let inner = match schema {
        Value::Object(members) => members.values().all(is_closed),
        Value::Array(list) => list.iter().all(is_closed),
        _ => true,
    };
    inner && (schema["type"] != "object" || schema["additionalProperties"] == false)
}
