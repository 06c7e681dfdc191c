//! Streamed answers.
//!
//! <https://docs.cohere.com/docs/streaming>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{self, Block, Call};
use super::{error, usage};
use crate::dialects::{Progress, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::json::{Text, lenient};
use crate::stream::sse;

type Events = Vec<Event<'static>>;

/// The members that the types of events have.
#[derive(Default, Deserialize)]
struct Data<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    delta: Option<&'a RawValue>,
    /// A failure without a type, in the form that a whole answer has it.
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<Text<'a>>,
}

/// Of `content` and `tool_calls` there is one at a time, so neither is a list.
#[derive(Default, Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
}

/// A call whose end has not been told.
#[derive(Debug)]
struct Open {
    /// The event's number.
    at: u64,
    /// Ours.
    index: u32,
    /// The arguments so far, while they may still be `null`.
    held: Option<String>,
}

/// Reads one stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    done: bool,
    calls: u32,
    open: Vec<Open>,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event, out: &mut Events) -> Result<Progress, ApiError> {
        if self.done {
            return Ok(Progress::Done);
        }
        let Ok(data) = serde_json::from_str::<Data<'_>>(&event.data) else {
            // What is not JSON says nothing, except that something failed.
            return if event.name == "error" { Err(error::inside(&event.data)) } else { Ok(Progress::Open) };
        };
        let delta: Delta<'_> = lenient(data.delta);
        let message: Message<'_> = lenient(delta.message);
        let index = data.index.unwrap_or(0);
        match data.kind.as_ref().map_or(event.name.as_str(), |kind| kind.0.as_ref()) {
            "message-start" => self.start(data.id, out),
            "content-start" | "content-delta" => self.content(lenient(message.content), out),
            "tool-call-start" => self.call(index, lenient(message.tool_calls), out),
            "tool-call-delta" => self.arguments(index, lenient(message.tool_calls), out),
            "tool-call-end" => self.close(Some(index), out),
            "message-end" => return self.finish(&delta, out),
            "error" => return Err(error::inside(&event.data)),
            "" if data.message.is_some() => return Err(error::inside(&event.data)),
            _ => {}
        }
        Ok(Progress::Open)
    }

    fn end(&mut self, _out: &mut Events) -> Result<(), ApiError> {
        if self.done { Ok(()) } else { Err(error::cut_off()) }
    }
}

impl Reader {
    fn start(&mut self, id: Option<Text<'_>>, out: &mut Events) {
        if !std::mem::replace(&mut self.started, true) {
            out.push(Event::Start { id: owned(answer::id(id)), model: None, created: None });
        }
    }

    fn content(&mut self, block: Block<'_>, out: &mut Events) {
        self.start(None, out);
        answer::push_block(block, &mut |event| out.push(event.into_owned()));
    }

    fn call(&mut self, at: u64, call: Call<'_>, out: &mut Events) {
        self.start(None, out);
        // Another call with the same number ends the first.
        self.close(Some(at), out);
        let index = self.calls;
        self.calls = index.saturating_add(1);
        let name = call.function.as_ref().and_then(|function| function.name.clone());
        let name = owned(name.map(|name| name.0)).unwrap_or_default();
        out.push(Event::ToolCall { choice: 0, index, id: owned(answer::id(call.id.clone())), name });
        self.open.push(Open { at, index, held: Some(String::new()) });
        self.arguments(at, call, out);
    }

    fn arguments(&mut self, at: u64, call: Call<'_>, out: &mut Events) {
        let Some(open) = self.open.iter_mut().find(|open| open.at == at) else { return };
        let Some(Text(mut fragment)) = call.function.and_then(|function| function.arguments) else { return };
        if let Some(mut held) = open.held.take() {
            held.push_str(&fragment);
            if "null".starts_with(held.trim()) {
                open.held = Some(held);
                return;
            }
            fragment = Cow::Owned(held);
        }
        push_arguments(open.index, fragment.into_owned(), out);
    }

    /// Ends the call with this number, or all. One without arguments takes an empty object.
    fn close(&mut self, at: Option<u64>, out: &mut Events) {
        let closed = self.open.extract_if(.., |open| at.is_none_or(|at| open.at == at));
        for Open { index, held, .. } in closed {
            let Some(held) = held else { continue };
            let arguments = if answer::is_nothing(&held) { "{}".to_owned() } else { held };
            push_arguments(index, arguments, out);
        }
    }

    fn finish(&mut self, delta: &Delta<'_>, out: &mut Events) -> Result<Progress, ApiError> {
        self.start(None, out);
        out.extend(usage::read(delta.usage).map(Event::Usage));
        if let Some(failure) = &delta.error {
            return Err(error::inside(&failure.0));
        }
        let reason = delta.finish_reason.as_ref().map(|reason| reason.0.as_ref());
        let reason = answer::finish(reason, self.calls > 0)?;
        self.close(None, out);
        out.extend(answer::stop_sequence(delta.finish_reason.as_ref()));
        out.push(Event::Finish { choice: 0, reason });
        self.done = true;
        Ok(Progress::Done)
    }
}

fn push_arguments(index: u32, fragment: String, out: &mut Events) {
    if !fragment.is_empty() {
        out.push(Event::Arguments { choice: 0, index, fragment: Cow::Owned(fragment) });
    }
}

fn owned(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
    text.map(|text| Cow::Owned(text.into_owned()))
}
