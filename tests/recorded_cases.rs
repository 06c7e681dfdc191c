//! Replays every recorded exchange against what any faithful gateway must read from it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::Value;
use support::exemptions::UNTRIED_FORMATS;
use support::families::{CHATS, Family};
use support::reading;
use support::recordings::{self, Recording};
use support::{cuts, failures};
use tollhouse_filter::dialects::Progress;
use tollhouse_filter::errors::{ApiError, Retry};
use tollhouse_filter::hub::Event;
use tollhouse_filter::surfaces::{AnswerContext, Asked, ChatSurface, Surface, chat::Chat};
use tollhouse_filter::wire::Wire;

/// Every recording that a dialect reads, and is of this kind.
fn cases(wanted: impl Fn(&Family, &Recording) -> bool) -> Vec<(String, (&'static Family, Recording))> {
    let of =
        |family: &'static Family| recordings::of(family.name).into_iter().map(move |recording| (family, recording));
    let found = CHATS.iter().flat_map(of).filter(|(family, recording)| wanted(family, recording));
    found.map(|case| (case.1.name.clone(), case)).collect()
}

fn succeeded(_: &Family, recording: &Recording) -> bool {
    recording.status() == 200
}

fn streamed(family: &Family, recording: &Recording) -> bool {
    succeeded(family, recording) && recording.comes_as(family.format().framing().media_type())
}

#[test]
fn every_case_is_replayed_or_listed() {
    let all = recordings::all();
    for recording in &all {
        let replayed = CHATS.iter().any(|family| recording.is_of(family.name));
        let listed = UNTRIED_FORMATS.iter().any(|(format, _)| recording.is_of(format));
        assert!(replayed != listed, "{}: {}", recording.name, recording.meta["wire_family"]);
    }
    for (format, reason) in UNTRIED_FORMATS.iter().filter(|_| !all.is_empty()) {
        assert!(all.iter().any(|recording| recording.is_of(format)), "{format}: {reason}");
    }
}

#[test]
fn answers_are_read_as_recorded() {
    failures(cases(succeeded), |(_, (family, recording))| {
        let said = reading::answer(family.format(), recording);
        if recording.expected.get("error").is_some() {
            return check_failure(recording, &said.1.unwrap());
        }
        let outcome = reading::outcome(&said, recording);
        outcome.check(recording, "read");
        outcome.check_usage(recording, "read");
        if let (Some(error), Some(code)) = (&said.1, recording.expected["stream_error"]["native_code"].as_str()) {
            assert_eq!(reading::code(error), Some(code));
        }
    });
}

#[test]
fn failures_are_read_as_recorded() {
    failures(cases(|family, recording| !succeeded(family, recording)), |(_, (family, recording))| {
        let headers = recording.headers();
        let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        check_failure(recording, &family.format().error(recording.status(), &recording.response, &header));
    });
}

fn check_failure(recording: &Recording, error: &ApiError) {
    let (expected, name) = (&recording.expected["error"], &recording.name);
    // Google answers a wrong key with 400; a caller has to hear of its key.
    let wrong_key = recording.is_of("gemini") && (error.status, recording.status()) == (401, 400);
    assert!(wrong_key || Some(u64::from(error.status)) == expected["http_status"].as_u64(), "{name}: {error:?}");
    assert!(error.message.contains(expected["message_contains"].as_str().unwrap_or_default()), "{name}: {error:?}");
    let told: Value = serde_json::from_slice(&Chat.error(error)).unwrap();
    assert_eq!(told["error"]["message"], error.message, "{name}");
    check_code(recording, reading::code(error));
    let by_status = matches!(error.status, 408 | 409 | 429) || error.status >= 500;
    assert_eq!(Some(by_status && error.retry != Retry::Never), expected["retryable"].as_bool(), "{name}: {error:?}");
}

/// The word for programs is the provider's own, or one that all providers share. Google's say no more than its status.
fn check_code(recording: &Recording, code: Option<&str>) {
    const SHARED: &[&str] = &["context_length_exceeded", "model_not_found"];
    let native = ["native_code", "native_type"].map(|word| text(&recording.expected["error"][word]));
    let in_headers = |code: &str| recording.headers().iter().any(|(_, value)| value.contains(code));
    let is_own = |code: &str| {
        in_headers(code)
            || native.iter().any(|word| word.as_deref() == Some(code))
            || String::from_utf8_lossy(&recording.response).contains(&format!("\"{code}\""))
    };
    let known =
        code.map_or(recording.is_of("gemini") || native == [None, None], |code| SHARED.contains(&code) || is_own(code));
    assert!(known, "{}: {code:?} {native:?}", recording.name);
}

/// A word, or a number in its place.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or(value.as_u64().map(|number| number.to_string()))
}

