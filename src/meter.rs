//! What one request used: tokens, times, and how its answer ended.

use crate::hub::{Event, FinishReason};
use crate::time::Timestamp;
use crate::usage::{Source, Usage, estimate_tokens};

/// Watches the events of an answer. Attempts that failed before any content leave nothing here.
#[derive(Debug, Default)]
pub struct Meter {
    usage: Option<Usage>,
    /// Bytes of model output so far.
    output_bytes: u64,
    finish: Option<FinishReason>,
    first_content: Option<Timestamp>,
    last_content: Option<Timestamp>,
    whole: bool,
    /// Nothing is known of its tokens, not even roughly.
    unknown: bool,
}

impl Meter {
    /// Takes note of events that came at `now`.
    pub fn see(&mut self, events: &[Event<'_>], now: Timestamp) {
        for event in events {
            match event {
                Event::Usage(usage) => self.usage = Some(*usage),
                Event::Finish { reason, .. } => self.finish = Some(*reason),
                _ => {}
            }
            if event.commits() {
                self.first_content.get_or_insert(now);
                self.last_content = Some(now);
            }
            self.output_bytes += event.output_bytes() as u64;
        }
    }

    /// The answer is complete, and no chat: nothing was written.
    pub fn answered(&mut self, usage: Option<Usage>) {
        self.usage = usage;
        self.complete();
    }

    /// The same of an answer whose tokens cannot be estimated by its request.
    pub fn passed(&mut self, usage: Option<Usage>) {
        self.answered(usage);
        self.unknown = usage.is_none();
    }

    /// The answer is complete.
    pub fn complete(&mut self) {
        self.whole = true;
    }

    /// Is the answer complete?
    pub fn is_complete(&self) -> bool {
        self.whole
    }

    /// When the first content came.
    pub fn first_content(&self) -> Option<Timestamp> {
        self.first_content
    }

    /// When the last content came.
    pub fn last_content(&self) -> Option<Timestamp> {
        self.last_content
    }

    /// Why the answer ended.
    pub fn finish(&self) -> Option<FinishReason> {
        self.finish
    }

    /// The tokens, and where the numbers come from. `None` when nothing was answered and nothing counted.
    ///
    /// An answer that broke off keeps what the provider had said; its output is at least what was seen of it.
    pub fn usage(&self, request_bytes: u64) -> Option<(Usage, Source)> {
        let seen = estimate_tokens(self.output_bytes);
        match (self.usage, self.whole) {
            (Some(usage), true) => Some((usage, Source::Provider)),
            (Some(usage), false) => Some((Usage { output: usage.output.max(seen), ..usage }, Source::Partial)),
            (None, _) if self.unknown => None,
            (None, false) if self.first_content.is_none() => None,
            (None, whole) => {
                let usage = Usage { input: estimate_tokens(request_bytes), output: seen, ..Usage::default() };
                Some((usage, if whole { Source::Estimated } else { Source::Partial }))
            }
        }
    }
}
