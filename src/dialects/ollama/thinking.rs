//! Thinking before the answer.
//!
//! <https://docs.ollama.com/capabilities/thinking>

use std::borrow::Cow;

use serde::Serialize;

use crate::hub::ChatRequest;
use crate::hub::request::Wish;

/// Whether to think; some models also take how much, the others read every word as yes.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Think {
    Switch(bool),
    Level(&'static str),
}

/// What the caller wants of thinking.
pub(super) fn wanted(chat: &ChatRequest<'_>, dropped: &mut Vec<Cow<'static, str>>) -> Option<Think> {
    let (name, wish) = match (chat.wish(), chat.reasoning_effort.as_deref()) {
        (Some(wish), _) => ("thinking", of_wish(&wish)),
        (None, Some(effort)) => ("reasoning_effort", of_effort(effort)),
        (None, None) => return None,
    };
    if wish.is_none() {
        dropped.push(Cow::Borrowed(name));
    }
    wish
}

fn of_wish(wish: &Wish<'_>) -> Option<Think> {
    match wish.kind.as_ref() {
        "disabled" => Some(Think::Switch(false)),
        "enabled" | "adaptive" => Some(Think::Switch(true)),
        _ => None,
    }
}

fn of_effort(effort: &str) -> Option<Think> {
    match effort {
        "none" => Some(Think::Switch(false)),
        "minimal" | "low" => Some(Think::Level("low")),
        "medium" => Some(Think::Level("medium")),
        "high" | "xhigh" | "max" => Some(Think::Level("high")),
        _ => None,
    }
}
