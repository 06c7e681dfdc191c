//! One part of a form.

use std::ops::Range;

use memchr::memmem;

use super::Malformed;

/// More than the headers of any part need.
const MAX_HEAD: usize = 4096;

/// A part: its name, and where its value is.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    pub(super) is_file: bool,
    pub(super) value: Range<usize>,
}

impl<'a> Part<'a> {
    /// Reads what stands between two boundaries: a line end, headers, an empty line, the value, a line end.
    pub(super) fn read(body: &'a [u8], between: Range<usize>) -> Result<Self, Malformed> {
        let bytes = body.get(between.clone()).unwrap_or_default();
        let inner = bytes.strip_prefix(b"\r\n").and_then(|rest| rest.strip_suffix(b"\r\n"));
        let inner = inner.ok_or(Malformed("its boundary does not stand on lines of its own"))?;
        let near = inner.get(..MAX_HEAD).unwrap_or(inner);
        let end = memmem::find(near, b"\r\n\r\n").ok_or(Malformed("the headers of a part do not end"))?;
        let head = near.get(..end).and_then(|head| std::str::from_utf8(head).ok());
        let (name, is_file) = disposition(head.ok_or(Malformed("the headers of a part are not text"))?)?;
        let start = between.start + 2 + end + 4;
        Ok(Self { name, is_file, value: start..between.end - 2 })
    }
}

/// The name of a part, and whether it is a file, by its headers.
fn disposition(head: &str) -> Result<(&str, bool), Malformed> {
    let mut found = None;
    for line in head.split("\r\n") {
        // A line that begins with a space goes on with the one before: some readers know, others do not.
        if line.starts_with([' ', '\t']) || line.contains(|c: char| c.is_control() && c != '\t') {
            return Err(Malformed("a header of a part is broken"));
        }
        let (name, value) = line.split_once(':').ok_or(Malformed("a header of a part is broken"))?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        match name.as_str() {
            "content-disposition" if found.is_some() => return Err(Malformed("a part has two names")),
            "content-disposition" => found = Some(named(value)?),
            "content-transfer-encoding" if !is_plain(value) => return Err(Malformed("a part is encoded")),
            _ if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
                return Err(Malformed("a header of a part is broken"));
            }
            _ => {}
        }
    }
    found.ok_or(Malformed("a part has no name"))
}

/// Encodings that encode nothing.
fn is_plain(encoding: &str) -> bool {
    ["7bit", "8bit", "binary"].iter().any(|plain| encoding.eq_ignore_ascii_case(plain))
}

/// Reads `form-data; name="model"`, with a name of a file or without.
fn named(value: &str) -> Result<(&str, bool), Malformed> {
    const BROKEN: Malformed = Malformed("the name of a part cannot be read");
    let (kind, mut rest) = value.split_once(';').ok_or(BROKEN)?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(BROKEN);
    }
    let (mut name, mut is_file) = (None, false);
    loop {
        let (parameter, value) = rest.split_once('=').ok_or(BROKEN)?;
        let (text, after) = parameter_value(value).ok_or(BROKEN)?;
        match parameter.trim().to_ascii_lowercase().as_str() {
            "name" if name.is_none() && is_name(text) => name = Some(text),
            "filename" | "filename*" => is_file = true,
            _ => return Err(BROKEN),
        }
        match after.trim_start() {
            "" => return name.map(|name| (name, is_file)).ok_or(BROKEN),
            more => rest = more.strip_prefix(';').ok_or(BROKEN)?,
        }
    }
}

/// A value, quoted or not, and what follows it.
fn parameter_value(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('"') {
        // Quotes inside of quotes are written in three ways, each of which somebody does not read.
        Some(quoted) => quoted.split_once('"').filter(|(value, _)| !value.contains('\\')),
        None => {
            let (value, rest) = text.find(';').and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""));
            let value = value.trim_end();
            let good = !value.is_empty() && !value.contains([' ', '"', '\\', '=']);
            good.then_some((value, rest))
        }
    }
}

/// Names of fields as APIs have them: `file`, `image[]`, `timestamp_granularities[]`.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte))
}
