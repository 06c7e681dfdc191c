//! `usage` as Anthropic writes it: `input_tokens` leave out what the cache read and wrote.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching#tracking-cache-performance>

use serde::Serialize;

use crate::usage::Usage;

#[derive(Debug, Serialize)]
pub(super) struct WrittenUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation: Option<Lifetimes>,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
}

/// Cache writes by how long they live, where that is known to differ.
#[derive(Debug, Serialize)]
struct Lifetimes {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Debug, Serialize)]
struct OutputDetails {
    thinking_tokens: u64,
}

impl WrittenUsage {
    /// Usage at the end of a stream that began with `told`: a detail that was told is told again, even if it is 0 by now,
    /// since readers keep what is left out.
    pub(super) fn after(told: &Usage, usage: &Usage) -> Self {
        let lifetimes =
            Lifetimes { ephemeral_5m_input_tokens: usage.cache_write, ephemeral_1h_input_tokens: usage.cache_write_1h };
        let details = OutputDetails { thinking_tokens: usage.reasoning };
        let written = usage.cache_writes();
        Self {
            // Azure has told of more tokens from the cache than of tokens.
            input_tokens: usage.input.saturating_sub(usage.cached).saturating_sub(written),
            cache_creation_input_tokens: written,
            cache_read_input_tokens: usage.cached,
            cache_creation: (usage.cache_write_1h > 0 || told.cache_write_1h > 0).then_some(lifetimes),
            output_tokens: usage.output,
            output_tokens_details: (usage.reasoning > 0 || told.reasoning > 0).then_some(details),
        }
    }
}

impl From<&Usage> for WrittenUsage {
    fn from(usage: &Usage) -> Self {
        Self::after(&Usage::default(), usage)
    }
}
