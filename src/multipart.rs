//! Forms (`multipart/form-data`), read so strictly that no other reader can see another form in the same bytes: what is
//! checked here is what a provider gets. Whatever readers differ on is refused.
//!
//! <https://www.rfc-editor.org/rfc/rfc7578>, <https://www.rfc-editor.org/rfc/rfc2046#section-5.1>

use std::fmt;
use std::ops::Range;

use memchr::memmem;

mod part;

use part::Part;

/// More parts than any API takes.
const MAX_PARTS: usize = 256;

/// The longest boundary that is allowed.
const MAX_BOUNDARY: usize = 70;

/// A form, and where in its bytes each value is.
#[derive(Debug)]
pub struct Form<'a> {
    body: &'a [u8],
    delimiter: String,
    parts: Vec<Part<'a>>,
}

/// Why a body is no form that all read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'a> Form<'a> {
    /// Reads a body by the boundary that its content type names.
    ///
    /// # Errors
    /// It is no form, or one that not all read alike.
    pub fn parse(content_type: &str, body: &'a [u8]) -> Result<Self, Malformed> {
        let delimiter = format!("--{}", boundary(content_type)?);
        let mut parts = Vec::new();
        let mut begin = None;
        for at in memmem::find_iter(body, delimiter.as_bytes()) {
            match begin {
                None if at > 0 => return Err(Malformed("something stands before its first part")),
                None => {}
                Some(_) if parts.len() == MAX_PARTS => return Err(Malformed("it has too many parts")),
                Some(begin) => parts.push(Part::read(body, begin..at)?),
            }
            begin = Some(at + delimiter.len());
        }
        match begin.and_then(|end| body.get(end..)) {
            Some(b"--" | b"--\r\n") => Ok(Self { body, delimiter, parts }),
            Some(_) => Err(Malformed("it does not end with its boundary")),
            None => Err(Malformed("its boundary is not in it")),
        }
    }

    /// A value that is text; `None` if there is no part of this name.
    ///
    /// # Errors
    /// The part comes twice, is a file, or is not text.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Malformed> {
        let Some(part) = self.part(name)? else { return Ok(None) };
        if part.is_file {
            return Err(Malformed("it is a file, expected text"));
        }
        let bytes = self.body.get(part.value.clone()).unwrap_or_default();
        std::str::from_utf8(bytes).map(Some).map_err(|_| Malformed("it is not text in UTF-8"))
    }

    /// The same form with another value of this part, if there is such a part. All other bytes stay.
    ///
    /// # Errors
    /// The part comes twice.
    pub fn with(&self, name: &str, value: &str) -> Result<Vec<u8>, Malformed> {
        let Some(Range { start, end }) = self.part(name)?.map(|part| part.value.clone()) else {
            return Ok(self.body.to_vec());
        };
        let (before, after) = (self.body.get(..start), self.body.get(end..));
        Ok([before.unwrap_or_default(), value.as_bytes(), after.unwrap_or_default()].concat())
    }

    /// The same form with one more part, before all others.
    pub fn and(&self, name: &str, value: &str) -> Vec<u8> {
        let part = format!("{}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n", self.delimiter);
        [part.as_bytes(), self.body].concat()
    }

    /// The only part of this name.
    fn part(&self, name: &str) -> Result<Option<&Part<'a>>, Malformed> {
        let mut named = self.parts.iter().filter(|part| part.name == name);
        match (named.next(), named.next()) {
            (_, Some(_)) => Err(Malformed("it comes more than once")),
            (part, None) => Ok(part),
        }
    }
}

/// Is a body of this content type a form?
pub fn is_form(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("multipart/form-data")
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// The boundary that a content type names, as its only parameter.
fn boundary(content_type: &str) -> Result<&str, Malformed> {
    const MISSING: Malformed = Malformed("its content type does not name its boundary");
    let (_, parameter) = content_type.split_once(';').ok_or(MISSING)?;
    let (name, value) = parameter.split_once('=').ok_or(MISSING)?;
    if !name.trim().eq_ignore_ascii_case("boundary") {
        return Err(MISSING);
    }
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let good = |c: char| c.is_ascii_alphanumeric() || "'()+_,-./:=?".contains(c);
    let fits = !value.is_empty() && value.len() <= MAX_BOUNDARY && value.chars().all(good);
    if fits { Ok(value) } else { Err(Malformed("its boundary has characters that no boundary has")) }
}

#[cfg(test)]
mod tests;
