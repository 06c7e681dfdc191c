//! One choice of an answer: what it says as events, and what of it needs mending for SDKs.

use std::borrow::Cow;

use super::calls::{CallNote, Calls};
use super::chunk::{Delta, Finish, FunctionDelta};
use super::content::Content;
use super::{error, finish};
use crate::errors::ApiError;
use crate::hub::{Event, FinishReason};

/// Takes events.
pub(super) type Say<'s, 'a> = &'s mut dyn FnMut(Event<'a>);

/// What is wrong with a choice as the provider wrote it. Positions are those of the provider's lists.
#[derive(Debug, Default)]
pub(super) struct Note {
    /// The choice was over before: leave it out.
    pub(super) over: bool,
    /// The first delta does not say who speaks.
    pub(super) role: bool,
    /// There is no `delta`; with `true`, a `message` stands in for it.
    pub(super) no_delta: Option<bool>,
    /// `content` is a list.
    pub(super) parts: bool,
    /// One for each call in the list.
    pub(super) calls: Vec<CallNote>,
    /// Calls that end here without arguments.
    pub(super) bare: Vec<u32>,
    /// The `finish_reason` to write instead.
    pub(super) finish: Option<Option<FinishReason>>,
}

impl Note {
    pub(super) fn is_clean(&self) -> bool {
        let whole = !self.over && !self.role && self.no_delta.is_none() && !self.parts && self.finish.is_none();
        whole && self.bare.is_empty() && self.calls.iter().all(CallNote::is_clean)
    }
}

/// A choice, as far as it has been read.
pub(super) struct Choice {
    index: u32,
    begun: bool,
    finished: bool,
    /// It calls a function in the form that preceded tools.
    legacy: bool,
    calls: Calls,
}

impl Choice {
    pub(super) fn new(index: u32, streamed: bool) -> Self {
        Self { index, begun: false, finished: false, legacy: false, calls: Calls::new(streamed) }
    }

    pub(super) fn index(&self) -> u32 {
        self.index
    }

    pub(super) fn finished(&self) -> bool {
        self.finished
    }

    /// Reads what the choice says. `answer` is the id of the whole, for calls that have none.
    pub(super) fn read<'a>(&mut self, mut delta: Delta<'a>, answer: &str, say: Say<'_, 'a>, note: &mut Note) {
        let choice = self.index;
        note.role = !std::mem::replace(&mut self.begun, true) && delta.role.as_deref().unwrap_or_default().is_empty();
        note.parts = matches!(delta.content, Content::Parts(_));
        if let Some(text) = reasoning(&mut delta) {
            said(Event::Reasoning { choice, text }, say);
        }
        delta.content.each(false, &mut |thinking, text| {
            said(if thinking { Event::Reasoning { choice, text } } else { Event::Text { choice, text } }, say);
        });
        if let Some(text) = delta.refusal {
            said(Event::Refusal { choice, text }, say);
        }
        let pieces = delta.tool_calls.len();
        for (position, call) in delta.tool_calls.into_iter().enumerate() {
            let call_note = self.calls.read(choice, pieces - position, call, answer, say);
            note.calls.push(call_note);
        }
        if let Some(call) = delta.function_call {
            self.function_call(call, say);
        }
    }

    fn function_call<'a>(&mut self, call: FunctionDelta<'a>, say: Say<'_, 'a>) {
        if call.name.is_some() || call.arguments.is_some() {
            self.legacy = true;
            self.calls.read_legacy(self.index, call, say);
        }
    }

    /// Reads why the choice ends, if it does.
    ///
    /// # Errors
    /// The provider gives a failure as the reason.
    pub(super) fn finish<'a>(&mut self, told: &Finish<'_>, say: Say<'_, 'a>, note: &mut Note) -> Result<(), ApiError> {
        let word = match told {
            Finish::Null => return Ok(()),
            Finish::Absent => "",
            Finish::Word(word) => word,
        };
        if word.is_empty() {
            note.finish = Some(None);
            return Ok(());
        }
        let reason = finish::reason(word).ok_or_else(|| error::ended(word))?;
        let reason = self.end(reason, say, note);
        if reason.as_str() != word {
            note.finish = Some(Some(reason));
        }
        Ok(())
    }

    /// Ends the choice for a reason that the provider did not tell.
    pub(super) fn close(&mut self, say: Say<'_, '_>, note: &mut Note) {
        let reason = self.end(FinishReason::Stop, say, note);
        note.finish = Some(Some(reason));
    }

    fn end<'a>(&mut self, reason: FinishReason, say: Say<'_, 'a>, note: &mut Note) -> FinishReason {
        let choice = self.index;
        self.finished = true;
        note.bare = self.calls.end(choice, say);
        // Some providers say `stop` although they wait for the results of calls.
        let reason = match reason {
            FinishReason::Stop if self.calls.is_empty() => FinishReason::Stop,
            FinishReason::Stop if self.legacy => FinishReason::FunctionCall,
            FinishReason::Stop => FinishReason::ToolCalls,
            reason => reason,
        };
        say(Event::Finish { choice, reason });
        reason
    }
}

/// Readable thinking under whatever name; providers that give several names give the same text under each.
fn reasoning<'a>(delta: &mut Delta<'a>) -> Option<Cow<'a, str>> {
    let mut named = [delta.reasoning_content.take(), delta.reasoning.take()].into_iter().flatten();
    let details = std::mem::take(&mut delta.reasoning_details).into_iter();
    let told = details.filter_map(|detail| detail.text.or(detail.summary));
    named.find(|text| !text.is_empty()).or_else(|| told.reduce(|all, more| all + more))
}

/// Says an event of text, unless it is empty.
fn said<'a>(event: Event<'a>, say: Say<'_, 'a>) {
    if event.commits() {
        say(event);
    }
}
