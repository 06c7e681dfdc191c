//! `usage`, by the rules of every provider that speaks this API.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::lax;
use crate::json::or_default;
use crate::usage::Usage;

/// Counters as providers write them; null and absent are 0.
///
/// <https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage>,
/// <https://api-docs.deepseek.com/guides/kv_cache>, <https://docs.together.ai/docs/prompt-caching>
#[derive(Default, Deserialize)]
struct Counters {
    #[serde(default, deserialize_with = "lax::number")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lax::number")]
    completion_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lax::number")]
    total_tokens: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    prompt_tokens_details: Details,
    #[serde(default, deserialize_with = "or_default")]
    completion_tokens_details: Details,
    /// Together's.
    #[serde(default, deserialize_with = "lax::number")]
    cached_tokens: Option<u64>,
    /// Mistral's, before it took OpenAI's.
    #[serde(default, deserialize_with = "lax::number")]
    num_cached_tokens: Option<u64>,
    /// DeepSeek's.
    #[serde(default, deserialize_with = "lax::number")]
    prompt_cache_hit_tokens: Option<u64>,
}

/// Parts of the tokens that were read or written.
#[derive(Default, Deserialize)]
pub(super) struct Details {
    #[serde(default, deserialize_with = "lax::number")]
    pub(super) cached_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lax::number")]
    pub(super) cache_write_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lax::number")]
    pub(super) reasoning_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lax::number")]
    pub(super) audio_tokens: Option<u64>,
}

impl Counters {
    fn usage(&self) -> Usage {
        let (prompt, completion) = (&self.prompt_tokens_details, &self.completion_tokens_details);
        let mut usage = Usage {
            input: self.prompt_tokens.unwrap_or(0),
            cached: self.cached(),
            cache_write: prompt.cache_write_tokens.unwrap_or(0),
            output: self.completion_tokens.unwrap_or(0),
            reasoning: completion.reasoning_tokens.unwrap_or(0),
            audio_input: prompt.audio_tokens.unwrap_or(0),
            audio_output: completion.audio_tokens.unwrap_or(0),
            ..Usage::default()
        };
        // Two providers leave a kind out of its sum; their total gives them away.
        let missing = self.total_tokens.unwrap_or(0).checked_sub(usage.total()).filter(|missing| *missing > 0);
        if missing == Some(usage.reasoning) {
            // xAI: completion_tokens without reasoning.
            usage.output = usage.output.saturating_add(usage.reasoning);
        } else if missing == Some(usage.audio_input) {
            // Mistral: prompt_tokens without audio.
            usage.input = usage.input.saturating_add(usage.audio_input);
        }
        usage
    }

    fn cached(&self) -> u64 {
        let places = [
            self.prompt_tokens_details.cached_tokens,
            self.cached_tokens,
            self.prompt_cache_hit_tokens,
            self.num_cached_tokens,
        ];
        places.into_iter().flatten().max().unwrap_or(0)
    }
}

/// Counters as OpenAI writes them, and only so.
#[derive(Deserialize)]
struct Plain {
    prompt_tokens: u64,
    completion_tokens: u64,
    #[serde(rename = "total_tokens")]
    _total_tokens: u64,
    #[serde(default)]
    prompt_tokens_details: Option<PlainDetails>,
}

#[derive(Deserialize)]
struct PlainDetails {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

impl Plain {
    /// Is this what they say?
    fn tells(&self, usage: &Usage) -> bool {
        let cached = self.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens);
        let shows_cached = usage.cached == 0 || cached == Some(usage.cached);
        (self.prompt_tokens, self.completion_tokens) == (usage.input, usage.output) && shows_cached
    }
}

/// The tokens that a `usage` tells; `None` if it tells none, not even zeros.
pub(super) fn read(raw: &RawValue) -> Option<Usage> {
    let counters: Counters = serde_json::from_str(raw.get()).ok()?;
    let told = counters.prompt_tokens.or(counters.completion_tokens).or(counters.total_tokens);
    told.map(|_| counters.usage())
}

