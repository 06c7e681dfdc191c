//! Limits that many Envoys share, kept by the rate limit service that Envoy users run.
//!
//! ```text
//! before   hits = what the request may come to   ──>  OK, or which limit has no room
//! after    hits = what it came to less that      ──>  (nobody waits for it)
//! ```
//! <https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/service/ratelimit/v3/rls.proto>

use std::time::Duration;

use crate::host::Call;

mod claims;
mod descriptor;
mod message;

pub use claims::{Claims, Verdict};

/// The full name of the gRPC service.
const SERVICE: &str = "envoy.service.ratelimit.v3.RateLimitService";

/// Its only method.
const METHOD: &str = "ShouldRateLimit";

/// Where shared limits are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// The Envoy cluster that leads there.
    pub cluster: String,
    /// What the service tells our limits from others' by.
    pub domain: String,
    /// How long a request waits for its answer.
    pub timeout: Duration,
    /// What holds when there is none.
    pub when_down: WhenDown,
    /// Can hits be given back? A service that cannot would count them a second time.
    pub refunds: bool,
}

impl Store {
    /// A call of it.
    pub fn call<'a>(&'a self, message: &'a [u8]) -> Call<'a> {
        Call { cluster: &self.cluster, service: SERVICE, method: METHOD, message, timeout: self.timeout }
    }
}

/// What holds when the service does not answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WhenDown {
    /// This Envoy grants such a share of each limit alone.
    Local(f64),
    /// Nothing passes.
    Refuse,
}

#[cfg(test)]
mod tests;
