//! Credentials of providers as they are written.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A provider's key: one of the five. The filter puts `env` and `value` in. Envoy puts the others in, after the filter,
/// which never sees them.
#[derive(Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = [{ "required": ["env"] }, { "required": ["file"] }, { "required": ["sds"] }, { "required": ["value"] }, { "required": ["aws"] }])))]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The environment variable of the Envoy process that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The file that holds it, as Envoy finds it: an absolute path. Envoy reads it again when something is renamed into
    /// its folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The generic secret that holds it, by its name at the server of `sds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sds: Option<String>,
    /// The key itself; for tests only, since documents are shown and kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Bedrock: Envoy signs requests with the AWS credentials that it finds (environment, profile, instance or
    /// container role).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<Aws>,
}

impl Key {
    /// Does Envoy put it in, after the filter?
    pub fn is_envoys(&self) -> bool {
        self.file.is_some() || self.sds.is_some() || self.aws.is_some()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { env, file, sds, value: _, aws } = self;
        let mut shown = f.debug_struct("Key");
        shown.field("env", env).field("file", file).field("sds", sds).field("aws", aws).finish_non_exhaustive()
    }
}

/// How requests are signed for AWS.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Aws {
    /// The region of the endpoint: `us-east-1`.
    pub region: String,
}

/// A server of Envoy's secret discovery service.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sds {
    /// The Envoy cluster that leads to it, with HTTP/2.
    pub cluster: String,
    /// Where it is, `host:port` or `unix:/path`, for the rendered cluster. Default: the cluster is the operator's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}
