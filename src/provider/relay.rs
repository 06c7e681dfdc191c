//! A streamed answer on its way: bytes of the provider in, events for the meter and bytes for the caller out.

use std::borrow::Cow;

use crate::dialects::{ChatFormat, Progress, StreamPasser, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::template::Template;
use crate::stream::{Decoder, Fault, sse};
use crate::surfaces::{ChatSurface, StreamWriter};
use crate::time::Timestamp;

use super::Call;

/// The longest event that is read: images come in one event.
pub(super) const MAX_EVENT: usize = 8 << 20;

/// A stream that is being read and written.
pub(super) struct Relay {
    surface: &'static dyn ChatSurface,
    decoder: Decoder,
    path: Path,
    /// The form of the last event, if it only said text.
    text: Option<Form>,
    /// The provider's end marker has come, or what stands for it.
    over: bool,
}

/// The form of events that only say text.
struct Form {
    template: Template,
    choice: u32,
}

/// How the provider's events become the caller's.
enum Path {
    /// They speak the same format.
    Passed(Box<dyn StreamPasser>),
    /// Through the hub.
    Translated(Box<dyn StreamReader>, Box<dyn StreamWriter>),
}

impl Path {
    /// Did an event that only said text leave nothing behind, and pass as it came if it passed?
    fn forgets(&self, event: &sse::Event, written: Option<&[u8]>) -> bool {
        match self {
            Self::Translated(reader, _) => reader.forgets_text(),
            Self::Passed(passer) => {
                let mut as_it_came = Vec::new();
                event.write(&mut as_it_came);
                passer.forgets_text() && written == Some(as_it_came.as_slice())
            }
        }
    }
}

impl Relay {
    pub(super) fn new(
        call: &Call,
        surface: &'static dyn ChatSurface,
        format: &'static dyn ChatFormat,
        now: Timestamp,
    ) -> Self {
        let path = if call.service.passes() {
            Path::Passed(format.pass_stream(&call.exchange.asked))
        } else {
            Path::Translated(format.stream(), surface.stream(call.context(now)))
        };
        Self { surface, decoder: format.framing().decoder(MAX_EVENT), path, text: None, over: false }
    }

    /// The event of a failure that the caller is told in band.
    pub(super) fn failure(&self, error: &ApiError) -> Vec<u8> {
        self.surface.stream_error(error)
    }

    /// Is the answer complete?
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Reads bytes as they came. What the caller gets is appended to `out`, what the answer says to `events`; both
    /// also hold what came before a failure.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<(), ApiError> {
        if self.over {
            return Ok(());
        }
        self.decoder.push(bytes);
        loop {
            self.skim(events, out);
            let Some(event) = self.decoder.next().map_err(|fault| unreadable(&fault))? else { return Ok(()) };
            if self.event(&event, events, out)? == Progress::Done {
                self.over = true;
                return Ok(());
            }
        }
    }

    /// Takes what comes in the form of the last event, if that only said text, all at once.
    fn skim(&mut self, events: &mut Vec<Event<'static>>, out: &mut Vec<u8>) {
        let (Some(form), Some(stream)) = (&self.text, self.decoder.between()) else { return };
        let (mut rest, mut said) = (stream, String::new());
        while let Some((text, length)) = form.template.split(rest) {
            if let Path::Translated(_, writer) = &mut self.path {
                writer.write(&Event::Text { choice: form.choice, text: Cow::Borrowed(text) }, out);
            }
            said.push_str(text);
            rest = rest.get(length..).unwrap_or_default();
        }
        if said.is_empty() {
            return;
        }
        let taken = stream.len() - rest.len();
        if let Path::Passed(_) = &self.path {
            out.extend_from_slice(stream.get(..taken).unwrap_or_default());
        }
        self.decoder.skip(taken);
        events.push(Event::Text { choice: form.choice, text: Cow::Owned(said) });
    }

    fn event(
        &mut self,
        event: &sse::Event,
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, ApiError> {
        if let Some(form) = &self.text
            && let Some(text) = form.template.text(event)
        {
            let said = Event::Text { choice: form.choice, text: Cow::Owned(text.to_owned()) };
            match &mut self.path {
                Path::Passed(_) => event.write(out),
                Path::Translated(_, writer) => writer.write(&said, out),
            }
            events.push(said);
            return Ok(Progress::Open);
        }
        let (said, written) = (events.len(), out.len());
        let progress = self.read(event, events, out)?;
        self.text = match events.get(said..) {
            Some([Event::Text { choice, text }]) if self.path.forgets(event, out.get(written..)) => {
                Template::of(event, text).map(|template| Form { template, choice: *choice })
            }
            _ => None,
        };
        Ok(progress)
    }

    fn read(
        &mut self,
        event: &sse::Event,
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, ApiError> {
        match &mut self.path {
            Path::Passed(passer) => passer.pass(event, events, out),
            Path::Translated(reader, writer) => {
                let before = events.len();
                let progress = reader.read(event, events);
                for said in events.get(before..).unwrap_or_default() {
                    writer.write(said, out);
                }
                if progress == Ok(Progress::Done) {
                    writer.end(out);
                }
                progress
            }
        }
    }

    /// The provider's bytes have ended.
    pub(super) fn end(&mut self, events: &mut Vec<Event<'static>>, out: &mut Vec<u8>) -> Result<(), ApiError> {
        if std::mem::replace(&mut self.over, true) {
            return Ok(());
        }
        match &mut self.path {
            Path::Passed(passer) => passer.end(events, out).map_err(cut_off),
            Path::Translated(reader, writer) => {
                let before = events.len();
                reader.end(events).map_err(cut_off)?;
                for said in events.get(before..).unwrap_or_default() {
                    writer.write(said, out);
                }
                writer.end(out);
                Ok(())
            }
        }
    }
}

/// What ended too early, if nothing better is known.
fn cut_off(error: ApiError) -> ApiError {
    if error.code.is_some() { error } else { error.code("cut_off") }
}

fn unreadable(fault: &Fault) -> ApiError {
    match fault {
        Fault::Broken(how) => {
            ApiError::new(502, format!("The provider's stream is damaged: {how}.")).code("broken_stream")
        }
        Fault::TooLong(limit) => {
            let message = format!("The provider sent an event of more than {} MiB.", limit >> 20);
            ApiError::new(502, message).code("event_too_long")
        }
    }
}
