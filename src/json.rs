//! JSON objects that keep their order and the bytes of their values.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep a document may nest: `serde_json`'s own limit for typed values.
pub const MAX_DEPTH: usize = 128;

/// The members of one object in their order, values as the bytes that stood there.
///
/// A name that comes twice is an error: two readers could see two different requests.
#[derive(Debug)]
pub struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// Reads one object; nested values are checked for syntax only.
    ///
    /// # Errors
    /// Not JSON, not an object, a name that comes twice, or text after the object.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The bytes of a member; a `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| *v).filter(|v| v.get() != "null")
    }

    /// A member as a value; a `null` counts as absent.
    ///
    /// # Errors
    /// The member is there and has another type.
    pub fn read<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, FieldError> {
        let Some(raw) = self.get(name) else { return Ok(None) };
        let mut json = serde_json::Deserializer::from_str(raw.get());
        serde_path_to_error::deserialize(&mut json).map(Some).map_err(|e| FieldError::new(name, &e))
    }

    /// Members in their order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(n, v)| (n.as_ref(), *v))
    }

    /// Writes the object again with some members replaced (`Some`) or left out (`None`); replacements that were
    /// not there come last. All other bytes of values stay.
    pub fn write_with(&self, edits: &[(&str, Option<String>)]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.iter().map(|(n, v)| n.len() + v.get().len() + 4).sum::<usize>() + 64);
        let mut put = |name: &str, value: &str| {
            out.push(if out.is_empty() { b'{' } else { b',' });
            push_string(&mut out, name);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        };
        for (name, value) in self.members() {
            match edits.iter().find(|(n, _)| *n == name) {
                None => put(name, value.get()),
                Some((_, Some(new))) => put(name, new),
                Some((_, None)) => {}
            }
        }
        for (name, new) in edits {
            if let Some(new) = new
                && !self.0.iter().any(|(n, _)| n == name)
            {
                put(name, new);
            }
        }
        if out.is_empty() {
            out.push(b'{');
        }
        out.push(b'}');
        out
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
                let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    if members.iter().any(|(n, _)| *n == name) {
                        return Err(M::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    members.push((name, map.next_value()?));
                }
                Ok(Object(members))
            }
        }
        json.deserialize_map(Members)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A member that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where: `messages[2].content`.
    pub path: String,
    /// What was found, and what was expected.
    pub reason: String,
}

impl FieldError {
    fn new(name: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let inner = error.path().to_string();
        let path = match inner.as_str() {
            "." => name.to_owned(),
            rest if rest.starts_with('[') => format!("{name}{rest}"),
            rest => format!("{name}.{rest}"),
        };
        Self { path, reason: without_position(&error.inner().to_string()) }
    }
}

/// Positions count from the member's start, which nobody sees.
fn without_position(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// Appends `text` as a JSON string.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    // Writing a string to a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// `text` as a JSON string, quotes included.
pub fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Does the document nest deeper than [`MAX_DEPTH`]? Strings are skipped; the text need not be valid.
pub fn too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut rest) = (0usize, bytes);
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => rest = after_string(tail),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// What follows the string whose opening quote has just been read.
fn after_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        let skip = if rest.get(at) == Some(&b'"') { 1 } else { 2 };
        let tail = rest.get(at + skip..).unwrap_or_default();
        if skip == 1 {
            return tail;
        }
        rest = tail;
    }
    &[]
}
