//! Thinking before the answer.
//!
//! <https://docs.cohere.com/docs/reasoning>

use std::borrow::Cow;

use serde::Serialize;

use crate::hub::ChatRequest;
use crate::hub::request::Wish;

/// Families that cannot think and refuse to be asked; later ones are taken to be able to.
///
/// <https://docs.cohere.com/docs/models>
const THOUGHTLESS: &[&str] =
    &["c4ai-", "command-a-03-2025", "command-a-translate", "command-a-vision", "command-light", "command-r"];

/// Whether to think, and how long.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Thinking {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_budget: Option<u64>,
}

/// What the caller wants of thinking, if the model can.
pub(super) fn wanted(chat: &ChatRequest<'_>, model: &str, dropped: &mut Vec<Cow<'static, str>>) -> Option<Thinking> {
    let (name, wish) = match (chat.wish(), chat.reasoning_effort.as_deref()) {
        (Some(wish), _) => ("thinking", of_wish(&wish)),
        (None, Some(effort)) => ("reasoning_effort", of_effort(effort)),
        (None, None) => return None,
    };
    let can = !THOUGHTLESS.iter().any(|family| model.starts_with(family));
    if wish.as_ref().is_none_or(|wish| !can && wish.kind == ENABLED) {
        dropped.push(Cow::Borrowed(name));
    }
    wish.filter(|_| can)
}

const ENABLED: &str = "enabled";
const DISABLED: Thinking = Thinking { kind: "disabled", token_budget: None };

fn of_wish(wish: &Wish<'_>) -> Option<Thinking> {
    match wish.kind.as_ref() {
        "disabled" => Some(DISABLED),
        "enabled" | "adaptive" => Some(Thinking { kind: ENABLED, token_budget: wish.budget_tokens }),
        _ => None,
    }
}

/// Without a budget the model thinks as long as it likes.
fn of_effort(effort: &str) -> Option<Thinking> {
    let token_budget = match effort {
        "none" => return Some(DISABLED),
        "minimal" => Some(512),
        "low" => Some(2048),
        "medium" => Some(8192),
        "high" | "xhigh" | "max" => None,
        _ => return None,
    };
    Some(Thinking { kind: ENABLED, token_budget })
}
