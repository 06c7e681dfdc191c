//! Callers that speak Anthropic's own format: their bytes pass, and are read on the way for the meter.

use super::host::Host;
use super::stream::Reader;
use crate::dialects::{Progress, StreamPasser, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::json::{self, Object};
use crate::stream::sse;
use crate::surfaces::Asked;

/// The request with our model, or with what the host wants in its place.
pub(super) fn request(body: &Object<'_>, asked: &Asked, model: &str, host: Host) -> Vec<u8> {
    let Some(version) = host.version() else {
        return body.write_with(&[("model", Some(json::string(model)))]);
    };
    let stream = (host.has_stream() && asked.stream).then(|| "true".to_owned());
    let version = Some(json::string(version));
    body.write_with(&[("model", None), ("anthropic_version", version), ("stream", stream)])
}

/// Passes one stream on.
#[derive(Debug, Default)]
pub(super) struct Passer {
    reader: Reader,
    done: bool,
}

impl StreamPasser for Passer {
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
        self.done = progress == Progress::Done;
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