/// What was said until a stream broke off was said by the whole stream too, and it is known that it is not all.
#[test]
fn streams_that_are_cut_short_are_never_whole() {
    let whole = |family: &Family, recording: &Recording| {
        streamed(family, recording) && recording.expected.get("stream_error").is_none()
    };
    failures(cases(whole), |(_, (family, recording))| {
        let (format, bytes) = (family.format(), recording.response.as_slice());
        let (said, failure) = reading::stream(format, bytes);
        assert_eq!(failure, None);
        let ends = cuts::ends(format.framing(), bytes);
        // What a whole answer says is what its last events say; of a long one some places are tried.
        for end in ends.iter().step_by(1 + ends.len() / 200).chain(ends.iter().rev().take(5)) {
            let (begun, failure) = reading::stream(format, &bytes[..*end]);
            let ended = failure.is_none();
            assert!(said.starts_with(&begun) || ended, "up to {end}");
            let finished = begun.iter().any(|event| matches!(event, Event::Finish { .. }));
            assert!(!ended || finished || said == begun, "up to {end}");
        }
    });
}

/// The provider's own events are what a caller of the same format gets, up to a failure, and the meter reads them as
/// the translation does. Chat completions are mended, which `passing.rs` is about.
#[test]
fn streams_pass_unchanged_and_are_metered() {
    let passes = |family: &Family, recording: &Recording| {
        streamed(family, recording) && family.format().wire() != Wire::OpenAiChat
    };
    let asked = Asked { model: "m".to_owned(), stream: true, include_usage: true, ..Asked::default() };
    failures(cases(passes), |(_, (family, recording))| {
        let format = family.format();
        let (said, failure) = reading::stream(format, &recording.response);
        let (frames, broken) = reading::frames(format, &recording.response);
        let mut passer = format.pass_stream(&asked);
        let (mut metered, mut out) = (Vec::new(), Vec::new());
        let mut pass = || -> Result<(), ApiError> {
            for frame in &frames {
                if passer.pass(frame, &mut metered, &mut out)? == Progress::Done {
                    return Ok(());
                }
            }
            broken.clone().map_or_else(|| passer.end(&mut metered, &mut out), Err)
        };
        assert_eq!((pass().err(), &metered), (failure, &said));
        if family.dialect == "anthropic" || family.dialect == "gemini" {
            let passed = support::events([out.as_slice()]);
            assert_eq!(passed, frames[..passed.len()]);
        }
    });
}

/// Every signature of a call reaches the caller at its own call.
#[test]
fn signatures_stay_on_their_calls() {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    let context = AnswerContext { id, created: 1, model, include_usage: false, legacy_functions: false };
    failures(cases(succeeded), |(_, (family, recording))| {
        let said = reading::answer(family.format(), recording).0;
        let told: Value = serde_json::from_slice(&Chat.answer(&said, &context)).unwrap();
        for event in &said {
            let Event::Signature { choice, index, signature } = event else { continue };
            let [choice, index] = [*choice, *index].map(|number| usize::try_from(number).unwrap());
            let call = &told["choices"][choice]["message"]["tool_calls"][index];
            assert_eq!(call["extra_content"]["google"]["thought_signature"], signature.as_ref());
        }
    });
}
