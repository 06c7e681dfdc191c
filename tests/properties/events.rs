//! Sequences of the hub's events, and what strict clients read of them.

use std::borrow::Cow;

use proptest::prelude::*;
use tollhouse_filter::fuzz;
use tollhouse_filter::hub::{Event, FinishReason, Thinking};
use tollhouse_filter::surfaces::{AnswerContext, ChatSurface, chat::Chat};
use tollhouse_filter::usage::Usage;

use super::support::client;
use super::support::outcome::Outcome;
use super::{config, name, text, words};

type Events = Vec<Event<'static>>;

fn context(include_usage: bool) -> AnswerContext {
    let (id, model) = ("made".to_owned(), "model".to_owned());
    AnswerContext { id, created: 1, model, include_usage, legacy_functions: false }
}

/// What a choice may say, before it has a place.
#[derive(Clone, Debug)]
enum Say {
    Text(String),
    Reasoning(String),
    Refusal(String),
    Thinking(String),
    Call(Option<String>, String, Vec<String>),
}

fn say() -> impl Strategy<Value = Say> {
    let arguments = prop::collection::vec(words(), 1..4);
    prop_oneof![
        4 => text().prop_map(Say::Text),
        1 => text().prop_map(Say::Reasoning),
        1 => text().prop_map(Say::Refusal),
        1 => text().prop_map(Say::Thinking),
        2 => (prop::option::of(name()), name(), arguments).prop_map(|(id, name, pieces)| Say::Call(id, name, pieces)),
    ]
}

fn reason() -> impl Strategy<Value = FinishReason> {
    use FinishReason::{ContentFilter, Length, Stop, ToolCalls};
    prop::sample::select(vec![ContentFilter, Length, Stop, ToolCalls])
}

fn choice(index: u32, says: Vec<Say>, reason: FinishReason) -> Events {
    let choice = index;
    let mut calls = 0;
    let mut out = Vec::new();
    for said in says {
        match said {
            Say::Text(text) => out.push(Event::Text { choice, text: Cow::Owned(text) }),
            Say::Reasoning(text) => out.push(Event::Reasoning { choice, text: Cow::Owned(text) }),
            Say::Refusal(text) => out.push(Event::Refusal { choice, text: Cow::Owned(text) }),
            Say::Thinking(text) => {
                let block = Thinking::Signed { text: Cow::Owned(text), signature: "c2ln".into() };
                out.push(Event::Thinking { choice, block });
            }
            Say::Call(id, name, pieces) => {
                let index = calls;
                calls += 1;
                out.push(Event::ToolCall { choice, index, id: id.map(Cow::Owned), name: Cow::Owned(name) });
                let fragments = pieces.into_iter().map(Cow::Owned);
                out.extend(fragments.map(|fragment| Event::Arguments { choice, index, fragment }));
            }
        }
    }
    out.push(Event::Finish { choice, reason });
    out
}

fn usage() -> impl Strategy<Value = Usage> {
    (0u64..1 << 50, 0u64..1000, 0u64..1000, 0u64..1 << 50, 0u64..1000).prop_map(
        |(input, cached, write, output, reasoning)| {
            let input = input + cached + write;
            Usage { input, cached, cache_write: write, output: output + reasoning, reasoning, ..Usage::default() }
        },
    )
}

/// Sequences as dialects say them: choices one after the other or mixed, usage anywhere.
pub(super) fn events() -> impl Strategy<Value = Events> {
    let choices = prop::collection::vec((prop::collection::vec(say(), 0..6), reason()), 1..4);
    let order = prop::collection::vec(any::<prop::sample::Index>(), 64);
    (choices, order, prop::option::of(name()), prop::collection::vec(usage(), 1..3)).prop_map(
        |(choices, order, id, usages)| {
            let mut queues: Vec<_> =
                (0u32..).zip(choices).map(|(index, (says, reason))| choice(index, says, reason).into_iter()).collect();
            let mut out = vec![Event::Start { id: id.map(Cow::Owned), model: None, created: None }];
            let mut order = order.iter().cycle();
            let mut usages = usages.into_iter();
            let last = usages.next_back();
            while !queues.is_empty() {
                let at = order.next().unwrap().index(queues.len());
                match queues[at].next() {
                    Some(event) => out.push(event),
                    None => drop(queues.remove(at)),
                }
                out.extend(usages.next().map(Event::Usage));
            }
            out.extend(last.map(Event::Usage));
            out
        },
    )
}

/// What a caller should see of the events: ids that are made have no name here, and answers with calls wait for them.
fn expected(events: &Events) -> Outcome {
    let mut outcome = Outcome::of(events, None);
    for choice in &mut outcome.choices {
        if !choice.calls.is_empty() && choice.finish.as_deref() == Some("stop") {
            choice.finish = Some("tool_calls".to_owned());
        }
    }
    outcome
}

/// Takes out the ids that were made, once they are seen to be different.
pub(super) fn without_made_ids(mut outcome: Outcome, expected: &Outcome) -> Outcome {
    for (choice, expected) in outcome.choices.iter_mut().zip(&expected.choices) {
        for (call, expected) in choice.calls.iter_mut().zip(&expected.calls) {
            assert!(call.id.as_deref().is_some_and(|id| !id.is_empty()), "{call:?}");
            if expected.id.is_none() {
                call.id = None;
            }
        }
    }
    outcome
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_strict_client_reads_from_a_stream_what_was_said(events in events(), include_usage: bool) {
        fuzz::check_order(&events, true);
        let mut writer = Chat.stream(context(include_usage));
        let mut out = Vec::new();
        events.iter().for_each(|event| writer.write(event, &mut out));
        writer.end(&mut out);
        let mut expected = expected(&events);
        if !include_usage {
            expected.usage = None;
        }
        prop_assert_eq!(without_made_ids(client::read_stream(&out, include_usage), &expected), expected);
    }

    #[test]
    fn a_strict_client_reads_from_an_answer_what_was_said(events in events()) {
        let out = Chat.answer(&events, &context(true));
        let expected = expected(&events);
        prop_assert_eq!(without_made_ids(client::read_answer(&out), &expected), expected);
    }

    #[test]
    fn a_stream_that_fails_has_no_end(events in events(), at: prop::sample::Index, message in words()) {
        let told = at.index(events.len());
        let mut writer = Chat.stream(context(true));
        let mut out = Vec::new();
        events[..told].iter().for_each(|event| writer.write(event, &mut out));
        let error = tollhouse_filter::errors::ApiError::new(502, message.clone());
        out.extend(Chat.stream_error(&error));
        prop_assert_eq!(client::read_stream(&out, true).failure, Some(message));
    }
}
