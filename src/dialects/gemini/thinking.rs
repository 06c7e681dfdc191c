//! Thinking: OpenAI's efforts as budgets of tokens, or as Gemini's own levels where the model knows them.
//!
//! <https://ai.google.dev/gemini-api/docs/thinking>

use std::borrow::Cow;

use serde::Serialize;

use super::model::Model;
use crate::errors::ApiError;
use crate::hub::ChatRequest;

/// The least that the largest models think, and what Flash-Lite starts with.
const PRO_MIN: u64 = 128;
const LITE_MIN: u64 = 512;

/// `generationConfig.thinkingConfig`: a budget or a level, never both.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Thinking {
    include_thoughts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
}

/// What the caller asks for, as far as the model can be asked.
pub(super) fn thinking(
    chat: &ChatRequest<'_>,
    model: Model,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Option<Thinking>, ApiError> {
    let effort = effort(chat)?;
    if chat.thinking.is_none() && effort.is_none() {
        return Ok(None);
    }
    if !model.thinks() {
        dropped.extend(chat.thinking.map(|_| Cow::Borrowed("thinking")));
        dropped.extend(effort.filter(|effort| *effort > 0).map(|_| Cow::Borrowed("reasoning_effort")));
        return Ok(None);
    }
    let (effort, budget) = match chat.wish() {
        Some(wish) if wish.kind == "disabled" => (0, None),
        Some(wish) => (effort.unwrap_or(HIGH), wish.budget_tokens),
        None => (effort.unwrap_or(0), None),
    };
    let include_thoughts = effort > 0;
    Ok(Some(match budget {
        Some(budget) => Thinking { include_thoughts, thinking_budget: Some(fit(budget, model)), thinking_level: None },
        None if model.has_levels() => {
            Thinking { include_thoughts, thinking_budget: None, thinking_level: Some(level(effort, model)) }
        }
        None => {
            let budget = BUDGETS.get(effort).copied().unwrap_or(0);
            Thinking { include_thoughts, thinking_budget: Some(fit(budget, model)), thinking_level: None }
        }
    }))
}

/// Efforts in their order; an effort is a place in here.
const EFFORTS: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh", "max"];
/// The same as tokens.
const BUDGETS: &[u64] = &[0, 512, 1024, 8192, 24_576, 32_768, 32_768];
const HIGH: usize = 4;

fn effort(chat: &ChatRequest<'_>) -> Result<Option<usize>, ApiError> {
    let Some(word) = chat.reasoning_effort.as_deref() else { return Ok(None) };
    EFFORTS.iter().position(|effort| *effort == word).map(Some).ok_or_else(|| {
        let message = format!("reasoning_effort: `{word}` is not an effort this provider can be asked for");
        ApiError::invalid(message).param("reasoning_effort")
    })
}

/// The nearest budget that the model takes.
///
/// <https://ai.google.dev/gemini-api/docs/thinking#set-budget>
fn fit(budget: u64, model: Model) -> u64 {
    let most = if model.is_pro() { 32_768 } else { 24_576 };
    match budget {
        0 if model.is_pro() => PRO_MIN,
        0 => 0,
        _ if model.is_pro() => budget.clamp(PRO_MIN, most),
        _ if model.is_lite() => budget.clamp(LITE_MIN, most),
        _ => budget.min(most),
    }
}

/// The nearest level that the model knows.
///
/// <https://ai.google.dev/gemini-api/docs/thinking#thinking-levels>
fn level(effort: usize, model: Model) -> &'static str {
    match effort {
        0 | 1 if model.is_flash() => "minimal",
        0..=2 => "low",
        3 if model.knows_medium() => "medium",
        _ => "high",
    }
}
