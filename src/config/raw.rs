//! The document as it is written: the filter's plugin configuration (JSON) and the file of the command line (YAML).

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

mod alerts;
mod identity;
mod key;
mod limit;
mod version;

pub use alerts::{Alerts, Secret, Webhook};
pub use identity::{Identity, Jwt, Known, Metadata, Peer, Trust, Trusted};
pub use key::{Aws, Key, Sds};
pub(super) use limit::MAX;
pub use limit::{Class, Count, For, Limit, Per, Soft, Unpriced};
mod policy;
mod prices;
mod store;

pub use policy::{Policy, Surface};
pub use prices::{Amount, Longer, Price, Rates, Tier};
pub use store::{LimitStore, WhenDown};
pub use version::EnvoyVersion;

/// One Tollhouse configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Where `tollhouse run` and `tollhouse render` listen for callers, `address:port`. The filter ignores it.
    /// Default: 127.0.0.1:10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// Where `tollhouse run` and `tollhouse render` put Envoy's admin interface, `address:port`. The filter ignores it.
    /// Default: a free port of this host for `run`, 127.0.0.1:9901 for `render`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<String>,
    /// The oldest Envoy that runs this, `"1.37"`. Before 1.39 the attempts of a request follow one of the chains of clusters
    /// that `tollhouse render` writes. `tollhouse run` knows it by itself. Default: 1.39.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envoy_version: Option<EnvoyVersion>,
    /// The largest request body; larger ones get 413. Envoy's own limits must not be smaller. Default: 32MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_body: Option<ByteSize>,
    /// Clocks of models that have none of their own.
    #[serde(default, skip_serializing_if = "Timeouts::is_empty")]
    pub timeouts: Timeouts,
    /// Where secrets of providers' keys come from that are not files or variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sds: Option<Sds>,
    /// Upstreams by name.
    #[serde(default)]
    pub providers: BTreeMap<String, Provider>,
    /// What callers may ask for, by name.
    #[serde(default)]
    pub models: BTreeMap<String, Model>,
    /// Files and batches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Files>,
    /// What targets cost, where the built-in table does not know or is wrong: by `provider/model`, or by a pattern that
    /// ends with `*`. The longest that fits decides alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
    /// Ways in which callers are known beside their keys: by a token that Envoy has verified, by a certificate, by headers of
    /// a proxy that is trusted. Where several say something of a caller, the first holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<Identity>,
    /// Who may call.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// How many keys that nobody has one address may send. Default: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_keys: Option<FailedKeys>,
    /// How much of what, in which time, for whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// Where limits are kept that many Envoys share. Default: each Envoy counts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_store: Option<LimitStore>,
    /// Who is told when a limit has got far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Alerts>,
    /// What routes may leave of this document, by name. Where it is given, even without any, metadata of routes is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<BTreeMap<String, Policy>>,
}

/// Who keeps the files and batches of callers. They name no model, and a batch names its models inside of a file, so that
/// only clients with `*` or `provider/*` for this provider may use them. All these share its account.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The provider, of the dialect `openai`.
    pub provider: String,
}

/// An address that sends more keys that nobody has gets 429 instead of 401 for the next of them. Keys that are known are
/// served from there as from anywhere. Each worker counts for itself, and an IPv6 network of 64 bits as one address.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FailedKeys {
    /// So many of them get 401.
    pub most: u32,
    /// In this time, such as `1m`, after which all is forgotten.
    pub within: Seconds,
}

/// An upstream: an API, an address and credentials.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The API that it speaks: `openai` (and every server of that API), `openai-responses`, `azure-openai`,
    /// `azure-openai-responses`, `anthropic`, `vertex-anthropic`, `bedrock-anthropic`, `bedrock-converse`, `gemini`,
    /// `vertex-gemini`, `cohere`, `ollama`; or a provider whose API is nearly OpenAI's: `cerebras`, `deepseek`,
    /// `fireworks`, `groq`, `huggingface`, `mistral`, `openrouter`, `perplexity`, `together`, `xai`, `zai`.
    pub dialect: String,
    /// `http://` or `https://`, host, port and the path that all its paths start with. Default: the dialect's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Credentials, used in turn; one alone where Envoy puts it in (`file`, `sds`, `aws`). None for servers that ask for
    /// none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
    /// Azure: the version of the API, `2024-10-21`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Vertex: the project. Required, unless the endpoint ends with `/projects/…/locations/…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Vertex: the region, which also makes the default endpoint. Default: that of the endpoint, else `global`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The Envoy cluster that leads there. Default: the provider's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// How long a connection may take, for the rendered cluster. Default: 5s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<Seconds>,
}

