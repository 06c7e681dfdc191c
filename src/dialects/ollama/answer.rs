//! Answers: a whole one has the form of one line of a streamed one.
//!
//! <https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error;
use crate::errors::ApiError;
use crate::hub::{Event, FinishReason};
use crate::json::{Text, lenient};
use crate::usage::Usage;

/// An answer, or a piece of one.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow, default)]
    pub(super) model: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) done: bool,
    #[serde(borrow, default)]
    done_reason: Option<Text<'a>>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
    #[serde(default)]
    eval_count: Option<u64>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<Text<'a>>,
    #[serde(borrow, default)]
    thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    function: Function<'a>,
}

#[derive(Default, Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

/// Reads a whole answer.
pub(super) fn read(body: &[u8]) -> Result<Vec<Event<'_>>, ApiError> {
    let mut answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| error::not_an_answer())?;
    if let Some(failure) = answer.error {
        return Err(error::inside(failure));
    }
    if answer.message.is_none() {
        return Err(error::not_an_answer());
    }
    if !answer.done {
        return Err(error::cut_off());
    }
    let mut out = vec![Event::Start { id: None, model: answer.model.take().map(|model| model.0), created: None }];
    let mut calls = 0;
    push_message(answer.message, &mut calls, &mut |event| out.push(event));
    push_end(&answer, calls, &mut |event| out.push(event));
    Ok(out)
}

/// What a message, or a piece of one, says. Calls come whole.
pub(super) fn push_message<'a>(message: Option<&'a RawValue>, calls: &mut u32, out: &mut dyn FnMut(Event<'a>)) {
    let message: Message<'a> = lenient(message);
    if let Some(Text(text)) = message.thinking.filter(|text| !text.0.is_empty()) {
        out(Event::Reasoning { choice: 0, text });
    }
    if let Some(Text(text)) = message.content.filter(|text| !text.0.is_empty()) {
        out(Event::Text { choice: 0, text });
    }
    for raw in message.tool_calls.unwrap_or_default() {
        let Call { id, function } = lenient(Some(raw));
        let index = *calls;
        *calls = index.saturating_add(1);
        let id = id.map(|id| id.0).filter(|id| !id.is_empty());
        let name = function.name.map(|name| name.0).unwrap_or_default();
        out(Event::ToolCall { choice: 0, index, id, name });
        out(Event::Arguments { choice: 0, index, fragment: arguments(function.arguments) });
    }
}

/// The JSON text of a call's arguments: an object, or what servers of the same form write instead.
fn arguments(raw: Option<&RawValue>) -> Cow<'_, str> {
    let said = match raw.map(RawValue::get) {
        Some(text) if text.starts_with('"') => lenient::<Option<Text<'_>>>(raw).map(|text| text.0).unwrap_or_default(),
        Some(text) => Cow::Borrowed(text),
        None => Cow::Borrowed(""),
    };
    if matches!(said.trim(), "" | "null") { Cow::Borrowed("{}") } else { said }
}

/// The end of an answer that made so many calls.
pub(super) fn push_end(answer: &Answer<'_>, calls: u32, out: &mut dyn FnMut(Event<'static>)) {
    let reason = answer.done_reason.as_ref().map(|reason| reason.0.as_ref());
    out(Event::Finish { choice: 0, reason: finish(reason, calls > 0) });
    if let Some(usage) = usage(answer) {
        out(Event::Usage(usage));
    }
}

/// Every `done_reason`. Ollama has none for calls: an answer that made some waits for them, whatever it says.
fn finish(reason: Option<&str>, called: bool) -> FinishReason {
    match reason.unwrap_or_default() {
        _ if called => FinishReason::ToolCalls,
        "length" => FinishReason::Length,
        // `stop`, `load`, `unload`
        _ => FinishReason::Stop,
    }
}

/// A prompt that is wholly in the cache is not counted.
fn usage(answer: &Answer<'_>) -> Option<Usage> {
    answer.prompt_eval_count.or(answer.eval_count)?;
    let (input, output) = (answer.prompt_eval_count.unwrap_or(0), answer.eval_count.unwrap_or(0));
    Some(Usage { input, output, ..Usage::default() })
}
