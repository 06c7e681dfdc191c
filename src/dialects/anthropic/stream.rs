//! Streamed answers.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/streaming>

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{self, Block};
use super::error;
use super::usage::Counts;
use crate::dialects::{Progress, StreamReader};
use crate::errors::ApiError;
use crate::hub::{Event, Thinking};
use crate::json::{Text, lenient, or_empty};
use crate::stream::sse;
use crate::usage::Usage;

/// A block of thinking is held until it is complete; no model writes as much as this.
const MAX_THINKING: usize = 8 << 20;

type Events = Vec<Event<'static>>;

/// The members that the types of events have.
#[derive(Default, Deserialize)]
struct Data<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow, default)]
    delta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

impl Data<'_> {
    /// The type of the event. `name`, which some hosts leave out, counts only where the data does not say; an error
    /// is one without either.
    fn kind<'b>(&'b self, name: &'b str) -> &'b str {
        match &self.kind {
            Some(kind) => kind.0.as_ref(),
            None if self.error.is_some() => "error",
            None => name,
        }
    }
}

/// The message of `message_start`.
#[derive(Default, Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    model: Option<Text<'a>>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

/// The `delta` of all events.
#[derive(Default, Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    stop_details: Option<&'a RawValue>,
}

/// A block that has begun. Blocks that have no word in the hub are not kept, so their deltas go nowhere.
#[derive(Debug)]
enum Open {
    Text,
    Thinking {
        text: String,
        signature: String,
    },
    Tool {
        index: u32,
        /// Arguments that came with the start, told at the end if no fragments come.
        input: Option<String>,
        told: bool,
    },
}

/// Reads one stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    finished: bool,
    done: bool,
    counts: Counts,
    /// The last usage that was told.
    usage: Option<Usage>,
    open: BTreeMap<u64, Open>,
    /// How many calls have begun.
    tools: u32,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event, out: &mut Events) -> Result<Progress, ApiError> {
        if self.done {
            return Ok(Progress::Done);
        }
        let Ok(data) = serde_json::from_str::<Data<'_>>(&event.data) else {
            // What is not JSON says nothing, except that something failed.
            let failed = event.name == "error";
            return if failed { Err(error::inside(event.data.as_bytes())) } else { Ok(Progress::unread(&event.data)) };
        };
        match data.kind(&event.name) {
            "message_start" => self.start(lenient(data.message), out),
            "content_block_start" => self.open(&data, out),
            "content_block_delta" => self.delta(&data, out)?,
            "content_block_stop" => self.close(data.index.unwrap_or(0), out),
            "message_delta" => self.message_delta(&data, out),
            "message_stop" if !self.started => {
                return Err(ApiError::new(502, "the provider's stream ended before it began").code("empty_answer"));
            }
            "message_stop" => {
                self.finish(None, None, out);
                self.done = true;
                return Ok(Progress::Done);
            }
            "error" => return Err(error::inside(event.data.as_bytes())),
            _ => {}
        }
        Ok(Progress::Open)
    }

    fn end(&mut self, _out: &mut Events) -> Result<(), ApiError> {
        if self.done {
            return Ok(());
        }
        Err(ApiError::new(502, "the provider's stream ended before the answer was complete"))
    }

    fn forgets_text(&self) -> bool {
        true
    }
}

impl Reader {
    /// Providers have sent `message_start` twice; the second says nothing new.
    fn start(&mut self, message: Message<'_>, out: &mut Events) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        out.push(Event::Start { id: owned(message.id), model: owned(message.model), created: None });
        self.count(message.usage, out);
    }

    /// Takes over counts and tells them if they changed.
    fn count(&mut self, usage: Option<&RawValue>, out: &mut Events) {
        self.counts.merge(lenient(usage));
        let usage = self.counts.usage();
        if self.counts.is_known() && self.usage != Some(usage) {
            self.usage = Some(usage);
            out.push(Event::Usage(usage));
        }
    }

