//! A whole answer as one response.
//!
//! <https://platform.openai.com/docs/api-reference/responses/object>

use super::output::{Output, Tell};
use super::response::{Head, Response, Stage};
use crate::hub::{Event, FinishReason};
use crate::surfaces::AnswerContext;
use crate::usage::Usage;

/// The body of an answer that says `events`.
pub(super) fn write(events: &[Event<'_>], context: &AnswerContext) -> Vec<u8> {
    let mut answer = Answer::default();
    for event in events {
        answer.take(event, &mut |_, _, _| {});
    }
    let stage = answer.end(&mut |_, _, _| {});
    // Writing strings and numbers cannot fail.
    serde_json::to_vec(&Response::new(&answer.head, answer.output.items(), stage, context)).unwrap_or_default()
}

/// What the events add up to.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) head: Head,
    pub(super) output: Output,
    finish: Option<FinishReason>,
    usage: Usage,
}

impl Answer {
    pub(super) fn take(&mut self, event: &Event<'_>, tell: Tell<'_>) {
        match event {
            Event::Start { id, model, created } => {
                let own = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
                self.head = Head { id: own(id), model: own(model), created: *created };
            }
            Event::Usage(usage) => self.usage = *usage,
            Event::Finish { choice: 0, reason } => {
                self.finish = Some(*reason);
                self.output.close(matches!(reason, FinishReason::Length | FinishReason::ContentFilter), tell);
            }
            event => self.output.take(event, tell),
        }
    }

    /// The answer is over.
    pub(super) fn end(&mut self, tell: Tell<'_>) -> Stage {
        self.output.close(false, tell);
        Stage::Over(self.finish.unwrap_or(FinishReason::Stop), self.usage)
    }
}
