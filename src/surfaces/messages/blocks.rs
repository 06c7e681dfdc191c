//! The content blocks of an answer, put together from events.
//!
//! <https://docs.anthropic.com/en/api/messages#response-content>

use std::collections::VecDeque;

use serde_json::value::RawValue;

use crate::hub::{Event, Sealed, Thinking, ids};

/// Blocks in the order in which they began. A writer of streams takes them out at the front.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    pub(super) waiting: VecDeque<Block>,
    /// Has there been a call?
    pub(super) called: bool,
}

/// One block, with what has come of it and was not yet taken out.
#[derive(Debug)]
pub(super) enum Block {
    Text(String),
    Thinking { text: String, signature: String },
    Redacted(String),
    Tool { index: u32, id: String, name: String, arguments: String, end: Scan },
}

impl Blocks {
    /// Adds what an event says of the only choice that this format has. `answer` is what ids are made from.
    pub(super) fn take(&mut self, event: &Event<'_>, answer: &str) {
        match event {
            Event::Text { choice: 0, text } | Event::Refusal { choice: 0, text } => self.text(text),
            Event::Reasoning { choice: 0, text } => self.reasoning(text),
            Event::Thinking { choice: 0, block } => self.thinking(block),
            // Calls have no place for it here.
            Event::Signature { choice: 0, index, signature } if !signature.is_empty() => {
                self.waiting.push_back(Block::Redacted(Sealed::Call(*index, signature).to_string()));
            }
            Event::ToolCall { choice: 0, index, id, name } => self.call(*index, id.as_deref(), name, answer),
            Event::Arguments { choice: 0, index, fragment } => self.arguments(*index, fragment),
            _ => {}
        }
    }

    /// There are no empty blocks of text: Anthropic refuses them when they come back.
    fn text(&mut self, more: &str) {
        match self.waiting.back_mut() {
            _ if more.is_empty() => {}
            Some(Block::Text(text)) => text.push_str(more),
            _ => self.waiting.push_back(Block::Text(more.to_owned())),
        }
    }

    fn reasoning(&mut self, more: &str) {
        match self.waiting.back_mut() {
            _ if more.is_empty() => {}
            Some(Block::Thinking { text, signature }) if signature.is_empty() => text.push_str(more),
            _ => self.waiting.push_back(Block::Thinking { text: more.to_owned(), signature: String::new() }),
        }
    }

    fn thinking(&mut self, block: &Thinking<'_>) {
        match (block, self.waiting.back_mut()) {
            (Thinking::Redacted { data }, _) => self.waiting.push_back(Block::Redacted(data.as_ref().to_owned())),
            // The text has been told.
            (Thinking::Signed { signature: new, .. }, Some(Block::Thinking { signature, .. }))
                if signature.is_empty() =>
            {
                signature.push_str(new);
            }
            (Thinking::Signed { text, signature }, _) => self.waiting.push_back(Block::Thinking {
                text: text.as_ref().to_owned(),
                signature: signature.as_ref().to_owned(),
            }),
        }
    }

    fn call(&mut self, index: u32, id: Option<&str>, name: &str, answer: &str) {
        self.called = true;
        let id = id.filter(|id| !id.is_empty());
        let id = id.map_or_else(|| ids::call_id(answer, 0, index), str::to_owned);
        let (name, arguments, end) = (name.to_owned(), String::new(), Scan::default());
        self.waiting.push_back(Block::Tool { index, id, name, arguments, end });
    }

    /// Fragments of a call whose block is over go nowhere.
    fn arguments(&mut self, of: u32, fragment: &str) {
        for block in &mut self.waiting {
            if let Block::Tool { index, arguments, end, .. } = block
                && *index == of
            {
                arguments.push_str(fragment);
                end.read(fragment);
                return;
            }
        }
    }

    /// Bytes that wait.
    pub(super) fn size(&self) -> usize {
        let size = |block: &Block| match block {
            Block::Text(text) | Block::Redacted(text) => text.len(),
            Block::Thinking { text, signature } => text.len() + signature.len(),
            Block::Tool { arguments, .. } => arguments.len(),
        };
        self.waiting.iter().map(size).sum()
    }
}

impl Block {
    /// Will nothing more come of it, now that another block has begun? Providers mix the fragments of calls.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Text(_) | Self::Thinking { .. } | Self::Redacted(_) => true,
            Self::Tool { end, .. } => end.is_over(),
        }
    }
}

/// The input of a call. Arguments that were cut off, or that are no object, cannot be told.
pub(super) fn input(arguments: &str) -> Option<&RawValue> {
    let text = Some(arguments.trim()).filter(|text| text.starts_with('{'));
    text.and_then(|text| serde_json::from_str(text).ok()).or_else(|| serde_json::from_str("{}").ok())
}

/// Finds the end of a JSON object or list that comes in pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl Scan {
    fn read(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => {
                    self.depth = self.depth.saturating_add(1);
                    self.begun = true;
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn is_over(self) -> bool {
        self.begun && self.depth == 0 && !self.in_string
    }
}
