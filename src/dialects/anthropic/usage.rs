//! Token counts: Anthropic's `input_tokens` leave out what the cache read and wrote.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching#tracking-cache-performance>

use serde::Deserialize;

use crate::usage::{ServiceTier, Usage};

/// Counts as they are told. `None` was not told, which is not the same as 0.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(in crate::dialects) struct Counts {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<Lifetimes>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
    /// `fast` where the fast mode was granted, which costs more.
    ///
    /// <https://platform.claude.com/docs/en/build-with-claude/fast-mode>
    speed: Option<Speed>,
}

/// How fast the model ran.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Speed {
    Fast,
    #[serde(other)]
    Standard,
}

/// Cache writes by how long they live.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Lifetimes {
    ephemeral_5m_input_tokens: Option<u64>,
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

impl Counts {
    /// Takes over what a later event tells: every count there is a new total, never an addition.
    pub(in crate::dialects) fn merge(&mut self, later: Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_creation = later.cache_creation.or(self.cache_creation);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details);
        self.speed = later.speed.or(self.speed);
    }

    /// Has anything been told?
    pub(in crate::dialects) fn is_known(&self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some()
    }

    /// The counts in the hub's sense.
    pub(in crate::dialects) fn usage(&self) -> Usage {
        let lifetimes = self.cache_creation.unwrap_or_default();
        let hour = lifetimes.ephemeral_1h_input_tokens.unwrap_or(0);
        let split = hour.saturating_add(lifetimes.ephemeral_5m_input_tokens.unwrap_or(0));
        let written = self.cache_creation_input_tokens.unwrap_or(split);
        // The split may be older than the total.
        let hour = hour.min(written);
        let cached = self.cache_read_input_tokens.unwrap_or(0);
        Usage {
            input: self.input_tokens.unwrap_or(0).saturating_add(cached).saturating_add(written),
            cached,
            cache_write: written - hour,
            cache_write_1h: hour,
            output: self.output_tokens.unwrap_or(0),
            reasoning: self.output_tokens_details.unwrap_or_default().thinking_tokens.unwrap_or(0),
            service_tier: match self.speed {
                Some(Speed::Fast) => ServiceTier::Priority,
                Some(Speed::Standard) | None => ServiceTier::Standard,
            },
            ..Usage::default()
        }
    }
}
