//! Tools that the model may call, and which of them it must.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::optional_text;

/// A tool that the model may call.
#[derive(Debug, Deserialize)]
pub struct Tool<'a> {
    #[serde(borrow)]
    pub function: Function<'a>,
    /// An extension: the prompt up to here is worth caching.
    #[serde(borrow, default)]
    pub cache_control: Option<&'a RawValue>,
}

/// What a tool takes. The schema keeps its bytes: providers cache prompts by them.
#[derive(Debug, Deserialize)]
pub struct Function<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "optional_text")]
    pub description: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub parameters: Option<&'a RawValue>,
    #[serde(default)]
    pub strict: Option<bool>,
}

/// Which tools the model must or may use.
#[derive(Debug, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    Auto,
    None,
    Required,
    /// This one.
    Function(Cow<'a, str>),
    /// One of these, or none when `required` is false.
    Allowed {
        required: bool,
        names: Vec<Cow<'a, str>>,
    },
}

/// The object forms of `tool_choice`.
#[derive(Deserialize)]
struct Chosen<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "optional_text")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    function: Option<Named<'a>>,
    #[serde(borrow, default)]
    allowed_tools: Option<Allowed<'a>>,
}

#[derive(Deserialize)]
struct Allowed<'a> {
    #[serde(default)]
    mode: Mode,
    #[serde(borrow)]
    tools: Vec<AllowedTool<'a>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Auto,
    Required,
}

#[derive(Deserialize)]
struct AllowedTool<'a> {
    #[serde(borrow)]
    function: Named<'a>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

impl<'a> Chosen<'a> {
    fn read(self) -> Result<ToolChoice<'a>, String> {
        match (self.kind.as_deref(), self.function, self.allowed_tools) {
            (Some("function") | None, Some(function), _) => Ok(ToolChoice::Function(function.name)),
            (Some("allowed_tools"), _, Some(allowed)) => Ok(ToolChoice::Allowed {
                required: matches!(allowed.mode, Mode::Required),
                names: allowed.tools.into_iter().map(|tool| tool.function.name).collect(),
            }),
            (Some("function") | None, None, _) => Err("missing field `function`".to_owned()),
            (Some("allowed_tools"), _, None) => Err("missing field `allowed_tools`".to_owned()),
            (Some(kind), ..) => Err(format!("type `{kind}` is unknown, expected `function` or `allowed_tools`")),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ToolChoice<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Choice;
        impl<'de> Visitor<'de> for Choice {
            type Value = ToolChoice<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto`, `none`, `required` or an object that names a function")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<ToolChoice<'de>, E> {
                match word {
                    "auto" => Ok(ToolChoice::Auto),
                    "none" => Ok(ToolChoice::None),
                    "required" => Ok(ToolChoice::Required),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<ToolChoice<'de>, M::Error> {
                Chosen::deserialize(MapAccessDeserializer::new(map))?.read().map_err(M::Error::custom)
            }
        }
        json.deserialize_any(Choice)
    }
}

/// `function_call`, which preceded `tool_choice`: a word, or `{"name": "..."}`.
pub(super) struct LegacyChoice<'a>(pub(super) ToolChoice<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for LegacyChoice<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Choice;
        impl<'de> Visitor<'de> for Choice {
            type Value = LegacyChoice<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto`, `none` or an object with the name of a function")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<LegacyChoice<'de>, E> {
                match word {
                    "auto" => Ok(LegacyChoice(ToolChoice::Auto)),
                    "none" => Ok(LegacyChoice(ToolChoice::None)),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<LegacyChoice<'de>, M::Error> {
                let named = Named::deserialize(MapAccessDeserializer::new(map))?;
                Ok(LegacyChoice(ToolChoice::Function(named.name)))
            }
        }
        json.deserialize_any(Choice)
    }
}
