//! What strict clients of OpenAI's Responses read of any sequence of events.

use proptest::prelude::*;
use tollhouse_filter::hub::Event;

use super::config;
use super::events::{events, without_made_ids};
use super::support::callers::{RESPONSES, context};
use super::support::outcome::Outcome;
use super::support::responses;

/// What a caller should see of the only choice that a response has.
fn expected(events: &[Event<'_>]) -> Outcome {
    let mut outcome = Outcome::of(events, None);
    outcome.choices.truncate(1);
    let choice = outcome.choice(0);
    choice.finish = Some(match (choice.finish.as_deref(), choice.calls.is_empty()) {
        (Some("stop" | "tool_calls"), false) => "tool_calls".to_owned(),
        (Some("stop" | "tool_calls"), true) => "stop".to_owned(),
        (other, _) => other.unwrap().to_owned(),
    });
    outcome
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_strict_client_reads_from_a_stream_what_was_said(events in events()) {
        let expected = expected(&events);
        let read = responses::read_stream(&RESPONSES.streamed(&events, None, context()));
        prop_assert_eq!(without_made_ids(read, &expected), expected);
    }

    #[test]
    fn a_strict_client_reads_from_an_answer_what_was_said(events in events()) {
        let expected = expected(&events);
        let read = responses::read_answer(&RESPONSES.surface.answer(&events, &context()));
        prop_assert_eq!(without_made_ids(read, &expected), expected);
    }

    #[test]
    fn a_stream_that_fails_has_no_end(events in events(), at: prop::sample::Index) {
        let error = tollhouse_filter::errors::ApiError::new(502, "gone");
        let told = RESPONSES.streamed(&events[..at.index(events.len())], Some(&error), context());
        prop_assert_eq!(responses::read_stream(&told).failure, Some("gone".to_owned()));
    }
}
