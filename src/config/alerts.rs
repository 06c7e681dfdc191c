//! Who is told of limits that got far, from the document as written to what runs.

use std::fmt;

use super::credentials::secret;
use super::{ConfigError, Endpoint, raw};

const EXAMPLE: &str = "a URL such as https://hooks.slack.com";

type Result<T> = std::result::Result<T, ConfigError>;

/// A server that takes Slack's incoming webhooks.
///
/// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The Envoy cluster that leads there.
    pub cluster: String,
    /// `https` or `http`.
    pub scheme: &'static str,
    /// `host` or `host:port`.
    pub authority: String,
    /// As good as a key; never shown.
    pub path: String,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

/// The endpoint of the webhook. What was found is not said: it may hold the path.
///
/// # Errors
/// It is no URL, or has a path.
pub fn webhook_endpoint(raw: &raw::Webhook) -> Result<Endpoint> {
    let wrong = |expected: &str| ConfigError::new("alerts.webhook.endpoint", format!("expected {expected}"));
    let plain = |host: &str| host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    match Endpoint::parse(&raw.endpoint) {
        Ok(endpoint) if !plain(&endpoint.host) => Err(wrong(EXAMPLE)),
        Ok(endpoint) if endpoint.path.is_empty() => Ok(endpoint),
        Ok(_) => Err(wrong("a URL without a path: that is a secret, and stands in `path`")),
        Err(_) => Err(wrong(EXAMPLE)),
    }
}

pub(super) fn webhook(raw: &raw::Webhook, env: &dyn Fn(&str) -> Option<String>) -> Result<Webhook> {
    let endpoint = webhook_endpoint(raw)?;
    let at = "alerts.webhook.path";
    let path = secret(at, (raw.path.env.as_ref(), raw.path.value.as_ref()), "`env` and `value`", env)?;
    if !path.starts_with('/') || path.contains(' ') {
        return Err(ConfigError::new(at, "expected a path that starts with `/`"));
    }
    Ok(Webhook {
        cluster: raw.cluster().to_owned(),
        scheme: if endpoint.tls { "https" } else { "http" },
        authority: endpoint.authority(),
        path,
    })
}
