//! Limits as they are written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::{Amount, Seconds};

/// How much of what, in which time, for whom. One of `requests`, `tokens`, `input_tokens`, `output_tokens`, `usd` and
/// `in_flight` says of what.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// For whom; all must fit. Default: everybody.
    #[serde(default, rename = "for", skip_serializing_if = "For::is_everybody")]
    pub whom: For,
    /// Requests that are let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<Count>,
    /// Tokens, read and written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Count>,
    /// Tokens read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<Count>,
    /// Tokens written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<Count>,
    /// Dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<Amount>,
    /// Requests under way at a time; it has no `per`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<Count>,
    /// In which time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<Per>,
    /// The time until now, instead of the calendar's (UTC, weeks from Monday).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rolling: bool,
    /// It counts and reports, and never refuses.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// Shares at which somebody is told, once in each window: `[0.8, 1.0]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alert_at: Vec<f64>,
    /// From a share of it on another model answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft: Option<Soft>,
    /// Shares that clients of the other classes may not take: `{ interactive: 0.5 }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keep: BTreeMap<Class, f64>,
    /// A request waits so long for room instead of being refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Seconds>,
    /// So many wait at most on one worker. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Count>,
    /// What becomes of requests whose price is not known, where `usd` is limited. Default: refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpriced: Option<Unpriced>,
    /// Each Envoy counts for itself, although there is a `limit_store`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub local: bool,
}

/// For whom a limit is: names, or `each` for a counter of its own for each.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct For {
    /// Callers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Teams of callers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Models that are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Providers. Such a limit does not refuse: requests go to the next target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Targets, `provider/model`. As for providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// End users, as callers name them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Policies that routes or their virtual hosts name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Tags of requests, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl For {
    fn is_everybody(&self) -> bool {
        let named = [&self.client, &self.team, &self.model, &self.provider, &self.target, &self.user, &self.policy];
        named.iter().all(|name| name.is_none()) && self.tags.is_empty()
    }
}

/// The time in which a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say all")]
pub enum Per {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    /// All time.
    Ever,
}

/// Another model, from a share of a limit on.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Soft {
    /// The share.
    pub at: f64,
    /// The model, by its name in this document.
    pub model: String,
}

/// Whose requests come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Somebody waits for the answer.
    #[default]
    Interactive,
    /// Nobody does.
    Batch,
}

/// What becomes of requests whose price is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unpriced {
    /// They are refused.
    Refuse,
    /// They pass, uncounted.
    Allow,
}

/// A whole number from 1 to 2^53: every reader of JSON agrees on those. A string may have `_` between its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub u64);

/// The largest number of which every reader of JSON has the same idea.
pub(in crate::config) const MAX: u64 = 1 << 53;

impl Count {
    fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| *c != '_').collect();
        digits.parse().ok().filter(|n| (1..=MAX).contains(n)).map(Self)
    }
}

const EXPECTED: &str = "a whole number from 1 to 2^53";

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
                Count::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Count, E> {
                self.visit_str(&n.to_string())
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Count, E> {
                self.visit_str(&n.to_string())
            }

            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Count, E> {
                self.visit_str(&n.to_string())
            }
        }
        document.deserialize_any(Number)
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u64(self.0)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Count {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": EXPECTED,
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": MAX },
                { "type": "string", "pattern": "^[0-9_]+$" },
            ],
        })
    }
}
