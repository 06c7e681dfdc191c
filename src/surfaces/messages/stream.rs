//! An answer as the events of Anthropic's streams.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/streaming>

use std::io::Write as _;

use serde::Serialize;

use super::blocks::{Block, Blocks};
use super::usage::WrittenUsage;
use super::{Stop, answer_id};
use crate::hub::Event;
use crate::json::push_string;
use crate::surfaces::{AnswerContext, StreamWriter};
use crate::usage::Usage;

/// How much may wait for the block before it to end. No provider mixes calls as large as this; a block that is in
/// the way of more is ended.
const MAX_WAITING: usize = 8 << 20;

/// Writes one stream. The first block that waits is open once its start was written; all others are kept until it
/// is over, since callers know no two open blocks.
pub(super) struct Writer {
    context: AnswerContext,
    id: Option<String>,
    model: Option<String>,
    started: bool,
    blocks: Blocks,
    /// The number of the first block that waits.
    index: u64,
    /// Has the start of that block been written?
    open: bool,
    stop: Stop,
    usage: Usage,
    /// What the stream's first event has told of it.
    began_with: Usage,
}

impl Writer {
    pub(super) fn new(context: AnswerContext) -> Self {
        Self {
            context,
            id: None,
            model: None,
            started: false,
            blocks: Blocks::default(),
            index: 0,
            open: false,
            stop: Stop::default(),
            usage: Usage::default(),
            began_with: Usage::default(),
        }
    }

    /// Written as late as can be: providers tell what they have read before the first content, if they do.
    fn start(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        out.extend_from_slice(b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":");
        push_string(out, &answer_id(self.id.as_deref(), &self.context));
        out.extend_from_slice(b",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
        push_string(out, self.model.as_deref().unwrap_or(&self.context.model));
        out.extend_from_slice(b",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
        push(out, &WrittenUsage::from(&self.usage));
        self.began_with = self.usage;
        out.extend_from_slice(b"}}\n\n");
    }

    /// Tells what has come, as far as its block's turn has come; `over` ends all blocks.
    fn tell(&mut self, over: bool, out: &mut Vec<u8>) {
        while let Some(block) = self.blocks.waiting.front_mut() {
            if !std::mem::replace(&mut self.open, true) {
                start_block(self.index, block, out);
            }
            tell_block(self.index, block, out);
            if !over && !self.may_end() {
                return;
            }
            self.end_block(out);
        }
    }

    /// Must or may the open block make room for another?
    fn may_end(&self) -> bool {
        let is_over = self.blocks.waiting.front().is_some_and(Block::is_over);
        self.blocks.waiting.len() > 1 && (is_over || self.blocks.size() > MAX_WAITING)
    }

    fn end_block(&mut self, out: &mut Vec<u8>) {
        if let Some(Block::Thinking { signature, .. }) = self.blocks.waiting.pop_front()
            && !signature.is_empty()
        {
            delta(self.index, "\"signature_delta\",\"signature\":", &signature, out);
        }
        event(out, "content_block_stop", self.index);
        out.extend_from_slice(b"}\n\n");
        self.index = self.index.saturating_add(1);
        self.open = false;
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, .. } => {
                self.id = id.as_deref().map(str::to_owned);
                self.model = model.as_deref().map(str::to_owned);
            }
            Event::Usage(usage) => self.usage = *usage,
            Event::StopSequence { choice: 0, sequence } => self.stop.sequence = Some(sequence.as_ref().to_owned()),
            Event::Finish { choice: 0, reason } => {
                self.stop.reason = Some(*reason);
                self.start(out);
                self.tell(true, out);
            }
            content => {
                self.blocks.take(content, &self.context.id);
                if !self.blocks.waiting.is_empty() {
                    self.start(out);
                    self.tell(false, out);
                }
            }
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start(out);
        self.tell(true, out);
        out.extend_from_slice(b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":");
        let (reason, sequence) = self.stop.told(self.blocks.called);
        push_string(out, reason);
        out.extend_from_slice(b",\"stop_sequence\":");
        push(out, &sequence);
        out.extend_from_slice(b"},\"usage\":");
        push(out, &WrittenUsage::after(&self.began_with, &self.usage));
        out.extend_from_slice(b"}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }
}

fn start_block(index: u64, block: &Block, out: &mut Vec<u8>) {
    event(out, "content_block_start", index);
    out.extend_from_slice(b",\"content_block\":");
    match block {
        Block::Text(_) => out.extend_from_slice(b"{\"type\":\"text\",\"text\":\"\"}"),
        Block::Thinking { .. } => {
            out.extend_from_slice(b"{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
        }
        Block::Redacted(data) => {
            out.extend_from_slice(b"{\"type\":\"redacted_thinking\",\"data\":");
            push_string(out, data);
            out.push(b'}');
        }
        Block::Tool { id, name, .. } => {
            out.extend_from_slice(b"{\"type\":\"tool_use\",\"id\":");
            push_string(out, id);
            out.extend_from_slice(b",\"name\":");
            push_string(out, name);
            out.extend_from_slice(b",\"input\":{}}");
        }
    }
    out.extend_from_slice(b"}\n\n");
}

/// Tells what has come of the open block since it was told last.
fn tell_block(index: u64, block: &mut Block, out: &mut Vec<u8>) {
    let (kind, text) = match block {
        Block::Text(text) => ("\"text_delta\",\"text\":", text),
        Block::Thinking { text, .. } => ("\"thinking_delta\",\"thinking\":", text),
        Block::Tool { arguments, .. } => ("\"input_json_delta\",\"partial_json\":", arguments),
        Block::Redacted(_) => return,
    };
    if !text.is_empty() {
        delta(index, kind, text, out);
        text.clear();
    }
}

fn delta(index: u64, kind: &str, text: &str, out: &mut Vec<u8>) {
    event(out, "content_block_delta", index);
    out.extend_from_slice(b",\"delta\":{\"type\":");
    out.extend_from_slice(kind.as_bytes());
    push_string(out, text);
    out.extend_from_slice(b"}}\n\n");
}

/// The beginning of an event of a block.
fn event(out: &mut Vec<u8>, name: &str, index: u64) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "event: {name}\ndata: {{\"type\":\"{name}\",\"index\":{index}");
}

fn push(out: &mut Vec<u8>, value: &impl Serialize) {
    // Nor can this.
    let _ = serde_json::to_writer(out, value);
}
