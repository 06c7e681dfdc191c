//! Callers that speak Gemini's own format: their bytes pass, and are read on the way for the meter.

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
        let progress = self.reader.read(event, events)?;
        sse::write_data(out, &event.data);
        Ok(progress)
    }

    /// The format has no end marker, so nothing is owed.
    fn end(&mut self, events: &mut Vec<Event<'static>>, _out: &mut Vec<u8>) -> Result<(), ApiError> {
        self.reader.end(events)
    }
}
