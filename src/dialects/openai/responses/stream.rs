//! Streams of events.
//!
//! <https://platform.openai.com/docs/api-reference/responses-streaming>

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::{error as chat_error, lax};
use super::answer::Response;
use super::error;
use super::item::Item;
use crate::dialects::{Progress, StreamReader};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::stream::sse;

type Events = Vec<Event<'static>>;

/// The members that the types of events have.
#[derive(Default, Deserialize)]
struct Data<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lax::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lax::number")]
    output_index: Option<u64>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(borrow, default)]
    item: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    delta: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    arguments: Option<Cow<'a, str>>,
}

/// What has been told of an item.
#[derive(Default)]
struct Open {
    /// The call that it is. Servers that count no items say text at the same place.
    call: Option<Call>,
    /// Some of its text.
    told: bool,
    /// Thinking is told by this event alone: a summary is of what the other says in full.
    thinking: Option<&'static str>,
}

struct Call {
    index: u32,
    /// Some of its arguments were told.
    argued: bool,
}

/// Reads one stream.
#[derive(Default)]
pub(super) struct Reader {
    started: bool,
    done: bool,
    /// By `output_index`.
    items: BTreeMap<u64, Open>,
    calls: u32,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event, out: &mut Events) -> Result<Progress, ApiError> {
        if self.done {
            return Ok(Progress::Done);
        }
        let Ok(data) = serde_json::from_str::<Data<'_>>(&event.data) else {
            // What is not JSON says nothing, except that something failed.
            let failed = event.name == "error";
            return if failed { Err(chat_error::in_answer(&event.data)) } else { Ok(Progress::unread(&event.data)) };
        };
        let kind = data.kind.as_deref().filter(|kind| !kind.is_empty()).unwrap_or(&event.name).to_owned();
        match kind.as_str() {
            "response.completed" => self.finish("completed", &data, out),
            "response.incomplete" => self.finish("incomplete", &data, out),
            "response.failed" => return Err(failed(&data, out)),
            "response.cancelled" => return Err(error::cancelled()),
            "error" => return Err(fatal(&data, &event.data)),
            // OpenRouter and others answer a failure with the body that has only an `error`.
            "" | "message" if data.error.is_some_and(|raw| raw.get() != "null") => {
                return Err(fatal(&data, &event.data));
            }
            kind => self.content(kind, data, out),
        }
        Ok(if self.done { Progress::Done } else { Progress::Open })
    }

    fn end(&mut self, _out: &mut Events) -> Result<(), ApiError> {
        if self.done { Ok(()) } else { Err(chat_error::cut_off()) }
    }
}

impl Reader {
    fn content(&mut self, kind: &str, data: Data<'_>, out: &mut Events) {
        let at = data.output_index.unwrap_or(0);
        match kind {
            "response.created" | "response.in_progress" | "response.queued" => self.start(&response(&data), out),
            "response.output_item.added" => self.added(at, &data, out),
            "response.output_item.done" => self.item_done(at, &data, out),
            "response.output_text.delta" => {
                self.said(at, data.delta, out, |text| Event::Text { choice: 0, text });
            }
            "response.refusal.delta" => {
                self.said(at, data.delta, out, |text| Event::Refusal { choice: 0, text });
            }
            "response.reasoning_summary_text.delta" => self.thought(at, "summary", data.delta, out),
            "response.reasoning_text.delta" => self.thought(at, "content", data.delta, out),
            "response.function_call_arguments.delta" => self.argued(at, data.delta, out),
            // Some servers send no deltas before it.
            "response.function_call_arguments.done" => self.argued_at_once(at, data.arguments, out),
            _ => {}
        }
    }

    fn start(&mut self, response: &Response<'_>, out: &mut Events) {
        if !std::mem::replace(&mut self.started, true) {
            out.push(response.start().into_owned());
        }
    }

    fn item(&mut self, at: u64, out: &mut Events) -> &mut Open {
        self.start(&Response::default(), out);
        self.items.entry(at).or_default()
    }

    fn added(&mut self, at: u64, data: &Data<'_>, out: &mut Events) {
        let Some(mut item) = data.item.map(Item::read).filter(Item::is_call) else { return };
        let calls = self.calls;
        let open = self.item(at, out);
        if open.call.is_none() {
            open.call = Some(Call { index: calls, argued: false });
            out.push(item.begin_call(calls).into_owned());
            self.calls = calls.saturating_add(1);
        }
    }

    fn said(
        &mut self,
        at: u64,
        delta: Option<Cow<'_, str>>,
        out: &mut Events,
        event: impl FnOnce(Cow<'static, str>) -> Event<'static>,
    ) {
        let Some(text) = delta.filter(|text| !text.is_empty()) else { return };
        self.item(at, out).told = true;
        out.push(event(Cow::Owned(text.into_owned())));
    }

    fn thought(&mut self, at: u64, kind: &'static str, delta: Option<Cow<'_, str>>, out: &mut Events) {
        if *self.item(at, out).thinking.get_or_insert(kind) == kind {
            self.said(at, delta, out, |text| Event::Reasoning { choice: 0, text });
        }
    }

    fn argued(&mut self, at: u64, delta: Option<Cow<'_, str>>, out: &mut Events) {
        let Some(call) = self.items.get_mut(&at).and_then(|open| open.call.as_mut()) else { return };
        let Some(fragment) = delta.filter(|text| !text.is_empty()) else { return };
        call.argued = true;
        out.push(Event::Arguments { choice: 0, index: call.index, fragment: Cow::Owned(fragment.into_owned()) });
    }

    fn argued_at_once(&mut self, at: u64, arguments: Option<Cow<'_, str>>, out: &mut Events) {
        if self.items.get(&at).and_then(|open| open.call.as_ref()).is_some_and(|call| !call.argued) {
            self.argued(at, arguments, out);
        }
    }

    /// Some servers send items whole, without the events before.
    fn item_done(&mut self, at: u64, data: &Data<'_>, out: &mut Events) {
        self.added(at, data, out);
        let Some(item) = data.item.map(Item::read) else { return };
        if item.is_call() {
            self.argued_at_once(at, item.arguments, out);
        } else if self.items.get(&at).is_none_or(|open| !open.told) {
            self.item(at, out).told = true;
            item.say(&mut |event| out.push(event.into_owned()));
        }
    }

    /// The end, with the whole response and its usage.
    fn finish(&mut self, status: &str, data: &Data<'_>, out: &mut Events) {
        let response = response(data);
        self.start(&response, out);
        if self.items.is_empty() {
            self.calls = response.items(&mut |event| out.push(event.into_owned()));
        }
        for call in self.items.values().filter_map(|open| open.call.as_ref()).filter(|call| !call.argued) {
            out.push(Event::Arguments { choice: 0, index: call.index, fragment: Cow::Borrowed("{}") });
        }
        out.push(response.finish(status, self.calls > 0));
        out.extend(response.usage());
        self.done = true;
    }
}

fn response<'a>(data: &Data<'a>) -> Response<'a> {
    data.response.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// The response failed; what it has cost until then is told first.
fn failed(data: &Data<'_>, out: &mut Events) -> ApiError {
    let response = response(data);
    out.extend(response.usage());
    error::failed(response.error)
}

/// The event `error` has the members of the failure in `error`, or itself.
fn fatal(data: &Data<'_>, whole: &str) -> ApiError {
    match data.error.filter(|raw| raw.get() != "null") {
        Some(raw) => error::failed(Some(raw)),
        None => error::failed(serde_json::from_str(whole).ok()),
    }
}
