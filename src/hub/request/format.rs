//! The form of the text that is asked for.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;

use crate::json::{optional_text, text_or_empty};

/// The form of the text that is asked for.
#[derive(Debug)]
pub enum ResponseFormat<'a> {
    Text,
    JsonObject,
    JsonSchema(JsonSchema<'a>),
}

/// A schema that the answer must meet.
#[derive(Debug, Deserialize)]
pub struct JsonSchema<'a> {
    #[serde(borrow, default, deserialize_with = "text_or_empty")]
    pub name: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    pub description: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub schema: Option<&'a RawValue>,
    #[serde(default)]
    pub strict: Option<bool>,
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    json_schema: Option<JsonSchema<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for ResponseFormat<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(json)?;
        match members.kind.as_ref() {
            "text" => Ok(Self::Text),
            "json_object" => Ok(Self::JsonObject),
            "json_schema" => {
                members.json_schema.map(Self::JsonSchema).ok_or_else(|| D::Error::missing_field("json_schema"))
            }
            other => Err(D::Error::unknown_variant(other, &["text", "json_object", "json_schema"])),
        }
    }
}
