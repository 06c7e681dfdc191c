//! The end of a request: what it used and how it went, told once.

use super::caller::Caller;
use super::entry::learn;
use super::{Gateway, State};
use crate::contract;
use crate::exchange::{Consumption, Exchange, Outcome, Phase, Progress};
use crate::host::Host;
use crate::limits::{Crossing, Spending};
use crate::meter::Meter;
use crate::telemetry::{self, Ending, Record};
use crate::time::Timestamp;

impl Gateway {
    /// The request is over, whoever ended it: by an answer, a reset or a caller that left.
    ///
    /// One that a filter in front of us has answered is not ours, nor is one on another route: it has no record and no
    /// stats.
    pub fn on_log(&mut self, host: &dyn Host, now: Timestamp) {
        if matches!(self.state, State::Fresh | State::Passing) {
            return;
        }
        self.put_back(host);
        let exchange = match std::mem::replace(&mut self.state, State::Answered) {
            State::Forwarded(exchange) => Some(exchange),
            State::Asking(asking) => {
                asking.release(host, now);
                None
            }
            _ => None,
        };
        let caller = self.notes.caller.clone();
        let team = caller.as_deref().map_or("", |caller| self.team_label(caller));
        let mut record = Record {
            time_ms: self.notes.started.0,
            request_id: &self.notes.request_id,
            client: caller.as_deref().map(|caller| caller.client.name.as_str()),
            team: caller.as_deref().and_then(Caller::team),
            policy: self.policy.names.last().map(String::as_str),
            identity: caller.as_deref().map_or("", |caller| caller.said.by.as_str()),
            user: caller.as_deref().and_then(|caller| caller.said.user.as_deref()),
            surface: self.notes.surface,
            model: self.notes.model.as_deref(),
            status: self.notes.status,
            error: self.notes.error.as_deref(),
            limit: self.notes.limit.as_deref().map(telemetry::limit_label),
            queued_ms: self.notes.waited_until.map(|until| millis(until, self.notes.started)),
            duration_ms: millis(now, self.notes.started),
            ..Record::default()
        };
        record.outcome = match self.notes.status {
            0 => Ending::Abandoned,
            200..300 => Ending::Completed,
            _ => Ending::Refused,
        };
        match &exchange {
            Some(exchange) => {
                let progress = exchange.progress.borrow();
                let consumption = exchange.consumption(&progress);
                fill(&mut record, exchange, &progress, consumption.as_ref());
                if record.outcome == Ending::Abandoned
                    && let Some(details) = host.property(&["response", "code_details"])
                    && let Some(reason) = cut_off(&details)
                {
                    (record.outcome, record.error) = (Ending::Failed, Some(reason));
                }
                let target = exchange.target_label(progress.target().unwrap_or_default());
                record.count(host, self.exchanges.series(), team, exchange.model_label(), &target);
                host.set_property(contract::RECORD, &record.line());
                let spending = consumption.as_ref().map(Spending::from).unwrap_or_default();
                let crossings = self.settle(host, exchange, &progress, &spending, now);
                self.tell(host, &crossings);
                self.exchanges.close(exchange.id);
            }
            None => {
                record.count(host, self.exchanges.series(), team, "", "");
                host.set_property(contract::RECORD, &record.line());
            }
        }
    }

    /// Puts what the request came to in the place of what the limits hold for it. Gives those that got as far as
    /// somebody wants to know.
    fn settle(
        &self,
        host: &dyn Host,
        exchange: &Exchange,
        progress: &Progress,
        spending: &Spending,
        now: Timestamp,
    ) -> Vec<Crossing> {
        let tolls = exchange.tolls.take();
        if let (Some(store), Some(claims)) = (&self.config.store, &tolls.stored) {
            for message in claims.settle(spending, store, now) {
                self.exchanges.outbox().put(store, message);
            }
        }
        if let Some(guess) = tolls.guess
            && progress.meter.is_complete()
        {
            learn(host, exchange, guess, spending.output);
        }
        tolls.settle(progress.attempts.len(), spending, host, now)
    }

    /// Tells of limits that got so far: once in each window, since only one worker has seen the change.
    fn tell(&self, host: &dyn Host, crossings: &[Crossing]) {
        for crossing in crossings {
            log::warn!("tollhouse: {} % of the limit of {} are spent", crossing.percent, crossing.words);
            telemetry::count_alert(host, crossing);
            let Some(webhook) = &self.config.webhook else { continue };
            if let Err(undelivered) = self.exchanges.alerts().push(webhook, crossing) {
                telemetry::count_undelivered(host, undelivered);
            }
        }
    }
}

impl From<&Consumption> for Spending {
    fn from(Consumption { usage, cost, .. }: &Consumption) -> Self {
        Self { input: usage.input, output: usage.output, usd: cost.total().unwrap_or_default().0 }
    }
}

fn fill<'a>(
    record: &mut Record<'a>,
    exchange: &'a Exchange,
    progress: &'a Progress,
    consumption: Option<&Consumption>,
) {
    record.target = progress.target();
    record.attempts = progress.attempts.iter().map(Into::into).collect();
    record.answered_as = exchange.softer.as_deref();
    record.stream = exchange.asked.stream;
    record.finish_reason = progress.meter.finish().map(|f| f.as_str());
    record.ttft_ms = progress.meter.first_content().map(|first| millis(first, exchange.started));
    if let Some(Consumption { usage, source, cost }) = consumption {
        record.usage = Some(*usage);
        record.usage_source = Some(*source);
        record.price(cost);
    }
    let refused = progress.attempts.is_empty() && (400..500).contains(&record.status);
    record.outcome = if refused { Ending::Refused } else { ending(record.status, progress.phase, &progress.meter) };
    if record.error.is_none()
        && let Some(Outcome::Failed { reason, .. }) = progress.attempts.last().map(|a| &a.outcome)
    {
        record.error = Some(reason);
    }
}

/// Did Envoy break off the answer because of the provider? A caller that left has other words.
///
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/response_code_details>
fn cut_off(details: &[u8]) -> Option<&'static str> {
    let details = String::from_utf8_lossy(details);
    if details.contains("timeout") {
        return Some("timeout");
    }
    details.starts_with("upstream_").then_some("provider_reset")
}

fn ending(status: u16, phase: Phase, meter: &Meter) -> Ending {
    match phase {
        _ if meter.is_complete() => Ending::Completed,
        Phase::Broken => Ending::Failed,
        Phase::Held if status == 0 => Ending::Abandoned,
        Phase::Committed if (200..300).contains(&status) => Ending::Abandoned,
        Phase::Held | Phase::Committed => Ending::Failed,
    }
}

fn millis(later: Timestamp, earlier: Timestamp) -> u64 {
    later.0.saturating_sub(earlier.0)
}
