//! Tokens of one request, by kind, and where the numbers come from.

use serde::Serialize;

/// Tokens as the provider counted them, in OpenAI's sense: `input` includes cache reads and writes, `output`
/// includes reasoning. A kind that the provider does not report is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Everything the model read, cached or not.
    pub input: u64,
    /// Part of `input` that was read from the provider's prompt cache.
    pub cached: u64,
    /// Part of `input` that was written to the cache for five minutes, or for the provider's only lifetime.
    pub cache_write: u64,
    /// Part of `input` that was written to the cache for an hour.
    pub cache_write_1h: u64,
    /// Everything the model wrote.
    pub output: u64,
    /// Part of `output` that was thinking.
    pub reasoning: u64,
    /// Part of `input` that was audio.
    pub audio_input: u64,
    /// Part of `output` that was audio.
    pub audio_output: u64,
    /// Searches among documents, which are no tokens.
    #[serde(skip_serializing_if = "is_zero")]
    pub searches: u64,
    /// Seconds of sound, where they are counted instead of tokens.
    #[serde(skip_serializing_if = "is_zero")]
    pub seconds: u64,
    /// How fast or how cheap the provider was asked to be, and was.
    #[serde(skip_serializing_if = "ServiceTier::is_standard")]
    pub service_tier: ServiceTier,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a provider sells the same model by, at different prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceTier {
    /// Nothing special, or nothing that was told.
    #[default]
    Standard,
    /// Within hours.
    Batch,
    /// Sooner than that.
    Flex,
    /// Before others, or by a faster way of running the model.
    Priority,
}

impl ServiceTier {
    /// What a provider calls so; every other word is nothing special.
    pub fn named(word: Option<&str>) -> Self {
        match word {
            Some("batch") => Self::Batch,
            Some("flex") => Self::Flex,
            Some("priority" | "fast") => Self::Priority,
            _ => Self::Standard,
        }
    }

    fn is_standard(&self) -> bool {
        *self == Self::Standard
    }
}

impl Usage {
    /// All tokens, read and written.
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Cache writes of every lifetime.
    pub fn cache_writes(&self) -> u64 {
        self.cache_write.saturating_add(self.cache_write_1h)
    }
}

/// Where the numbers of a [`Usage`] come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The provider's own final numbers.
    Provider,
    /// The answer is whole, but the provider gave no numbers: counted from the text.
    Estimated,
    /// The answer broke off: what the provider had said so far, the rest counted from the text.
    Partial,
}

/// A rough number of tokens in `bytes` of text: four bytes a token, as providers' own documents advise.
///
/// <https://platform.openai.com/tokenizer>
pub fn estimate_tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}
