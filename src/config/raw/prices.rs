//! What targets cost, as it is written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::pricing::Decimal;

/// What a target costs: `per_million`, or what the built-in table says of `model`, or of the target itself.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Dollars for a million tokens. Zeros for what is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_million: Option<Rates>,
    /// Dollars for a million tokens of requests with long prompts: for all their tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub longer: Vec<Longer>,
    /// Dollars for each request, beside its tokens. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_request: Option<Amount>,
    /// What service tiers cost, as multiples: `{ flex: 0.5, priority: 2 }`. Default: as the standard one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub service_tiers: BTreeMap<Tier, Amount>,
    /// As the built-in table says of `dialect/model`, for deployments and servers with names of their own; of all
    /// models of a dialect with `dialect/*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Percent that are taken off all prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Amount>,
}

/// Dollars for a million tokens of each kind.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Read by the model.
    pub input: Amount,
    /// Written by the model.
    pub output: Amount,
    /// Read from the provider's cache. Default: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<Amount>,
    /// Written to the cache. Default: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Amount>,
    /// Written to the cache for an hour. Default: as `cache_write`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<Amount>,
    /// Heard. Default: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<Amount>,
    /// Thought. Default: as `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Amount>,
    /// Spoken. Default: as `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_output: Option<Amount>,
}

/// Prices of long prompts.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Longer {
    /// Prompts of more tokens than this, cached ones included.
    pub than: u64,
    /// Dollars for a million tokens.
    pub per_million: Rates,
}

/// What a provider sells a model by, beside the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Within hours.
    Batch,
    /// Sooner than that.
    Flex,
    /// Before others.
    Priority,
}

/// A number from 0 that is taken as it is written: `0.25`, or `"0.25"` where more than fifteen digits count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount(pub Decimal);

const EXPECTED: &str = "a number from 0 with up to nine decimals, as a string if it has more than fifteen digits";

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                self.visit_str(&number.to_string())
            }

            /// Fifteen digits survive the way through a float: the shortest number that reads as it is the one that
            /// was written.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
                let text = number.to_string();
                let digits = text.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
                let refused = || E::invalid_value(de::Unexpected::Float(number), &self);
                Decimal::parse(&text).filter(|_| digits <= 15).map(Amount).ok_or_else(refused)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                let refused = || E::invalid_value(de::Unexpected::Str(text), &self);
                Decimal::parse(text).map(Amount).ok_or_else(refused)
            }
        }
        document.deserialize_any(Number)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&self.0)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": EXPECTED,
            "oneOf": [
                { "type": "number", "minimum": 0 },
                { "type": "string", "pattern": r"^([0-9]+\.?|[0-9]*\.[0-9]{1,9})$" }
            ]
        })
    }
}
