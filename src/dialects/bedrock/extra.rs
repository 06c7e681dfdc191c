//! Fields that only models of one maker know.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>

use std::borrow::Cow;

use serde::Serialize;

use super::model::Model;
use crate::dialects::anthropic::betas;
use crate::dialects::anthropic::host::Host;
use crate::dialects::anthropic::thinking::{self, Thinking};
use crate::dialects::anthropic::tools::Choice;
use crate::errors::ApiError;
use crate::hub::ChatRequest;

/// `additionalModelRequestFields`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Extra<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Effort>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    anthropic_beta: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    /// Nova's place of `top_k`.
    #[serde(rename = "inferenceConfig", skip_serializing_if = "Option::is_none")]
    inference_config: Option<TopK>,
    /// OpenAI's open models.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    /// Nova's.
    #[serde(rename = "reasoningConfig", skip_serializing_if = "Option::is_none")]
    reasoning_config: Option<ReasoningConfig>,
}

#[derive(Debug, Serialize)]
struct Effort {
    effort: &'static str,
}

#[derive(Debug, Serialize)]
struct TopK {
    #[serde(rename = "topK")]
    top_k: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReasoningConfig {
    #[serde(rename = "type")]
    kind: &'static str,
    max_reasoning_effort: &'static str,
}

/// How much the model thinks.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) extra: Extra<'a>,
    /// `None` leaves the limit to the model.
    pub(super) max_tokens: Option<u64>,
    /// Does a Claude think? Then other wishes must give way.
    pub(super) on: bool,
}

/// Claude thinks by Anthropic's rules, and so does what is asked in Anthropic's words.
pub(super) fn thinking<'a>(
    chat: &'a ChatRequest<'a>,
    model: Model,
    blocked: bool,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Plan<'a>, ApiError> {
    if !model.is_claude() && chat.thinking.is_none() {
        return Ok(Plan { extra: effort(chat, model, dropped)?, max_tokens: chat.max_tokens, on: false });
    }
    let plan = thinking::plan(chat, model.claude, blocked, dropped)?;
    let betas = if model.is_claude() { betas::of(chat, Host::Converse, dropped) } else { Vec::new() };
    let extra = Extra {
        anthropic_beta: betas,
        thinking: plan.thinking,
        output_config: plan.effort.map(|effort| Effort { effort }),
        ..Extra::default()
    };
    // A budget must be below the limit, so one must be said.
    let max_tokens = chat.max_tokens.or(plan.on.then_some(plan.max_tokens));
    Ok(Plan { extra, max_tokens, on: plan.on })
}

/// The effort of models that have levels of it.
fn effort<'a>(
    chat: &ChatRequest<'a>,
    model: Model,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Extra<'a>, ApiError> {
    let Some(word) = chat.reasoning_effort.as_deref() else { return Ok(Extra::default()) };
    let level = match word {
        "none" => return Ok(Extra::default()),
        "minimal" | "low" => "low",
        "medium" => "medium",
        "high" | "xhigh" | "max" => "high",
        _ => {
            let message = format!("reasoning_effort: `{word}` is not an effort this provider can be asked for");
            return Err(ApiError::invalid(message).param("reasoning_effort"));
        }
    };
    if model.takes_effort() {
        return Ok(Extra { reasoning_effort: Some(level), ..Extra::default() });
    }
    if model.takes_reasoning_config() {
        // With the highest effort, Nova refuses limits and sampling.
        let free = chat.max_tokens.is_none() && chat.temperature.is_none() && chat.top_p.is_none();
        let max_reasoning_effort = if level == "high" && !free { "medium" } else { level };
        let config = ReasoningConfig { kind: "enabled", max_reasoning_effort };
        return Ok(Extra { reasoning_config: Some(config), ..Extra::default() });
    }
    dropped.push(Cow::Borrowed("reasoning_effort"));
    Ok(Extra::default())
}

impl<'a> Extra<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.thinking.is_none()
            && self.output_config.is_none()
            && self.tool_choice.is_none()
            && self.anthropic_beta.is_empty()
            && self.top_k.is_none()
            && self.inference_config.is_none()
            && self.reasoning_effort.is_none()
            && self.reasoning_config.is_none()
    }

    /// The same with a choice of tools in Anthropic's words.
    pub(super) fn and(self, tool_choice: Option<Choice<'a>>) -> Self {
        Self { tool_choice, ..self }
    }

    /// The same with `top_k`, where the model has a place for it.
    pub(super) fn top_k(mut self, top_k: Option<u64>, model: Model, dropped: &mut Vec<Cow<'static, str>>) -> Self {
        let Some(top_k) = top_k else { return self };
        if model.is_claude() {
            self.top_k = Some(top_k);
        } else if model.is_nova() {
            self.inference_config = Some(TopK { top_k });
        } else {
            dropped.push(Cow::Borrowed("top_k"));
        }
        self
    }
}
