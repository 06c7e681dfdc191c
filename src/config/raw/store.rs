//! The store of limits as it is written.

use serde::{Deserialize, Serialize};

use super::Seconds;

/// Where limits are kept that many Envoys share: a service of Envoy's rate limit protocol.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LimitStore {
    /// The Envoy cluster that leads to the service.
    pub rate_limit_service: String,
    /// Where it is, `host:port`, for the rendered cluster. Default: the cluster is the operator's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the service tells these limits from others' by. Default: tollhouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// How long a request waits for its answer. Default: 20ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Seconds>,
    /// What holds when it does not answer. Default: local.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_down: Option<WhenDown>,
    /// The share of each limit that this Envoy grants alone then. Default: 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_share: Option<f64>,
    /// Whether it takes hits back (`is_negative_hits`, in Envoy's protocol since 1.38). If not, a request is charged with
    /// its prompt before and with the rest after. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunds: Option<bool>,
}

/// What holds when the store does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhenDown {
    /// A share of each limit, for each Envoy.
    #[default]
    Local,
    /// Requests that a limit is for are refused.
    Refuse,
}
