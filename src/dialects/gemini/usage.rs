//! Token counts.
//!
//! <https://ai.google.dev/api/generate-content#UsageMetadata>

use serde::Deserialize;

use crate::json::Text;
use crate::usage::Usage;

/// Counts as they are told. Those of a stream are snapshots: the last one holds.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts<'a> {
    prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    #[serde(borrow)]
    prompt_tokens_details: Option<Vec<Detail<'a>>>,
    #[serde(borrow)]
    candidates_tokens_details: Option<Vec<Detail<'a>>>,
}

/// Tokens of one kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(borrow)]
    modality: Option<Text<'a>>,
    token_count: Option<u64>,
}

impl Counts<'_> {
    /// The counts in the hub's sense; `None` where nothing was counted yet.
    pub(super) fn usage(&self) -> Option<Usage> {
        let told = [self.prompt_token_count, self.candidates_token_count, self.thoughts_token_count];
        if told.iter().all(Option::is_none) {
            return None;
        }
        let sum = |a: Option<u64>, b: Option<u64>| a.unwrap_or(0).saturating_add(b.unwrap_or(0));
        Some(Usage {
            input: sum(self.prompt_token_count, self.tool_use_prompt_token_count),
            cached: self.cached_content_token_count.unwrap_or(0),
            output: sum(self.candidates_token_count, self.thoughts_token_count),
            reasoning: self.thoughts_token_count.unwrap_or(0),
            audio_input: audio(self.prompt_tokens_details.as_deref()),
            audio_output: audio(self.candidates_tokens_details.as_deref()),
            ..Usage::default()
        })
    }
}

fn audio(details: Option<&[Detail<'_>]>) -> u64 {
    let is_audio = |detail: &&Detail<'_>| detail.modality.as_ref().is_some_and(|modality| modality.0 == "AUDIO");
    let counts = details.unwrap_or_default().iter().filter(is_audio).filter_map(|detail| detail.token_count);
    counts.fold(0, u64::saturating_add)
}
