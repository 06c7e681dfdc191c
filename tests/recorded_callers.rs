//! Tells every recorded answer to every caller, as a whole and as a stream; clients stricter than any SDK read it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod support;

use serde_json::Value;
use support::callers::{CALLERS, CHAT, Caller, MESSAGES, RESPONSES, context};
use support::families::{CHATS, Family};
use support::outcome::{Choice, Outcome};
use support::recordings::{self, Recording};
use support::{client, failures, reading};
use tollhouse_filter::dialects::openai::{OpenAi, responses::Responses as OpenAiResponses};
use tollhouse_filter::dialects::{ChatFormat, Progress};
use tollhouse_filter::errors::ApiError;
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::{AnswerContext, Asked, Surface, responses::Responses};

/// Every answer that says something; one that is being made in the background does not.
fn answers() -> Vec<(String, (&'static Family, Recording))> {
    let of =
        |family: &'static Family| recordings::of(family.name).into_iter().map(move |recording| (family, recording));
    let found = CHATS.iter().flat_map(of).filter(|(_, recording)| {
        let expected = &recording.expected;
        let queued = expected["choices"][0]["native_finish_reason"] == "queued";
        recording.status() == 200 && expected.get("error").is_none() && !queued
    });
    found.map(|case| (case.1.name.clone(), case)).collect()
}

#[test]
fn every_caller_is_told_what_was_recorded() {
    for caller in CALLERS {
        failures(answers(), |(_, (family, recording))| {
            let (said, failure) = reading::answer(family.format(), recording);
            let refusal = Outcome::of(&said, None).choices.first().map(|choice| choice.refusal.clone());
            let expected = Expected { caller, recording, refusal: refusal.unwrap_or_default() };
            expected.check((caller.stream)(&caller.streamed(&said, failure.as_ref(), context())), "streamed");
            if failure.is_none() {
                expected.check((caller.answer)(&caller.surface.answer(&said, &context())), "whole");
            }
        });
    }
}

/// What a caller is to be told.
struct Expected<'a> {
    caller: &'a Caller,
    recording: &'a Recording,
    /// As the provider said it.
    refusal: String,
}

impl Expected<'_> {
    /// What the caller's form cannot say is taken over from the recording.
    fn check(&self, mut outcome: Outcome, how: &str) {
        if self.caller.surface.wire() == RESPONSES.surface.wire() && outcome.failure.is_some() {
            // This client takes a response from its end, which a broken one has not.
            let told = outcome.failure.unwrap_or_default();
            let expected = self.recording.expected["stream_error"]["message_contains"].as_str().unwrap_or_default();
            return assert!(!told.trim().is_empty() && told.contains(expected), "{told}");
        }
        let mut recording = self.recording.clone();
        let Some(choices) = recording.expected["choices"].as_array_mut() else { return };
        if self.caller.surface.wire() != CHAT.surface.wire() {
            choices.truncate(1);
        }
        if choices.len() == 1 {
            outcome.choice(0);
        }
        for (choice, expected) in outcome.choices.iter_mut().zip(choices) {
            self.part(choice);
            choice.forgive(expected);
            choice.forget_explanation(expected);
        }
        outcome.check(&recording, how);
        let known = recording.expected.get("usage").is_some_and(|usage| !usage.is_null());
        if let Some(usage) = outcome.usage.as_mut().filter(|_| known && outcome.failure.is_none()) {
            if usage.cached > 0 && usage.cached == usage.prompt {
                // A part that is larger than the whole has no form in messages.
                usage.prompt =
                    usage.prompt.min(recording.expected["usage"]["prompt_tokens"].as_u64().unwrap_or(u64::MAX));
            }
            outcome.check_usage(&recording, how);
        }
    }

    /// In messages a refusal is the last of the texts.
    fn part(&self, choice: &mut Choice) {
        if self.caller.surface.wire() == MESSAGES.surface.wire()
            && let Some(text) = choice.text.strip_suffix(&self.refusal).map(str::to_owned)
        {
            choice.text = text;
            choice.refusal.clone_from(&self.refusal);
        }
    }
}

#[test]
fn usage_is_told_to_those_who_ask() {
    failures(answers(), |(_, (family, recording))| {
        let (said, failure) = reading::answer(family.format(), recording);
        let context = AnswerContext { include_usage: false, ..context() };
        assert_eq!(client::read_stream(&CHAT.streamed(&said, failure.as_ref(), context), false).usage, None);
    });
}

/// Chat completions pass, mended where SDKs trip over them.
#[test]
fn chat_completions_pass_as_sdks_need_them() {
    let chats = answers().into_iter().filter(|(_, (family, _))| family.name == "openai-chat");
    failures(chats.collect(), |(_, (_, recording))| {
        let (said, failure) = reading::answer(&OpenAi, recording);
        if !recording.is_stream() {
            let passed = OpenAi.pass_answer(&recording.response).ok().and_then(|passed| passed.mended);
            let passed = client::read_answer(passed.as_deref().unwrap_or(&recording.response));
            passed.check(recording, "passed");
            return passed.check_usage(recording, "passed");
        }
        for include_usage in [false, true] {
            let asked = Asked { model: "m".to_owned(), stream: true, include_usage, ..Asked::default() };
            let mut passer = OpenAi.pass_stream(&asked);
            let (mut metered, mut out) = (Vec::new(), Vec::new());
            let mut pass = || -> Result<(), ApiError> {
                for event in reading::frames(&OpenAi, &recording.response).0 {
                    if passer.pass(&event, &mut metered, &mut out)? == Progress::Done {
                        return Ok(());
                    }
                }
                passer.end(&mut metered, &mut out)
            };
            let error = pass().err();
            assert_eq!((&metered, &error), (&said, &failure), "the meter reads the same");
            error.iter().for_each(|error| out.extend(CHAT.surface.stream_error(error)));
            let passed = client::read_stream(&out, include_usage);
            passed.check(recording, "passed");
            if include_usage {
                passed.check_usage(recording, "passed");
            }
        }
    });
}

/// Requests for Responses pass with nothing but the model changed.
#[test]
fn requests_for_responses_pass_with_the_model_of_the_target() {
    let recorded = recordings::of("openai-responses").into_iter();
    failures(recorded.map(|recording| (recording.name.clone(), recording)).collect(), |(_, recording)| {
        let Some(request) = &recording.request else { return };
        let body = Object::parse(request).unwrap();
        if body.get("model").is_none() {
            // The prompt that it names has one; no gateway could know it.
            assert!(Responses.asked(&body).is_err() && body.get("prompt").is_some());
            return;
        }
        let passed = OpenAiResponses.pass_request(&body, &Responses.asked(&body).unwrap(), "other").body;
        let (mut expected, passed): (Value, Value) =
            (serde_json::from_slice(request).unwrap(), serde_json::from_slice(&passed).unwrap());
        expected["model"] = "other".into();
        assert_eq!(passed, expected);
    });
}
