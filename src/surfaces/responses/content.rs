//! What an item says: text, or parts of several types.
//!
//! <https://platform.openai.com/docs/api-reference/responses/create#responses-create-input>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::errors::ApiError;
use crate::hub::request::{self, File, PartKind};
use crate::json::optional_text;

/// What an item says.
pub(super) type Content<'a> = request::Content<'a, Part<'a>>;

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

/// The same in the hub's words. `path` is where it stands.
pub(super) fn read<'a>(content: Content<'a>, path: &str) -> Result<request::Content<'a>, ApiError> {
    match content {
        Content::None => Ok(request::Content::None),
        Content::Text(text) => Ok(request::Content::Text(text)),
        Content::Parts(parts) => {
            let read = |(at, part): (usize, Part<'a>)| part.read(&format!("{path}[{at}]"));
            let parts: Result<_, _> = parts.into_iter().enumerate().map(read).collect();
            parts.map(request::Content::Parts)
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
