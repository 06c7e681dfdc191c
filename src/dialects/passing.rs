//! Streams that pass as they came.

use super::{Progress, StreamPasser, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::sse;

/// Reads a stream for the meter and passes its events on with their names and data.
pub(super) struct AsItCame {
    reader: Box<dyn StreamReader>,
    done: bool,
}

impl AsItCame {
    pub(super) fn new(reader: Box<dyn StreamReader>) -> Self {
        Self { reader, done: false }
    }
}

impl StreamPasser for AsItCame {
    fn pass(
        &mut self,
        event: &sse::Event,
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, ApiError> {
        if self.done {
            return Ok(Progress::Done);
        }
        let progress = self.reader.read(event, events)?;
        if progress == Progress::Unread {
            return Ok(progress);
        }
        self.done = progress == Progress::Done;
        event.write(out);
        Ok(progress)
    }

    /// An end marker, where there is one, is an event of the provider: nothing is owed.
    fn end(&mut self, events: &mut Vec<Event<'static>>, _out: &mut Vec<u8>) -> Result<(), ApiError> {
        self.reader.end(events)
    }

    fn forgets_text(&self) -> bool {
        self.reader.forgets_text()
    }
}
