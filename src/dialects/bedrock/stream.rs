//! Streamed answers.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::usage::Counts;
use super::{error, finish};
use crate::dialects::{Progress, StreamReader};
use crate::errors::ApiError;
use crate::hub::{Event, Thinking};
use crate::json::{Text, lenient, or_empty};
use crate::stream::sse;

/// A block of thinking is held until it is complete; no model writes as much as this.
const MAX_THINKING: usize = 8 << 20;

type Events = Vec<Event<'static>>;

/// The members that the types of events have. `p` is padding.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(default)]
    content_block_index: Option<u64>,
    #[serde(borrow, default)]
    start: Option<&'a RawValue>,
    #[serde(borrow, default)]
    delta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    additional_model_response_fields: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start<'a> {
    #[serde(borrow, default)]
    tool_use: Option<Call<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    #[serde(borrow, default)]
    tool_use_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_use: Option<Fragment<'a>>,
    #[serde(borrow, default)]
    reasoning_content: Option<Reasoning<'a>>,
}

#[derive(Default, Deserialize)]
struct Fragment<'a> {
    #[serde(borrow, default)]
    input: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reasoning<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    redacted_content: Option<Text<'a>>,
}

/// A block that has begun. Text has no state.
#[derive(Debug)]
enum Open {
    Thinking { text: String, signature: String, redacted: String },
    Tool { index: u32, told: bool },
}

/// Reads one stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    finished: bool,
    done: bool,
    open: BTreeMap<u64, Open>,
    /// Bytes of thinking that are held.
    held: usize,
    /// How many calls have begun.
    calls: u32,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event, out: &mut Events) -> Result<Progress, ApiError> {
        if self.done {
            return Ok(Progress::Done);
        }
        if let Some(error) = error::in_stream(event) {
            return Err(error);
        }
        // What cannot be read says nothing.
        let data: Data<'_> = serde_json::from_str(&event.data).unwrap_or_default();
        match event.name.as_str() {
            "messageStart" => self.start(out),
            "contentBlockStart" if !self.finished => self.open(&data, out),
            "contentBlockDelta" if !self.finished => self.delta(&data, out)?,
            "contentBlockStop" => self.close(data.content_block_index.unwrap_or(0), out),
            "messageStop" => self.finish(&or_empty(data.stop_reason), data.additional_model_response_fields, out),
            // Counts come after the end of the answer, and nothing after them.
            "metadata" => {
                out.extend(lenient::<Counts>(data.usage).usage().map(Event::Usage).filter(|_| self.started));
                self.done = self.finished;
                return Ok(if self.done { Progress::Done } else { Progress::Open });
            }
            _ => {}
        }
        Ok(Progress::Open)
    }

    /// Counts that are missing do not make an answer incomplete.
    fn end(&mut self, _out: &mut Events) -> Result<(), ApiError> {
        if self.finished {
            return Ok(());
        }
        Err(ApiError::new(502, "the provider's stream ended before the answer was complete"))
    }
}

impl Reader {
    fn start(&mut self, out: &mut Events) {
        if !std::mem::replace(&mut self.started, true) {
            out.push(Event::Start { id: None, model: None, created: None });
        }
    }

    /// Only calls are announced.
    fn open(&mut self, data: &Data<'_>, out: &mut Events) {
        let Some(call) = lenient::<Start<'_>>(data.start).tool_use else { return };
        let at = data.content_block_index.unwrap_or(0);
        self.start(out);
        self.close(at, out);
        self.end_thinking(at, out);
        let index = self.calls;
        self.calls = index.saturating_add(1);
        let id = call.tool_use_id.map(|id| Cow::Owned(id.0.into_owned()));
        out.push(Event::ToolCall { choice: 0, index, id, name: Cow::Owned(or_empty(call.name).into_owned()) });
        self.open.insert(at, Open::Tool { index, told: false });
    }

    fn delta(&mut self, data: &Data<'_>, out: &mut Events) -> Result<(), ApiError> {
        let delta: Delta<'_> = lenient(data.delta);
        let at = data.content_block_index.unwrap_or(0);
        self.start(out);
        self.end_thinking(at, out);
        let text = or_empty(delta.text);
        if !text.is_empty() {
            out.push(Event::Text { choice: 0, text: Cow::Owned(text.into_owned()) });
        }
        if let Some(fragment) = delta.tool_use {
            self.arguments(at, &or_empty(fragment.input), out);
        }
        delta.reasoning_content.map_or(Ok(()), |reasoning| self.think(at, reasoning, out))
    }

    fn arguments(&mut self, at: u64, fragment: &str, out: &mut Events) {
        let Some(Open::Tool { index, told }) = self.open.get_mut(&at) else { return };
        if !fragment.is_empty() {
            *told = true;
            out.push(Event::Arguments { choice: 0, index: *index, fragment: Cow::Owned(fragment.to_owned()) });
        }
    }

    fn think(&mut self, at: u64, reasoning: Reasoning<'_>, out: &mut Events) -> Result<(), ApiError> {
        let new = Open::Thinking { text: String::new(), signature: String::new(), redacted: String::new() };
        let Open::Thinking { text, signature, redacted } = self.open.entry(at).or_insert(new) else { return Ok(()) };
        let pieces = [reasoning.text, reasoning.signature, reasoning.redacted_content].map(or_empty);
        self.held = pieces.iter().fold(self.held, |held, piece| held.saturating_add(piece.len()));
        if self.held > MAX_THINKING {
            return Err(ApiError::new(502, "the provider's thinking is longer than 8 MiB"));
        }
        let [more, signed, sealed] = pieces;
        text.push_str(&more);
        signature.push_str(&signed);
        redacted.push_str(&sealed);
        if !more.is_empty() {
            out.push(Event::Reasoning { choice: 0, text: Cow::Owned(more.into_owned()) });
        }
        Ok(())
    }

    /// Thinking ends where another block goes on, also if nobody says so: its block comes before what follows it.
    fn end_thinking(&mut self, at: u64, out: &mut Events) {
        let is_over =
            |(place, open): (&u64, &Open)| (*place != at && matches!(open, Open::Thinking { .. })).then_some(*place);
        while let Some(over) = self.open.iter().find_map(is_over) {
            self.close(over, out);
        }
    }

    fn close(&mut self, at: u64, out: &mut Events) {
        match self.open.remove(&at) {
            Some(Open::Thinking { text, signature, redacted }) => {
                if !signature.is_empty() {
                    let block = Thinking::Signed { text: text.into(), signature: signature.into() };
                    out.push(Event::Thinking { choice: 0, block });
                }
                if !redacted.is_empty() {
                    out.push(Event::Thinking { choice: 0, block: Thinking::Redacted { data: redacted.into() } });
                }
            }
            Some(Open::Tool { index, told: false }) => {
                out.push(Event::Arguments { choice: 0, index, fragment: Cow::Borrowed("{}") });
            }
            Some(Open::Tool { .. }) | None => {}
        }
    }

    /// The end of the choice, once; blocks that were left open end with it.
    fn finish(&mut self, reason: &str, fields: Option<&RawValue>, out: &mut Events) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        self.start(out);
        while let Some((&at, _)) = self.open.first_key_value() {
            self.close(at, out);
        }
        out.extend(finish::stop_sequence(reason, fields).map(Event::into_owned));
        out.push(Event::Finish { choice: 0, reason: finish::reason(reason, self.calls > 0) });
    }
}
