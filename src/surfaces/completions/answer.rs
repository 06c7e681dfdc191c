//! A whole answer as one `text_completion`.
//!
//! <https://platform.openai.com/docs/api-reference/completions/object>

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::hub::{Event, FinishReason};
use crate::surfaces::AnswerContext;
use crate::surfaces::chat::WrittenUsage;
use crate::usage::Usage;

/// A completion, or a piece of one.
#[derive(Serialize)]
pub(super) struct Completion<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a str,
    pub(super) choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<WrittenUsage>,
}

#[derive(Serialize)]
pub(super) struct Choice<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) index: u32,
    pub(super) logprobs: Option<()>,
    pub(super) finish_reason: Option<&'static str>,
}

/// What the answer as a whole says of itself.
#[derive(Default)]
pub(super) struct Head {
    id: Option<String>,
    model: Option<String>,
    created: Option<u64>,
}

impl Head {
    pub(super) fn new(id: Option<&str>, model: Option<&str>, created: Option<u64>) -> Self {
        Self { id: id.map(str::to_owned), model: model.map(str::to_owned), created }
    }

    pub(super) fn completion<'a>(&'a self, context: &'a AnswerContext, choices: Vec<Choice<'a>>) -> Completion<'a> {
        Completion {
            id: self.id.as_deref().map_or_else(|| Cow::Owned(format!("cmpl-{}", context.id)), Cow::Borrowed),
            object: "text_completion",
            created: self.created.unwrap_or(context.created),
            model: self.model.as_deref().unwrap_or(&context.model),
            choices,
            usage: None,
        }
    }
}

/// The body of an answer that says `events`. Thinking has no place in it; a refusal is all that there is to read.
pub(super) fn write(events: &[Event<'_>], context: &AnswerContext) -> Vec<u8> {
    let (mut head, mut usage) = (Head::default(), Usage::default());
    let mut choices = BTreeMap::<u32, (String, Option<FinishReason>)>::new();
    for event in events {
        match event {
            Event::Start { id, model, created } => head = Head::new(id.as_deref(), model.as_deref(), *created),
            Event::Text { choice, text } | Event::Refusal { choice, text } => {
                choices.entry(*choice).or_default().0.push_str(text);
            }
            Event::Finish { choice, reason } => choices.entry(*choice).or_default().1 = Some(*reason),
            Event::Usage(told) => usage = *told,
            Event::Reasoning { .. }
            | Event::Thinking { .. }
            | Event::ToolCall { .. }
            | Event::Arguments { .. }
            | Event::Signature { .. }
            | Event::StopSequence { .. } => {}
        }
    }
    let written = choices.into_iter().map(|(index, (text, finish))| Choice {
        text: Cow::Owned(text),
        index,
        logprobs: None,
        finish_reason: Some(finish_word(finish.unwrap_or(FinishReason::Stop))),
    });
    let completion = Completion { usage: Some((&usage).into()), ..head.completion(context, written.collect()) };
    // Writing strings and numbers cannot fail.
    serde_json::to_vec(&completion).unwrap_or_default()
}

/// There are no calls in this API.
pub(super) fn finish_word(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::ContentFilter | FinishReason::Length | FinishReason::Stop => reason.as_str(),
        FinishReason::ToolCalls | FinishReason::FunctionCall => FinishReason::Stop.as_str(),
    }
}
