//! A whole answer as one message.
//!
//! <https://docs.anthropic.com/en/api/messages>

use serde::Serialize;
use serde_json::value::RawValue;

use super::blocks::{self, Block, Blocks};
use super::usage::WrittenUsage;
use super::{Stop, answer_id};
use crate::hub::Event;
use crate::surfaces::AnswerContext;
use crate::usage::Usage;

/// The body of an answer that says `events`.
pub(super) fn write(events: &[Event<'_>], context: &AnswerContext) -> Vec<u8> {
    let mut answer = Answer::default();
    for event in events {
        answer.take(event, context);
    }
    // Writing strings and numbers cannot fail.
    serde_json::to_vec(&answer.message(context)).unwrap_or_default()
}

/// What the events add up to.
#[derive(Default)]
struct Answer<'a> {
    id: Option<&'a str>,
    model: Option<&'a str>,
    blocks: Blocks,
    stop: Stop,
    usage: Usage,
}

impl<'a> Answer<'a> {
    fn take(&mut self, event: &'a Event<'_>, context: &AnswerContext) {
        match event {
            Event::Start { id, model, .. } => (self.id, self.model) = (id.as_deref(), model.as_deref()),
            Event::StopSequence { choice: 0, sequence } => self.stop.sequence = Some(sequence.as_ref().to_owned()),
            Event::Finish { choice: 0, reason } => self.stop.reason = Some(*reason),
            Event::Usage(usage) => self.usage = *usage,
            content => self.blocks.take(content, &context.id),
        }
    }

    fn message<'b>(&'b self, context: &'b AnswerContext) -> Message<'b> {
        let (stop_reason, stop_sequence) = self.stop.told(self.blocks.called);
        Message {
            id: answer_id(self.id, context),
            kind: "message",
            role: "assistant",
            model: self.model.unwrap_or(&context.model),
            content: self.blocks.waiting.iter().map(WrittenBlock::from).collect(),
            stop_reason,
            stop_sequence,
            usage: (&self.usage).into(),
        }
    }
}

#[derive(Serialize)]
struct Message<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<WrittenBlock<'a>>,
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    usage: WrittenUsage,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WrittenBlock<'a> {
    Text { text: &'a str },
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a str },
    ToolUse { id: &'a str, name: &'a str, input: Option<&'a RawValue> },
}

impl<'a> From<&'a Block> for WrittenBlock<'a> {
    fn from(block: &'a Block) -> Self {
        match block {
            Block::Text(text) => Self::Text { text },
            Block::Thinking { text, signature } => Self::Thinking { thinking: text, signature },
            Block::Redacted(data) => Self::RedactedThinking { data },
            Block::Tool { id, name, arguments, .. } => Self::ToolUse { id, name, input: blocks::input(arguments) },
        }
    }
}
