//! Completions, which preceded chat. They pass: the model is ours, and so is asking for usage.
//!
//! <https://platform.openai.com/docs/api-reference/completions>

use super::chunk::Said;
use super::stream::Reader;
use super::{answer, error, request};
use crate::dialects::{ChatFormat, Format, Outbound, Progress, StreamPasser, StreamReader};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::stream::sse;
use crate::surfaces::Asked;
use crate::wire::Wire;

/// The format of completions.
#[derive(Clone, Copy, Debug)]
pub struct Completions;

impl Format for Completions {
    fn wire(&self) -> Wire {
        Wire::OpenAiCompletions
    }

    /// OpenAI's models of conversations refuse completions; the names tell. Everybody else's servers have both.
    ///
    /// <https://platform.openai.com/docs/models/gpt-3.5-turbo-instruct>
    fn serves(&self, model: &str) -> bool {
        let name = model.strip_prefix("ft:").unwrap_or(model);
        let gpt =
            name.starts_with("gpt-") && !name.starts_with("gpt-3.5-turbo-instruct") && !name.starts_with("gpt-oss");
        let thinks = name.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        !(gpt || thinks || name.starts_with("chatgpt-"))
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl ChatFormat for Completions {
    fn pass_request(&self, body: &Object<'_>, asked: &Asked, model: &str) -> Outbound {
        Outbound::whole(request::pass(body, asked, model))
    }

    fn request(&self, _chat: &ChatRequest<'_>, _model: &str) -> Result<Outbound, ApiError> {
        Err(ApiError::invalid("A conversation cannot be completed as a text."))
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        answer::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(Reader::new(true))
    }

    fn pass_stream(&self, asked: &Asked) -> Box<dyn StreamPasser> {
        Box::new(Passer { reader: Reader::new(true), include_usage: asked.include_usage })
    }
}

/// Passes pieces as they came, without usage that only we have asked for.
struct Passer {
    reader: Reader,
    include_usage: bool,
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
        match Said::by(event) {
            Said::Nothing => Ok(Progress::Open),
            Said::Failure(data) => Err(error::in_answer(data)),
            Said::Chunk(chunk) => {
                let (counts, says) =
                    (chunk.usage.is_some(), chunk.choices.as_ref().is_some_and(|list| !list.is_empty()));
                self.reader.chunk(chunk, &mut |event| events.push(event.into_owned()))?;
                match (counts && !self.include_usage, says) {
                    (true, false) => {}
                    (true, true) => sse::write_json(out, &without_usage(&event.data)),
                    (false, _) => sse::write_json(out, event.data.trim().as_bytes()),
                }
                Ok(Progress::Open)
            }
            Said::End => {
                self.reader.done()?;
                sse::write_data(out, "[DONE]");
                Ok(Progress::Done)
            }
        }
    }

    fn end(&mut self, _events: &mut Vec<Event<'static>>, out: &mut Vec<u8>) -> Result<(), ApiError> {
        self.reader.cut()?;
        if !self.reader.is_done() {
            sse::write_data(out, "[DONE]");
        }
        Ok(())
    }
}

fn without_usage(data: &str) -> Vec<u8> {
    Object::parse(data.as_bytes()).map_or_else(|_| data.into(), |chunk| chunk.write_with(&[("usage", None)]))
}

#[cfg(test)]
mod tests;
