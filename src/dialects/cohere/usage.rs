//! Tokens.
//!
//! <https://docs.cohere.com/reference/chat#response.body.usage>

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::lenient;
use crate::usage::Usage;

/// `tokens` is what the model read and wrote; `billed_units`, which is smaller, what is paid for.
#[derive(Default, Deserialize)]
struct Told<'a> {
    #[serde(borrow, default)]
    tokens: Option<&'a RawValue>,
    #[serde(borrow, default)]
    billed_units: Option<&'a RawValue>,
    #[serde(default)]
    cached_tokens: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Tokens {
    #[serde(default)]
    input_tokens: Option<f64>,
    #[serde(default)]
    output_tokens: Option<f64>,
    #[serde(default)]
    reasoning_tokens: Option<f64>,
}

/// The usage, if the answer says any.
pub(super) fn read(usage: Option<&RawValue>) -> Option<Usage> {
    let told: Told<'_> = lenient(usage);
    let tokens: Tokens = lenient(Some(told.tokens.or(told.billed_units)?));
    Some(Usage {
        input: whole(tokens.input_tokens),
        output: whole(tokens.output_tokens),
        reasoning: whole(tokens.reasoning_tokens),
        cached: whole(told.cached_tokens),
        ..Usage::default()
    })
}

/// Cohere's documents call its counts numbers, so `5.0` is one. Negative ones count nothing.
fn whole(number: Option<f64>) -> u64 {
    number.map_or(0, |number| number.max(0.0) as u64)
}
