//! Thinking: OpenAI's efforts as budgets of tokens, or as Anthropic's own efforts where the model knows them.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::model::Model;
use crate::errors::ApiError;
use crate::hub::ChatRequest;
use crate::hub::request::Wish;

/// `max_tokens` is required; this is sent when the caller does not say, with the budget on top.
const DEFAULT_MAX_TOKENS: u64 = 4096;
/// The smallest budget.
const MIN_BUDGET: u64 = 1024;

/// `thinking`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(in crate::dialects) enum Thinking<'a> {
    Enabled {
        budget_tokens: u64,
    },
    Adaptive,
    /// The caller's own words.
    #[serde(untagged)]
    Given(&'a RawValue),
}

/// How much the model thinks and writes.
#[derive(Debug)]
pub(in crate::dialects) struct Plan<'a> {
    pub(in crate::dialects) max_tokens: u64,
    /// `None` is no thinking.
    pub(in crate::dialects) thinking: Option<Thinking<'a>>,
    /// `output_config.effort`.
    pub(in crate::dialects) effort: Option<&'static str>,
    /// Does the model think?
    pub(in crate::dialects) on: bool,
}

/// `blocked`: the conversation is at a point where Anthropic refuses thinking (calls without their thinking).
pub(in crate::dialects) fn plan<'a>(
    chat: &ChatRequest<'a>,
    model: Model,
    blocked: bool,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Plan<'a>, ApiError> {
    let effort = Effort::asked(chat)?;
    // Other providers take `enabled` without a budget, which Anthropic requires.
    let is_complete = |wish: &Wish<'_>| wish.kind != "enabled" || wish.budget_tokens.is_some();
    let own = chat.thinking.zip(chat.wish()).filter(|(_, wish)| is_complete(wish));
    let mut plan = match &own {
        Some((raw, wish)) => given(chat, raw, wish, effort, model),
        None => wished(chat, effort.or(chat.thinking.map(|_| Effort::Medium)), model),
    };
    if blocked && plan.on {
        plan.thinking = None;
        plan.on = false;
    }
    if chat.thinking.is_some() && plan.thinking.is_none() {
        dropped.push(Cow::Borrowed("thinking"));
    }
    let unmet = plan.effort.is_none() && (own.is_some() || plan.thinking.is_none());
    if unmet && effort.is_some_and(|effort| effort != Effort::None) {
        dropped.push(Cow::Borrowed("reasoning_effort"));
    }
    Ok(plan)
}

fn given<'a>(
    chat: &ChatRequest<'_>,
    raw: &'a RawValue,
    wish: &Wish<'_>,
    effort: Option<Effort>,
    model: Model,
) -> Plan<'a> {
    let default = DEFAULT_MAX_TOKENS.saturating_add(wish.budget_tokens.unwrap_or(0));
    Plan {
        max_tokens: chat.max_tokens.unwrap_or(default),
        thinking: Some(Thinking::Given(raw)),
        // An effort goes with adaptive thinking; a budget says it all.
        effort: effort.filter(|_| wish.kind == "adaptive").and_then(|effort| effort.word(model)),
        on: wish.kind != "disabled",
    }
}

fn wished<'a>(chat: &ChatRequest<'_>, effort: Option<Effort>, model: Model) -> Plan<'a> {
    let silent =
        |effort| Plan { max_tokens: chat.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS), thinking: None, effort, on: false };
    let Some(effort) = effort.filter(|effort| *effort != Effort::None && model.thinks()) else { return silent(None) };
    if model.is_adaptive() {
        let word = effort.word(model);
        return Plan { thinking: Some(Thinking::Adaptive), on: true, ..silent(word) };
    }
    let budget = match chat.max_tokens {
        // Thinking needs at least `MIN_BUDGET` tokens, and the answer at least one.
        Some(limit) if limit <= MIN_BUDGET => return silent(None),
        // Some of the caller's limit is kept for the answer itself.
        Some(limit) => effort.budget().min((limit / 4 * 3).max(MIN_BUDGET)),
        None => effort.budget(),
    };
    Plan {
        max_tokens: chat.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS.saturating_add(budget)),
        thinking: Some(Thinking::Enabled { budget_tokens: budget }),
        effort: None,
        on: true,
    }
}

/// `reasoning_effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Effort {
    fn asked(chat: &ChatRequest<'_>) -> Result<Option<Self>, ApiError> {
        let Some(word) = chat.reasoning_effort.as_deref() else { return Ok(None) };
        Ok(Some(match word {
            "none" => Self::None,
            "minimal" => Self::Minimal,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "xhigh" => Self::Xhigh,
            "max" => Self::Max,
            _ => {
                let message = format!("reasoning_effort: `{word}` is not an effort this provider can be asked for");
                return Err(ApiError::invalid(message).param("reasoning_effort"));
            }
        }))
    }

    /// Tokens for models that want a number. The largest stays below the output limit of every model.
    fn budget(self) -> u64 {
        match self {
            Self::None | Self::Minimal => MIN_BUDGET,
            Self::Low => 2048,
            Self::Medium => 8192,
            Self::High => 16_384,
            Self::Xhigh | Self::Max => 24_576,
        }
    }

    /// The nearest word that the model knows.
    ///
    /// <https://docs.anthropic.com/en/docs/build-with-claude/effort>
    fn word(self, model: Model) -> Option<&'static str> {
        Some(match self {
            Self::None => return None,
            Self::Minimal | Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh if model.knows_xhigh() => "xhigh",
            Self::Xhigh | Self::Max if model.knows_max() => "max",
            Self::Xhigh | Self::Max => "high",
        })
    }
}
