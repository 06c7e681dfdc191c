//! Reading values of providers that are only nearly compatible: a member of the wrong type counts as absent and
//! does not cost the caller the rest of the answer.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A string, or nothing.
pub(super) fn text<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    json.deserialize_any(Lax).map(|value| match value {
        Value::Text(text) => Some(text),
        Value::Number(_) | Value::Other => None,
    })
}

/// A whole number that is not negative, or nothing.
pub(super) fn number<'de, D: Deserializer<'de>>(json: D) -> Result<Option<u64>, D::Error> {
    json.deserialize_any(Lax).map(|value| match value {
        Value::Number(number) => Some(number),
        Value::Text(_) | Value::Other => None,
    })
}

/// Is the member there, whatever it holds?
pub(super) fn present<'de, D: Deserializer<'de>>(json: D) -> Result<bool, D::Error> {
    json.deserialize_ignored_any(IgnoredAny).map(|IgnoredAny| true)
}

enum Value<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    Other,
}

struct Lax;

impl<'de> Visitor<'de> for Lax {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(u64::try_from(number).map_or(Value::Other, Value::Number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // Up to 2^53 a float holds every whole number.
        let whole = (0.0..=9_007_199_254_740_992.0).contains(&number);
        Ok(if whole { Value::Number(number as u64) } else { Value::Other })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}
