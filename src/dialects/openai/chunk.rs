//! The bodies that providers send, as far as anyone reads them: chunks of a stream, and plain answers, which differ
//! from chunks only in saying `message` for `delta`.
//!
//! <https://platform.openai.com/docs/api-reference/chat-streaming/streaming>

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::content::Content;
use super::{lax, usage};
use crate::json::or_default;
use crate::stream::sse;
use crate::usage::{ServiceTier, Usage};

/// A chunk or a plain answer.
#[derive(Default, Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) object: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lax::number")]
    pub(super) created: Option<u64>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) model: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow, default)]
    pub(super) usage: Option<&'a RawValue>,
    /// What was asked for may not be what was granted.
    ///
    /// <https://platform.openai.com/docs/api-reference/chat/object#chat/object-service_tier>
    #[serde(borrow, default, deserialize_with = "lax::text")]
    service_tier: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    x_groq: Option<XGroq<'a>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    /// Padding against eavesdroppers who measure.
    #[serde(default, deserialize_with = "lax::present")]
    pub(super) obfuscation: bool,
    /// The same, shorter.
    #[serde(default, deserialize_with = "lax::present")]
    pub(super) p: bool,
}

impl<'a> Chunk<'a> {
    /// What has failed; OpenAI's SDKs take any true value for a failure.
    pub(super) fn error(&self) -> Option<&'a RawValue> {
        self.error.filter(|raw| !matches!(raw.get(), "false" | "\"\"" | "{}" | "0"))
    }

    /// Usage, where OpenAI puts it or where Groq does.
    pub(super) fn any_usage(&self) -> Option<Usage> {
        let usage = usage::read(self.usage.or(self.x_groq.as_ref().and_then(|x| x.usage))?)?;
        Some(Usage { service_tier: ServiceTier::named(self.service_tier.as_deref()), ..usage })
    }
}

#[derive(Deserialize)]
struct XGroq<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default, deserialize_with = "lax::number")]
    pub(super) index: Option<u64>,
    #[serde(borrow, default)]
    pub(super) delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<Delta<'a>>,
    /// Completions, which preceded chat, have this only.
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Finish<'a>,
    /// vLLM's, and those of others that run on it: the stop sequence that was met, or a number of a token.
    ///
    /// <https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html>
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) stop_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

/// A `finish_reason`.
#[derive(Default)]
pub(super) enum Finish<'a> {
    #[default]
    Absent,
    Null,
    Word(Cow<'a, str>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Finish<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Ok(lax::text(json)?.map_or(Self::Null, Self::Word))
    }
}

/// What a choice says, or says next.
#[derive(Default, Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) role: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) content: Content<'a>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) refusal: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) reasoning_content: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) reasoning: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) reasoning_details: Vec<ReasoningDetail<'a>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) tool_calls: Vec<CallDelta<'a>>,
    #[serde(borrow, default)]
    pub(super) function_call: Option<FunctionDelta<'a>>,
}

/// OpenRouter's form of reasoning.
///
/// <https://openrouter.ai/docs/use-cases/reasoning-tokens>
#[derive(Deserialize)]
pub(super) struct ReasoningDetail<'a> {
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) summary: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
pub(super) struct CallDelta<'a> {
    #[serde(default, deserialize_with = "lax::number")]
    pub(super) index: Option<u64>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type", deserialize_with = "lax::text")]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) function: FunctionDelta<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct FunctionDelta<'a> {
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) name: Option<Cow<'a, str>>,
    /// A string of JSON; from some servers JSON itself.
    #[serde(borrow, default)]
    pub(super) arguments: Option<&'a RawValue>,
}

/// What one event of a stream is.
pub(super) enum Said<'a> {
    Chunk(Chunk<'a>),
    /// `[DONE]`, or whatever begins so: the SDKs look no further.
    End,
    /// An event that is named `error`, or one of vLLM's and Mistral's whose `object` is.
    Failure(&'a str),
    /// Blank, or no JSON object. Such events are skipped.
    Nothing,
}

impl<'a> Said<'a> {
    pub(super) fn by(event: &'a sse::Event) -> Self {
        let data = event.data.trim();
        if data.starts_with("[DONE]") {
            return Self::End;
        }
        match serde_json::from_str::<Chunk<'a>>(data) {
            Ok(chunk) if chunk.error().is_some() => Self::Chunk(chunk),
            Ok(chunk) if chunk.object.as_deref() == Some("error") => Self::Failure(data),
            Ok(chunk) if event.name != "error" => Self::Chunk(chunk),
            _ if event.name == "error" => Self::Failure(data),
            Ok(_) => Self::Nothing,
            Err(error) => {
                if !data.is_empty() {
                    log::debug!("an event that is no chunk was skipped: {error}");
                }
                Self::Nothing
            }
        }
    }
}
