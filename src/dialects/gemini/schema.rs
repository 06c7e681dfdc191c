//! JSON Schema as the subset that OpenAPI has, for models that take no more.
//!
//! <https://ai.google.dev/api/caching#Schema>

use crate::json::lenient;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What passes as it is.
const KEPT: &[&str] = &[
    "description",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "nullable",
    "pattern",
    "required",
    "title",
];

/// References are written out; a schema that refers to itself would never end.
const MAX_SCHEMAS: usize = 2000;
/// Deeper schemas are cut.
const MAX_DEPTH: usize = 32;

/// Does the schema ask for anything?
pub(super) fn has_properties(raw: &RawValue) -> bool {
    let schema: Map<String, Value> = lenient(Some(raw));
    let named = |name: &str| schema.get(name).and_then(Value::as_object).is_some_and(|named| !named.is_empty());
    let open = schema.get("additionalProperties").is_some_and(|more| more.is_object() || more == true);
    open || named("properties") || ["$ref", "anyOf", "oneOf", "allOf"].iter().any(|name| schema.contains_key(*name))
}

/// The nearest schema of the subset.
pub(super) fn subset(raw: &RawValue) -> Option<Value> {
    let root: Value = serde_json::from_str(raw.get()).ok()?;
    Some(Subset { root: &root, left: MAX_SCHEMAS }.of(&root, 0))
}

struct Subset<'v> {
    root: &'v Value,
    left: usize,
}

impl<'v> Subset<'v> {
    fn of(&mut self, schema: &'v Value, depth: usize) -> Value {
        let mut out = Map::new();
        self.write(schema, depth, &mut out);
        Value::Object(out)
    }

    fn write(&mut self, schema: &'v Value, depth: usize, out: &mut Map<String, Value>) {
        let Some(members) = schema.as_object() else { return };
        if self.left == 0 || depth > MAX_DEPTH {
            return;
        }
        self.left -= 1;
        for (name, value) in members {
            match (name.as_str(), value) {
                ("$ref", Value::String(place)) => {
                    if let Some(target) = self.target(place) {
                        self.write(target, depth + 1, out);
                    }
                }
                ("allOf", Value::Array(all)) => all.iter().for_each(|one| self.write(one, depth + 1, out)),
                ("properties", Value::Object(named)) => {
                    let named = named.iter().map(|(name, schema)| (name.clone(), self.of(schema, depth + 1))).collect();
                    add_properties(out, named);
                }
                ("items", schema) if schema.is_object() => {
                    out.insert("items".to_owned(), self.of(schema, depth + 1));
                }
                ("anyOf" | "oneOf", Value::Array(any)) => self.any(any, depth, out),
                ("type", Value::Array(kinds)) => types(kinds, out),
                ("type", kind) => drop(out.insert("type".to_owned(), kind.clone())),
                ("enum", Value::Array(values)) => words(values, out),
                ("const", value) => words(std::slice::from_ref(value), out),
                // Off by one, or by less: still nearer than no limit.
                ("exclusiveMinimum", value) if value.is_number() => {
                    drop(out.insert("minimum".to_owned(), value.clone()))
                }
                ("exclusiveMaximum", value) if value.is_number() => {
                    drop(out.insert("maximum".to_owned(), value.clone()))
                }
                (kept, value) if KEPT.contains(&kept) => drop(out.insert(kept.to_owned(), value.clone())),
                _ => {}
            }
        }
    }

    /// `#/$defs/name`
    fn target(&self, place: &str) -> Option<&'v Value> {
        self.root.pointer(place.strip_prefix('#')?)
    }

    /// Alternatives; `null` among them is a mark of its own.
    fn any(&mut self, any: &'v [Value], depth: usize, out: &mut Map<String, Value>) {
        let is_null = |schema: &&Value| schema.get("type").is_some_and(|kind| kind == "null");
        let others: Vec<&Value> = any.iter().filter(|schema| !is_null(schema)).collect();
        if others.len() < any.len() {
            out.insert("nullable".to_owned(), Value::Bool(true));
        }
        match others.as_slice() {
            [one] => self.write(one, depth + 1, out),
            many => {
                let many = many.iter().map(|schema| self.of(schema, depth + 1)).collect();
                out.insert("anyOf".to_owned(), Value::Array(many));
            }
        }
    }
}

fn add_properties(out: &mut Map<String, Value>, named: Map<String, Value>) {
    match out.get_mut("properties").and_then(Value::as_object_mut) {
        Some(known) => known.extend(named),
        None => drop(out.insert("properties".to_owned(), Value::Object(named))),
    }
}

/// `["string", "null"]`
fn types(kinds: &[Value], out: &mut Map<String, Value>) {
    let others: Vec<&Value> = kinds.iter().filter(|kind| *kind != "null").collect();
    if others.len() < kinds.len() {
        out.insert("nullable".to_owned(), Value::Bool(true));
    }
    match others.as_slice() {
        [one] => drop(out.insert("type".to_owned(), (*one).clone())),
        many => {
            let any = many.iter().map(|kind| Value::Object(Map::from_iter([("type".to_owned(), (*kind).clone())])));
            out.insert("anyOf".to_owned(), any.collect());
        }
    }
}

/// Only words can be chosen from.
fn words(values: &[Value], out: &mut Map<String, Value>) {
    if values.iter().all(Value::is_string) {
        out.entry("type").or_insert_with(|| Value::from("string"));
        out.insert("enum".to_owned(), values.iter().cloned().collect());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn subset_of(schema: &Value) -> Value {
        let text = schema.to_string();
        subset(serde_json::from_str(&text).unwrap()).unwrap()
    }

    #[test]
    fn what_the_subset_lacks_is_left_out_or_said_otherwise() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
            "properties": {
                "a": { "type": ["string", "null"], "default": "x" },
                "b": { "const": "only" },
                "c": { "oneOf": [{ "type": "integer", "exclusiveMinimum": 0 }, { "type": "boolean" }] },
                "d": { "anyOf": [{ "$ref": "#/$defs/D" }, { "type": "null" }] },
            },
            "required": ["a"],
            "$defs": { "D": { "type": "array", "items": { "enum": ["x", "y"] } } },
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "a": { "nullable": true, "type": "string" },
                "b": { "type": "string", "enum": ["only"] },
                "c": { "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "boolean" }] },
                "d": { "nullable": true, "type": "array", "items": { "type": "string", "enum": ["x", "y"] } },
            },
            "required": ["a"],
        });
        assert_eq!(subset_of(&schema), expected);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({
            "$ref": "#/$defs/T",
            "$defs": { "T": { "type": "object", "properties": {
                "l": { "$ref": "#/$defs/T" }, "r": { "$ref": "#/$defs/T" }, "me": { "$ref": "#/$defs/T" },
            } } },
        });
        assert!(subset_of(&schema).to_string().len() < 1 << 20);
    }
}
