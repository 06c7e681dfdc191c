//! An end in which no answer is cut off.

use std::time::{Duration, Instant};

use super::Gateway;
use crate::render;

/// How often is looked.
const POLL: Duration = Duration::from_millis(50);

impl Gateway {
    /// How many requests are under way.
    ///
    /// # Errors
    /// Envoy does not answer.
    pub fn under_way(&self) -> anyhow::Result<u64> {
        let name = format!("http.{}.downstream_rq_active", render::NAME);
        Ok(self.admin.stat(&name)?.and_then(|value| value.parse().ok()).unwrap_or_default())
    }

    /// Takes no new connections, and waits until no request is under way, but no longer than this. Tells whether there
    /// is none: Envoy, when it is asked to end, ends at once, and with it every stream.
    ///
    /// <https://www.envoyproxy.io/docs/envoy/latest/operations/admin#post--drain_listeners>
    ///
    /// # Errors
    /// Envoy does not answer.
    pub fn drain(&self, limit: Duration) -> anyhow::Result<bool> {
        // Load balancers that ask for its health look elsewhere.
        self.admin.post("/healthcheck/fail")?;
        self.admin.post("/drain_listeners")?;
        let end = Instant::now() + limit;
        while self.under_way()? > 0 {
            if Instant::now() > end {
                return Ok(false);
            }
            std::thread::sleep(POLL);
        }
        Ok(true)
    }
}
