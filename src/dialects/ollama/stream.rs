//! Streamed answers: a line each for pieces of the answer, the last with its end.
//!
//! <https://docs.ollama.com/api/streaming>

use std::borrow::Cow;

use super::answer::{self, Answer};
use super::error;
use crate::dialects::{Progress, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::sse;

/// Reads one stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    done: bool,
    calls: u32,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event, out: &mut Vec<Event<'static>>) -> Result<Progress, ApiError> {
        if self.done {
            return Ok(Progress::Done);
        }
        // What is not an object says nothing.
        let Ok(mut line) = serde_json::from_str::<Answer<'_>>(&event.data) else { return Ok(Progress::Open) };
        if let Some(failure) = line.error {
            return Err(error::inside(failure));
        }
        if !std::mem::replace(&mut self.started, true) {
            let model = line.model.take().map(|model| Cow::Owned(model.0.into_owned()));
            out.push(Event::Start { id: None, model, created: None });
        }
        answer::push_message(line.message, &mut self.calls, &mut |event| out.push(event.into_owned()));
        if !line.done {
            return Ok(Progress::Open);
        }
        answer::push_end(&line, self.calls, &mut |event| out.push(event));
        self.done = true;
        Ok(Progress::Done)
    }

    fn end(&mut self, _out: &mut Vec<Event<'static>>) -> Result<(), ApiError> {
        if self.done { Ok(()) } else { Err(error::cut_off()) }
    }
}
