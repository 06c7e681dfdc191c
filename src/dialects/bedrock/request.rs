//! Requests.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_RequestSyntax>

use std::borrow::Cow;

use serde::Serialize;

use super::blocks::{Block, Turn};
use super::extra::{self, Extra};
use super::finish::STOP_SEQUENCE;
use super::media::Names;
use super::messages::Writer;
use super::model::Model;
use super::tools::{self, ToolConfig};
use crate::dialects::Outbound;
use crate::dialects::anthropic::blocks as from;
use crate::dialects::anthropic::host::Host;
use crate::dialects::anthropic::messages::Conversation;
use crate::dialects::anthropic::request::{json, stop_sequences, unknown};
use crate::dialects::anthropic::sampling::sampling;
use crate::dialects::anthropic::schema::{Form, form};
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::{JsonSchema, ResponseFormat};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "InferenceConfig::is_empty")]
    inference_config: InferenceConfig<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Extra::is_empty")]
    additional_model_request_fields: Extra<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_response_field_paths: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<Typed<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
}

impl InferenceConfig<'_> {
    fn is_empty(&self) -> bool {
        self.max_tokens.is_none()
            && self.temperature.is_none()
            && self.top_p.is_none()
            && self.stop_sequences.is_empty()
    }
}

/// <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig<'a> {
    text_format: TextFormat<'a>,
}

#[derive(Serialize)]
struct TextFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    structure: Structure<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Structure<'a> {
    JsonSchema {
        #[serde(skip_serializing_if = "str::is_empty")]
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        /// JSON in a string.
        schema: String,
    },
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

#[derive(Serialize)]
struct Typed<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
}

/// Writes a request for the model of this id.
pub(super) fn write(chat: &ChatRequest<'_>, id: &str) -> Result<Outbound, ApiError> {
    let mut dropped = unknown(chat)?;
    let body = body(chat, Model::named(id), &mut dropped)?;
    Ok(Outbound { body: json(chat, &body)?, dropped, headers: Vec::new() })
}

fn body<'a>(
    chat: &'a ChatRequest<'a>,
    model: Model,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Body<'a>, ApiError> {
    let talk = Conversation::of(chat, Host::Converse)?;
    let thinking = extra::thinking(chat, model, talk.calls_without_thinking(), dropped)?;
    let tools = tools::plan(chat, model, (uses_tools(&talk), thinking.on), dropped)?;
    let sampling = sampling(chat, model.claude, thinking.on, dropped);
    let (output_config, instruction) = output(chat, model);
    let stop_sequences = stop_sequences(chat, dropped);
    let tells_stop = model.is_claude() && !stop_sequences.is_empty();
    let mut writer = Writer { caches: model.caches(), names: Names::default() };
    let mut system = writer.blocks(talk.system);
    system.extend(instruction.map(|text| Block::Text(text.into())));
    Ok(Body {
        messages: writer.turns(talk.turns, chat.cache_control),
        system,
        inference_config: InferenceConfig {
            max_tokens: thinking.max_tokens,
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            stop_sequences,
        },
        tool_config: tools.config,
        additional_model_request_fields: thinking.extra.and(tools.choice).top_k(sampling.top_k, model, dropped),
        additional_model_response_field_paths: tells_stop.then_some([STOP_SEQUENCE]),
        output_config,
        request_metadata: metadata(chat, dropped),
        service_tier: service_tier(chat, dropped),
    })
}

/// Bedrock wants tools where there are calls or results.
fn uses_tools(talk: &Conversation<'_>) -> bool {
    let mut blocks = talk.turns.iter().flat_map(|turn| &turn.content);
    blocks.any(|block| matches!(block, from::Block::ToolUse { .. } | from::Block::ToolResult { .. }))
}

/// The schema of the answer, or words that say it where the model knows none.
fn output<'a>(chat: &'a ChatRequest<'a>, model: Model) -> (Option<OutputConfig<'a>>, Option<String>) {
    let Form { format, instruction } = form(chat.response_format.as_ref(), model.keeps_schemas());
    let (Some(format), Some(ResponseFormat::JsonSchema(wanted))) = (format, &chat.response_format) else {
        return (None, instruction);
    };
    let JsonSchema { name, description, .. } = wanted;
    let structure = Structure::JsonSchema { name, description: description.as_deref(), schema: format.text() };
    (Some(OutputConfig { text_format: TextFormat { kind: "json_schema", structure } }), instruction)
}

/// What AWS writes into its own logs of the request, which takes few letters.
fn metadata<'a>(chat: &'a ChatRequest<'_>, dropped: &mut Vec<Cow<'static, str>>) -> Option<Metadata<'a>> {
    let user_id = chat.user.as_deref()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ":_@$#=/+,-.".contains(c);
    if (1..=256).contains(&user_id.len()) && user_id.chars().all(plain) {
        return Some(Metadata { user_id });
    }
    dropped.push(Cow::Borrowed("user"));
    None
}

/// <https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html>
fn service_tier<'a>(chat: &'a ChatRequest<'_>, dropped: &mut Vec<Cow<'static, str>>) -> Option<Typed<'a>> {
    match chat.service_tier.as_deref()? {
        "auto" => None,
        kind @ ("default" | "flex" | "priority") => Some(Typed { kind }),
        _ => {
            dropped.push(Cow::Borrowed("service_tier"));
            None
        }
    }
}
