//! A whole answer as one `chat.completion`.
//!
//! <https://platform.openai.com/docs/api-reference/chat/object>

use std::borrow::Cow;

use serde::Serialize;

use super::{ExtraContent, WrittenUsage};
use crate::hub::{Event, FinishReason, ids};
use crate::surfaces::AnswerContext;
use crate::surfaces::thinking::ThinkingBlock;
use crate::usage::Usage;

/// The body of an answer that says `events`.
pub(super) fn write(events: &[Event<'_>], context: &AnswerContext) -> Vec<u8> {
    let mut answer = Answer::default();
    for event in events {
        answer.take(event);
    }
    // Writing strings and numbers cannot fail.
    serde_json::to_vec(&answer.completion(context)).unwrap_or_default()
}

/// What the events add up to.
#[derive(Default)]
struct Answer<'a> {
    id: Option<&'a str>,
    model: Option<&'a str>,
    created: Option<u64>,
    choices: Vec<Choice<'a>>,
    usage: Usage,
}

#[derive(Default)]
struct Choice<'a> {
    index: u32,
    text: String,
    reasoning: String,
    refusal: String,
    thinking: Vec<ThinkingBlock<'a>>,
    calls: Vec<Call<'a>>,
    /// Of calls, by their index.
    signatures: Vec<(u32, &'a str)>,
    finish: Option<FinishReason>,
}

struct Call<'a> {
    index: u32,
    id: Option<&'a str>,
    name: &'a str,
    arguments: String,
}

impl<'a> Answer<'a> {
    fn take(&mut self, event: &'a Event<'_>) {
        match event {
            Event::Start { id, model, created } => {
                (self.id, self.model, self.created) = (id.as_deref(), model.as_deref(), *created);
            }
            Event::Text { choice, text } => self.choice(*choice).text.push_str(text),
            Event::Reasoning { choice, text } => self.choice(*choice).reasoning.push_str(text),
            Event::Thinking { choice, block } => self.choice(*choice).thinking.push(block.into()),
            Event::Refusal { choice, text } => self.choice(*choice).refusal.push_str(text),
            Event::ToolCall { choice, index, id, name } => {
                let call = Call { index: *index, id: id.as_deref(), name, arguments: String::new() };
                self.choice(*choice).calls.push(call);
            }
            Event::Arguments { choice, index, fragment } => {
                if let Some(call) = self.choice(*choice).calls.iter_mut().find(|call| call.index == *index) {
                    call.arguments.push_str(fragment);
                }
            }
            Event::Signature { choice, index, signature } => {
                self.choice(*choice).signatures.push((*index, signature.as_ref()));
            }
            Event::Finish { choice, reason } => self.choice(*choice).finish = Some(*reason),
            Event::Usage(usage) => self.usage = *usage,
            // The same as any other end here.
            Event::StopSequence { .. } => {}
        }
    }

    fn choice(&mut self, index: u32) -> &mut Choice<'a> {
        let at = self.choices.iter().position(|choice| choice.index == index).unwrap_or_else(|| {
            self.choices.push(Choice { index, ..Choice::default() });
            self.choices.len() - 1
        });
        // The position has just been found or made.
        #[expect(clippy::indexing_slicing, reason = "see above")]
        &mut self.choices[at]
    }

    fn completion<'b>(&'b mut self, context: &'b AnswerContext) -> Completion<'b> {
        // SDKs read the first choice unasked. An answer that is still being made has said nothing yet.
        if self.choices.is_empty() {
            self.choices.push(Choice::default());
        }
        self.choices.sort_by_key(|choice| choice.index);
        Completion {
            id: self.id.map_or_else(|| Cow::Owned(format!("chatcmpl-{}", context.id)), Cow::Borrowed),
            object: "chat.completion",
            created: self.created.unwrap_or(context.created),
            model: self.model.unwrap_or(&context.model),
            choices: self.choices.iter().map(|choice| choice.written(context)).collect(),
            usage: (&self.usage).into(),
        }
    }
}

impl Choice<'_> {
    fn written<'b>(&'b self, context: &'b AnswerContext) -> WrittenChoice<'b> {
        let legacy = context.legacy_functions;
        let has_nothing_else = self.calls.is_empty() && self.refusal.is_empty();
        let message = Message {
            role: "assistant",
            content: (has_nothing_else || !self.text.is_empty()).then_some(&self.text),
            refusal: said(&self.refusal),
            reasoning_content: said(&self.reasoning),
            thinking_blocks: &self.thinking,
            tool_calls: if legacy { Vec::new() } else { self.tool_calls(context) },
            function_call: self.calls.first().filter(|_| legacy).map(Call::function),
        };
        let finish_reason = super::finish_word(self.finish, !self.calls.is_empty(), legacy);
        WrittenChoice { index: self.index, message, logprobs: None, finish_reason }
    }

    fn tool_calls<'b>(&'b self, context: &AnswerContext) -> Vec<ToolCall<'b>> {
        let made = |call: &Call<'_>| Cow::Owned(ids::call_id(&context.id, self.index, call.index));
        let signed = |call: &Call<'_>| self.signatures.iter().find(|(index, _)| *index == call.index);
        let written = |call: &'b Call<'_>| ToolCall {
            id: call.id.filter(|id| !id.is_empty()).map_or_else(|| made(call), Cow::Borrowed),
            kind: "function",
            function: call.function(),
            extra_content: signed(call).map(|(_, signature)| ExtraContent::of(signature)),
        };
        self.calls.iter().map(written).collect()
    }
}

impl Call<'_> {
    fn function(&self) -> Function<'_> {
        let arguments = if self.arguments.is_empty() { "{}" } else { &self.arguments };
        Function { name: self.name, arguments }
    }
}

fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

#[derive(Serialize)]
struct Completion<'a> {
    id: Cow<'a, str>,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<WrittenChoice<'a>>,
    usage: WrittenUsage,
}

#[derive(Serialize)]
struct WrittenChoice<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<&'a String>,
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    thinking_blocks: &'a [ThinkingBlock<'a>],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<Function<'a>>,
}

#[derive(Serialize)]
struct ToolCall<'a> {
    id: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<ExtraContent<'a>>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}
