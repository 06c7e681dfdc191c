//! Writing choices again, without what SDKs trip over.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::calls::{CallNote, Edit};
use super::choice::Note;

/// The list `choices` again, mended as `notes` say. `member` holds what a choice says: `delta` or `message`.
pub(super) fn choices(raw: &RawValue, notes: &[Note], member: &str) -> Option<String> {
    let list: Vec<Value> = serde_json::from_str(raw.get()).ok()?;
    let kept = list.into_iter().zip(notes).filter(|(_, note)| !note.over);
    let mended: Value = kept
        .map(|(mut value, note)| {
            if let Some(object) = value.as_object_mut() {
                choice(object, note, member);
            }
            value
        })
        .collect();
    Some(mended.to_string())
}

fn choice(choice: &mut Map<String, Value>, note: &Note, member: &str) {
    if let Some(renamed) = note.no_delta {
        let said = if renamed { choice.shift_remove("message") } else { None };
        choice.insert(member.to_owned(), said.unwrap_or_else(|| json!({})));
    }
    if let Some(said) = choice.get_mut(member).and_then(Value::as_object_mut) {
        if note.role {
            said.insert("role".to_owned(), json!("assistant"));
        }
        if note.parts {
            parts(said);
        }
        calls(said, note);
    }
    if let Some(finish) = note.finish {
        choice.insert("finish_reason".to_owned(), finish.map_or(Value::Null, |reason| json!(reason.as_str())));
    }
}

/// A list of parts becomes a text, and the thinking among them `reasoning_content`.
fn parts(said: &mut Map<String, Value>) {
    let Some(Value::Array(list)) = said.get("content") else { return };
    let (mut text, mut thinking) = (String::new(), String::new());
    for part in list {
        collect(part.get("thinking"), &mut thinking);
        collect(part.get("text"), &mut text);
    }
    let has_calls = said.get("tool_calls").and_then(Value::as_array).is_some_and(|calls| !calls.is_empty());
    let content = if text.is_empty() && has_calls { Value::Null } else { Value::String(text) };
    said.insert("content".to_owned(), content);
    if !thinking.is_empty() {
        said.insert("reasoning_content".to_owned(), Value::String(thinking));
    }
}

fn collect(value: Option<&Value>, out: &mut String) {
    match value {
        Some(Value::String(text)) => out.push_str(text),
        Some(Value::Array(list)) => list.iter().for_each(|part| collect(part.get("text"), out)),
        _ => {}
    }
}

fn calls(said: &mut Map<String, Value>, note: &Note) {
    if let Some(Value::Array(list)) = said.get_mut("tool_calls") {
        for (value, call_note) in list.iter_mut().zip(&note.calls) {
            if let Some(object) = value.as_object_mut() {
                call(object, call_note);
            }
        }
    }
    for index in &note.bare {
        no_arguments(said, *index, note);
    }
}

fn call(call: &mut Map<String, Value>, note: &CallNote) {
    if note.renumber {
        call.insert("index".to_owned(), note.index.into());
    }
    edit(call, "id", &note.id);
    if note.untyped {
        call.insert("type".to_owned(), json!("function"));
    }
    if let Some(function) = call.get_mut("function").and_then(Value::as_object_mut) {
        edit(function, "name", &note.name);
        edit(function, "arguments", &note.arguments);
    }
}

fn edit(object: &mut Map<String, Value>, name: &str, edit: &Edit) {
    match edit {
        Edit::Keep => {}
        Edit::Remove => {
            object.shift_remove(name);
        }
        Edit::Set(text) => {
            object.insert(name.to_owned(), Value::String(text.clone()));
        }
    }
}

/// A call that ends without arguments has had an empty object for them, here or in a piece of its own.
fn no_arguments(said: &mut Map<String, Value>, index: u32, note: &Note) {
    if let Some(function) = said.get_mut("function_call").and_then(Value::as_object_mut) {
        function.insert("arguments".to_owned(), json!("{}"));
        return;
    }
    let list = said.entry("tool_calls").or_insert_with(|| json!([]));
    if list.is_null() {
        *list = json!([]);
    }
    let Some(list) = list.as_array_mut() else { return };
    let here = note.calls.iter().position(|call| call.index == index).and_then(|at| list.get_mut(at));
    match here.and_then(Value::as_object_mut) {
        Some(call) => {
            let function = call.entry("function").or_insert_with(|| json!({}));
            if let Some(function) = function.as_object_mut() {
                function.insert("arguments".to_owned(), json!("{}"));
            }
        }
        None => list.push(bare_call(index)),
    }
}

/// The piece of a call that says that it has no arguments.
pub(super) fn bare_call(index: u32) -> Value {
    json!({"index": index, "function": {"arguments": "{}"}})
}
