//! Whole answers.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::finish;
use super::usage::Counts;
use crate::errors::ApiError;
use crate::hub::{Event, Thinking};
use crate::json::{Text, lenient, or_empty};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    output: Output<'a>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    additional_model_response_fields: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Vec<&'a RawValue>,
}

/// A block of content: exactly one member is there, or one that nobody knows yet.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    reasoning_content: Option<Reasoning<'a>>,
    #[serde(borrow, default)]
    tool_use: Option<Call<'a>>,
    #[serde(borrow, default)]
    citations_content: Option<Cited<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reasoning<'a> {
    #[serde(borrow, default)]
    reasoning_text: Option<Signed<'a>>,
    #[serde(borrow, default)]
    redacted_content: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
struct Signed<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    #[serde(borrow, default)]
    tool_use_id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

/// Text with its sources, of which only the text has a word in the hub.
#[derive(Default, Deserialize)]
struct Cited<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<Passage<'a>>>,
}

#[derive(Default, Deserialize)]
struct Passage<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
}

/// Reads an answer. It has neither an id nor the name of its model.
pub(super) fn read(body: &[u8]) -> Result<Vec<Event<'_>>, ApiError> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| not_an_answer())?;
    let mut out = vec![Event::Start { id: None, model: None, created: None }];
    let mut calls = 0;
    for raw in answer.output.message.content {
        push_block(serde_json::from_str(raw.get()).map_err(|_| not_an_answer())?, &mut calls, &mut out);
    }
    let word = or_empty(answer.stop_reason);
    out.extend(finish::stop_sequence(&word, answer.additional_model_response_fields));
    out.push(Event::Finish { choice: 0, reason: finish::reason(&word, calls > 0) });
    out.extend(lenient::<Counts>(answer.usage).usage().map(Event::Usage));
    Ok(out)
}

fn not_an_answer() -> ApiError {
    ApiError::new(502, "the provider's answer is not one of Bedrock's Converse")
}

fn push_block<'a>(block: Block<'a>, calls: &mut u32, out: &mut Vec<Event<'a>>) {
    push_text(block.text, out);
    for passage in block.citations_content.and_then(|cited| cited.content).unwrap_or_default() {
        push_text(passage.text, out);
    }
    if let Some(reasoning) = block.reasoning_content {
        push_reasoning(reasoning, out);
    }
    if let Some(call) = block.tool_use {
        let index = *calls;
        *calls = index.saturating_add(1);
        out.push(Event::ToolCall { choice: 0, index, id: call.tool_use_id.map(|id| id.0), name: call.name.0 });
        out.push(Event::Arguments { choice: 0, index, fragment: Cow::Borrowed(arguments(call.input)) });
    }
}

fn push_text<'a>(text: Option<Text<'a>>, out: &mut Vec<Event<'a>>) {
    let text = or_empty(text);
    if !text.is_empty() {
        out.push(Event::Text { choice: 0, text });
    }
}

/// Text and its signature. Text that is not signed cannot come back, so there is no block of it.
fn push_reasoning<'a>(reasoning: Reasoning<'a>, out: &mut Vec<Event<'a>>) {
    let signed = reasoning.reasoning_text.unwrap_or_default();
    let (text, signature) = (or_empty(signed.text), or_empty(signed.signature));
    if !text.is_empty() {
        out.push(Event::Reasoning { choice: 0, text: text.clone() });
    }
    if !signature.is_empty() {
        out.push(Event::Thinking { choice: 0, block: Thinking::Signed { text, signature } });
    }
    if let Some(data) = reasoning.redacted_content {
        out.push(Event::Thinking { choice: 0, block: Thinking::Redacted { data: data.0 } });
    }
}

/// The JSON text of a call's input.
fn arguments(input: Option<&RawValue>) -> &str {
    input.map(RawValue::get).filter(|text| *text != "null").unwrap_or("{}")
}
