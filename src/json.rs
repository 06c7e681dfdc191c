//! JSON objects that keep their order and the bytes of their values.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

mod misfit;
mod scan;

pub(crate) use misfit::without_position;
pub use misfit::{Misfit, read};
pub use scan::plain;

/// How deep a document may nest: `serde_json`'s own limit for typed values.
pub const MAX_DEPTH: usize = 127;

/// The members of one object in their order, values as the bytes that stood there.
///
/// A name that comes twice is an error: two readers could see two different requests.
#[derive(Debug, Default)]
pub struct Object<'a>(Vec<Member<'a>>);

/// Why bytes are no object that can be read.
#[derive(Debug)]
pub enum Unreadable {
    /// It nests deeper than [`MAX_DEPTH`].
    TooDeep,
    /// As [`Object::parse`] says.
    NoObject(serde_json::Error),
}

/// A name, and the bytes of its value.
type Member<'a> = (Cow<'a, str>, &'a RawValue);

impl<'a> Object<'a> {
    /// Reads one object; nested values are checked for syntax only.
    ///
    /// # Errors
    /// Not JSON, not an object, a name that comes twice, or text after the object.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        // It knows what is wrong, and where.
        Self::scan(bytes).map_or_else(|| serde_json::from_slice(bytes), Ok)
    }

    /// Reads one object that does not nest deeper than [`MAX_DEPTH`].
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn parse_shallow(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        match Self::scan(bytes) {
            Some(object) => Ok(object),
            None if too_deep(bytes) => Err(Unreadable::TooDeep),
            None => serde_json::from_slice(bytes).map_err(Unreadable::NoObject),
        }
    }

    fn scan(bytes: &'a [u8]) -> Option<Self> {
        scan::members(simdutf8::basic::from_utf8(bytes).ok()?).map(Self)
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
        let misfit = |error| FieldError::new(name, &Misfit::of(raw.get().as_bytes(), error));
        serde_json::from_str(raw.get()).map(Some).map_err(misfit)
    }

    /// Members in their order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(n, v)| (n.as_ref(), *v))
    }

    /// Members in their order, with names that live as long as the bytes.
    pub fn names(&self) -> impl Iterator<Item = (&Cow<'a, str>, &'a RawValue)> {
        self.0.iter().map(|(n, v)| (n, *v))
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
                let mut members: Vec<Member<'de>> = Vec::new();
                let mut seen = Names::default();
                while let Some(Text(name)) = map.next_key()? {
                    if !seen.add(&members, &name) {
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

/// The names of an object while it is read. A search by name is fastest for the few members of a request; a set
/// takes over before an object made to be slow gets slow.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    const FEW: usize = 64;

    /// Takes the name that follows `members`; `false` if it is among them.
    fn add(&mut self, members: &[Member<'_>], name: &str) -> bool {
        if members.len() < Self::FEW {
            return !members.iter().any(|(n, _)| n == name);
        }
        if self.0.is_empty() {
            self.0.extend(members.iter().map(|(n, _)| n.as_ref().to_owned()));
        }
        self.0.insert(name.to_owned())
    }
}

/// A string, borrowed where it has no escapes. Serde's own `Option<Cow<str>>` and `Vec<Cow<str>>` always copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// The string, or an empty one.
pub fn or_empty(text: Option<Text<'_>>) -> Cow<'_, str> {
    text.map(|text| text.0).unwrap_or_default()
}

/// A string that may be `null`, for `deserialize_with`.
///
/// # Errors
/// Another type.
pub fn optional_text<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Ok(Option::<Text<'de>>::deserialize(json)?.map(|text| text.0))
}

/// A string; `null` is an empty one. For `deserialize_with`.
///
/// # Errors
/// Another type.
pub fn text_or_empty<'de, D: Deserializer<'de>>(json: D) -> Result<Cow<'de, str>, D::Error> {
    Ok(optional_text(json)?.unwrap_or_default())
}

/// A value that may be `null`, which is its default. For `deserialize_with`.
///
/// # Errors
/// Another type.
pub fn or_default<'de, D, T>(json: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(json)?.unwrap_or_default())
}

/// Reads a value that may be missing or of another shape: then it says nothing.
pub fn lenient<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// A member that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where: `messages[2].content`.
    pub path: String,
    /// What was found, and what was expected.
    pub reason: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid `{}`: {}", self.path, self.reason)
    }
}

impl FieldError {
    fn new(name: &str, misfit: &Misfit) -> Self {
        let path = match misfit.path.as_str() {
            "" => name.to_owned(),
            rest if rest.starts_with('[') => format!("{name}{rest}"),
            rest => format!("{name}.{rest}"),
        };
        // Positions count from the member's start, which nobody sees.
        Self { path, reason: misfit.reason() }
    }
}

