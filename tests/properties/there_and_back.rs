//! What both sides of a translation can say is the same after it: requests and answers are written in a form and
//! read again by the other side of that form.

use proptest::prelude::*;
use serde_json::{Value, json};
use tollhouse_filter::dialects::anthropic::Anthropic;
use tollhouse_filter::dialects::openai::{OpenAi, responses::Responses as OpenAiResponses};
use tollhouse_filter::dialects::{ChatFormat, chat_formats};
use tollhouse_filter::hub::request::{Content, Message, PartKind, Role};
use tollhouse_filter::hub::{ChatRequest, Event};
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::{ChatSurface, chat::Chat, messages::Messages, responses::Responses};
use tollhouse_filter::usage::Usage;
use tollhouse_filter::wire::Wire;

use super::events::events;
use super::support::callers::context;
use super::support::outcome::Outcome;
use super::support::reading;
use super::{config, name, words};

/// A form of both: who reads requests in it, and who writes them.
const FORMS: [(&dyn ChatSurface, &dyn ChatFormat); 3] =
    [(&Chat, &OpenAi), (&Messages, &Anthropic), (&Responses, &OpenAiResponses)];

/// One round of a conversation that every form can say.
#[derive(Clone, Debug)]
enum Round {
    Said(String, String),
    /// What the user asks, and the calls with their arguments and results.
    Called(String, Vec<(String, String, String)>),
}

#[derive(Clone, Debug)]
struct Conversation {
    system: Option<String>,
    rounds: Vec<Round>,
    last: String,
    tools: Vec<String>,
    max_tokens: u64,
    stream: bool,
}

fn conversation() -> impl Strategy<Value = Conversation> {
    let call = (name(), words(), words());
    let round = prop_oneof![
        (words(), words()).prop_map(|(asked, answered)| Round::Said(asked, answered)),
        (words(), prop::collection::vec(call, 1..4)).prop_map(|(asked, calls)| Round::Called(asked, calls)),
    ];
    let tools = prop::collection::btree_set(name(), 0..3);
    let rounds = prop::collection::vec(round, 0..4);
    (prop::option::of(words()), rounds, words(), tools, 1u64..100_000, any::<bool>()).prop_map(
        |(system, rounds, last, tools, max_tokens, stream)| {
            let tools = tools.into_iter().collect();
            Conversation { system, rounds, last, tools, max_tokens, stream }
        },
    )
}

fn schema() -> Value {
    json!({ "type": "object", "properties": { "a": { "type": "string" } } })
}

impl Conversation {
    fn chat(&self) -> Value {
        let mut turns: Vec<Value> = Vec::new();
        turns.extend(self.system.iter().map(|text| json!({ "role": "system", "content": text })));
        for (at, round) in self.rounds.iter().enumerate() {
            match round {
                Round::Said(asked, answered) => {
                    turns.push(json!({ "role": "user", "content": asked }));
                    turns.push(json!({ "role": "assistant", "content": answered }));
                }
                Round::Called(asked, calls) => {
                    let made = calls.iter().enumerate().map(|(index, (name, argument, _))| {
                        let arguments = json!({ "a": argument }).to_string();
                        json!({ "id": id(at, index), "type": "function", "function": { "name": name, "arguments": arguments } })
                    });
                    turns.push(json!({ "role": "user", "content": asked }));
                    turns.push(json!({ "role": "assistant", "tool_calls": made.collect::<Vec<_>>() }));
                    turns.extend(calls.iter().enumerate().map(|(index, (.., result))| {
                        json!({ "role": "tool", "tool_call_id": id(at, index), "content": result })
                    }));
                }
            }
        }
        turns.push(json!({ "role": "user", "content": self.last }));
        let tool = |name| json!({ "type": "function", "function": { "name": name, "parameters": schema() } });
        let tools: Vec<_> = self.tools.iter().map(tool).collect();
        json!({ "model": "m", "messages": turns, "tools": tools, "max_tokens": self.max_tokens, "stream": self.stream })
    }

