//! Formats that pass as they are: the model is ours, and tokens are counted where an answer tells them.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Format, Outbound, PassFormat, Reads};
use crate::errors::ApiError;
use crate::json::{self, Object, lenient};
use crate::surfaces::Asked;
use crate::usage::Usage;
use crate::wire::Wire;

/// One of them.
pub struct Raw {
    pub(super) wire: Wire,
    /// Reads failures as the dialect does.
    pub(super) error: fn(u16, &[u8]) -> ApiError,
}

impl Format for Raw {
    fn wire(&self) -> Wire {
        self.wire
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        (self.error)(status, body)
    }
}

impl PassFormat for Raw {
    fn pass_request(&self, body: &Object<'_>, _asked: &Asked, model: &str) -> Outbound {
        Outbound::whole(body.write_with(&[("model", Some(json::string(model)))]))
    }

    fn usage(&self, body: &[u8]) -> Result<Option<Usage>, ApiError> {
        let Ok(answer) = serde_json::from_slice::<Answer<'_>>(body) else { return Ok(None) };
        if answer.error.is_some_and(|error| error.get().starts_with('{')) {
            return Err((self.error)(502, body));
        }
        Ok(answer.usage())
    }

    /// A file may be JSON too.
    fn reads(&self) -> Reads {
        if self.wire == Wire::OpenAiFiles { Reads::Nothing } else { Reads::Counts }
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// `usage`, by whoever tells one: images and transcripts in the words of Responses, reranked documents in those of chat
/// completions or as a total.
///
/// <https://platform.openai.com/docs/api-reference/images/object>,
/// <https://platform.openai.com/docs/api-reference/audio/json-object>
#[derive(Default, Deserialize)]
#[serde(default)]
struct Counters {
    input_tokens: Option<u64>,
    prompt_tokens: Option<u64>,
    output_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    input_token_details: Details,
    seconds: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    audio_tokens: Option<u64>,
}

/// <https://docs.cohere.com/reference/rerank>
#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    billed_units: Units,
    tokens: Counters,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Units {
    search_units: Option<f64>,
}

impl Answer<'_> {
    fn usage(&self) -> Option<Usage> {
        let (counters, meta): (Counters, Meta) = (lenient(self.usage), lenient(self.meta));
        let told = counters.told().or(meta.tokens.told());
        let searches = meta.billed_units.search_units.map(whole);
        if told.is_none() && searches.is_none() {
            return None;
        }
        Some(Usage { searches: searches.unwrap_or(0), ..told.unwrap_or_default() })
    }
}

impl Counters {
    fn told(&self) -> Option<Usage> {
        let output = self.output_tokens.or(self.completion_tokens);
        let input = self.input_tokens.or(self.prompt_tokens).or(self.total_tokens);
        input.or(output).or(self.seconds.map(whole))?;
        Some(Usage {
            input: input.unwrap_or(0),
            output: output.unwrap_or(0),
            audio_input: self.input_token_details.audio_tokens.unwrap_or(0),
            seconds: self.seconds.map_or(0, whole),
            ..Usage::default()
        })
    }
}

/// A part of a unit is billed as one.
fn whole(units: f64) -> u64 {
    // Casts of floats stay within what the integer holds.
    units.ceil() as u64
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    static RAW: Raw = Raw { wire: Wire::OpenAiSpeech, error: |status, _| ApiError::new(status, "no") };

    fn usage(body: &str) -> Option<Usage> {
        RAW.usage(body.as_bytes()).unwrap()
    }

    #[test]
    fn only_the_model_is_ours() {
        let body = Object::parse(b"{\"input\": [\"a\" ,\"b\"],\"model\":\"tier\",\"stream\":true}").unwrap();
        let asked = Asked { model: "tier".into(), ..Asked::default() };
        let sent = RAW.pass_request(&body, &asked, "real").body;
        assert_eq!(sent, b"{\"input\":[\"a\" ,\"b\"],\"model\":\"real\",\"stream\":true}");
        let nameless = Object::parse(b"{\"input\":1}").unwrap();
        assert_eq!(RAW.pass_request(&nameless, &asked, "real").body, b"{\"input\":1,\"model\":\"real\"}");
    }

    #[test]
    fn tokens_are_found_in_the_words_of_every_api() {
        let tokens = |body: &str| usage(body).map(|usage| (usage.input, usage.output));
        assert_eq!(tokens(r#"{"usage":{"input_tokens":5,"output_tokens":9,"total_tokens":14}}"#), Some((5, 9)));
        assert_eq!(tokens(r#"{"usage":{"prompt_tokens":4,"completion_tokens":0,"total_tokens":4}}"#), Some((4, 0)));
        assert_eq!(tokens(r#"{"usage":{"total_tokens":56}}"#), Some((56, 0)));
        assert_eq!(tokens(r#"{"meta":{"tokens":{"input_tokens":7,"output_tokens":1}}}"#), Some((7, 1)));
        let heard = usage(r#"{"usage":{"type":"tokens","input_tokens":14,"input_token_details":{"audio_tokens":14}}}"#);
        assert_eq!(heard.map(|usage| usage.audio_input), Some(14));
    }

    #[test]
    fn other_units_are_counted_too() {
        let searched = usage(r#"{"results":[],"meta":{"billed_units":{"search_units":1}}}"#).unwrap();
        assert_eq!((searched.searches, searched.input), (1, 0));
        assert_eq!(usage(r#"{"text":"a","usage":{"type":"duration","seconds":8.2}}"#).unwrap().seconds, 9);
    }

    #[test]
    fn answers_that_tell_nothing_are_answers_and_failures_are_failures() {
        for body in ["{}", "[]", "no JSON", r#"{"usage":null,"meta":7}"#, r#"{"usage":[]}"#, r#"{"error":null}"#] {
            assert_eq!(usage(body), None, "{body}");
        }
        assert_eq!(RAW.usage(br#"{"error":{"message":"m"}}"#).unwrap_err().status, 502);
    }
}
