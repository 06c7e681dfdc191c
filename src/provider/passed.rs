//! An answer that passes as it comes, piece by piece and of any size.

use crate::dialects::PassFormat;
use crate::stream::{Decoder, Framing};
use crate::usage::Usage;

use super::relay::MAX_EVENT;

/// What is looked for in such an answer.
pub(super) struct Passed {
    format: &'static dyn PassFormat,
    /// Reads events, if it has some, until one is too long.
    events: Option<Decoder>,
    usage: Option<Usage>,
}

impl Passed {
    /// An answer that is not read.
    pub(super) fn unread(format: &'static dyn PassFormat) -> Self {
        Self { format, events: None, usage: None }
    }

    /// An answer of events, of which one may tell tokens.
    pub(super) fn events(format: &'static dyn PassFormat) -> Self {
        Self { events: Some(Framing::Sse.decoder(MAX_EVENT)), ..Self::unread(format) }
    }

    /// Must its bytes be looked at?
    pub(super) fn is_read(&self) -> bool {
        self.events.is_some()
    }

    pub(super) fn read(&mut self, bytes: &[u8]) {
        let Some(events) = &mut self.events else { return };
        events.push(bytes);
        loop {
            match events.next() {
                Ok(Some(event)) => self.usage = self.format.usage(event.data.as_bytes()).ok().flatten().or(self.usage),
                Ok(None) => return,
                Err(_) => break,
            }
        }
        self.events = None;
    }

    /// The tokens that were told.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage
    }
}
