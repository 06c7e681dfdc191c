//! Callers whom nobody knows, and those of them that try one key after the other.

use super::Gateway;
use crate::clients::{is_token, unauthorized};
use crate::errors::{ApiError, Retry};
use crate::guesses::{Guess, Source};
use crate::host::Host;
use crate::telemetry;
use crate::time::Timestamp;

impl Gateway {
    /// What somebody without a key that is known is told.
    pub(super) fn stranger(&self, host: &dyn Host, key: Option<&str>, now: Timestamp) -> ApiError {
        match key {
            // It would not be here if it had been verified.
            Some(key) if !self.config.identities.0.is_empty() && is_token(key) => {
                unauthorized("This token is not valid, or has expired.", "invalid_token")
            }
            Some(_) => self.wrong_key(host, now),
            None => unauthorized(
                "No gateway key. Send it as `Authorization: Bearer`, `x-api-key`, `api-key` or `x-goog-api-key`.",
                "missing_api_key",
            ),
        }
    }

    fn wrong_key(&self, host: &dyn Host, now: Timestamp) -> ApiError {
        let unknown = unauthorized("This gateway key is not known.", "invalid_api_key");
        let Some(allowance) = self.config.failed_keys else { return unknown };
        let source = Source::of(&host.property(&["source", "address"]).unwrap_or_default());
        let guess = self.exchanges.guesses().count(allowance, source, now);
        telemetry::count_failed_key(host, guess);
        match guess {
            Guess::Allowed => unknown,
            Guess::Last => {
                log::warn!("tollhouse: {} keys that nobody has came from {source}; more are refused", allowance.most);
                unknown
            }
            Guess::Refused(wait) => {
                let message = "This gateway key is not known, and too many like it have come from your address.";
                ApiError::new(429, message).code("too_many_failed_keys").retry(Retry::NotBefore(wait))
            }
        }
    }
}
