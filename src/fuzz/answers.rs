//! Answers of providers: whatever they are, they are read in order or refused, and callers get what they can read.

use super::{asked, check_failure, check_object, check_order, context, events, halves, parsed};
use crate::dialects::{ChatFormat, Progress};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::{Framing, sse};
use crate::surfaces::chat::Chat;
use crate::surfaces::completions::Completions;
use crate::surfaces::messages::Messages;
use crate::surfaces::responses::Responses;
use crate::surfaces::{ChatSurface, Surface};

/// A whole answer.
pub(super) fn whole(dialect: &dyn ChatFormat, data: &[u8]) {
    for status in [400, 429, 500] {
        check_failure(&dialect.error(status, data, &|_| None));
    }
    let passed = dialect.pass_answer(data).ok().and_then(|passed| passed.mended);
    match dialect.answer(data) {
        Ok(events) => {
            check_order(&events, true);
            for surface in [&Chat as &dyn ChatSurface, &Completions] {
                assert!(parsed(&surface.answer(&events, &context(true))).get("choices").is_some());
            }
            check_written(&events, None);
            assert!(parsed(&Messages.answer(&events, &context(true))).get("content").is_some());
            assert!(parsed(&Responses.answer(&events, &context(true))).get("output").is_some());
            if let Some(passed) = passed {
                check_object(&passed);
                let again = dialect.answer(&passed).map(|events| usage(&events));
                assert_eq!(again, Ok(usage(&events)), "mending keeps the counts");
            }
        }
        Err(error) => check_failure(&error),
    }
}

/// What the meter settles.
fn usage(events: &[Event<'_>]) -> Option<crate::usage::Usage> {
    events.iter().rev().find_map(|event| if let Event::Usage(usage) = event { Some(*usage) } else { None })
}

/// Writes events as a stream for the caller, and checks that they can be read.
fn check_written(said: &[Event<'_>], failure: Option<&ApiError>) {
    for include_usage in [false, true] {
        for surface in [&Chat as &dyn ChatSurface, &Completions] {
            check_stream(&written(surface, said, failure, include_usage), failure.is_none());
        }
    }
    check_messages(&written(&Messages, said, failure, true), failure.is_none());
    check_responses(&written(&Responses, said, failure, true));
}

fn written(
    surface: &dyn ChatSurface,
    said: &[Event<'_>],
    failure: Option<&ApiError>,
    include_usage: bool,
) -> Vec<sse::Event> {
    let mut writer = surface.stream(context(include_usage));
    let mut out = Vec::new();
    said.iter().for_each(|event| writer.write(event, &mut out));
    match failure {
        Some(error) => out.extend(surface.stream_error(error)),
        None => writer.end(&mut out),
    }
    events(Framing::Sse, [out.as_slice()])
}

/// For a caller of messages blocks are open one at a time, and none stays so in a whole answer.
fn check_messages(told: &[sse::Event], is_whole: bool) {
    let (mut started, mut open, mut last) = (0, 0, "");
    for event in told {
        check_object(event.data.as_bytes());
        match event.name.as_str() {
            "message_start" => started += 1,
            "content_block_start" => open += 1,
            "content_block_stop" => open -= 1,
            _ => {}
        }
        assert!((0..=1).contains(&open) && (started == 1 || event.name == "error"), "{event:?}");
        last = &event.name;
    }
    assert!(last == if is_whole { "message_stop" } else { "error" } && (open == 0 || !is_whole));
}

/// For a caller of Responses events are counted, and one of them is the end.
fn check_responses(told: &[sse::Event]) {
    const ENDS: &[&str] = &["response.completed", "response.incomplete", "response.failed", "error"];
    for (at, event) in told.iter().enumerate() {
        let data = parsed(event.data.as_bytes());
        assert_eq!(data.read::<String>("type").ok().flatten().as_ref(), Some(&event.name));
        assert!(event.name == "error" || data.read::<usize>("sequence_number") == Ok(Some(at)), "{event:?}");
        assert_eq!(ENDS.contains(&event.name.as_str()), at + 1 == told.len(), "{event:?}");
    }
}

/// Every event is one JSON object; only a whole answer ends with the end marker, and nothing follows that.
fn check_stream(all: &[sse::Event], is_whole: bool) {
    let ends = all.iter().filter(|event| event.data == "[DONE]").count();
    let last = all.last().is_some_and(|event| event.data == "[DONE]");
    assert_eq!((ends, last), (usize::from(is_whole), is_whole), "{all:?}");
    for event in all.iter().filter(|event| event.data != "[DONE]") {
        check_object(event.data.as_bytes());
    }
}

/// A streamed answer: the same wherever it is cut, with the same counts for the meter when it passes.
pub(super) fn streamed(dialect: &dyn ChatFormat, data: &[u8]) {
    // Frames of AWS are as good as events without their checksums, which would be all that is tried.
    let framing = if dialect.framing() == Framing::EventStream { Framing::Sse } else { dialect.framing() };
    let stream = events(framing, [data]);
    let (said, failure) = translated(dialect, &stream);
    check_order(&said, failure.is_none());
    if let Some(error) = &failure {
        check_failure(error);
    }
    check_written(&said, failure.as_ref());
    let (head, tail) = halves(data);
    assert!(
        translated(dialect, &events(framing, [head, tail])) == (said.clone(), failure.clone()),
        "cut at {}",
        head.len()
    );
    for include_usage in [false, true] {
        let (metered, mut out, error) = passed(dialect, &stream, include_usage);
        assert_eq!(metered, said, "the meter reads the same");
        assert_eq!(error, failure);
        if dialect.wire() == Chat.wire() {
            error.iter().for_each(|error| out.extend(Chat.stream_error(error)));
            check_stream(&events(Framing::Sse, [out.as_slice()]), failure.is_none());
        }
    }
}

fn translated(dialect: &dyn ChatFormat, stream: &[sse::Event]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let (mut reader, mut said) = (dialect.stream(), Vec::new());
    for event in stream {
        match reader.read(event, &mut said) {
            Ok(Progress::Open | Progress::Unread) => {}
            Ok(Progress::Done) => return (said, None),
            Err(error) => return (said, Some(error)),
        }
    }
    let failure = reader.end(&mut said).err();
    (said, failure)
}

fn passed(
    dialect: &dyn ChatFormat,
    stream: &[sse::Event],
    include_usage: bool,
) -> (Vec<Event<'static>>, Vec<u8>, Option<ApiError>) {
    let mut passer = dialect.pass_stream(&asked(include_usage));
    let (mut said, mut out) = (Vec::new(), Vec::new());
    for event in stream {
        match passer.pass(event, &mut said, &mut out) {
            Ok(Progress::Open | Progress::Unread) => {}
            Ok(Progress::Done) => return (said, out, None),
            Err(error) => return (said, out, Some(error)),
        }
    }
    let failure = passer.end(&mut said, &mut out).err();
    (said, out, failure)
}
