//! Arguments of a call that come in pieces, each with the place where it belongs.
//!
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc>

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::errors::ApiError;
use crate::json::{Text, or_empty};

/// No model writes as much as this.
const MAX_BYTES: usize = 8 << 20;
/// Nor does one nest deeper.
const MAX_DEPTH: usize = 100;

/// One piece.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Piece<'a> {
    #[serde(borrow, default)]
    json_path: Option<Text<'a>>,
    #[serde(borrow, default)]
    string_value: Option<Text<'a>>,
    #[serde(borrow, default)]
    number_value: Option<&'a RawValue>,
    #[serde(default)]
    bool_value: Option<bool>,
}

/// A step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

/// The arguments so far.
#[derive(Debug)]
pub(super) struct Assembly {
    value: Value,
    bytes: usize,
}

impl Default for Assembly {
    fn default() -> Self {
        Self { value: Value::Object(Map::new()), bytes: 0 }
    }
}

impl Assembly {
    /// Puts a piece where it belongs: text goes on, other values are whole. A place that makes no sense is skipped.
    ///
    /// # Errors
    /// The arguments are longer than any model writes.
    pub(super) fn add(&mut self, piece: Piece<'_>) -> Result<(), ApiError> {
        let path = or_empty(piece.json_path);
        let text = piece.string_value.map(|text| text.0);
        self.bytes = self.bytes.saturating_add(path.len() + text.as_ref().map_or(8, |text| text.len()));
        if self.bytes > MAX_BYTES {
            return Err(ApiError::new(502, "the provider's stream holds a call that is too long"));
        }
        let Some(place) = steps(&path).and_then(|steps| place(&mut self.value, &steps)) else { return Ok(()) };
        match (place, text) {
            (Value::String(said), Some(more)) => said.push_str(&more),
            (place, Some(text)) => *place = Value::String(text.into_owned()),
            (place, None) => *place = piece.number_value.map_or_else(|| Value::from(piece.bool_value), number),
        }
        Ok(())
    }

    /// The JSON text of the arguments.
    pub(super) fn text(self) -> String {
        self.value.to_string()
    }
}

fn number(raw: &RawValue) -> Value {
    serde_json::from_str::<serde_json::Number>(raw.get()).map_or(Value::Null, Value::Number)
}

/// `$.orders[0]['the id']`
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let step = if let Some(tail) = rest.strip_prefix('.') {
            let end = tail.find(['.', '[']).unwrap_or(tail.len());
            let (name, after) = tail.split_at_checked(end)?;
            rest = after;
            Step::Member(name)
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            rest = after;
            let quoted = ['\'', '"'].into_iter().find_map(|q| inside.strip_prefix(q)?.strip_suffix(q));
            match quoted {
                Some(name) => Step::Member(name),
                None => Step::Item(inside.parse().ok()?),
            }
        };
        steps.push(step);
    }
    (!steps.is_empty() && steps.len() <= MAX_DEPTH).then_some(steps)
}

/// The place that a path leads to, made where it is not there yet. Items of a list come in their order.
fn place<'v>(value: &'v mut Value, steps: &[Step<'_>]) -> Option<&'v mut Value> {
    let mut at = value;
    for step in steps {
        at = match step {
            Step::Member(name) => {
                if at.is_null() {
                    *at = Value::Object(Map::new());
                }
                at.as_object_mut()?.entry(*name).or_insert(Value::Null)
            }
            Step::Item(index) => {
                if at.is_null() {
                    *at = Value::Array(Vec::new());
                }
                let list = at.as_array_mut()?;
                if *index == list.len() {
                    list.push(Value::Null);
                }
                list.get_mut(*index)?
            }
        };
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn assembled(pieces: &[&str]) -> String {
        let mut all = Assembly::default();
        for piece in pieces {
            all.add(serde_json::from_str(piece).unwrap()).unwrap();
        }
        all.text()
    }

    #[test]
    fn pieces_of_text_go_on_and_other_values_are_whole() {
        let pieces = [
            r#"{"jsonPath":"$.a","stringValue":"x","willContinue":true}"#,
            r#"{"jsonPath":"$.a","stringValue":"y"}"#,
            r#"{"jsonPath":"$.n","numberValue":1.5}"#,
            r#"{"jsonPath":"$.b","boolValue":true}"#,
            r#"{"jsonPath":"$.z","nullValue":"NULL_VALUE"}"#,
        ];
        assert_eq!(assembled(&pieces), r#"{"a":"xy","n":1.5,"b":true,"z":null}"#);
    }

    #[test]
    fn paths_lead_into_lists_and_objects() {
        let pieces = [
            r#"{"jsonPath":"$.l[0]['k.1']","stringValue":"x"}"#,
            r#"{"jsonPath":"$.l[1].k","numberValue":2}"#,
            r#"{"jsonPath":"$.l[9].k","numberValue":2}"#,
            r#"{"jsonPath":"$.l.k","numberValue":2}"#,
            r#"{"jsonPath":"l","numberValue":2}"#,
        ];
        assert_eq!(assembled(&pieces), r#"{"l":[{"k.1":"x"},{"k":2}]}"#);
    }

    #[test]
    fn a_call_that_never_ends_is_refused() {
        let piece = format!(r#"{{"jsonPath":"$.a","stringValue":"{}"}}"#, "x".repeat(1 << 20));
        let mut all = Assembly::default();
        assert!((0..9).any(|_| all.add(serde_json::from_str(&piece).unwrap()).is_err()));
    }
}
