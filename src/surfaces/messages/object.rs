//! Objects inside a request, which know where they are.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{FieldError, Object, Text, without_position};

/// An object inside a request.
pub(super) struct Placed<'a> {
    /// Its bytes.
    pub(super) raw: &'a RawValue,
    object: Object<'a>,
    /// `messages[2].content[0]`
    path: String,
}

impl<'a> Placed<'a> {
    /// Reads the object at `path`.
    ///
    /// # Errors
    /// It is no object.
    pub(super) fn read(raw: &'a RawValue, path: String) -> Result<Self, FieldError> {
        match Object::parse(raw.get().as_bytes()) {
            Ok(object) => Ok(Self { raw, object, path }),
            Err(e) => Err(FieldError { path, reason: without_position(&e.to_string()) }),
        }
    }

    /// The bytes of a member; a `null` counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.object.get(name)
    }

    /// The path of a member.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    /// A member that may be absent.
    ///
    /// # Errors
    /// It has another type.
    pub(super) fn optional<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, FieldError> {
        let placed = |error: FieldError| FieldError { path: self.path(&error.path), ..error };
        self.object.read(name).map_err(placed)
    }

    /// A text that may be absent.
    ///
    /// # Errors
    /// It has another type.
    pub(super) fn optional_text(&self, name: &str) -> Result<Option<Cow<'a, str>>, FieldError> {
        Ok(self.optional::<Text<'a>>(name)?.map(|text| text.0))
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// It is missing, or has another type.
    pub(super) fn text(&self, name: &str) -> Result<Cow<'a, str>, FieldError> {
        self.optional_text(name)?.ok_or_else(|| self.missing(name))
    }

    /// An object that must be there.
    ///
    /// # Errors
    /// It is missing, or has another type.
    pub(super) fn object(&self, name: &str) -> Result<Placed<'a>, FieldError> {
        Placed::read(self.get(name).ok_or_else(|| self.missing(name))?, self.path(name))
    }

    /// The type of the object; empty when it says none.
    ///
    /// # Errors
    /// It is no text.
    pub(super) fn kind(&self) -> Result<Cow<'a, str>, FieldError> {
        Ok(self.optional_text("type")?.unwrap_or_default())
    }

    fn missing(&self, name: &str) -> FieldError {
        FieldError { path: self.path(name), reason: "Field required".to_owned() }
    }

    /// Says that a member has a value which nobody knows.
    pub(super) fn unknown(&self, name: &str, value: &str, expected: &str) -> FieldError {
        FieldError { path: self.path(name), reason: format!("`{value}` is unknown, expected {expected}") }
    }
}

/// The elements of a list, with their paths.
///
/// # Errors
/// It is no list.
pub(super) fn list<'a>(raw: &'a RawValue, path: &str) -> Result<Vec<Placed<'a>>, FieldError> {
    let raws: Vec<&'a RawValue> = serde_json::from_str(raw.get())
        .map_err(|e| FieldError { path: path.to_owned(), reason: without_position(&e.to_string()) })?;
    raws.into_iter().enumerate().map(|(at, raw)| Placed::read(raw, format!("{path}[{at}]"))).collect()
}
