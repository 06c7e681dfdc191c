//! The order of events that [`Event`](crate::hub::Event) promises.

use std::collections::BTreeMap;

use crate::hub::Event;

/// What is known of a choice.
#[derive(Default)]
struct Choice {
    /// Has each of its calls had arguments?
    calls: Vec<bool>,
    finished: bool,
}

/// Checks the order. `whole` says that the answer is complete.
pub fn check(events: &[Event<'_>], whole: bool) {
    let mut choices: BTreeMap<u32, Choice> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        let started = matches!(event, Event::Start { .. });
        // Usage may come before anything else has been said.
        let first = !events.iter().take(at).any(|earlier| !matches!(earlier, Event::Usage(_)));
        let usage = matches!(event, Event::Usage(_));
        assert!(usage || started == first, "one start, and first: {events:?}");
        let Some(index) = choice_of(event) else { continue };
        let choice = choices.entry(index).or_default();
        assert!(!choice.finished, "nothing follows the end of a choice: {events:?}");
        match event {
            Event::ToolCall { index, .. } => {
                assert_eq!(usize::try_from(*index), Ok(choice.calls.len()), "calls count from 0");
                choice.calls.push(false);
            }
            Event::Arguments { index, fragment, .. } => {
                let call = usize::try_from(*index).ok().and_then(|index| choice.calls.get_mut(index));
                assert!(call.is_some(), "a call begins before its arguments: {events:?}");
                call.into_iter().for_each(|told| *told |= !fragment.is_empty());
            }
            Event::Finish { .. } => {
                choice.finished = true;
                assert!(choice.calls.iter().all(|told| *told), "arguments are never empty: {events:?}");
            }
            _ => {}
        }
    }
    if whole {
        assert!(choices.values().all(|choice| choice.finished), "every choice ends: {events:?}");
    }
}

fn choice_of(event: &Event<'_>) -> Option<u32> {
    match event {
        Event::Start { .. } | Event::Usage(_) => None,
        Event::Text { choice, .. }
        | Event::Reasoning { choice, .. }
        | Event::Thinking { choice, .. }
        | Event::Refusal { choice, .. }
        | Event::ToolCall { choice, .. }
        | Event::Arguments { choice, .. }
        | Event::Signature { choice, .. }
        | Event::StopSequence { choice, .. }
        | Event::Finish { choice, .. } => Some(*choice),
    }
}
