//! What is told about a request when it is over: one access-log record, and Envoy stats.
//!
//! Labels of stats have values from the configuration only; a target that a caller spelled out counts as
//! `provider/*`. Never a key, a prompt or an answer.

use std::time::Duration;

use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::alerts::Undelivered;
use crate::exchange::{Attempt, Outcome};
use crate::guesses::Guess;
use crate::host::{Meters, Shared};
use crate::ledger::Bind;
use crate::limits::{Crossing, Limit};
use crate::metrics::{Series, What, Who, name};
use crate::pricing::{Cost, Kind, Usd};
use crate::time::Timestamp;
use crate::usage::{Source, Usage};

/// Few records are longer, in bytes.
const USUAL_LINE: usize = 1024;

/// One request, as one line of JSON in the access log.
#[derive(Debug, Default, Serialize)]
pub struct Record<'a> {
    /// Milliseconds since the epoch at which the request came.
    pub time_ms: u64,
    /// Envoy's `x-request-id`.
    pub request_id: &'a str,
    /// The name of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<&'a str>,
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<&'a str>,
    /// The policy of the document that its route names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<&'a str>,
    /// The identities that were established, with commas.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub identity: &'a str,
    /// The end user, where an identity says who that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'a str>,
    /// The caller's API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surface: Option<&'static str>,
    /// The model that was asked for, once it is known to be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<&'a str>,
    /// The model that answered in its place, because a limit had got so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_as: Option<&'a str>,
    /// The limit that had no room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Milliseconds for which it waited for room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<u64>,
    /// The target that answered, or that was tried last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<&'a str>,
    /// Every try.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptRecord<'a>>,
    /// Was the answer to be streamed?
    pub stream: bool,
    /// What the caller was answered; 0 when it left before.
    pub status: u16,
    /// How the request ended.
    pub outcome: Ending,
    /// A word for what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
    /// In OpenAI's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<&'static str>,
    /// Tokens by kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Where they come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_source: Option<Source>,
    /// Dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Dollars>,
    /// The same by kind, without zeros.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "by_kind")]
    pub cost_by_kind: Vec<(Kind, Dollars)>,
    /// Where the prices come from: the date of the built-in table, or `document`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_version: Option<&'static str>,
    /// Nobody knows what these tokens cost.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unpriced: bool,
    /// Milliseconds to the first content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttft_ms: Option<u64>,
    /// Milliseconds from the first byte of the request to the last of the answer.
    pub duration_ms: u64,
}

/// Dollars as a JSON number with nine decimals: exact for who reads the text, near enough for who reads a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dollars(pub Usd);

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(out)
    }
}

fn by_kind<S: Serializer>(lines: &[(Kind, Dollars)], out: S) -> Result<S::Ok, S::Error> {
    out.collect_map(lines.iter().map(|(kind, cost)| (kind.name(), cost)))
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The answer is whole.
    Completed,
    /// We said no.
    #[default]
    Refused,
    /// No target answered, or the answer broke off.
    Failed,
    /// The caller left first.
    Abandoned,
}

impl Ending {
    fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// One try, in the record.
#[derive(Debug, Serialize)]
pub struct AttemptRecord<'a> {
    target: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> From<&'a Attempt> for AttemptRecord<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        let (outcome, status, reason) = match &attempt.outcome {
            Outcome::Answered => ("answered", None, None),
            Outcome::Unanswered => ("unanswered", None, None),
            Outcome::Failed { status, reason } => ("failed", Some(*status), Some(reason.as_str())),
        };
        Self { target: &attempt.target, outcome, status, reason }
    }
}

impl Record<'_> {
    /// Takes note of what the usage costs.
    pub fn price(&mut self, cost: &Cost) {
        match cost {
            Cost::Priced(bill) => {
                self.cost_usd = Some(Dollars(bill.total()));
                let lines = bill.lines().filter(|(_, cost)| *cost > Usd::default());
                self.cost_by_kind = lines.map(|(kind, cost)| (kind, Dollars(cost))).collect();
                self.price_version = Some(bill.version);
            }
            Cost::Unpriced => self.unpriced = true,
        }
    }

    /// One line of JSON, with its end.
    pub fn line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(USUAL_LINE);
        // Strings and numbers always serialize.
        let _ = serde_json::to_writer(&mut line, self);
        line.push(b'\n');
        line
    }

    /// Counts the request. `team`, `model` and `target` are labels, of which there is an end.
    pub fn count(&self, meters: &(impl Meters + ?Sized), series: &Series, team: &str, model: &str, target: &str) {
        let who = Who { client: self.client.unwrap_or(""), team, model, target };
        let of = |metric| What { metric, ..What::default() };
        let request = What { status: self.status, outcome: self.outcome.as_str(), ..of("requests") };
        let tokens = self.usage.iter().flat_map(kinds).filter(|(_, tokens)| *tokens > 0);
        let tokens = tokens.map(|(kind, tokens)| (What { kind, ..of("tokens") }, tokens));
        let cost = match self.cost_usd {
            Some(Dollars(cost)) => Some((of("cost_nanousd"), cost.0)),
            None => self.unpriced.then_some((of("unpriced"), 1)),
        };
        let failovers = self.attempts.len().checked_sub(2).map(|more| (of("failovers"), more as u64 + 1));
        let once = [Some((request, 1)), cost, failovers];
        series.add(meters, who, once.into_iter().flatten().chain(tokens));
        let duration = self.target.map(|_| (of("duration_ms"), self.duration_ms));
        let ttft = self.ttft_ms.map(|ttft| (of("ttft_ms"), ttft));
        // A histogram takes kilobytes, and Envoy's main thread adds up all of them every few seconds.
        series.add(meters, Who { client: "", ..who }, duration.into_iter().chain(ttft));
    }
}

