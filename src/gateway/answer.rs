//! What goes back to the caller: answers of our own, failures in its own form, and headers of ours.

use super::refusal::{Refusal, given_up};
use super::{Gateway, State};
use crate::errors::ApiError;
use crate::exchange::{Exchange, Outcome, Phase};
use crate::failover;
use crate::headers::Headers;
use crate::host::{Action, Host, Side};
use crate::reply;
use crate::surfaces::{self, Surface};
use crate::time::Timestamp;

impl Gateway {
    /// Puts the caller's form of a failure in the place of Envoy's own words.
    pub(super) fn substitute(
        &mut self,
        host: &dyn Host,
        surface: &'static dyn Surface,
        error: &ApiError,
        headers: &mut Headers,
        end: bool,
    ) {
        self.notes.error = error.code.as_deref().map(str::to_owned);
        self.notes.status = error.status;
        let body = surface.error(error);
        if end {
            return reply::refuse(host, error, &body, &[]);
        }
        headers.set(":status", error.status);
        headers.remove("content-length");
        for (name, value) in reply::error_headers(error) {
            headers.set(name, value);
        }
        self.substitute = Some(body);
    }

    /// The status of an answer whose headers the provider role has made, if it is this one: a filter in between may have
    /// answered something else.
    pub(super) fn signed(&self, host: &dyn Host) -> Option<u16> {
        let State::Forwarded(exchange) = &self.state else { return None };
        let signed = exchange.progress.borrow().signed?;
        let status: u16 = host.header(Side::Response, ":status")?.parse().ok()?;
        (status == signed).then_some(status)
    }

    /// When a body is too large for Envoy and for us at the same piece, Envoy's refusal is on its way before ours,
    /// with the details of ours: only its length tells.
    pub(super) fn overruled(&mut self, headers: &Headers) -> Option<(&'static dyn Surface, Box<ApiError>)> {
        let (surface, error) = self.refused.take()?;
        let length: usize = headers.get("content-length")?.parse().ok()?;
        (length != surface.error(&error).len()).then_some((surface, error))
    }

    /// Answers the caller without a provider.
    pub(super) fn answer(&mut self, host: &dyn Host, refusal: &Refusal) -> Action {
        self.state = State::Answered;
        match refusal {
            Refusal::Answer(body) => {
                self.notes.status = 200;
                host.reply(200, &[("content-type", "application/json")], body);
            }
            Refusal::Estimate(body) => {
                self.notes.status = 200;
                host.reply(200, &[("content-type", "application/json"), ("x-tollhouse-usage", "estimated")], body);
            }
            Refusal::Error(surface, error) => {
                self.notes.status = error.status;
                self.notes.error = error.code.as_deref().map(str::to_owned);
                self.refused = Some((*surface, error.clone()));
                let allow = surfaces::allowed(&self.notes.path);
                let allow = (error.status == 405).then_some(("allow", allow.as_str()));
                reply::refuse(host, error, &surface.error(error), allow.as_slice());
            }
        }
        Action::Pause
    }
}

/// What Envoy says itself, if it does: no provider's answer has gone out.
pub(super) fn envoys_own(
    host: &dyn Host,
    exchange: &Exchange,
    status: u16,
    now: Timestamp,
) -> Option<(&'static dyn Surface, Box<ApiError>)> {
    if exchange.progress.borrow().phase != Phase::Held {
        return None;
    }
    begin_refused(host, exchange);
    failover::unanswered(host, exchange, now);
    Some((exchange.surface(), Box::new(given_up(status, &exchange.progress.borrow().attempts))))
}

/// An attempt at a cluster that is full or has no host is over before the provider role sees it, and Envoy makes no other
/// one. It counts as an attempt, so that the next request goes round this target.
///
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/response_code_details>
fn begin_refused(host: &dyn Host, exchange: &Exchange) {
    let mut progress = exchange.progress.borrow_mut();
    if progress.attempts.last().is_some_and(|attempt| attempt.outcome == Outcome::Unanswered) {
        return;
    }
    let details = host.property(&["response", "code_details"]).unwrap_or_default();
    let refused = String::from_utf8_lossy(&details);
    let refused = refused.contains("overflow") || refused == "no_healthy_upstream" || refused == "cluster_not_found";
    if let (true, Some(target)) = (refused, exchange.plan.target(progress.attempts.len())) {
        progress.begin(&target.name);
    }
}