/// A `usage` as OpenAI would have counted and named it, where the provider did otherwise.
pub(super) fn mend(raw: &RawValue) -> Option<Value> {
    let usage = read(raw)?;
    if serde_json::from_str::<Plain>(raw.get()).is_ok_and(|plain| plain.tells(&usage)) {
        return None;
    }
    let mut value: Map<String, Value> = serde_json::from_str(raw.get()).ok()?;
    let mut mended = set(&mut value, "prompt_tokens", usage.input) | set(&mut value, "completion_tokens", usage.output);
    if mended || !value.contains_key("total_tokens") {
        mended |= set(&mut value, "total_tokens", usage.total());
    }
    if usage.cached > 0 {
        let details = value.entry("prompt_tokens_details").or_insert_with(|| Value::Object(Map::new()));
        if !details.is_object() {
            *details = Value::Object(Map::new());
        }
        mended |= details.as_object_mut().is_some_and(|details| set(details, "cached_tokens", usage.cached));
    }
    mended.then_some(Value::Object(value))
}

/// Sets a number; `false` if it was so already.
fn set(object: &mut Map<String, Value>, name: &str, number: u64) -> bool {
    if object.get(name).and_then(Value::as_u64) == Some(number) {
        return false;
    }
    object.insert(name.to_owned(), number.into());
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    fn usage(json: &str) -> Usage {
        read(raw(json)).unwrap()
    }

    #[test]
    fn openai_counts_are_taken_as_they_are() {
        let json = r#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
            "prompt_tokens_details":{"cached_tokens":30,"cache_write_tokens":20,"audio_tokens":5},
            "completion_tokens_details":{"reasoning_tokens":40,"audio_tokens":6}}"#;
        let expected = Usage {
            input: 100,
            cached: 30,
            cache_write: 20,
            output: 50,
            reasoning: 40,
            audio_input: 5,
            audio_output: 6,
            ..Usage::default()
        };
        assert_eq!(usage(json), expected);
        assert_eq!(mend(raw(json)), None);
    }

    #[test]
    fn cache_reads_are_found_wherever_a_provider_puts_them() {
        for place in [
            r#""prompt_tokens_details":{"cached_tokens":7}"#,
            r#""cached_tokens":7"#,
            r#""prompt_cache_hit_tokens":7,"prompt_cache_miss_tokens":3"#,
            r#""num_cached_tokens":7,"prompt_tokens_details":null"#,
        ] {
            let json = format!(r#"{{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,{place}}}"#);
            assert_eq!(usage(&json).cached, 7, "{place}");
            let mended = mend(raw(&json)).unwrap_or_else(|| serde_json::from_str(&json).unwrap());
            assert_eq!(mended["prompt_tokens_details"]["cached_tokens"], 7, "{place}");
        }
    }

    #[test]
    fn reasoning_that_is_only_in_the_total_is_added_to_the_output() {
        let json = r#"{"prompt_tokens":10,"completion_tokens":4,"total_tokens":19,
            "completion_tokens_details":{"reasoning_tokens":5}}"#;
        assert_eq!((usage(json).output, usage(json).reasoning), (9, 5));
        let mended = mend(raw(json)).unwrap();
        assert_eq!((&mended["completion_tokens"], &mended["total_tokens"]), (&Value::from(9), &Value::from(19)));
        let included = json.replace("19", "14");
        assert_eq!(usage(&included).output, 4);
    }

    #[test]
    fn audio_that_is_only_in_the_total_is_added_to_the_input() {
        let json = r#"{"prompt_tokens":10,"completion_tokens":4,"total_tokens":20,
            "prompt_tokens_details":{"audio_tokens":6}}"#;
        assert_eq!((usage(json).input, usage(json).audio_input), (16, 6));
        assert_eq!(usage(&json.replace("20", "14")).input, 10);
    }

    #[test]
    fn a_total_that_hides_something_else_changes_nothing() {
        let json = r#"{"prompt_tokens":10,"completion_tokens":4,"total_tokens":99}"#;
        assert_eq!((usage(json).input, usage(json).output), (10, 4));
        assert_eq!(mend(raw(json)), None);
    }

    #[test]
    fn null_and_absent_are_zero_and_explicit_zeros_count() {
        let zeros = usage(r#"{"prompt_tokens":0,"completion_tokens":null,"prompt_tokens_details":null}"#);
        assert_eq!(zeros, Usage::default());
        assert_eq!(read(raw("{}")), None);
        assert_eq!(read(raw("null")), None);
        assert_eq!(read(raw("[]")), None);
        assert_eq!(usage(r#"{"prompt_tokens":3.0,"completion_tokens":-1}"#).input, 3);
    }
}
