//! Callers that speak Ollama's own format: their lines pass, and are read on the way for the meter.

use super::stream::Reader;
use crate::dialects::{Progress, StreamPasser, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::sse;

/// Passes one stream on.
#[derive(Debug, Default)]
pub(super) struct Passer(Reader);

impl StreamPasser for Passer {
    fn pass(
        &mut self,
        event: &sse::Event,
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, ApiError> {
        let progress = self.0.read(event, events)?;
        out.extend_from_slice(event.data.as_bytes());
        out.push(b'\n');
        Ok(progress)
    }

    /// The end marker is in the provider's last line, so nothing is owed.
    fn end(&mut self, events: &mut Vec<Event<'static>>, _out: &mut Vec<u8>) -> Result<(), ApiError> {
        self.0.end(events)
    }
}
