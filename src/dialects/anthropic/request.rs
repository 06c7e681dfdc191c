//! Requests.
//!
//! <https://docs.anthropic.com/en/api/messages>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::betas;
use super::blocks::{Block, Said, Turn};
use super::host::Host;
use super::messages::Conversation;
use super::model::Model;
use super::sampling::sampling;
use super::schema::{self, Form, Format};
use super::thinking::{self, Thinking};
use super::tools::{self, Choice, Tool};
use crate::dialects::Outbound;
use crate::dialects::unsaid;
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::{Content, PartKind};

/// The beta that lets files be named by id.
///
/// <https://docs.anthropic.com/en/docs/build-with-claude/files>
const FILES: &str = "files-api-2025-04-14";

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    anthropic_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Said<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking<'a>>,
    #[serde(skip_serializing_if = "OutputConfig::is_empty")]
    output_config: OutputConfig<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

impl OutputConfig<'_> {
    fn is_empty(&self) -> bool {
        self.effort.is_none() && self.format.is_none()
    }
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

/// Writes a request for `model`.
pub(super) fn write(chat: &ChatRequest<'_>, model: &str, host: Host) -> Result<Outbound, ApiError> {
    let mut dropped = unknown(chat)?;
    let body = body(chat, model, host, &mut dropped)?;
    let headers = if names_files(chat) { vec![(betas::HEADER, FILES.to_owned())] } else { Vec::new() };
    Ok(Outbound { body: json(chat, &body)?, dropped, headers })
}

/// Writes a body.
pub(in crate::dialects) fn json(chat: &ChatRequest<'_>, body: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    let mut json = Vec::with_capacity(room(chat));
    serde_json::to_writer(&mut json, body).map_err(|e| ApiError::new(500, format!("the request: {e}")))?;
    Ok(json)
}

fn body<'a>(
    chat: &'a ChatRequest<'a>,
    name: &'a str,
    host: Host,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Body<'a>, ApiError> {
    let model = Model::named(name);
    let talk = Conversation::of(chat, host)?;
    let plan = thinking::plan(chat, model, talk.calls_without_thinking(), dropped)?;
    let tools = tools::tools(chat, model)?;
    let mut tool_choice = tools::choice(chat, &tools)?;
    if plan.on && tool_choice.as_mut().is_some_and(Choice::relax) {
        dropped.push(Cow::Borrowed("tool_choice"));
    }
    let sampling = sampling(chat, model, plan.on, dropped);
    let Form { format, instruction } = schema::form(chat.response_format.as_ref(), model.keeps_schemas());
    Ok(Body {
        anthropic_version: host.version(),
        model: host.version().is_none().then_some(name),
        max_tokens: plan.max_tokens,
        system: system(talk.system, instruction),
        messages: talk.turns,
        tools,
        tool_choice,
        thinking: plan.thinking,
        output_config: OutputConfig { effort: plan.effort, format },
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        top_k: sampling.top_k,
        stop_sequences: stop_sequences(chat, dropped),
        stream: chat.stream && host.has_stream(),
        metadata: chat.user.as_deref().map(|user_id| Metadata { user_id }),
        service_tier: service_tier(chat, host, dropped),
        cache_control: chat.cache_control.filter(|_| host == Host::Direct),
    })
}

/// One plain text stays one; instructions of ours come last, so that they do not change what a cache holds.
fn system<'a>(mut blocks: Vec<Block<'a>>, instruction: Option<String>) -> Option<Said<'a>> {
    blocks.extend(instruction.map(Block::text));
    match blocks.pop() {
        None => None,
        Some(Block::Text { text, cache_control: None }) if blocks.is_empty() => Some(Said::Text(text)),
        Some(last) => {
            blocks.push(last);
            Some(Said::Blocks(blocks))
        }
    }
}

/// Anthropic refuses sequences of nothing but space.
pub(in crate::dialects) fn stop_sequences<'a>(
    chat: &'a ChatRequest<'_>,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Vec<&'a str> {
    let taken: Vec<_> = chat.stop.iter().map(AsRef::as_ref).filter(|stop: &&str| !stop.trim().is_empty()).collect();
    if taken.len() < chat.stop.len() {
        dropped.push(Cow::Borrowed("stop"));
    }
    taken
}

/// <https://docs.anthropic.com/en/api/service-tiers>
fn service_tier(chat: &ChatRequest<'_>, host: Host, dropped: &mut Vec<Cow<'static, str>>) -> Option<&'static str> {
    match chat.service_tier.as_deref()? {
        "auto" | "default" if host != Host::Direct => None,
        "auto" => Some("auto"),
        "default" | "standard_only" if host == Host::Direct => Some("standard_only"),
        _ => {
            dropped.push(Cow::Borrowed("service_tier"));
            None
        }
    }
}

/// Members that Anthropic's models have no word for and that the caller may miss.
pub(in crate::dialects) fn unknown(chat: &ChatRequest<'_>) -> Result<Vec<Cow<'static, str>>, ApiError> {
    unsaid::refuse_audio(chat)?;
    Ok(unsaid::members(chat, &[]).collect())
}

fn parts<'a>(chat: &'a ChatRequest<'a>) -> impl Iterator<Item = &'a PartKind<'a>> {
    let parts = |content: &'a Content<'a>| match content {
        Content::Parts(parts) => parts.as_slice(),
        Content::None | Content::Text(_) => &[],
    };
    chat.messages.iter().flat_map(move |message| parts(&message.content)).map(|part| &part.kind)
}

fn names_files(chat: &ChatRequest<'_>) -> bool {
    parts(chat).any(|part| matches!(part, PartKind::File(file) if file.file_data.is_none()))
}

/// About the size of the body, so that large ones are not copied while they grow.
fn room(chat: &ChatRequest<'_>) -> usize {
    let texts = chat.messages.iter().map(|message| match &message.content {
        Content::Text(text) => text.len(),
        Content::None | Content::Parts(_) => 0,
    });
    let parts = parts(chat).map(|part| match part {
        PartKind::Text(text) | PartKind::ImageUrl(text) => text.len(),
        PartKind::File(file) => file.file_data.as_deref().map_or(0, str::len),
        PartKind::Refusal(_) | PartKind::Other(_) => 0,
    });
    let content: usize = texts.chain(parts).sum();
    content + content / 16 + 8192
}