    fn messages(&self) -> Value {
        let mut turns: Vec<Value> = Vec::new();
        for (at, round) in self.rounds.iter().enumerate() {
            match round {
                Round::Said(asked, answered) => {
                    turns.push(json!({ "role": "user", "content": asked }));
                    turns.push(json!({ "role": "assistant", "content": answered }));
                }
                Round::Called(asked, calls) => {
                    let made = calls.iter().enumerate().map(|(index, (name, argument, _))| {
                        json!({ "type": "tool_use", "id": id(at, index), "name": name, "input": { "a": argument } })
                    });
                    let results = calls.iter().enumerate().map(|(index, (.., result))| {
                        json!({ "type": "tool_result", "tool_use_id": id(at, index), "content": result })
                    });
                    turns.push(json!({ "role": "user", "content": asked }));
                    turns.push(json!({ "role": "assistant", "content": made.collect::<Vec<_>>() }));
                    turns.push(json!({ "role": "user", "content": results.collect::<Vec<_>>() }));
                }
            }
        }
        turns.push(json!({ "role": "user", "content": self.last }));
        let tools: Vec<_> = self.tools.iter().map(|name| json!({ "name": name, "input_schema": schema() })).collect();
        let mut request = json!({ "model": "m", "messages": turns, "tools": tools, "max_tokens": self.max_tokens, "stream": self.stream });
        self.system.iter().for_each(|text| request["system"] = text.as_str().into());
        request
    }

    fn responses(&self) -> Value {
        let mut items: Vec<Value> = Vec::new();
        for (at, round) in self.rounds.iter().enumerate() {
            match round {
                Round::Said(asked, answered) => {
                    items.push(json!({ "role": "user", "content": asked }));
                    items.push(json!({ "role": "assistant", "content": answered }));
                }
                Round::Called(asked, calls) => {
                    items.push(json!({ "role": "user", "content": asked }));
                    items.extend(calls.iter().enumerate().map(|(index, (name, argument, _))| {
                        let arguments = json!({ "a": argument }).to_string();
                        json!({ "type": "function_call", "call_id": id(at, index), "name": name, "arguments": arguments })
                    }));
                    items.extend(calls.iter().enumerate().map(|(index, (.., result))| {
                        json!({ "type": "function_call_output", "call_id": id(at, index), "output": result })
                    }));
                }
            }
        }
        items.push(json!({ "role": "user", "content": self.last }));
        let tool = |name| json!({ "type": "function", "name": name, "parameters": schema() });
        let tools: Vec<_> = self.tools.iter().map(tool).collect();
        let mut request = json!({ "model": "m", "input": items, "tools": tools, "max_output_tokens": self.max_tokens, "stream": self.stream });
        self.system.iter().for_each(|text| request["instructions"] = text.as_str().into());
        request
    }

    /// The request as a caller of this surface writes it.
    fn for_caller(&self, surface: &dyn ChatSurface) -> String {
        let request = match surface.wire() {
            Wire::AnthropicMessages => self.messages(),
            Wire::OpenAiResponses => self.responses(),
            _ => self.chat(),
        };
        request.to_string()
    }
}

fn id(round: usize, index: usize) -> String {
    format!("call_{round}_{index}")
}

/// What a request says, without the cut of its turns.
fn said(chat: &ChatRequest<'_>) -> (Vec<String>, Vec<String>, Option<u64>, bool) {
    let tools = chat.tools.iter().map(|tool| {
        let schema = tool.function.parameters.map(|raw| serde_json::from_str::<Value>(raw.get()).unwrap());
        format!("{} {schema:?}", tool.function.name)
    });
    (chat.messages.iter().flat_map(turn).collect(), tools.collect(), chat.max_tokens, chat.stream)
}

fn turn(message: &Message<'_>) -> Vec<String> {
    let texts: Vec<String> = match &message.content {
        Content::None => Vec::new(),
        Content::Text(text) => vec![text.to_string()],
        Content::Parts(parts) => parts
            .iter()
            .map(|part| match &part.kind {
                PartKind::Text(text) => text.to_string(),
                other => format!("{other:?}"),
            })
            .collect(),
    };
    let role = if message.role == Role::Developer { Role::System } else { message.role };
    let place = message.tool_call_id.as_deref().unwrap_or_default();
    let texts = texts.iter().map(|text| format!("{role:?} {place}: {text}"));
    let calls = message.tool_calls.iter().map(|call| {
        let arguments: Value = serde_json::from_str(&call.function.arguments).unwrap();
        format!("call {} {} {arguments}", call.id, call.function.name)
    });
    texts.chain(calls).collect()
}

