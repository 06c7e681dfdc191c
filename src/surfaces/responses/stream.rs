//! An answer as the events of a response.
//!
//! <https://platform.openai.com/docs/api-reference/responses-streaming>

use serde::Serialize;

use super::answer::Answer;
use super::item::{self, WrittenItem, WrittenPart};
use super::output::{Body, Change, Item, Part, PartKind, Tell};
use super::response::{Response, Stage};
use crate::hub::Event;
use crate::surfaces::{AnswerContext, StreamWriter};

/// Writes one stream.
pub(super) struct Writer {
    context: AnswerContext,
    answer: Answer,
    begun: bool,
    /// Events so far.
    count: u64,
}

impl Writer {
    pub(super) fn new(context: AnswerContext) -> Self {
        Self { context, answer: Answer::default(), begun: false, count: 0 }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        self.response("response.created", Stage::InProgress, out);
        self.response("response.in_progress", Stage::InProgress, out);
    }

    fn response(&mut self, kind: &'static str, stage: Stage, out: &mut Vec<u8>) {
        let response = Response::new(&self.answer.head, self.answer.output.items(), stage, &self.context);
        let told = Told { kind, sequence_number: self.count, response: Some(response), ..Told::default() };
        push(out, kind, &told);
        self.count += 1;
    }

    /// Runs `change` on the answer and writes what comes of it.
    fn follow<T>(&mut self, out: &mut Vec<u8>, change: impl FnOnce(&mut Answer, Tell<'_>) -> T) -> T {
        let Self { context, answer, count, .. } = self;
        change(answer, &mut |at, item, change| tell(&Place { at, item, context }, &change, count, out))
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            // The answer can be told only once its id is known, and usage before that says nothing yet.
            Event::Start { .. } => {
                self.answer.take(event, &mut |_, _, _| {});
                self.begin(out);
            }
            Event::Usage(_) => self.answer.take(event, &mut |_, _, _| {}),
            event => {
                self.begin(out);
                self.follow(out, |answer, tell| answer.take(event, tell));
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        let stage = self.follow(out, Answer::end);
        let kind = if stage.status() == "incomplete" { "response.incomplete" } else { "response.completed" };
        self.response(kind, stage, out);
    }
}

/// The item that an event is about.
struct Place<'a> {
    at: usize,
    item: &'a Item,
    context: &'a AnswerContext,
}

impl<'a> Place<'a> {
    /// An event about the item as such.
    fn item(&self, kind: &'static str, item: WrittenItem<'a>) -> Told<'a> {
        Told { kind, output_index: Some(self.at), item: Some(item), ..Told::default() }
    }

    /// An event about something in the item.
    fn inner(&self, kind: &'static str) -> Told<'a> {
        let item_id = item::id(self.item, self.at, self.context);
        Told { kind, output_index: Some(self.at), item_id: Some(item_id), ..Told::default() }
    }

    /// An event about a part of the item.
    fn part(&self, kind: &'static str, index: usize, part: &Part) -> Told<'a> {
        let summary = part.kind == PartKind::Summary;
        let (content_index, summary_index) = if summary { (None, Some(index)) } else { (Some(index), None) };
        Told { content_index, summary_index, ..self.inner(kind) }
    }
}

/// Writes a change as its events.
fn tell(place: &Place<'_>, change: &Change<'_>, count: &mut u64, out: &mut Vec<u8>) {
    let mut say = |told: Told<'_>| {
        push(out, told.kind, &Told { sequence_number: *count, ..told });
        *count += 1;
    };
    let Place { at, item, context } = *place;
    match change {
        Change::Added => say(place.item("response.output_item.added", WrittenItem::added(item, at, context))),
        Change::PartAdded(index, part) => {
            let told = place.part(words(part.kind).added, *index, part);
            say(Told { part: Some(WrittenPart::empty(part.kind)), ..told });
        }
        Change::PartGrew(index, part, text) => {
            let told = place.part(words(part.kind).delta, *index, part);
            say(Told { delta: Some(text), logprobs: logprobs(part), ..told });
        }
        Change::PartDone(index, part) => {
            let text = Some(part.text.as_str());
            let (text, refusal) = if part.kind == PartKind::Refusal { (None, text) } else { (text, None) };
            let told = place.part(words(part.kind).text_done, *index, part);
            say(Told { text, refusal, logprobs: logprobs(part), ..told });
            let told = place.part(words(part.kind).done, *index, part);
            say(Told { part: Some(WrittenPart::from(*part)), ..told });
        }
        Change::CallGrew(fragment) => {
            say(Told { delta: Some(fragment), ..place.inner("response.function_call_arguments.delta") });
        }
        Change::Done => {
            if let Body::Call(call) = &item.body {
                let told = place.inner("response.function_call_arguments.done");
                say(Told { name: Some(&call.name), arguments: Some(&call.arguments), ..told });
            }
            say(place.item("response.output_item.done", WrittenItem::new(item, at, context)));
        }
    }
}

/// The names of the events of a kind of part.
struct Words {
    added: &'static str,
    delta: &'static str,
    text_done: &'static str,
    done: &'static str,
}

fn words(kind: PartKind) -> Words {
    let (added, done) = ("response.content_part.added", "response.content_part.done");
    match kind {
        PartKind::Summary => Words {
            added: "response.reasoning_summary_part.added",
            delta: "response.reasoning_summary_text.delta",
            text_done: "response.reasoning_summary_text.done",
            done: "response.reasoning_summary_part.done",
        },
        PartKind::Text => {
            Words { added, delta: "response.output_text.delta", text_done: "response.output_text.done", done }
        }
        PartKind::Refusal => Words { added, delta: "response.refusal.delta", text_done: "response.refusal.done", done },
    }
}

/// SDKs require the list beside visible text.
fn logprobs(part: &Part) -> Option<[(); 0]> {
    (part.kind == PartKind::Text).then_some([])
}

/// The members that the types of events have.
#[derive(Default, Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    sequence_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Response<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<WrittenItem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<WrittenPart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
}

/// Appends an event whose name is its type.
pub(super) fn push(out: &mut Vec<u8>, name: &str, data: &impl Serialize) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    // Writing strings and numbers to a vector cannot fail; JSON has no line ends.
    let _ = serde_json::to_writer(&mut *out, data);
    out.extend_from_slice(b"\n\n");
}
