//! Whole answers.
//!
//! <https://docs.cohere.com/reference/chat#response>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{error, usage};
use crate::errors::ApiError;
use crate::hub::{Event, FinishReason};
use crate::json::{Text, lenient};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    message: Message<'a>,
    #[serde(borrow, default)]
    finish_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

/// What the model says. `tool_plan` and `citations` have no word in the hub.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<&'a RawValue>>,
}

/// A block of content, or a piece of one: text or thinking.
#[derive(Default, Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
}

/// A call of a tool, or a piece of one.
#[derive(Default, Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) function: Option<Function<'a>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<Text<'a>>,
}

/// Reads an answer.
pub(super) fn read(body: &[u8]) -> Result<Vec<Event<'_>>, ApiError> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| error::not_an_answer())?;
    let calls = answer.message.tool_calls.unwrap_or_default();
    let reason = finish(answer.finish_reason.as_ref().map(|reason| reason.0.as_ref()), !calls.is_empty())?;
    let mut out = vec![Event::Start { id: answer.id.map(|id| id.0), model: None, created: None }];
    for block in blocks(answer.message.content) {
        push_block(block, &mut |event| out.push(event));
    }
    for (index, call) in (0..).zip(calls) {
        push_call(index, lenient(Some(call)), &mut out);
    }
    out.extend(stop_sequence(answer.finish_reason.as_ref()));
    out.push(Event::Finish { choice: 0, reason });
    out.extend(usage::read(answer.usage).map(Event::Usage));
    Ok(out)
}

/// A list of blocks, or bare text, which requests may have in their place.
fn blocks<'a>(content: Option<&'a RawValue>) -> Vec<Block<'a>> {
    if let Some(text) = lenient::<Option<Text<'a>>>(content) {
        return vec![Block { text: Some(text), thinking: None }];
    }
    lenient::<Vec<&'a RawValue>>(content).into_iter().map(|raw| lenient(Some(raw))).collect()
}

/// What a block says; blocks of other types say nothing here.
pub(super) fn push_block<'a>(block: Block<'a>, out: &mut dyn FnMut(Event<'a>)) {
    if let Some(Text(text)) = block.thinking.filter(|text| !text.0.is_empty()) {
        out(Event::Reasoning { choice: 0, text });
    }
    if let Some(Text(text)) = block.text.filter(|text| !text.0.is_empty()) {
        out(Event::Text { choice: 0, text });
    }
}

fn push_call<'a>(index: u32, call: Call<'a>, out: &mut Vec<Event<'a>>) {
    let function = call.function.unwrap_or_default();
    let arguments = function.arguments.map(|text| text.0).filter(|text| !is_nothing(text));
    let name = function.name.map(|text| text.0).unwrap_or_default();
    out.push(Event::ToolCall { choice: 0, index, id: id(call.id), name });
    out.push(Event::Arguments { choice: 0, index, fragment: arguments.unwrap_or(Cow::Borrowed("{}")) });
}

/// An id that says something.
pub(super) fn id(id: Option<Text<'_>>) -> Option<Cow<'_, str>> {
    id.map(|id| id.0).filter(|id| !id.is_empty())
}

/// Arguments of a tool that takes none come as nothing or as `null`.
pub(super) fn is_nothing(arguments: &str) -> bool {
    matches!(arguments.trim(), "" | "null")
}

/// One of the stop sequences ended the answer; it is not told which.
pub(super) fn stop_sequence(reason: Option<&Text<'_>>) -> Option<Event<'static>> {
    let met = reason.is_some_and(|reason| reason.0 == "STOP_SEQUENCE");
    met.then_some(Event::StopSequence { choice: 0, sequence: Cow::Borrowed("") })
}

/// Every `finish_reason`. One that nobody knows yet ends the answer like `COMPLETE`, and an answer that called tools
/// waits for them: SDKs run tools only then.
pub(super) fn finish(reason: Option<&str>, called: bool) -> Result<FinishReason, ApiError> {
    match reason.unwrap_or_default() {
        failure @ ("ERROR" | "TIMEOUT") => Err(error::ended(failure)),
        "MAX_TOKENS" => Ok(FinishReason::Length),
        "TOOL_CALL" => Ok(FinishReason::ToolCalls),
        // `COMPLETE`, `STOP_SEQUENCE`
        _ if called => Ok(FinishReason::ToolCalls),
        _ => Ok(FinishReason::Stop),
    }
}
