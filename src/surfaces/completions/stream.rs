//! An answer as pieces of a `text_completion`.
//!
//! <https://platform.openai.com/docs/api-reference/completions/create>

use std::borrow::Cow;

use super::answer::{Choice, Completion, Head, finish_word};
use crate::hub::{Event, FinishReason};
use crate::stream::sse;
use crate::surfaces::{AnswerContext, StreamWriter};
use crate::usage::Usage;

/// Writes one stream.
pub(super) struct Writer {
    context: AnswerContext,
    head: Head,
    finished: Vec<u32>,
    usage: Usage,
}

impl Writer {
    pub(super) fn new(context: AnswerContext) -> Self {
        Self { context, head: Head::default(), finished: Vec::new(), usage: Usage::default() }
    }

    fn piece(&self, index: u32, text: &str, finish: Option<FinishReason>, out: &mut Vec<u8>) {
        let choice =
            Choice { text: Cow::Borrowed(text), index, logprobs: None, finish_reason: finish.map(finish_word) };
        push(&self.head.completion(&self.context, vec![choice]), out);
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, created } => self.head = Head::new(id.as_deref(), model.as_deref(), *created),
            Event::Text { choice, text } | Event::Refusal { choice, text } if !text.is_empty() => {
                self.piece(*choice, text, None, out);
            }
            Event::Finish { choice, reason } if !self.finished.contains(choice) => {
                self.finished.push(*choice);
                self.piece(*choice, "", Some(*reason), out);
            }
            Event::Usage(usage) => self.usage = *usage,
            _ => {}
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.context.include_usage {
            let bare = self.head.completion(&self.context, Vec::new());
            push(&Completion { usage: Some((&self.usage).into()), ..bare }, out);
        }
        sse::write_data(out, "[DONE]");
    }
}

fn push(piece: &Completion<'_>, out: &mut Vec<u8>) {
    // Writing strings and numbers cannot fail.
    sse::write_json(out, &serde_json::to_vec(piece).unwrap_or_default());
}