fn read<T>(surface: &dyn ChatSurface, body: &[u8], with: impl FnOnce(&ChatRequest<'_>) -> T) -> T {
    let object = Object::parse(body).unwrap();
    with(&surface.request(&object).unwrap())
}

fn usage(events: &[Event<'_>]) -> Option<Usage> {
    events.iter().rev().find_map(|event| if let Event::Usage(usage) = event { Some(*usage) } else { None })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_caller_says_a_conversation_alike(conversation in conversation()) {
        let chat = read(&Chat, conversation.for_caller(&Chat).as_bytes(), said);
        for (surface, _) in FORMS {
            prop_assert_eq!(&read(surface, conversation.for_caller(surface).as_bytes(), said), &chat);
        }
    }

    #[test]
    fn what_is_asked_of_one_form_in_another_is_asked_in_full(conversation in conversation()) {
        for (surface, _) in FORMS {
            let asked = conversation.for_caller(surface);
            for (back, format) in FORMS {
                let written = read(surface, asked.as_bytes(), |chat| format.request(chat, "claude-3-haiku").unwrap());
                prop_assert!(written.dropped.is_empty(), "{:?}", written.dropped);
                let again = read(back, &written.body, said);
                prop_assert_eq!(again, read(surface, asked.as_bytes(), said));
            }
        }
    }

    #[test]
    fn every_dialect_writes_what_every_caller_asks(conversation in conversation()) {
        for (surface, _) in FORMS {
            let asked = conversation.for_caller(surface);
            for format in chat_formats().filter(|format| format.wire() != Wire::OpenAiCompletions) {
                let written = read(surface, asked.as_bytes(), |chat| format.request(chat, "model").unwrap());
                let body: Value = serde_json::from_slice(&written.body).unwrap();
                let text = body.to_string();
                let told = |text: &String| json!(text).to_string().trim_matches('"').to_owned();
                prop_assert!(text.contains(&told(&conversation.last)), "{}", text);
                prop_assert!(conversation.tools.iter().all(|name| text.contains(name.as_str())), "{}", text);
            }
        }
    }

    #[test]
    fn an_answer_says_the_same_in_every_form(events in events()) {
        for (surface, format) in FORMS {
            let body = surface.answer(&events, &context());
            let again = format.answer(&body).unwrap();
            prop_assert_eq!(sum(&again, surface), sum(&events, surface));
            prop_assert_eq!(counted(usage(&again)), counted(usage(&events)));
        }
    }

    #[test]
    fn a_stream_says_the_same_in_every_form(events in events()) {
        for (surface, format) in FORMS {
            let (mut writer, mut out) = (surface.stream(context()), Vec::new());
            events.iter().for_each(|event| writer.write(event, &mut out));
            writer.end(&mut out);
            let (again, failure) = reading::stream(format, &out);
            prop_assert_eq!(failure, None);
            prop_assert_eq!(sum(&again, surface), sum(&events, surface));
            prop_assert_eq!(counted(usage(&again)), counted(usage(&events)));
        }
    }
}

/// Text and calls of the choices that the form has. Ids that are made and arguments that are no objects are the
/// business of [`super::events`].
fn sum(events: &[Event<'_>], surface: &dyn ChatSurface) -> Vec<(String, Vec<String>)> {
    let mut outcome = Outcome::of(events, None);
    if surface.wire() != Wire::OpenAiChat {
        outcome.choices.truncate(1);
    }
    let texts: Vec<String> = outcome.choices.iter().map(|choice| visible(events, choice.index)).collect();
    let calls = outcome.choices.into_iter().map(|choice| choice.calls.into_iter().map(|call| call.name).collect());
    texts.into_iter().zip(calls).collect()
}

/// Texts and refusals in their order; a form may have one place for both, or one for each.
fn visible(events: &[Event<'_>], index: u64) -> String {
    let mut letters: Vec<char> = events
        .iter()
        .filter_map(|event| match event {
            Event::Text { choice, text } | Event::Refusal { choice, text } if u64::from(*choice) == index => {
                Some(text.chars())
            }
            _ => None,
        })
        .flatten()
        .collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}

/// What is counted everywhere.
fn counted(usage: Option<Usage>) -> Option<[u64; 5]> {
    usage.map(|usage| [usage.input, usage.cached, usage.cache_writes(), usage.output, usage.reasoning])
}