fn kinds(usage: &Usage) -> [(&'static str, u64); 5] {
    [
        ("input", usage.input),
        ("cached", usage.cached),
        ("cache_write", usage.cache_writes()),
        ("output", usage.output),
        ("reasoning", usage.reasoning),
    ]
}

/// Counts a limit that has got as far as somebody wants to know.
pub fn count_alert(meters: &(impl Meters + ?Sized), crossing: &Crossing) {
    meters.count(&name("alerts", &[("limit", limit_label(&crossing.limit))]), 1);
}

/// Counts a request whose route has metadata that is wrong.
pub fn count_route_error(meters: &(impl Meters + ?Sized)) {
    meters.count(&name("route_errors", &[]), 1);
}

/// Counts and tells what the webhook does not know of.
pub fn count_undelivered(meters: &(impl Meters + ?Sized), undelivered: Undelivered) {
    log::warn!("tollhouse: the webhook was not told of an alert: {undelivered:?}");
    meters.count(&name("alerts_undelivered", &[("reason", undelivered.reason().to_owned())]), 1);
}

/// Counts a request for which a limit has no room. Where it only counts it refuses nothing.
pub fn count_denial(meters: &(impl Meters + ?Sized), limit: &Limit, bind: Bind) {
    let metric = match bind {
        Bind::Hard => "denials",
        Bind::Shadow => "shadow_denials",
    };
    meters.count(&name(metric, &[("limit", limit_label(limit))]), 1);
}

/// What came of asking the store of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    /// There is room.
    Granted,
    /// There is none.
    Denied,
    /// There was no answer in time.
    Timeout,
    /// There is no way to it, or it failed.
    Unavailable,
    /// Its answer makes no sense, or it does not know our limits.
    Nonsense,
    /// It has not heard what a request came to.
    Unsettled,
}

impl StoreOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Nonsense => "nonsense",
            Self::Unsettled => "unsettled",
        }
    }
}

/// When a failure of the store was last told; all workers share it.
const STORE_TOLD: &str = "limit_store/told";

/// A failure of the store is in the log once in this time.
const STORE_SILENCE: Duration = Duration::from_secs(60);

/// Counts what came of asking the store of limits, and tells of failures once in a while.
pub fn count_store(host: &(impl Meters + Shared + ?Sized), outcome: StoreOutcome, now: Timestamp) {
    host.count(&name("limit_store", &[("outcome", outcome.as_str().to_owned())]), 1);
    if matches!(outcome, StoreOutcome::Granted | StoreOutcome::Denied) {
        return;
    }
    let (told, version) = host.read(STORE_TOLD);
    let told = told.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
    let is_due = told == 0 || now.since(Timestamp(told)) >= STORE_SILENCE;
    if is_due && host.replace(STORE_TOLD, &now.0.to_le_bytes(), version) {
        log::warn!("tollhouse: the store of limits fails ({}); more in tollhouse_limit_store", outcome.as_str());
    }
}

/// A limit's name, without the signs that part labels.
pub fn limit_label(limit: &Limit) -> String {
    limit.id().trim_start_matches("limit/").replace('=', ":")
}

/// Counts a key that nobody has.
pub fn count_failed_key(meters: &(impl Meters + ?Sized), guess: Guess) {
    let outcome = match guess {
        Guess::Allowed | Guess::Last => "unknown",
        Guess::Refused(_) => "refused",
    };
    meters.count(&name("failed_keys", &[("outcome", outcome.to_owned())]), 1);
}

/// Counts a failed attempt.
pub fn count_failure(meters: &(impl Meters + ?Sized), model: &str, target: &str, reason: &str) {
    let labels = [("model", model.to_owned()), ("target", target.to_owned()), ("reason", reason.to_owned())];
    meters.count(&name("failures", &labels), 1);
}
