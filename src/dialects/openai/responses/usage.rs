//! `usage`, which comes once, at the end.
//!
//! <https://platform.openai.com/docs/api-reference/responses/object#responses/object-usage>

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::lax;
use super::super::usage::Details;
use crate::json::or_default;
use crate::usage::Usage;

#[derive(Deserialize)]
struct Counters {
    #[serde(default, deserialize_with = "lax::number")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lax::number")]
    output_tokens: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    input_tokens_details: Details,
    #[serde(default, deserialize_with = "or_default")]
    output_tokens_details: Details,
}

/// The tokens that a `usage` tells; `None` if it tells none, not even zeros.
pub(super) fn read(raw: &RawValue) -> Option<Usage> {
    let counters: Counters = serde_json::from_str(raw.get()).ok()?;
    counters.input_tokens.or(counters.output_tokens)?;
    let (input, output) = (&counters.input_tokens_details, &counters.output_tokens_details);
    Some(Usage {
        input: counters.input_tokens.unwrap_or(0),
        cached: input.cached_tokens.unwrap_or(0),
        cache_write: input.cache_write_tokens.unwrap_or(0),
        output: counters.output_tokens.unwrap_or(0),
        reasoning: output.reasoning_tokens.unwrap_or(0),
        audio_input: input.audio_tokens.unwrap_or(0),
        audio_output: output.audio_tokens.unwrap_or(0),
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn usage(json: &str) -> Option<Usage> {
        read(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn every_kind_of_token_is_counted() {
        let json = r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":30,"cache_write_tokens":20},
            "output_tokens":50,"output_tokens_details":{"reasoning_tokens":40},"total_tokens":150}"#;
        let expected = Usage { input: 100, cached: 30, cache_write: 20, output: 50, reasoning: 40, ..Usage::default() };
        assert_eq!(usage(json), Some(expected));
    }

    #[test]
    fn nothing_told_is_nothing_counted_and_zeros_count() {
        assert_eq!(usage("{}"), None);
        assert_eq!(usage("null"), None);
        let zeros = r#"{"input_tokens":0,"output_tokens":null,"input_tokens_details":null}"#;
        assert_eq!(usage(zeros), Some(Usage::default()));
    }
}
