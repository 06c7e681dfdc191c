//! Token counts: `inputTokens` leave out what the cache read and wrote.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html>

use serde::Deserialize;

use crate::json::or_default;
use crate::usage::Usage;

/// Counts as they are told. `cacheReadInputTokenCount` and its like are the same numbers again.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    cache_read_input_tokens: u64,
    #[serde(default, deserialize_with = "or_default")]
    cache_write_input_tokens: u64,
    #[serde(default, deserialize_with = "or_default")]
    cache_details: Vec<Written>,
}

/// Cache writes of one lifetime.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(default, deserialize_with = "or_default")]
    input_tokens: u64,
    #[serde(default, deserialize_with = "or_default")]
    ttl: String,
}

impl Counts {
    /// The counts in the hub's sense, if anything has been told.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.input_tokens.or(self.output_tokens)?;
        let hours = self.cache_details.iter().filter(|written| written.ttl == "1h");
        let hour = hours.fold(0u64, |sum, written| sum.saturating_add(written.input_tokens));
        let (cached, written) = (self.cache_read_input_tokens, self.cache_write_input_tokens);
        let hour = hour.min(written);
        Some(Usage {
            input: self.input_tokens.unwrap_or(0).saturating_add(cached).saturating_add(written),
            cached,
            cache_write: written - hour,
            cache_write_1h: hour,
            output: self.output_tokens.unwrap_or(0),
            ..Usage::default()
        })
    }
}
