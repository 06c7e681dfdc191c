//! Who is told of limits that got far, as it is written.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who is told when a limit has got as far as its `alert_at` says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// A server that takes Slack's incoming webhooks: Slack, Mattermost, Discord with `/slack` behind its path.
    pub webhook: Webhook,
}

/// A server that takes `{"text": "..."}`.
#[derive(Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// `http://` or `https://`, host and port, without a path.
    pub endpoint: String,
    /// The rest of its URL, which is as good as a key.
    pub path: Secret,
    /// The Envoy cluster that leads there. Default: alerts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
}

impl Webhook {
    /// The Envoy cluster that leads there.
    pub fn cluster(&self) -> &str {
        self.cluster.as_deref().unwrap_or("alerts")
    }
}

// Who gives the whole URL as the endpoint gives the secret with it.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

/// Something that is never shown: one of the two.
#[derive(Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = [{ "required": ["env"] }, { "required": ["value"] }])))]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The environment variable of the Envoy process that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The secret itself; for tests only, since documents are shown and kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("env", &self.env).finish_non_exhaustive()
    }
}
