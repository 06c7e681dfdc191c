//! The conversation. Anthropic's turns are most of the way: results first in the turn that follows their calls, ids
//! and names of the same letters. Bedrock names every piece otherwise, and has rules of its own.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::blocks::{Block, CachePoint, Reasoning, Source, ToolResult, ToolUse, Turn};
use super::media::{self, Format, Names};
use crate::dialects::anthropic::blocks::{self as from, ASSISTANT, Said, USER};
use crate::dialects::anthropic::messages::FILLER;
use crate::json::{Text, lenient, or_empty};

/// Writes turns and system prompts of one request.
#[derive(Debug)]
pub(super) struct Writer {
    /// Are hints for the cache written?
    pub(super) caches: bool,
    pub(super) names: Names,
}

impl Writer {
    /// The turns; the first must be the user's, and a document must have text beside it.
    pub(super) fn turns<'a>(&mut self, turns: Vec<from::Turn<'a>>, hint: Option<&'a RawValue>) -> Vec<Turn<'a>> {
        let mut out: Vec<Turn<'a>> = Vec::with_capacity(turns.len() + 1);
        if turns.first().is_some_and(|turn| turn.role == ASSISTANT) {
            out.push(Turn { role: USER, content: vec![Block::Text(FILLER.into())] });
        }
        for turn in turns {
            let mut content = self.blocks(turn.content);
            let has = |wanted: fn(&Block<'_>) -> bool| content.iter().any(wanted);
            if has(|block| matches!(block, Block::Document { .. })) && !has(|block| matches!(block, Block::Text(_))) {
                content.insert(0, Block::Text(FILLER.into()));
            }
            out.push(Turn { role: turn.role, content });
        }
        if let Some(turn) = out.last_mut() {
            self.mark(hint, &mut turn.content);
        }
        out
    }

    pub(super) fn blocks<'a>(&mut self, blocks: Vec<from::Block<'a>>) -> Vec<Block<'a>> {
        let mut out = Vec::with_capacity(blocks.len());
        for block in blocks {
            let (block, hint) = self.block(block);
            if let Some(block) = block {
                out.push(block);
                self.mark(hint, &mut out);
            }
        }
        out
    }

    /// A cache point covers what is before it, which must not be a document.
    fn mark(&self, hint: Option<&RawValue>, out: &mut Vec<Block<'_>>) {
        let last = out.last().is_some_and(|last| !matches!(last, Block::Document { .. } | Block::CachePoint(_)));
        if let Some(hint) = hint.filter(|_| self.caches && last) {
            out.push(Block::CachePoint(CachePoint::of(hint)));
        }
    }

    /// A block in Bedrock's words, and the hint on it.
    fn block<'a>(&mut self, block: from::Block<'a>) -> (Option<Block<'a>>, Option<&'a RawValue>) {
        match block {
            from::Block::Text { text, cache_control } => (Some(Block::Text(filled(text))), cache_control),
            from::Block::Image { source, cache_control } => (self.media(source, None), cache_control),
            from::Block::Document { source, title, cache_control } => (self.media(source, title), cache_control),
            from::Block::ToolUse { id, name, input, cache_control } => {
                (Some(Block::ToolUse(ToolUse { tool_use_id: short(id), name, input })), cache_control)
            }
            from::Block::ToolResult { tool_use_id, is_error, content, cache_control } => {
                let (content, hint) = self.result(content);
                let result =
                    ToolResult { tool_use_id: short(tool_use_id), content, status: is_error.then_some("error") };
                (Some(Block::ToolResult(result)), cache_control.or(hint))
            }
            from::Block::Thinking(raw) => (Some(Block::ReasoningContent(reasoning(raw))), None),
        }
    }

    /// What a tool gave, and the last hint in it: results hold no cache points, but one can follow them.
    fn result<'a>(&mut self, content: Option<Said<'a>>) -> (Vec<Block<'a>>, Option<&'a RawValue>) {
        match content {
            None => (Vec::new(), None),
            Some(Said::Text(text)) => (vec![Block::Text(filled(text))], None),
            Some(Said::Blocks(blocks)) => {
                let (blocks, hints): (Vec<_>, Vec<_>) = blocks.into_iter().map(|block| self.block(block)).unzip();
                (blocks.into_iter().flatten().collect(), hints.into_iter().flatten().next_back())
            }
        }
    }

    /// Other sources than data have been refused where their place was known.
    fn media<'a>(&mut self, source: from::Source<'a>, title: Option<&str>) -> Option<Block<'a>> {
        let from::Source::Base64 { media_type, data } = source else { return None };
        let source = Source { bytes: data };
        Some(match media::format(&media_type).ok()? {
            Format::Image(format) => Block::Image { format, source },
            Format::Document(format) => Block::Document { format, name: self.names.take(title), source },
        })
    }
}

fn filled(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.trim().is_empty() { Cow::Borrowed(FILLER) } else { text }
}

/// Ids have 64 letters at most; what tells long ones apart is mostly at their end.
fn short(id: Cow<'_, str>) -> Cow<'_, str> {
    match id.len().checked_sub(64).filter(|over| *over > 0).and_then(|over| id.get(over..)) {
        Some(end) => Cow::Owned(end.to_owned()),
        None => id,
    }
}

/// Signed or sealed thinking, from the blocks that callers were given.
fn reasoning(raw: &RawValue) -> Reasoning<'_> {
    #[derive(Default, Deserialize)]
    struct Block<'a> {
        #[serde(borrow, default)]
        thinking: Option<Text<'a>>,
        #[serde(borrow, default)]
        signature: Option<Text<'a>>,
        #[serde(borrow, default)]
        data: Option<Text<'a>>,
    }
    let block: Block<'_> = lenient(Some(raw));
    match block.data {
        Some(data) => Reasoning::RedactedContent(data.0),
        None => Reasoning::ReasoningText { text: or_empty(block.thinking), signature: or_empty(block.signature) },
    }
}