/// Appends `text` as a JSON string.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    // Writing a string to a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// `text` as a JSON string, quotes included.
pub fn string(text: &str) -> String {
    // Writing a string cannot fail.
    serde_json::to_string(text).unwrap_or_default()
}

/// Written values as one array.
pub fn array(values: impl Iterator<Item = Vec<u8>>) -> Option<String> {
    String::from_utf8(values.collect::<Vec<_>>().join(&b","[..])).ok().map(|list| format!("[{list}]"))
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

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn object(text: &str) -> Object<'_> {
        Object::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn an_object_keeps_order_and_bytes_of_values() {
        let text = r#"{ "b" : 1.50 , "a" : { "y":1, "x" : [ ] } }"#;
        let members: Vec<_> = object(text).members().map(|(n, v)| (n.to_owned(), v.get().to_owned())).collect();
        assert_eq!(members, [("b".into(), "1.50".into()), ("a".into(), r#"{ "y":1, "x" : [ ] }"#.into())]);
    }

    #[test]
    fn edits_replace_remove_and_append_and_leave_the_rest() {
        let text = r#"{"b": 1.50,"stream_options": {"x":1},"a":"\u00e9"}"#;
        let out = object(text).write_with(&[
            ("stream_options", None),
            ("b", Some("2".to_owned())),
            ("new", Some("[]".to_owned())),
            ("absent", None),
        ]);
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"b":2,"a":"\u00e9","new":[]}"#);
        assert_eq!(object("{}").write_with(&[]), b"{}");
    }

    #[test]
    fn a_name_that_comes_twice_is_refused_in_small_and_large_objects() {
        assert!(Object::parse(br#"{"a":1,"a":2}"#).is_err());
        assert!(Object::parse(br#"{"a":1,"\u0061":2}"#).is_err(), "escaped names are the same names");
        let many: Vec<String> = (0..500).map(|n| format!("\"m{n}\":0")).collect();
        let whole = format!("{{{}}}", many.join(","));
        assert_eq!(object(&whole).members().count(), 500);
        for twice in ["m0", "m63", "m64", "m499"] {
            let text = format!("{{{},\"{twice}\":1}}", many.join(","));
            let error = Object::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(twice), "{error}");
        }
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for text in ["", "[]", "1", "{", "{} {}", r#"{"a"}"#, r#"{"a":}"#, "null"] {
            assert!(Object::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn null_counts_as_absent() {
        let body = object(r#"{"a":null}"#);
        assert!(body.get("a").is_none());
        assert_eq!(body.read::<u64>("a"), Ok(None));
    }

    #[test]
    fn an_error_of_a_field_tells_its_path_and_both_types() {
        let error = object(r#"{"n":"x"}"#).read::<u64>("n").unwrap_err();
        assert_eq!(error.to_string(), "Invalid `n`: invalid type: string \"x\", expected u64");
        let error = object(r#"{"n":[1,{"a":2}]}"#).read::<Vec<u64>>("n").unwrap_err();
        assert_eq!(error.path, "n[1]");
    }

    #[test]
    fn strings_are_borrowed_unless_they_have_escapes() {
        let body = object(r#"{"plain":"text","escaped":"a\nb","list":["x"]}"#);
        assert!(matches!(body.read::<Text<'_>>("plain"), Ok(Some(Text(Cow::Borrowed("text"))))));
        assert!(matches!(body.read::<Text<'_>>("escaped"), Ok(Some(Text(Cow::Owned(_))))));
        let list = body.read::<Vec<Text<'_>>>("list").unwrap().unwrap();
        assert!(matches!(list.as_slice(), [Text(Cow::Borrowed("x"))]));
    }

    #[test]
    fn strings_are_written_with_the_escapes_of_json() {
        assert_eq!(string("a\"\\\n\u{1}é"), r#""a\"\\\n\u0001é""#);
    }

    #[test]
    fn depth_is_what_serde_json_reads_into_values() {
        let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert!(serde_json::from_slice::<serde_json::Value>(&nested(MAX_DEPTH)).is_ok());
        assert!(serde_json::from_slice::<serde_json::Value>(&nested(MAX_DEPTH + 1)).is_err());
        assert!(!too_deep(&nested(MAX_DEPTH)));
        assert!(too_deep(&nested(MAX_DEPTH + 1)));
        let side_by_side = format!("[{}[]]", "[],{},".repeat(1000));
        assert!(!too_deep(side_by_side.as_bytes()));
    }

    #[test]
    fn brackets_in_strings_are_not_depth() {
        let text = format!(r#"{{"a":"{}","b\\":"\"{}"}}"#, "[".repeat(300), "{".repeat(300));
        assert!(!too_deep(text.as_bytes()));
        assert!(!too_deep(format!("\"{}", "[".repeat(300)).as_bytes()), "an open string is no depth either");
    }
}
