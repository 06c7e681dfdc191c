//! A request's bill: a line for each kind of token.

use crate::usage::Usage;

use super::rates::Rates;
use super::usd::Usd;

/// What is paid for. Kinds share no tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text and images that were not in a cache.
    Input,
    /// Read from the provider's cache.
    Cached,
    /// Written to the cache, for five minutes or for the only lifetime there is.
    CacheWrite,
    /// Written to the cache for an hour.
    CacheWrite1h,
    /// Audio that was heard.
    AudioInput,
    /// What was written, other than the following.
    Output,
    /// Thinking.
    Reasoning,
    /// Audio that was spoken.
    AudioOutput,
    /// A fee for the request itself.
    Request,
}

impl Kind {
    /// Every kind, in the order of bills.
    pub const ALL: [Self; 9] = [
        Self::Input,
        Self::Cached,
        Self::CacheWrite,
        Self::CacheWrite1h,
        Self::AudioInput,
        Self::Output,
        Self::Reasoning,
        Self::AudioOutput,
        Self::Request,
    ];

    /// Its name in records, after [`Usage`]'s.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Cached => "cached",
            Self::CacheWrite => "cache_write",
            Self::CacheWrite1h => "cache_write_1h",
            Self::AudioInput => "audio_input",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::AudioOutput => "audio_output",
            Self::Request => "request",
        }
    }
}

/// What one request costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    lines: [Usd; Kind::ALL.len()],
    /// Where the prices come from: the date of the table, or [`super::price::DOCUMENT`].
    pub version: &'static str,
}

impl Bill {
    pub(super) fn new(usage: &Usage, rates: &Rates, version: &'static str) -> Self {
        let lines = parts(usage).map(|(kind, count)| match kind {
            Kind::Request => rates.of(kind),
            _ => rates.of(kind).of_million(count),
        });
        Self { lines, version }
    }

    /// The sum of the lines.
    pub fn total(&self) -> Usd {
        self.lines.iter().copied().sum()
    }

    /// What each kind costs, in the order of [`Kind::ALL`].
    pub fn lines(&self) -> impl Iterator<Item = (Kind, Usd)> {
        Kind::ALL.into_iter().zip(self.lines)
    }
}

/// Usage in kinds that share no tokens. This is the one place that takes cached tokens out of the prompt: [`Usage`]
/// counts as OpenAI does, and dialects of providers that count otherwise have already added them. A part never is
/// larger than what the parts before it have left of the whole.
fn parts(usage: &Usage) -> [(Kind, u64); Kind::ALL.len()] {
    let (mut input, mut output) = (usage.input, usage.output);
    let cached = take(&mut input, usage.cached);
    let cache_write = take(&mut input, usage.cache_write);
    let cache_write_1h = take(&mut input, usage.cache_write_1h);
    let audio_input = take(&mut input, usage.audio_input);
    let reasoning = take(&mut output, usage.reasoning);
    let audio_output = take(&mut output, usage.audio_output);
    Kind::ALL.map(|kind| {
        let count = match kind {
            Kind::Input => input,
            Kind::Cached => cached,
            Kind::CacheWrite => cache_write,
            Kind::CacheWrite1h => cache_write_1h,
            Kind::AudioInput => audio_input,
            Kind::Output => output,
            Kind::Reasoning => reasoning,
            Kind::AudioOutput => audio_output,
            Kind::Request => 1,
        };
        (kind, count)
    })
}

fn take(whole: &mut u64, part: u64) -> u64 {
    let taken = part.min(*whole);
    *whole -= taken;
    taken
}
