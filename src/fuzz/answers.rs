//! Answers of providers: whatever they are, they are read in order or refused, and callers get what they can read.

use super::{asked, check_failure, check_object, check_order, context, events, halves, parsed};
use crate::dialects::{ChatFormat, Progress};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::sse;
use crate::surfaces::chat::Chat;
use crate::surfaces::messages::Messages;
use crate::surfaces::{ChatSurface, Surface};

/// A whole answer.
pub(super) fn whole(dialect: &dyn ChatFormat, data: &[u8]) {
    for status in [400, 429, 500] {
        check_failure(&dialect.error(status, data, &|_| None));
    }
    let passed = dialect.pass_answer(data);
    match dialect.answer(data) {
        Ok(events) => {
            check_order(&events, true);
            let answer = Chat.answer(&events, &context(true));
            assert!(parsed(&answer).get("choices").is_some());
            check_written(&events, None);
            assert!(parsed(&Messages.answer(&events, &context(true))).get("content").is_some());
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
        let mut writer = Chat.stream(context(include_usage));
        let mut out = Vec::new();
        said.iter().for_each(|event| writer.write(event, &mut out));
        match failure {
            Some(error) => out.extend(Chat.stream_error(error)),
            None => writer.end(&mut out),
        }
        check_stream(&out, failure.is_none());
    }
    check_messages(said, failure);
}

/// The same for a caller of messages: blocks are open one at a time, and none stays so in a whole answer.
fn check_messages(said: &[Event<'_>], failure: Option<&ApiError>) {
    let mut writer = Messages.stream(context(true));
    let mut out = Vec::new();
    said.iter().for_each(|event| writer.write(event, &mut out));
    match failure {
        Some(error) => out.extend(Messages.stream_error(error)),
        None => writer.end(&mut out),
    }
    let (mut started, mut open, mut last) = (0, 0, String::new());
    for event in events([out.as_slice()]) {
        check_object(event.data.as_bytes());
        match event.name.as_str() {
            "message_start" => started += 1,
            "content_block_start" => open += 1,
            "content_block_stop" => open -= 1,
            _ => {}
        }
        assert!((0..=1).contains(&open) && (started == 1 || event.name == "error"), "{event:?}");
        last = event.name;
    }
    assert!(last == if failure.is_some() { "error" } else { "message_stop" } && (open == 0 || failure.is_some()));
}

/// Every event is one JSON object; only a whole answer ends with the end marker, and nothing follows that.
fn check_stream(out: &[u8], is_whole: bool) {
    let all = events([out]);
    let ends = all.iter().filter(|event| event.data == "[DONE]").count();
    let last = all.last().is_some_and(|event| event.data == "[DONE]");
    assert_eq!((ends, last), (usize::from(is_whole), is_whole), "{}", String::from_utf8_lossy(out));
    for event in all.iter().filter(|event| event.data != "[DONE]") {
        check_object(event.data.as_bytes());
    }
}

/// A streamed answer: the same wherever it is cut, with the same counts for the meter when it passes.
pub(super) fn streamed(dialect: &dyn ChatFormat, data: &[u8]) {
    let stream = events([data]);
    let (said, failure) = translated(dialect, &stream);
    check_order(&said, failure.is_none());
    if let Some(error) = &failure {
        check_failure(error);
    }
    check_written(&said, failure.as_ref());
    let (head, tail) = halves(data);
    assert!(translated(dialect, &events([head, tail])) == (said.clone(), failure.clone()), "cut at {}", head.len());
    for include_usage in [false, true] {
        let (metered, mut out, error) = passed(dialect, &stream, include_usage);
        assert_eq!(metered, said, "the meter reads the same");
        assert_eq!(error, failure);
        if dialect.wire() == Chat.wire() {
            error.iter().for_each(|error| out.extend(Chat.stream_error(error)));
            check_stream(&out, failure.is_none());
        }
    }
}

fn translated(dialect: &dyn ChatFormat, stream: &[sse::Event]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let (mut reader, mut said) = (dialect.stream(), Vec::new());
    for event in stream {
        match reader.read(event, &mut said) {
            Ok(Progress::Open) => {}
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
            Ok(Progress::Open) => {}
            Ok(Progress::Done) => return (said, out, None),
            Err(error) => return (said, out, Some(error)),
        }
    }
    let failure = passer.end(&mut said, &mut out).err();
    (said, out, failure)
}
