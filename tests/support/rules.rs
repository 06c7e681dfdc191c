//! When two requests or answers say the same: the comparing rules of the recordings' own README.

use serde_json::{Map, Value, json};

/// A form that is equal for two documents that say the same.
pub fn normal(document: &Value) -> Value {
    let mut document = member("", document, false);
    if let Some(Value::Array(turns)) = document.get_mut("messages") {
        *turns = merged(std::mem::take(turns));
    }
    document
}

/// The same of Gemini's documents, of which both spellings of names, the cases of words and the two carriers of a
/// schema are the same.
pub fn normal_gemini(document: &Value) -> Value {
    let mut document = spelled(document);
    if document["toolConfig"]["functionCallingConfig"] == json!({ "mode": "auto" }) {
        remove(&mut document, "/toolConfig");
    }
    normal(&document)
}

fn spelled(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (camel(name), word(name, value))).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().map(spelled).collect(),
        other => other.clone(),
    }
}

fn word(name: &str, value: &Value) -> Value {
    match value {
        Value::String(word) if matches!(name, "type" | "mode") => word.to_lowercase().into(),
        other => spelled(other),
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let camel = words.fold(first, |all, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        all + &head.to_uppercase() + tail
    });
    match camel.as_str() {
        "parameters" | "parametersJsonSchema" | "responseSchema" | "responseJsonSchema" => "schema".to_owned(),
        _ => camel,
    }
}

/// The same of answers, in which counters that are 0 equal their absence, and an empty text equals none.
pub fn normal_answer(document: &Value) -> Value {
    normal(&without_zeros(document))
}

fn without_zeros(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let said = members.iter().filter(|(_, value)| **value != 0 && **value != "");
            said.map(|(name, value)| (name.clone(), without_zeros(value)))
                .filter(|(name, value)| name != "index" && *value != json!({}))
                .collect()
        }
        Value::Array(list) => list.iter().map(without_zeros).collect(),
        other => other.clone(),
    }
}

/// A value under its name; `schema` says that it lies in the schema of a tool or of an answer.
fn member(name: &str, value: &Value, schema: bool) -> Value {
    let schema = schema || matches!(name, "parameters" | "input_schema" | "schema" | "tools");
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, value)| !is_ignored(name, value, schema))
            .map(|(name, value)| (name.clone(), member(name, value, schema)))
            .filter(|(name, value)| !is_empty(value) && !is_automatic(name, value))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(|value| member("", value, schema)).collect(),
        Value::Number(number) => rounded(number.as_f64().unwrap()),
        Value::String(text) if matches!(name, "content" | "system") => json!([{ "type": "text", "text": text }]),
        Value::String(text) if matches!(name, "arguments" | "schema") => {
            serde_json::from_str(text).map_or_else(|_| value.clone(), |value| member("", &value, schema))
        }
        other => other.clone(),
    }
}

/// Numbers are equal within a millionth.
fn rounded(number: f64) -> Value {
    json!((number * 1e6).round() / 1e6)
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || *value == json!({}) || *value == json!([])
}

/// What says no more than its absence, or is added by some clients to any schema.
fn is_ignored(name: &str, value: &Value, schema: bool) -> bool {
    (matches!(name, "stream" | "is_error" | "disable_parallel_tool_use") && *value == false)
        || (schema && matches!(name, "strict" | "additionalProperties" | "title"))
}

fn is_automatic(name: &str, value: &Value) -> bool {
    name == "tool_choice" && (*value == "auto" || *value == json!({ "type": "auto" }))
}

/// Turns of one role that follow each other are one turn.
fn merged(turns: Vec<Value>) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    for mut turn in turns {
        let role = turn["role"].clone();
        let last = out.last_mut().filter(|last| last["role"] == role && role != "tool");
        match (last.and_then(|last| last["content"].as_array_mut()), turn["content"].as_array_mut()) {
            (Some(said), Some(more)) => said.append(more),
            _ => out.push(turn),
        }
    }
    out
}

/// Takes out what lies at a path such as `/choices/*/message/id`.
pub fn remove(from: &mut Value, path: &str) {
    let names: Vec<&str> = path.split('/').skip(1).collect();
    remove_at(from, &names);
}

fn remove_at(from: &mut Value, names: &[&str]) {
    match (from, names) {
        (Value::Object(members), [last]) => {
            members.shift_remove(*last);
        }
        (Value::Object(members), [name, rest @ ..]) => {
            if let Some(value) = members.get_mut(*name) {
                remove_at(value, rest);
            }
        }
        (Value::Array(list), ["*", rest @ ..]) => list.iter_mut().for_each(|value| remove_at(value, rest)),
        (Value::Array(list), [at, rest @ ..]) => match (at.parse::<usize>().ok(), rest) {
            (Some(at), []) if at < list.len() => {
                list.remove(at);
            }
            (Some(at), [_, ..]) if at < list.len() => remove_at(&mut list[at], rest),
            _ => {}
        },
        _ => {}
    }
}
