//! Thinking of earlier turns that comes back. Another provider may have answered some of them: Anthropic refuses thinking
//! that it did not sign.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking#preserving-thinking-blocks>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::hub::Sealed;
use crate::json::{self, Object, Text};

/// What is looked at of a block.
#[derive(Default, Deserialize)]
struct Peek<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
}

impl Peek<'_> {
    fn is(&self, kind: &str) -> bool {
        self.kind.as_ref().is_some_and(|own| own.0 == kind)
    }

    /// Is it a block of thinking? If so, did Anthropic sign or seal it?
    fn thinking(&self) -> Option<bool> {
        if self.is("redacted_thinking") {
            return Some(self.data.as_ref().is_some_and(|data| Sealed::read(&data.0).is_none()));
        }
        self.is("thinking").then(|| self.signature.as_ref().is_some_and(|signature| !signature.0.is_empty()))
    }
}

/// Is it a block of thinking that Anthropic takes back?
pub(super) fn is_anthropics(block: &RawValue) -> bool {
    json::lenient::<Peek<'_>>(Some(block)).thinking() == Some(true)
}

/// What must be otherwise in a request of Anthropic's own form: thinking of others is left out, and without its thinking
/// a turn that waits for results cannot be thought about further.
pub(super) fn edits(body: &Object<'_>, dropped: &mut Vec<Cow<'static, str>>) -> Vec<(&'static str, Option<String>)> {
    let Some(turns) = body.get("messages").and_then(Turns::without_others) else { return Vec::new() };
    let mut edits = vec![("messages", Some(turns.json))];
    if turns.calls_without_thinking && body.get("thinking").is_some_and(|raw| !raw.get().contains("\"disabled\"")) {
        edits.push(("thinking", None));
        dropped.push(Cow::Borrowed("thinking"));
    }
    edits
}

/// Turns that had to be written anew.
struct Turns {
    json: String,
    calls_without_thinking: bool,
}

impl Turns {
    /// `None`: there is no thinking but Anthropic's.
    fn without_others(messages: &RawValue) -> Option<Self> {
        if !messages.get().contains("thinking\"") {
            return None;
        }
        let messages: Vec<Object<'_>> = serde_json::from_str(messages.get()).ok()?;
        let kept: Vec<Option<Vec<&RawValue>>> = messages.iter().map(kept).collect();
        if kept.iter().all(Option::is_none) {
            return None;
        }
        let last = messages.iter().zip(&kept).rfind(|(message, _)| is_assistant(message));
        let blocks = last.and_then(|(_, kept)| kept.as_deref()).unwrap_or_default();
        let calls = blocks.iter().any(|raw| json::lenient::<Peek<'_>>(Some(raw)).is("tool_use"));
        let calls_without_thinking = calls && !blocks.first().is_some_and(|first| is_anthropics(first));
        // A turn of nothing else is no turn.
        let said = messages.iter().zip(kept).filter(|(_, kept)| kept.as_ref().is_none_or(|kept| !kept.is_empty()));
        let written = said.map(|(message, kept)| {
            let content = kept.and_then(|kept| json::array(kept.iter().map(|raw| raw.get().as_bytes().to_vec())));
            message.write_with(content.map(|content| ("content", Some(content))).as_slice())
        });
        Some(Self { json: json::array(written)?, calls_without_thinking })
    }
}

/// The blocks of a turn without thinking of others; `None` if there is none of it.
fn kept<'a>(message: &Object<'a>) -> Option<Vec<&'a RawValue>> {
    let content = message.get("content").filter(|_| is_assistant(message))?;
    let blocks: Vec<&'a RawValue> = serde_json::from_str(content.get()).ok()?;
    let count = blocks.len();
    let ours = |raw: &&RawValue| json::lenient::<Peek<'_>>(Some(raw)).thinking() != Some(false);
    let kept: Vec<_> = blocks.into_iter().filter(ours).collect();
    (kept.len() < count).then_some(kept)
}

fn is_assistant(message: &Object<'_>) -> bool {
    message.get("role").is_some_and(|role| role.get() == "\"assistant\"")
}
