//! What one request takes from the limits that the service keeps.

use std::rc::Rc;

use super::Store;
use super::descriptor::{Entries, Period, entries, hits, step};
use super::message::{Answer, Descriptor, Status, request};
use crate::ledger::{Bind, Level, Shortage};
use crate::limits::{Demand, Denial, Kind, Limit, Reason, Spending, Standing, Subject, Unpriced};
use crate::time::Timestamp;

/// What one request takes from the limits that the service keeps.
#[derive(Debug)]
pub struct Claims {
    all: Vec<Claim>,
    demand: Demand,
}

#[derive(Debug)]
struct Claim {
    limit: Rc<Limit>,
    entries: Entries,
    unit: u64,
    step: u64,
    /// In hits, as the service was asked for.
    reserved: u64,
    ends: Option<Timestamp>,
}

/// What the service has decided.
#[derive(Debug)]
pub enum Verdict {
    /// There is room. It may say how far limits have got with this request.
    Granted(Vec<Standing>),
    /// This one has no room.
    Denied(Denial),
    /// Its answer makes no sense, or it does not know our limits.
    Nonsense,
}

impl Claims {
    /// What a request may come to, in hits of each limit that holds for it; `None` if none does.
    ///
    /// # Errors
    /// More than a limit ever has, which needs no asking, or nobody knows the price.
    pub fn of<'a>(
        limits: impl Iterator<Item = &'a Rc<Limit>>,
        subject: &Subject<'_>,
        demand: &Demand,
        store: &Store,
        now: Timestamp,
    ) -> Result<Option<Self>, Denial> {
        let mut all = Vec::new();
        for limit in limits {
            let denied = |reason| Denial { limit: Rc::clone(limit), reason };
            let refuses = demand.bind_of(limit) == Bind::Hard;
            let Some(amount) = demand.of(limit.kind) else {
                match limit.unpriced {
                    Unpriced::Refuse if refuses => return Err(denied(Reason::Unpriced)),
                    Unpriced::Refuse | Unpriced::Allow => continue,
                }
            };
            if amount > limit.amount && refuses {
                return Err(denied(Reason::Spent(Shortage { until: None, never: true, level: Level::default() })));
            }
            let amount = if store.refunds { amount } else { sure(limit.kind, demand) };
            all.extend(Claim::of(limit, subject, amount, now));
        }
        Ok((!all.is_empty()).then_some(Self { all, demand: *demand }))
    }

    /// What the request may come to.
    pub fn demand(&self) -> &Demand {
        &self.demand
    }

    /// What this Envoy grants alone.
    pub fn shares(&self) -> impl Iterator<Item = &Rc<Limit>> {
        self.all.iter().filter_map(|claim| claim.limit.share.as_ref())
    }

    /// The question.
    pub fn question(&self, store: &Store) -> Vec<u8> {
        let descriptors: Vec<_> = self.all.iter().map(|claim| claim.descriptor(claim.reserved, false)).collect();
        request(&store.domain, &descriptors)
    }

    /// Reads the answer.
    pub fn verdict(&self, answer: &[u8], now: Timestamp) -> Verdict {
        let Ok(answer) = Answer::read(answer) else { return Verdict::Nonsense };
        let told = answer.statuses.len() == self.all.len();
        let pairs = || self.all.iter().zip(&answer.statuses).filter(|_| told);
        if answer.over {
            // Where the service does not say which one it was, it is the first.
            let over = pairs().find(|(_, status)| status.over).map(|(claim, status)| (claim, *status));
            let over = over.or(self.all.first().map(|claim| (claim, Status::default())));
            return over.map_or(Verdict::Nonsense, |(claim, status)| Verdict::Denied(claim.denial(status, now)));
        }
        if pairs().any(|(_, status)| !status.limited) {
            return Verdict::Nonsense;
        }
        Verdict::Granted(pairs().map(|(claim, status)| claim.standing(*status, now)).collect())
    }

    /// The service has not taken note of them: nothing is to be given back.
    pub fn forget(&mut self) {
        for claim in &mut self.all {
            claim.reserved = 0;
        }
    }

    /// What the service must be told when the request is over: one message with all that is given back, and one for
    /// each limit that is charged more. A service that finds one limit used up does not charge the others of the same
    /// message.
    pub fn settle(&self, spending: &Spending, store: &Store, now: Timestamp) -> Vec<Vec<u8>> {
        let (mut back, mut messages) = (Vec::new(), Vec::new());
        for claim in self.all.iter().filter(|claim| claim.counts(store, now)) {
            let spent = spending.of(claim.limit.kind).div_ceil(claim.step);
            match spent.checked_sub(claim.reserved) {
                Some(0) => {}
                Some(more) => messages.push(request(&store.domain, &[claim.descriptor(more, false)])),
                None if store.refunds => back.push(claim.descriptor(claim.reserved - spent, true)),
                None => {}
            }
        }
        if !back.is_empty() {
            messages.push(request(&store.domain, &back));
        }
        messages
    }
}

impl Claim {
    fn of(limit: &Rc<Limit>, subject: &Subject<'_>, amount: u64, now: Timestamp) -> Option<Self> {
        let period = Period::of(limit.window, now)?;
        let step = step(limit.amount);
        Some(Self {
            limit: Rc::clone(limit),
            entries: entries(limit, subject, period),
            unit: period.unit,
            step,
            reserved: amount.div_ceil(step),
            ends: limit.window.end(limit.window.bucket(now)),
        })
    }

    fn descriptor(&self, count: u64, back: bool) -> Descriptor<'_> {
        let limit = hits(self.limit.amount);
        Descriptor { entries: &self.entries, limit, unit: self.unit, hits: count, back }
    }

    fn denial(&self, status: Status, now: Timestamp) -> Denial {
        let reason = Reason::Spent(Shortage { until: self.ends, never: false, level: self.level(status, now) });
        Denial { limit: Rc::clone(&self.limit), reason }
    }

    fn standing(&self, status: Status, now: Timestamp) -> Standing {
        Standing { limit: Rc::clone(&self.limit), level: self.level(status, now), exceeded: false }
    }

    /// The service does not tell what is held from what is spent.
    fn level(&self, status: Status, now: Timestamp) -> Level {
        let left = status.remaining.saturating_mul(self.step);
        let resets = self.ends.filter(|ends| *ends > now);
        Level { spent: self.limit.amount.saturating_sub(left), held: 0, resets }
    }

    /// Will it still be its window when the service hears of it?
    fn counts(&self, store: &Store, now: Timestamp) -> bool {
        self.ends.is_none_or(|ends| ends > now.after(store.timeout))
    }
}

/// What a request comes to in any case: all that is asked for before where nothing can be given back.
fn sure(kind: Kind, demand: &Demand) -> u64 {
    match kind {
        Kind::Requests => 1,
        Kind::Tokens | Kind::InputTokens => demand.input,
        Kind::OutputTokens | Kind::Usd | Kind::InFlight => 0,
    }
}
