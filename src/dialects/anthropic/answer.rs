//! Whole answers.
//!
//! <https://docs.anthropic.com/en/api/messages#response-content>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error;
use super::usage::Counts;
use crate::errors::ApiError;
use crate::hub::{Event, FinishReason, Thinking};
use crate::json::{Text, lenient, or_empty};

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    model: Option<Text<'a>>,
    #[serde(borrow, default)]
    content: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    stop_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// A content block. Blocks of types that have no word in the hub are never looked into.
#[derive(Default, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) data: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
}

/// The type of a block.
#[derive(Default, Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
}

/// The type of an object; empty when it says none.
pub(super) fn kind_of(raw: &RawValue) -> Cow<'_, str> {
    or_empty(lenient::<Kind<'_>>(Some(raw)).kind)
}

/// Reads an answer.
pub(super) fn read(body: &[u8]) -> Result<Vec<Event<'_>>, ApiError> {
    let message: Message<'_> = serde_json::from_slice(body).map_err(|_| not_an_answer())?;
    if message.error.is_some() || message.kind.as_ref().is_some_and(|kind| kind.0 == "error") {
        return Err(error::inside(body));
    }
    let Some(content) = message.content else { return Err(not_an_answer()) };
    let mut out = vec![Event::Start { id: message.id.map(|t| t.0), model: message.model.map(|t| t.0), created: None }];
    let mut tools = 0;
    for block in content {
        push_block(block, &mut tools, &mut out)?;
    }
    let reason = message.stop_reason.as_ref().map(|reason| reason.0.as_ref());
    let (refusal, reason) = ending(reason, message.stop_details, tools > 0);
    out.extend(refusal.map(|text| Event::Refusal { choice: 0, text }));
    out.push(Event::Finish { choice: 0, reason });
    let counts: Counts = lenient(message.usage);
    if counts.is_known() {
        out.push(Event::Usage(counts.usage()));
    }
    Ok(out)
}

fn not_an_answer() -> ApiError {
    ApiError::new(502, "the provider's answer is not a message of Anthropic's API")
}

fn push_block<'a>(raw: &'a RawValue, tools: &mut u32, out: &mut Vec<Event<'a>>) -> Result<(), ApiError> {
    let kind = kind_of(raw);
    if !matches!(kind.as_ref(), "text" | "thinking" | "redacted_thinking" | "tool_use") {
        return Ok(());
    }
    let block: Block<'a> = serde_json::from_str(raw.get()).map_err(|_| not_an_answer())?;
    match kind.as_ref() {
        "text" => push_text(out, or_empty(block.text)),
        "thinking" => push_thinking(or_empty(block.thinking), or_empty(block.signature), out),
        "redacted_thinking" => {
            out.push(Event::Thinking { choice: 0, block: Thinking::Redacted { data: or_empty(block.data) } });
        }
        _ => push_tool(block, tools, out),
    }
    Ok(())
}

fn push_text<'a>(out: &mut Vec<Event<'a>>, text: Cow<'a, str>) {
    if !text.is_empty() {
        out.push(Event::Text { choice: 0, text });
    }
}

/// Text and its signature. Text that is not signed cannot come back, so there is no block of it.
fn push_thinking<'a>(text: Cow<'a, str>, signature: Cow<'a, str>, out: &mut Vec<Event<'a>>) {
    if !text.is_empty() {
        out.push(Event::Reasoning { choice: 0, text: text.clone() });
    }
    if !signature.is_empty() {
        out.push(Event::Thinking { choice: 0, block: Thinking::Signed { text, signature } });
    }
}

fn push_tool<'a>(block: Block<'a>, tools: &mut u32, out: &mut Vec<Event<'a>>) {
    let index = *tools;
    *tools = index.saturating_add(1);
    out.push(Event::ToolCall { choice: 0, index, id: block.id.map(|t| t.0), name: or_empty(block.name) });
    let fragment = Cow::Borrowed(arguments(block.input).unwrap_or("{}"));
    out.push(Event::Arguments { choice: 0, index, fragment });
}

/// The JSON text of a call's input, if it says anything.
pub(super) fn arguments(input: Option<&RawValue>) -> Option<&str> {
    let text = input?.get();
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    (!inner.trim().is_empty()).then_some(text)
}

/// What a refusal says about itself.
#[derive(Default, Deserialize)]
struct StopDetails<'a> {
    #[serde(borrow, default)]
    explanation: Option<Text<'a>>,
}

/// The end of the choice: why it is refused, if it is and that is told, and the reason in the hub's words.
pub(super) fn ending<'a>(
    reason: Option<&str>,
    details: Option<&'a RawValue>,
    called: bool,
) -> (Option<Cow<'a, str>>, FinishReason) {
    let reason = finish(reason, called);
    let explanation = or_empty(lenient::<StopDetails<'a>>(details).explanation);
    let refused = reason == FinishReason::ContentFilter && !explanation.is_empty();
    (refused.then_some(explanation), reason)
}

/// Every `stop_reason`. One that nobody knows yet ends the answer like `end_turn`, and an answer that called
/// tools waits for them, whatever it says: SDKs run tools only then.
///
/// <https://docs.anthropic.com/en/api/handling-stop-reasons>
fn finish(reason: Option<&str>, called: bool) -> FinishReason {
    match reason.unwrap_or_default() {
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "refusal" => FinishReason::ContentFilter,
        "tool_use" => FinishReason::ToolCalls,
        // `end_turn`, `stop_sequence`, `pause_turn`
        _ if called => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}
