//! The request's headers: for Envoy's router while attempts are made, and the caller's again afterwards.

use super::Gateway;
use crate::contract;
use crate::exchange::Exchange;
use crate::host::{Host, Side, Stream};

/// Tells Envoy's router how to make the attempts. Changed headers make it choose the route again, by the property.
pub(super) fn steer(host: &(impl Stream + ?Sized), exchange: &Exchange) {
    host.set_property(contract::EXCHANGE, exchange.id.to_string().as_bytes());
    if let Some(cluster) = exchange.plan.cluster() {
        host.set_property(contract::CLUSTER, cluster.as_bytes());
    }
    let clock = if exchange.asked.stream { exchange.timeouts.first_token } else { exchange.timeouts.attempt };
    // What was begun at a provider must not be begun twice.
    let once = exchange.resource.as_ref().is_some_and(|resource| resource.method != "GET");
    let on = if once { "retriable-headers,connect-failure" } else { "retriable-headers,reset,connect-failure" };
    let (retries, total) = (exchange.plan.retries().to_string(), exchange.timeouts.total.as_millis().to_string());
    let clock = clock.as_millis().to_string();
    let mut pairs = exchange.headers.pairs();
    pairs.extend([
        ("x-envoy-retry-on", on),
        ("x-envoy-retriable-header-names", contract::RETRY_HEADER),
        ("x-envoy-max-retries", &retries),
        ("x-envoy-upstream-rq-timeout-ms", &total),
        ("x-envoy-upstream-rq-per-try-timeout-ms", &clock),
    ]);
    host.set_headers(Side::Request, &pairs);
}

impl Gateway {
    /// Puts the caller's own headers in the place of those that went to the last provider, its key among them: access
    /// logs, taps and traces of the operator's see the request as it is by then. Once, when there is an answer or none
    /// will come.
    pub(super) fn put_back(&mut self, host: &dyn Host) {
        if let Some(sent) = self.sent.take() {
            host.set_headers(Side::Request, &sent.pairs());
        }
    }
}
