//! Blocks of thinking in Anthropic's form, in which callers of every API send them back.

use serde::Serialize;

use crate::hub::Thinking;

/// One block.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ThinkingBlock<'a> {
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a str },
}

impl<'a> From<&'a Thinking<'_>> for ThinkingBlock<'a> {
    fn from(block: &'a Thinking<'_>) -> Self {
        match block {
            Thinking::Signed { text, signature } => Self::Thinking { thinking: text, signature },
            Thinking::Redacted { data } => Self::RedactedThinking { data },
        }
    }
}
