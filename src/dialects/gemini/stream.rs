//! Streamed answers.
//!
//! <https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent>

use super::answer::{Chunk, Sum};
use crate::dialects::{Progress, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::sse;

/// Reads one stream. It has no end marker: the answer is over when the bytes are.
#[derive(Default)]
pub(super) struct Reader {
    sum: Sum,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event, out: &mut Vec<Event<'static>>) -> Result<Progress, ApiError> {
        // What is not a chunk says nothing.
        if let Ok(chunk) = serde_json::from_str::<Chunk<'_>>(&event.data) {
            let mut said = Vec::new();
            let result = self.sum.add(chunk, &mut said);
            out.extend(said.into_iter().map(Event::into_owned));
            result?;
        }
        Ok(Progress::Open)
    }

    fn end(&mut self, out: &mut Vec<Event<'static>>) -> Result<(), ApiError> {
        let mut said = Vec::new();
        let result = self.sum.end(&mut said);
        out.extend(said.into_iter().map(Event::into_owned));
        result
    }
}
