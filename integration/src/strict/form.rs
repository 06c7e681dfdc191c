//! Forms with files.
//!
//! <https://www.rfc-editor.org/rfc/rfc7578>

use super::{Fault, require};
use crate::provider::Seen;

/// The fields of a form.
pub(super) struct Form(Vec<Field>);

struct Field {
    name: String,
    file: Option<String>,
    value: Vec<u8>,
}

impl Form {
    /// Reads a form whose every field is one of these.
    pub(super) fn read(seen: &Seen, known: &[&str]) -> Result<Self, Fault> {
        let (_, boundary) =
            seen.head.get("content-type").and_then(|kind| kind.split_once("boundary=")).ok_or("no form")?;
        let edge = format!("\r\n--{}", boundary.trim_matches('"'));
        // The first edge has no line before it.
        let body = [b"\r\n", seen.body.as_slice()].concat();
        let parts = split(&body, edge.as_bytes());
        let (last, fields) = parts.split_last().ok_or("no parts")?;
        require(last.starts_with(b"--"), || "a form without its end".to_owned())?;
        let fields = fields.iter().skip(1).map(|part| Field::read(part)).collect::<Result<Vec<_>, _>>()?;
        let unknown = fields.iter().find(|field| !known.contains(&field.name.as_str()));
        require(unknown.is_none(), || format!("unknown field {:?}", unknown.map(|field| &field.name)))?;
        Ok(Self(fields))
    }

    /// The text of a field.
    pub(super) fn text(&self, name: &str) -> Result<&str, Fault> {
        let field = self.field(name)?;
        require(field.file.is_none(), || format!("{name} is a file"))?;
        std::str::from_utf8(&field.value).map_err(|e| e.to_string())
    }

    /// The name and content of a file.
    pub(super) fn file(&self, name: &str) -> Result<(&str, &[u8]), Fault> {
        let field = self.field(name)?;
        Ok((field.file.as_deref().ok_or_else(|| format!("{name} is no file"))?, &field.value))
    }

    fn field(&self, name: &str) -> Result<&Field, Fault> {
        let mut found = self.0.iter().filter(|field| field.name == name);
        let field = found.next().ok_or_else(|| format!("no {name}"))?;
        require(found.next().is_none(), || format!("two of {name}"))?;
        Ok(field)
    }
}

impl Field {
    fn read(part: &[u8]) -> Result<Self, Fault> {
        let end = find(part, b"\r\n\r\n").ok_or("a part without a head")?;
        let head = String::from_utf8_lossy(&part[..end]);
        let named = |word: &str| {
            let (_, rest) = head.split_once(&format!("; {word}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let name = named("name").ok_or("a part without a name")?;
        Ok(Self { name, file: named("filename"), value: part[end + 4..].to_vec() })
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn split<'a>(mut text: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = find(text, by) {
        parts.push(&text[..at]);
        text = &text[at + by.len()..];
    }
    parts.push(text);
    parts
}
