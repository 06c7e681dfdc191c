//! Streams for callers of the same format: their events pass, and are read on the way for the meter.

use super::stream::Reader;
use crate::dialects::{Progress, StreamPasser, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::sse;

/// Passes one stream on.
#[derive(Default)]
pub(super) struct Passer {
    reader: Reader,
}

impl StreamPasser for Passer {
    fn pass(
        &mut self,
        event: &sse::Event,
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, ApiError> {
        if self.reader.is_done() {
            return Ok(Progress::Done);
        }
        let progress = self.reader.read(event, events)?;
        if event.name.is_empty() {
            sse::write_data(out, &event.data);
        } else {
            sse::write_event(out, &event.name, &event.data);
        }
        Ok(progress)
    }

    /// The end marker is an event of the provider, so nothing is owed.
    fn end(&mut self, events: &mut Vec<Event<'static>>, _out: &mut Vec<u8>) -> Result<(), ApiError> {
        self.reader.end(events)
    }
}