/// What callers ask for, and who answers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// `provider/model`, tried in order. Only the first slash divides.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = r"^[^/]+/.+$"))))]
    pub targets: Vec<String>,
    /// Clocks.
    #[serde(default, skip_serializing_if = "Timeouts::is_empty")]
    pub timeouts: Timeouts,
    /// Failures that go to the next target although it is the request or the account that is at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failover_on: Vec<FailoverOn>,
    /// What limits hold for an answer whose caller does not say how long it may be, in tokens. Default: what the longest
    /// of late had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output: Option<Count>,
}

/// Failures that are told to the caller at once unless asked otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailoverOn {
    /// 401: the provider does not take our key.
    Authentication,
    /// 402, or 429 for want of money.
    Billing,
    /// 400 because the prompt is too long for the model.
    ContextLengthExceeded,
    /// Any 400, 413 or 422.
    InvalidRequest,
    /// 404: the provider does not have the model.
    NotFound,
    /// 403.
    Permission,
}

/// Clocks of one request. Connecting has one too, at the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// A stream without content for so long goes to the next target. Pings and comments are no content. Default: 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token: Option<Seconds>,
    /// A plain answer that takes an attempt so long goes to the next target. Default: as `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Seconds>,
    /// A stream that stops for so long after its first content is ended. Default: 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Seconds>,
    /// The whole request with all its attempts. Default: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Seconds>,
}

impl Timeouts {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These, with `others` where there is none.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            first_token: self.first_token.or(others.first_token),
            attempt: self.attempt.or(others.attempt),
            idle: self.idle.or(others.idle),
            total: self.total.or(others.total),
        }
    }
}

/// A caller, known by a virtual key, by an identity, or by both together.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("anyOf" = [{ "required": ["key_sha256"] }, { "required": ["identity"] }])))]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its name in logs and metrics.
    pub name: String,
    /// SHA-256 of its key, 64 hexadecimal digits. `tollhouse key new` makes both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[0-9a-fA-F]{64}$")))]
    pub key_sha256: Option<String>,
    /// What makes it known without a key. Beside a key: what the key is worth nothing without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Known>,
    /// Who pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Models it may ask for: names, targets (`openai/gpt-5-mini`), all of a provider (`openai/*`), everything (`*`).
    pub models: Vec<String>,
    /// The key is refused from then on: `2027-01-31` or `2027-01-31T12:00:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The key is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Whose requests come first where limits keep a share for a class. Default: interactive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// Tags of all its requests: `{ feature: search }`. They hold against those that a request brings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// A time span: `250ms`, `10s`, `5m`, `1h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub Duration);

impl Seconds {
    /// Reads a number and a unit.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at_checked(digits)?;
        let number: u64 = number.parse().ok()?;
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        number.checked_mul(milliseconds).map(|ms| Self(Duration::from_millis(ms)))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        if ms.is_multiple_of(1000) { write!(f, "{}s", ms / 1000) } else { write!(f, "{ms}ms") }
    }
}

/// A number of bytes: `512KiB`, `32MiB`, or a bare number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// Reads a number and a unit.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(digits)?;
        let unit = match unit {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(unit).map(Self)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n > 0 && n.is_multiple_of(1 << 20) => write!(f, "{}MiB", n >> 20),
            n if n > 0 && n.is_multiple_of(1 << 10) => write!(f, "{}KiB", n >> 10),
            n => write!(f, "{n}B"),
        }
    }
}

/// Values that are written as a string with a unit.
macro_rules! with_unit {
    ($type:ident, $expecting:literal, $pattern:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        $type::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                }
                document.deserialize_str(Text)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $expecting, "pattern": $pattern })
            }
        }
    };
}

with_unit!(Seconds, "a time span such as `250ms`, `10s`, `5m` or `1h`", "^[0-9]+(ms|s|m|h)$");
with_unit!(ByteSize, "a size such as `512KiB` or `32MiB`", "^[0-9]+(B|KiB|MiB|GiB)?$");
with_unit!(EnvoyVersion, "a version of Envoy in quotes, such as \"1.37\"", r"^[0-9]+\.[0-9]+(\.[0-9]+)?$");
