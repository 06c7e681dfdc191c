//! Where the model is to stop.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::Visitor;

use crate::json::Text;

/// `stop`: one sequence or a list of them.
pub(super) struct Stop<'a>(pub(super) Vec<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Stop<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Sequences;
        impl<'de> Visitor<'de> for Sequences {
            type Value = Stop<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E>(self, text: &str) -> Result<Stop<'de>, E> {
                Ok(Stop(vec![Cow::Owned(text.to_owned())]))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Stop<'de>, E> {
                Ok(Stop(vec![Cow::Borrowed(text)]))
            }

            fn visit_seq<S: serde::de::SeqAccess<'de>>(self, mut list: S) -> Result<Stop<'de>, S::Error> {
                let mut out = Vec::new();
                while let Some(Text(text)) = list.next_element()? {
                    out.push(text);
                }
                Ok(Stop(out))
            }
        }
        json.deserialize_any(Sequences)
    }
}
