//! What an item says: text, or parts of several types.
//!
//! <https://platform.openai.com/docs/api-reference/responses/create#responses-create-input>

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::errors::ApiError;
use crate::hub::request::{self, File, PartKind};
use crate::json::optional_text;

/// What an item says.
#[derive(Default)]
pub(super) enum Content<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

/// The members that the types of parts have.
#[derive(Deserialize)]
pub(super) struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    refusal: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    image_url: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    file_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    file_data: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    file_url: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    filename: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    cache_control: Option<&'a RawValue>,
}

impl<'a> Content<'a> {
    /// The same in the hub's words. `path` is where it stands.
    pub(super) fn read(self, path: &str) -> Result<request::Content<'a>, ApiError> {
        match self {
            Self::None => Ok(request::Content::None),
            Self::Text(text) => Ok(request::Content::Text(text)),
            Self::Parts(parts) => {
                let read = |(at, part): (usize, Part<'a>)| part.read(&format!("{path}[{at}]"));
                let parts: Result<_, _> = parts.into_iter().enumerate().map(read).collect();
                parts.map(request::Content::Parts)
            }
        }
    }
}

impl<'a> Part<'a> {
    fn read(self, path: &str) -> Result<request::Part<'a>, ApiError> {
        let cache_control = self.cache_control;
        let missing = |name: &str| lacks(&format!("{path}.{name}"));
        let kind = match self.kind.as_ref() {
            "input_text" | "output_text" | "text" => PartKind::Text(self.text.ok_or_else(|| missing("text"))?),
            "refusal" => PartKind::Refusal(self.refusal.ok_or_else(|| missing("refusal"))?),
            "input_image" if self.image_url.is_none() && self.file_id.is_some() => {
                return Err(super::request::needs_state(&format!("{path}.file_id")));
            }
            "input_image" => PartKind::ImageUrl(self.image_url.ok_or_else(|| missing("image_url"))?),
            "input_file" => PartKind::File(self.file(path)?),
            other => {
                let message = format!("Invalid `{path}`: content of type `{other}` cannot be sent to this provider.");
                return Err(ApiError::invalid(message).param(path).code("unsupported_value"));
            }
        };
        Ok(request::Part { kind, cache_control })
    }

    /// A URL with the data in it is as good as the data; the hub has no word for others.
    fn file(self, path: &str) -> Result<File<'a>, ApiError> {
        let Self { file_data, file_id, file_url, filename, .. } = self;
        let is_far = file_url.as_deref().is_some_and(|url| !url.starts_with("data:"));
        if is_far && file_data.is_none() && file_id.is_none() {
            let path = format!("{path}.file_url");
            let message = format!("Invalid `{path}`: this provider is not sent files by URL; send `file_data`.");
            return Err(ApiError::invalid(message).param(path).code("unsupported_value"));
        }
        Ok(File { file_data: file_data.or(file_url.filter(|_| !is_far)), file_id, filename })
    }
}

pub(super) fn lacks(path: &str) -> ApiError {
    ApiError::invalid(format!("The request must have `{path}`.")).param(path).code("missing_required_parameter")
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Said;
        impl<'de> Visitor<'de> for Said {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of content parts")
            }

            fn visit_unit<E>(self) -> Result<Content<'de>, E> {
                Ok(Content::None)
            }

            fn visit_str<E>(self, text: &str) -> Result<Content<'de>, E> {
                Ok(Content::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'de>, E> {
                Ok(Content::Text(Cow::Borrowed(text)))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut parts: S) -> Result<Content<'de>, S::Error> {
                let mut out = Vec::new();
                while let Some(part) = parts.next_element()? {
                    out.push(part);
                }
                Ok(Content::Parts(out))
            }
        }
        json.deserialize_any(Said)
    }
}
