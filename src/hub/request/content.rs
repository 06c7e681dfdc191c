//! What a turn says: text, or parts of several types.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{Object, Text, optional_text, without_position};

/// What a turn says. Another API has the same with parts of its own.
#[derive(Debug, Default)]
pub enum Content<'a, P = Part<'a>> {
    /// `null` or absent.
    #[default]
    None,
    Text(Cow<'a, str>),
    Parts(Vec<P>),
}

/// A piece of content.
#[derive(Debug)]
pub struct Part<'a> {
    pub kind: PartKind<'a>,
    /// An extension: the prompt up to here is worth caching.
    pub cache_control: Option<&'a RawValue>,
}

/// Pieces by type.
#[derive(Debug)]
pub enum PartKind<'a> {
    Text(Cow<'a, str>),
    /// `image_url.url`: `https:` or `data:`.
    ImageUrl(Cow<'a, str>),
    File(File<'a>),
    Refusal(Cow<'a, str>),
    /// A type that the hub has no word for, such as `input_audio`: the type.
    Other(Cow<'a, str>),
}

/// A document, or sound: its data or an id of it.
#[derive(Debug, Default, Deserialize)]
pub struct File<'a> {
    /// A `data:` URL.
    #[serde(borrow, default, deserialize_with = "optional_text")]
    pub file_data: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    pub file_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    pub filename: Option<Cow<'a, str>>,
}

impl<'de: 'a, 'a, P: Deserialize<'de>> Deserialize<'de> for Content<'a, P> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Said<P>(PhantomData<P>);
        impl<'de, P: Deserialize<'de>> Visitor<'de> for Said<P> {
            type Value = Content<'de, P>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or a list of content parts")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Content::None)
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Borrowed(text)))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut parts: S) -> Result<Self::Value, S::Error> {
                let mut out = Vec::new();
                while let Some(part) = parts.next_element()? {
                    out.push(part);
                }
                Ok(Content::Parts(out))
            }
        }
        json.deserialize_any(Said(PhantomData))
    }
}

/// The members of a part, unread: what they hold depends on `type`, which may come last.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    image_url: Option<&'a RawValue>,
    #[serde(borrow, default)]
    file: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input_audio: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cache_control: Option<&'a RawValue>,
}

impl<'a> Members<'a> {
    fn kind(self) -> Result<PartKind<'a>, String> {
        match self.kind.as_ref() {
            "text" => text(self.text, "text").map(PartKind::Text),
            "refusal" => text(self.refusal, "refusal").map(PartKind::Refusal),
            "image_url" => image_url(self.image_url).map(PartKind::ImageUrl),
            "file" => required(self.file, "file").map(PartKind::File),
            "input_audio" => Ok(audio(self.input_audio).unwrap_or(PartKind::Other(self.kind))),
            _ => Ok(PartKind::Other(self.kind)),
        }
    }
}

/// Sound is a file too, one that says its type: `{"data": "...", "format": "wav"}`.
fn audio<'a>(raw: Option<&'a RawValue>) -> Option<PartKind<'a>> {
    #[derive(Deserialize)]
    struct Audio<'a> {
        #[serde(borrow)]
        data: Text<'a>,
        #[serde(borrow)]
        format: Text<'a>,
    }
    let Audio { data, format } = serde_json::from_str(raw?.get()).ok()?;
    let is_plain = !format.0.is_empty() && format.0.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let url = format!("data:audio/{};base64,{}", format.0, data.0);
    is_plain.then(|| PartKind::File(File { file_data: Some(Cow::Owned(url)), ..File::default() }))
}

/// `{"url": "..."}`; some clients write the bare string.
fn image_url(raw: Option<&RawValue>) -> Result<Cow<'_, str>, String> {
    if raw.is_some_and(|r| r.get().starts_with('"')) {
        return text(raw, "image_url");
    }
    let image: Object<'_> = required(raw, "image_url")?;
    text(image.get("url"), "image_url.url")
}

fn text<'a>(raw: Option<&'a RawValue>, name: &str) -> Result<Cow<'a, str>, String> {
    required::<Text<'a>>(raw, name).map(|text| text.0)
}

fn required<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>, name: &str) -> Result<T, String> {
    let raw = raw.ok_or_else(|| format!("missing field `{name}`"))?;
    serde_json::from_str(raw.get()).map_err(|e| format!("`{name}`: {}", without_position(&e.to_string())))
}

impl<'de: 'a, 'a> Deserialize<'de> for Part<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Said;
        impl<'de> Visitor<'de> for Said {
            type Value = Part<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a content part")
            }

            // An error that is made in here has the part's position.
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Part<'de>, M::Error> {
                let members = Members::deserialize(MapAccessDeserializer::new(map))?;
                let cache_control = members.cache_control;
                let kind = members.kind().map_err(M::Error::custom)?;
                Ok(Part { kind, cache_control })
            }
        }
        json.deserialize_map(Said)
    }
}
