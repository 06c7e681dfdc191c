//! Replays recordings of one wire format through a dialect's format and the chat surface.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tollhouse_filter::dialects::{Format, Progress};
use tollhouse_filter::errors::{ApiError, Retry};
use tollhouse_filter::hub::Event;
use tollhouse_filter::stream::sse;
use tollhouse_filter::surfaces::{AnswerContext, Asked, Surface, chat::Chat};

use super::client;
use super::outcome::Outcome;
use super::recordings::{self, Recording};

/// All recordings of a wire format, and who reads them.
pub struct Replay {
    pub format: &'static dyn Format,
    pub wire_family: &'static str,
}

impl Replay {
    /// Runs a check on every recording that it is for; all failures are told, not only the first.
    fn each(&self, filter: impl Fn(&Recording) -> bool, check: impl Fn(&Recording)) {
        let recordings = recordings::of(self.wire_family);
        let failed: Vec<&str> = recordings
            .iter()
            .filter(|recording| filter(recording))
            .filter(|recording| catch_unwind(AssertUnwindSafe(|| check(recording))).is_err())
            .map(|recording| recording.name.as_str())
            .collect();
        assert!(failed.is_empty(), "{} failed: {failed:?}", failed.len());
    }

    /// Plain answers, read and written for a chat caller.
    pub fn answers(&self) {
        let plain = |recording: &Recording| recording.status() == 200 && !recording.is_stream();
        self.each(plain, |recording| {
            let events = self.format.answer(&recording.response).unwrap();
            let outcome = Outcome::of(&events, None);
            outcome.check(recording, "read");
            outcome.check_usage(recording, "read");
            let written = client::read_answer(&Chat.answer(&events, &context(false)));
            written.check(recording, "written");
            written.check_usage(recording, "written");
        });
    }

    /// Streams, read and written for a chat caller.
    pub fn streams(&self) {
        self.each(is_stream, |recording| {
            let whole = self.events([recording.response.as_slice()]);
            let (said, failure) = self.read(&whole);
            let outcome = Outcome::of(&said, failure.as_ref());
            outcome.check(recording, "read");
            outcome.check_usage(recording, "read");
            for include_usage in [false, true] {
                let written = client::read_stream(&written(&said, failure.as_ref(), include_usage), include_usage);
                written.check(recording, "written");
                if include_usage && outcome.usage.is_some() {
                    written.check_usage(recording, "written");
                }
            }
        });
    }

    /// Streams for callers of the same format: what passes reads as what came, and so does the meter.
    pub fn passes(&self) {
        let asked = Asked { model: "m".to_owned(), stream: true, include_usage: true, legacy_functions: false };
        self.each(is_stream, |recording| {
            let stream = self.events([recording.response.as_slice()]);
            let (mut passer, mut metered, mut out) = (self.format.pass_stream(&asked), Vec::new(), Vec::new());
            let done = stream.iter().any(|event| passer.pass(event, &mut metered, &mut out).unwrap() == Progress::Done);
            assert!(done, "{}", recording.name);
            assert_eq!(metered, self.read(&stream).0, "{}", recording.name);
            let passed = self.events([out.as_slice()]);
            assert!(stream.starts_with(&passed), "{}", recording.name);
            assert_eq!(self.read(&passed), (metered, None), "{}", recording.name);
        });
    }

    /// Streams that stop before their end are failures, wherever they stop; long ones are stopped at some places.
    pub fn truncated(&self) {
        self.each(is_stream, |recording| {
            let whole = self.events([recording.response.as_slice()]);
            let marker = whole.iter().rposition(|event| event.data != "[DONE]").unwrap();
            for end in (0..marker).step_by(1 + marker / 50).chain([marker]) {
                assert!(self.read(&whole[..end]).1.is_some(), "{} stopped at {end}", recording.name);
            }
            assert_eq!(self.read(&whole[..=marker]).1, None, "{}", recording.name);
        });
    }

    /// Answers with a status of failure.
    pub fn failures(&self) {
        let failed = |recording: &Recording| recording.status() != 200;
        self.each(failed, |recording| {
            let error = self.format.error(recording.status(), &recording.response, &|_| None);
            let (name, expected) = (&recording.name, &recording.expected["error"]);
            assert_eq!(Some(u64::from(error.status)), expected["http_status"].as_u64(), "{name}");
            let body: serde_json::Value = serde_json::from_slice(&Chat.error(&error)).unwrap();
            let told = body["error"]["message"].as_str().unwrap();
            assert!(told.contains(expected["message_contains"].as_str().unwrap_or("")), "{name}: {told}");
            let by_status = matches!(error.status, 408 | 409 | 429) || error.status >= 500;
            let retryable = by_status && error.retry != Retry::Never;
            assert_eq!(Some(retryable), expected["retryable"].as_bool(), "{name}");
        });
    }

    fn events<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<sse::Event> {
        let mut decoder = self.format.framing().decoder(8 << 20);
        let mut events = Vec::new();
        for piece in pieces {
            decoder.push(piece);
            while let Some(event) = decoder.next().unwrap() {
                events.push(event);
            }
        }
        events
    }

    fn read(&self, stream: &[sse::Event]) -> (Vec<Event<'static>>, Option<ApiError>) {
        let (mut reader, mut out) = (self.format.stream(), Vec::new());
        for event in stream {
            match reader.read(event, &mut out) {
                Ok(Progress::Open) => {}
                Ok(Progress::Done) => return (out, None),
                Err(error) => return (out, Some(error)),
            }
        }
        let error = reader.end(&mut out).err();
        (out, error)
    }
}

fn is_stream(recording: &Recording) -> bool {
    recording.status() == 200 && recording.is_stream()
}

fn context(include_usage: bool) -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage, legacy_functions: false }
}

fn written(said: &[Event<'_>], failure: Option<&ApiError>, include_usage: bool) -> Vec<u8> {
    let (mut writer, mut out) = (Chat.stream(context(include_usage)), Vec::new());
    said.iter().for_each(|event| writer.write(event, &mut out));
    match failure {
        Some(error) => out.extend(Chat.stream_error(error)),
        None => writer.end(&mut out),
    }
    out
}
