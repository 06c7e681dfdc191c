//! What a caller is told when a limit leaves no room.

use std::time::Duration;

use crate::errors::{ApiError, Kind, Retry};
use crate::ledger::{Shortage, Unit, Window};
use crate::limits::{self, Denial, Limit, Reason, Subject};
use crate::pricing::Decimal;
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
        Reason::Spent(shortage) => reached(&denial.limit, &limit, &shortage, now),
    }
}

/// The service that keeps the limits does not answer, and nothing shall pass without it.
pub(super) fn store_is_away() -> ApiError {
    ApiError::new(503, "The limits of this request cannot be looked up now.")
        .code("limit_store_unavailable")
        .retry(Retry::After(SOON))
}

fn reached(limit: &Limit, words: &str, shortage: &Shortage, now: Timestamp) -> ApiError {
    let wait = shortage.until.map(|until| until.since(now));
    let write = |amount: u64| match limit.kind {
        limits::Kind::Usd => Decimal(amount).to_string(),
        _ => amount.to_string(),
    };
    let (spent, held) = (write(shortage.level.spent), write(shortage.level.held));
    let mut message = format!("The limit of {words} is reached: {spent} spent, {held} held for requests under way.");
    if let Some(wait) = wait {
        message.push_str(&format!(" There is room in {} s.", wait.as_millis().div_ceil(1000)));
    }
    let error = ApiError::new(429, message);
    if is_budget(limit) {
        let retry = wait.map_or(Retry::Never, Retry::NotBefore);
        return ApiError { kind: Kind::Billing, ..error }.code("budget_exceeded").retry(retry);
    }
    error.code("rate_limit_exceeded").retry(Retry::After(wait.unwrap_or(SOON)))
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
