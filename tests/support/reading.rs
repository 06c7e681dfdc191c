//! How a dialect reads what was recorded.

use std::borrow::Cow;

use tollhouse_filter::dialects::{ChatFormat, Progress, StreamReader};
use tollhouse_filter::errors::ApiError;
use tollhouse_filter::hub::Event;
use tollhouse_filter::stream::{Fault, sse};

use super::outcome::{Outcome, Tokens};
use super::recordings::Recording;

/// Events, and the failure that ended them.
pub type Said = (Vec<Event<'static>>, Option<ApiError>);

/// The provider's events, and what is wrong with the bytes after them.
pub fn frames(format: &dyn ChatFormat, bytes: &[u8]) -> (Vec<sse::Event>, Option<ApiError>) {
    let (mut decoder, mut frames) = (format.framing().decoder(8 << 20), Vec::new());
    decoder.push(bytes);
    loop {
        match decoder.next() {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(Fault::Broken(how)) => return (frames, Some(ApiError::new(502, how))),
            Err(Fault::TooLong(_)) => return (frames, Some(ApiError::new(502, "too long"))),
        }
    }
}

/// Reads a stream.
pub fn stream(format: &dyn ChatFormat, bytes: &[u8]) -> Said {
    let (frames, broken) = frames(format, bytes);
    let (mut reader, mut said) = (format.stream(), Vec::new());
    let failure = read(&mut *reader, &frames, broken, &mut said).err();
    (said, failure)
}

/// Reads a stream of these frames.
pub fn said(format: &dyn ChatFormat, frames: &[sse::Event]) -> Said {
    let (mut reader, mut said) = (format.stream(), Vec::new());
    let failure = read(&mut *reader, frames, None, &mut said).err();
    (said, failure)
}

fn read(
    reader: &mut dyn StreamReader,
    frames: &[sse::Event],
    broken: Option<ApiError>,
    said: &mut Vec<Event<'static>>,
) -> Result<(), ApiError> {
    for frame in frames {
        if reader.read(frame, said)? == Progress::Done {
            return Ok(());
        }
    }
    broken.map_or_else(|| reader.end(said), Err)
}

/// Reads a recorded answer of success; a stream may have been told whole.
pub fn answer(format: &dyn ChatFormat, recording: &Recording) -> Said {
    if recording.comes_as(format.framing().media_type()) {
        return stream(format, &recording.response);
    }
    match format.answer(&recording.response) {
        Ok(said) => (said.into_iter().map(Event::into_owned).collect(), None),
        Err(error) => (Vec::new(), Some(error)),
    }
}

/// What the answer adds up to, in the words of the recordings.
pub fn outcome((said, failure): &Said, recording: &Recording) -> Outcome {
    let mut outcome = Outcome::of(said, failure.as_ref());
    let expected = &recording.expected["choices"];
    if expected.as_array().is_some_and(|choices| choices.len() == 1) {
        // An answer that says nothing has a choice all the same.
        outcome.choice(0);
    }
    for (choice, expected) in outcome.choices.iter_mut().zip(expected.as_array().into_iter().flatten()) {
        choice.forget_explanation(expected);
    }
    // Counters of an answer that tells none are 0.
    let untold = recording.expected.get("usage").is_none_or(serde_json::Value::is_null);
    outcome.usage = outcome.usage.filter(|usage| !untold || *usage != Tokens::default());
    outcome
}

/// The word for programs that a failure has, by its provider.
pub fn code(error: &ApiError) -> Option<&str> {
    error.code.as_ref().map(Cow::as_ref)
}
