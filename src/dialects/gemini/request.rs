//! Requests.
//!
//! <https://ai.google.dev/api/generate-content#request-body>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::contents::Conversation;
use super::model::Model;
use super::parts::{Part, Turn};
use super::schema;
use super::thinking::{Thinking, thinking};
use super::tools::{self, ToolConfig, Tools};
use crate::dialects::Outbound;
use crate::dialects::unsaid;
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::ResponseFormat;

/// Members that are written, though few providers take them.
const TAKEN: &[&str] = &["frequency_penalty", "n", "presence_penalty", "seed"];

/// <https://ai.google.dev/api/generate-content#generationconfig>
const MAX_STOPS: usize = 5;
const MAX_CANDIDATES: u32 = 8;

const INSTRUCTION: &str = "Answer with one JSON object and nothing else: no text around it, no code fence.";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    contents: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Instruction<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    generation_config: Generation<'a>,
}

#[derive(Serialize)]
struct Instruction<'a> {
    parts: Vec<Part<'a>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Generation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_schema: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Thinking>,
}

type Dropped = Vec<Cow<'static, str>>;

/// Writes a request for the model of this name.
pub(super) fn write(chat: &ChatRequest<'_>, name: &str) -> Result<Outbound, ApiError> {
    unsaid::refuse_audio(chat)?;
    let model = Model::named(name);
    let mut dropped = unmet(chat);
    let mut talk = Conversation::of(chat, model)?;
    let mut generation = generation(chat, model, &mut dropped)?;
    let instruction = form(chat, model, &mut generation, &mut dropped);
    talk.system.extend(instruction.map(|text| Part::Text(Cow::Owned(text))));
    let body = Body {
        contents: talk.turns,
        system_instruction: (!talk.system.is_empty()).then_some(Instruction { parts: talk.system }),
        tools: tools::tools(chat, model)?,
        tool_config: tools::choice(chat)?,
        generation_config: generation,
    };
    let body = serde_json::to_vec(&body).map_err(|e| ApiError::new(500, format!("the request: {e}")))?;
    Ok(Outbound { body, dropped, headers: Vec::new() })
}

fn generation<'a>(chat: &'a ChatRequest<'a>, model: Model, dropped: &mut Dropped) -> Result<Generation<'a>, ApiError> {
    let seed = chat.seed.and_then(|seed| i32::try_from(seed).ok());
    if seed.is_none() && chat.seed.is_some() {
        dropped.push(Cow::Borrowed("seed"));
    }
    Ok(Generation {
        temperature: chat.temperature.map(|wish| wish.clamp(0.0, 2.0)),
        top_p: chat.top_p,
        top_k: chat.top_k,
        candidate_count: candidates(chat)?,
        max_output_tokens: chat.max_tokens,
        stop_sequences: stops(chat, dropped),
        presence_penalty: chat.presence_penalty,
        frequency_penalty: chat.frequency_penalty,
        seed,
        thinking_config: thinking(chat, model, dropped)?,
        ..Generation::default()
    })
}

fn candidates(chat: &ChatRequest<'_>) -> Result<Option<u32>, ApiError> {
    match chat.n {
        None | Some(1) => Ok(None),
        Some(n) if (2..=MAX_CANDIDATES).contains(&n) => Ok(Some(n)),
        Some(n) => Err(ApiError::invalid(format!("n: this provider writes 1 to 8 choices, not {n}")).param("n")),
    }
}

fn stops<'a>(chat: &'a ChatRequest<'_>, dropped: &mut Dropped) -> Vec<&'a str> {
    let said = chat.stop.iter().map(AsRef::as_ref).filter(|stop: &&str| !stop.is_empty());
    let taken: Vec<_> = said.take(MAX_STOPS).collect();
    if taken.len() < chat.stop.len() {
        dropped.push(Cow::Borrowed("stop"));
    }
    taken
}

/// The form of the answer. Models before the third generation refuse to be asked for JSON while they have tools: they
/// are told in words, which they may not heed, and the caller hears of it.
///
/// <https://ai.google.dev/gemini-api/docs/structured-output>
fn form<'a>(
    chat: &'a ChatRequest<'a>,
    model: Model,
    out: &mut Generation<'a>,
    dropped: &mut Dropped,
) -> Option<String> {
    let schema = match chat.response_format.as_ref()? {
        ResponseFormat::Text => return None,
        ResponseFormat::JsonObject => None,
        ResponseFormat::JsonSchema(wanted) => wanted.schema,
    };
    if !chat.tools.is_empty() && !model.takes_tools_with_json() {
        dropped.push(Cow::Borrowed("response_format"));
        return Some(match schema {
            Some(schema) => format!("{INSTRUCTION} It must match this JSON Schema:\n{schema}"),
            None => INSTRUCTION.to_owned(),
        });
    }
    out.response_mime_type = Some("application/json");
    if model.takes_json_schema() {
        out.response_json_schema = schema;
    } else {
        out.response_schema = schema.and_then(schema::subset);
    }
    None
}

/// Members that Gemini has no word for and that the caller may miss.
fn unmet(chat: &ChatRequest<'_>) -> Dropped {
    let mut dropped: Dropped = unsaid::members(chat, TAKEN).collect();
    if chat.parallel_tool_calls == Some(false) && !chat.tools.is_empty() {
        dropped.push(Cow::Borrowed("parallel_tool_calls"));
    }
    if chat.service_tier.as_deref().is_some_and(|tier| !matches!(tier, "auto" | "default")) {
        dropped.push(Cow::Borrowed("service_tier"));
    }
    dropped
}
