//! What follows from a failed attempt: another one, or not, and a target that is passed over for a while.

use std::time::Duration;

use crate::config::raw::FailoverOn;
use crate::contract;
use crate::errors::{ApiError, Kind, Retry};
use crate::exchange::{Exchange, Outcome};
use crate::host::{Meters, Shared, Stream};
use crate::routing::Target;
use crate::telemetry;
use crate::time::Timestamp;

/// How long a target is passed over that gave no hint of its own.
pub const DEFAULT_COOLDOWN: Duration = Duration::from_secs(5);

/// The longest that a hint is believed.
pub const MAX_COOLDOWN: Duration = Duration::from_secs(600);

/// What follows from a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The next target is tried.
    NextTarget,
    /// The caller is told.
    TellCaller,
}

/// The provider failed before any content.
pub fn failed(
    host: &(impl Shared + Meters + ?Sized),
    exchange: &Exchange,
    error: &ApiError,
    now: Timestamp,
) -> Verdict {
    let reason = error.code.as_deref().unwrap_or("error").to_owned();
    let number = give_up(exchange, Outcome::Failed { status: error.status, reason });
    let Some(target) = exchange.plan.target(number) else { return Verdict::TellCaller };
    telemetry::count_failure(
        host,
        exchange.model_label(),
        &exchange.target_label(&target.name),
        &error.status.to_string(),
    );
    if let Some(time) = cooldown(error)
        && exchange.plan.has_choice()
    {
        cool(host, target, now.after(time));
    }
    let next = exchange.plan.has_next(number) && fails_over(error, &exchange.failover_on);
    if next { Verdict::NextTarget } else { Verdict::TellCaller }
}

/// The number of the attempt that has begun, from 0. Envoy may have given up on others before the provider role has seen
/// them: that changes nothing where each attempt names the cluster of the next, but a chain goes on. `None`: nobody has
/// planned an attempt there, or there is no host, since the cluster is full: then it counts as one that was not answered.
pub fn begun(host: &(impl Stream + Shared + Meters + ?Sized), exchange: &Exchange, now: Timestamp) -> Option<usize> {
    unanswered(host, exchange, now);
    let next = exchange.progress.borrow().attempts.len();
    if !exchange.plan.is_chained() {
        return Some(next);
    }
    let Some(cluster) = host.property(&contract::HOST_CLUSTER) else {
        exchange.progress.borrow_mut().begin(&exchange.plan.target(next)?.name);
        return None;
    };
    let number = exchange.plan.attempt_at(&cluster, next)?;
    for missed in next..number {
        exchange.progress.borrow_mut().begin(&exchange.plan.target(missed)?.name);
        unanswered(host, exchange, now);
    }
    Some(number)
}

/// Envoy gave up on the attempt under way, if there is one: no connection, a reset or a timeout.
pub fn unanswered(host: &(impl Shared + Meters + ?Sized), exchange: &Exchange, now: Timestamp) {
    if exchange.progress.borrow().attempts.last().is_none_or(|attempt| attempt.outcome != Outcome::Unanswered) {
        return;
    }
    let number = give_up(exchange, Outcome::Unanswered);
    let Some(target) = exchange.plan.target(number) else { return };
    telemetry::count_failure(host, exchange.model_label(), &exchange.target_label(&target.name), "unanswered");
    if exchange.plan.has_choice() {
        cool(host, target, now.after(DEFAULT_COOLDOWN));
    }
}

/// Says how the attempt under way went, and tells its number.
fn give_up(exchange: &Exchange, outcome: Outcome) -> usize {
    let mut progress = exchange.progress.borrow_mut();
    progress.give_up(outcome);
    progress.attempts.len().saturating_sub(1)
}

/// May another target do better? Not when the request or the account is at fault, unless the model asks for it.
fn fails_over(error: &ApiError, also: &[FailoverOn]) -> bool {
    let asked = |what| also.contains(&what);
    match error.status {
        408 | 429 | 500.. => true,
        400 | 413 | 422 => {
            let too_long = error.kind == Kind::TooLarge || error.code.as_deref() == Some("context_length_exceeded");
            asked(FailoverOn::InvalidRequest) || too_long && asked(FailoverOn::ContextLengthExceeded)
        }
        401 => asked(FailoverOn::Authentication),
        402 => asked(FailoverOn::Billing),
        403 => asked(FailoverOn::Permission),
        404 => asked(FailoverOn::NotFound),
        _ => false,
    }
}

/// How long its target is passed over after this failure. A caller's fault cools nothing.
fn cooldown(error: &ApiError) -> Option<Duration> {
    let hint = match error.retry {
        Retry::After(time) => Some(time.min(MAX_COOLDOWN)),
        Retry::Never | Retry::NotBefore(_) | Retry::Unsaid => None,
    };
    match error.status {
        429 | 503 | 529 => Some(hint.unwrap_or(DEFAULT_COOLDOWN)),
        408 | 500.. => hint,
        _ => None,
    }
}

/// Passes a target over for all workers.
fn cool(shared: &(impl Shared + ?Sized), target: &Target, until: Timestamp) {
    shared.set(&cooldown_key(target), &until.0.to_le_bytes());
}

/// Is a target passed over?
pub fn is_cooling(shared: &(impl Shared + ?Sized), target: &Target, now: Timestamp) -> bool {
    let until = shared.get(&cooldown_key(target)).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    until.is_some_and(|until| now.0 < until)
}

/// Only targets of configured models get here, so that the keys are bounded.
fn cooldown_key(target: &Target) -> String {
    format!("cooldown/{}", target.name)
}

#[cfg(test)]
mod tests;
