//! What a caller is told when a limit leaves no room.

use std::time::Duration;

use crate::errors::{ApiError, Kind, Retry};
use crate::ledger::{Shortage, Unit, Window};
use crate::limits::{self, Denial, Limit, Reason, Subject};
use crate::time::Timestamp;

/// How soon it is worth trying again when requests under way have taken all.
const SOON: Duration = Duration::from_secs(1);

/// A refusal in words, with what the caller should do.
pub(super) fn denied(denial: &Denial, subject: &Subject<'_>, now: Timestamp) -> ApiError {
    let limit = denial.limit.describe(subject);
    match denial.reason {
        Reason::Unpriced => {
            let message = format!("The price of `{}` is not known, and there is a limit of {limit}.", subject.model);
            ApiError::new(403, message).code("unpriced_model").param("model").retry(Retry::Never)
        }
        Reason::Spent(Shortage { never: true, .. }) => {
            let message = format!("This request may come to more than the limit of {limit} ever leaves room for.");
            ApiError::new(429, message).code("request_over_limit").retry(Retry::Never)
        }
        Reason::Spent(Shortage { until, .. }) => spent(&denial.limit, &limit, until.map(|until| until.since(now))),
    }
}

fn spent(limit: &Limit, words: &str, wait: Option<Duration>) -> ApiError {
    let seconds = wait.map(|wait| format!(" It has room in {} s.", wait.as_millis().div_ceil(1000)));
    let when = seconds.unwrap_or_default();
    if is_budget(limit) {
        let error = ApiError::new(429, format!("The budget of {words} is spent.{when}")).code("budget_exceeded");
        let retry = wait.map_or(Retry::Never, Retry::NotBefore);
        return ApiError { kind: Kind::Billing, ..error }.retry(retry);
    }
    ApiError::new(429, format!("The limit of {words} is reached.{when}"))
        .code("rate_limit_exceeded")
        .retry(Retry::After(wait.unwrap_or(SOON)))
}

/// Money, and whatever lasts for a day or longer: no SDK waits for that.
fn is_budget(limit: &Limit) -> bool {
    let long = match limit.window {
        Window::Ever => true,
        Window::Calendar(unit) | Window::Rolling(unit) => matches!(unit, Unit::Day | Unit::Week | Unit::Month),
    };
    match limit.kind {
        limits::Kind::Usd => true,
        limits::Kind::InFlight => false,
        _ => long,
    }
}