    /// A block after the end of the answer is nobody's.
    fn open(&mut self, data: &Data<'_>, out: &mut Events) {
        if self.finished {
            return;
        }
        let (Some(raw), index) = (data.content_block, data.index.unwrap_or(0)) else { return };
        self.start(Message::default(), out);
        // Another block with the same number ends the first.
        self.close(index, out);
        let block: Block<'_> = lenient(Some(raw));
        let open = match answer::kind_of(raw).as_ref() {
            "text" => {
                push_text(or_empty(block.text), out);
                Open::Text
            }
            "thinking" => {
                let text = or_empty(block.thinking).into_owned();
                push_reasoning(&text, out);
                Open::Thinking { text, signature: or_empty(block.signature).into_owned() }
            }
            "redacted_thinking" => {
                let data = or_empty(block.data).into_owned().into();
                out.push(Event::Thinking { choice: 0, block: Thinking::Redacted { data } });
                return;
            }
            "tool_use" => self.open_tool(block, out),
            _ => return,
        };
        self.open.insert(index, open);
    }

    fn open_tool(&mut self, block: Block<'_>, out: &mut Events) -> Open {
        let index = self.tools;
        self.tools = index.saturating_add(1);
        let name = or_empty(block.name).into_owned().into();
        out.push(Event::ToolCall { choice: 0, index, id: owned(block.id), name });
        Open::Tool { index, input: answer::arguments(block.input).map(str::to_owned), told: false }
    }

    fn delta(&mut self, data: &Data<'_>, out: &mut Events) -> Result<(), ApiError> {
        let Some(open) = self.open.get_mut(&data.index.unwrap_or(0)) else { return Ok(()) };
        let delta: Delta<'_> = lenient(data.delta);
        let kind = delta.kind.as_ref().map(|kind| kind.0.as_ref()).unwrap_or_default();
        match (open, kind) {
            (Open::Text, "text_delta") => push_text(or_empty(delta.text), out),
            (Open::Thinking { text, signature }, "thinking_delta" | "signature_delta") => {
                let more = or_empty(delta.thinking);
                text.push_str(&more);
                signature.push_str(&or_empty(delta.signature));
                if text.len() + signature.len() > MAX_THINKING {
                    return Err(ApiError::new(502, "the provider's thinking is longer than 8 MiB"));
                }
                push_reasoning(&more, out);
            }
            (Open::Tool { index, told, .. }, "input_json_delta") => {
                let fragment = or_empty(delta.partial_json);
                *told |= !fragment.is_empty();
                push_arguments(*index, fragment.into_owned(), out);
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, index: u64, out: &mut Events) {
        match self.open.remove(&index) {
            Some(Open::Thinking { text, signature }) if !signature.is_empty() => {
                let block = Thinking::Signed { text: text.into(), signature: signature.into() };
                out.push(Event::Thinking { choice: 0, block });
            }
            Some(Open::Tool { index, input, told: false }) => {
                push_arguments(index, input.unwrap_or_else(|| "{}".to_owned()), out);
            }
            _ => {}
        }
    }

    fn message_delta(&mut self, data: &Data<'_>, out: &mut Events) {
        self.start(Message::default(), out);
        self.count(data.usage, out);
        let delta: Delta<'_> = lenient(data.delta);
        if let Some(reason) = delta.stop_reason {
            self.finish(Some(&reason.0), delta.stop_details, out);
        }
    }

    /// The end of the choice, once; blocks that were left open end with it.
    fn finish(&mut self, reason: Option<&str>, details: Option<&RawValue>, out: &mut Events) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        self.start(Message::default(), out);
        while let Some((&index, _)) = self.open.first_key_value() {
            self.close(index, out);
        }
        let (refusal, reason) = answer::ending(reason, details, self.tools > 0);
        out.extend(refusal.map(|text| Event::Refusal { choice: 0, text: Cow::Owned(text.into_owned()) }));
        out.push(Event::Finish { choice: 0, reason });
    }
}

fn owned(text: Option<Text<'_>>) -> Option<Cow<'static, str>> {
    text.map(|text| Cow::Owned(text.0.into_owned()))
}

fn push_text(text: Cow<'_, str>, out: &mut Events) {
    if !text.is_empty() {
        out.push(Event::Text { choice: 0, text: Cow::Owned(text.into_owned()) });
    }
}

fn push_reasoning(text: &str, out: &mut Events) {
    if !text.is_empty() {
        out.push(Event::Reasoning { choice: 0, text: Cow::Owned(text.to_owned()) });
    }
}

fn push_arguments(index: u32, fragment: String, out: &mut Events) {
    if !fragment.is_empty() {
        out.push(Event::Arguments { choice: 0, index, fragment: Cow::Owned(fragment) });
    }
}
