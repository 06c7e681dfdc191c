//! Policies as they are written: in the document, and in the metadata of routes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Timeouts;

/// What a route leaves of the document. In the metadata of a virtual host or a route these fields stand under
/// `filter_metadata.tollhouse`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// A policy of the document, with which this one begins. For metadata only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// `false`: this is no route of ours, and its requests pass as they are, whoever sends them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The only APIs that are served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surfaces: Option<Vec<Surface>>,
    /// The only models that may be asked for, by keys that may: names, targets (`openai/gpt-5-mini`), all of a provider
    /// (`openai/*`), everything (`*`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// The model that is meant where a request names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
    /// Clocks, where they are shorter than the model's.
    #[serde(default, skip_serializing_if = "Timeouts::is_empty")]
    pub timeouts: Timeouts,
    /// `true`: limits count and tell, and refuse nothing. For policies of the document only: who writes routes may not
    /// lift limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<bool>,
    /// Who pays for keys that have no team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Tags of all requests: `{ feature: search }`. They hold against those that a request brings, and not against the
    /// key's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// An API of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say all")]
pub enum Surface {
    Chat,
    Completions,
    CountTokens,
    Embeddings,
    /// Files and batches.
    Files,
    ImageEdits,
    ImageGenerations,
    ImageVariations,
    Messages,
    /// The list of models.
    Models,
    Moderations,
    Rerank,
    Responses,
    Speech,
    Transcriptions,
    Translations,
}

impl Surface {
    /// Its name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "completions",
            Self::CountTokens => "count_tokens",
            Self::Embeddings => "embeddings",
            Self::Files => "files",
            Self::ImageEdits => "image_edits",
            Self::ImageGenerations => "image_generations",
            Self::ImageVariations => "image_variations",
            Self::Messages => "messages",
            Self::Models => "models",
            Self::Moderations => "moderations",
            Self::Rerank => "rerank",
            Self::Responses => "responses",
            Self::Speech => "speech",
            Self::Transcriptions => "transcriptions",
            Self::Translations => "translations",
        }
    }
}
