//! What strict clients of Anthropic's messages read of any sequence of events.

use proptest::prelude::*;
use tollhouse_filter::hub::Event;
use tollhouse_filter::surfaces::{AnswerContext, ChatSurface, messages::Messages};

use super::config;
use super::events::{events, without_made_ids};
use super::support::messages_client;
use super::support::outcome::Outcome;

fn context() -> AnswerContext {
    let (id, model) = ("made".to_owned(), "model".to_owned());
    AnswerContext { id, created: 1, model, include_usage: true, legacy_functions: false }
}

/// What a caller should see of the only choice that messages have: a refusal is text, and an answer with calls waits
/// for them, but no other does.
fn expected(events: &[Event<'_>]) -> Outcome {
    let mut outcome = Outcome::of(events, None);
    outcome.choices.truncate(1);
    let choice = outcome.choice(0);
    choice.refusal.clear();
    choice.text = events.iter().filter_map(visible).collect();
    choice.calls.iter_mut().filter(|call| call.arguments.is_empty()).for_each(|call| call.arguments = "{}".to_owned());
    choice.finish = Some(match (choice.finish.as_deref(), choice.calls.is_empty()) {
        (Some("stop" | "tool_calls"), false) => "tool_calls".to_owned(),
        (Some("stop" | "tool_calls"), true) => "stop".to_owned(),
        (other, _) => other.unwrap().to_owned(),
    });
    without_thoughts(outcome)
}

fn visible(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text { choice: 0, text } | Event::Refusal { choice: 0, text } => Some(text.to_string()),
        _ => None,
    }
}

/// Events here sign thoughts that were told, and others that were not.
fn without_thoughts(mut outcome: Outcome) -> Outcome {
    outcome.choices.iter_mut().for_each(|choice| choice.reasoning.clear());
    outcome
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_strict_client_reads_from_a_stream_what_was_said(events in events()) {
        let mut writer = Messages.stream(context());
        let mut out = Vec::new();
        events.iter().for_each(|event| writer.write(event, &mut out));
        writer.end(&mut out);
        let expected = expected(&events);
        let read = without_thoughts(messages_client::read_stream(&out));
        prop_assert_eq!(without_made_ids(read, &expected), expected);
    }

    #[test]
    fn a_strict_client_reads_from_an_answer_what_was_said(events in events()) {
        let mut expected = expected(&events);
        // Fragments here are words; what is no object cannot be told.
        expected.choices[0].calls.iter_mut().for_each(|call| call.arguments = "{}".to_owned());
        let read = without_thoughts(messages_client::read_answer(&Messages.answer(&events, &context())));
        prop_assert_eq!(without_made_ids(read, &expected), expected);
    }

    #[test]
    fn a_stream_that_fails_has_no_end(events in events(), at: prop::sample::Index) {
        let told = at.index(events.len());
        let mut writer = Messages.stream(context());
        let mut out = Vec::new();
        events[..told].iter().for_each(|event| writer.write(event, &mut out));
        out.extend(Messages.stream_error(&tollhouse_filter::errors::ApiError::new(502, "gone")));
        prop_assert_eq!(messages_client::read_stream(&out).failure, Some("gone".to_owned()));
    }
}
