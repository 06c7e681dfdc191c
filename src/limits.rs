//! Limits: how much of what, in which time, for whom. Rules here, counters in the [ledger].

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use crate::host::Shared;
use crate::ledger::{self, Account, Bind, Class, Level, PerClass, Terms, Window};
use crate::time::Timestamp;

mod describe;
mod reservation;
mod scope;

pub use reservation::{Crossing, Demand, Denial, Reason, Reservation, Spending, Standing, reserve};
pub use scope::{Dimension, Match, Scope, Subject};

/// One rule.
#[derive(Debug)]
pub struct Limit {
    /// For whom.
    pub scope: Scope,
    /// What is limited.
    pub kind: Kind,
    /// How much.
    pub amount: u64,
    /// In which time.
    pub window: Window,
    /// Does it refuse, or only count?
    pub bind: Bind,
    /// What the other classes may not take from each.
    pub kept: PerClass,
    /// From this much on another model is used.
    pub soft: Option<Soft>,
    /// How far it has to get for somebody to be told.
    pub alerts: Vec<Alert>,
    /// How long a request waits for room instead of being refused.
    pub wait: Option<Wait>,
    /// What becomes of requests whose price is not known, for a limit on money.
    pub unpriced: Unpriced,
    /// What this Envoy grants alone while the [store](crate::store) that keeps this limit is away. `None`: it is kept here.
    pub share: Option<Rc<Limit>>,
    id: String,
    /// It in short, for its counters.
    fingerprint: u64,
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Requests that were let in.
    Requests,
    /// Tokens, read and written.
    Tokens,
    /// Tokens read.
    InputTokens,
    /// Tokens written.
    OutputTokens,
    /// Nano-dollars.
    Usd,
    /// Requests under way.
    InFlight,
}

/// Another model, once a limit has got so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soft {
    /// From this much on.
    pub at: u64,
    /// A logical model.
    pub model: String,
}

/// A share of a limit at which somebody is told, once in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// For people.
    pub percent: u8,
    /// From this much on.
    pub at: u64,
}

/// A bounded queue before a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The longest that a request waits.
    pub longest: Duration,
    /// The most that wait on one worker.
    pub most: usize,
}

/// What becomes of a request whose price is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unpriced {
    /// It is refused.
    #[default]
    Refuse,
    /// It passes uncounted.
    Allow,
}

impl Limit {
    /// A rule. Its counters are found by what it limits, in which time and for whom, so that they survive a change of
    /// everything else.
    pub fn new(scope: Scope, kind: Kind, window: Window, amount: u64) -> Self {
        let id = describe::id(&scope, kind, window);
        Self {
            scope,
            kind,
            amount,
            window,
            bind: Bind::Hard,
            kept: PerClass::default(),
            soft: None,
            alerts: Vec::new(),
            wait: None,
            unpriced: Unpriced::default(),
            share: None,
            fingerprint: ledger::fingerprint(&id),
            id,
        }
    }

    /// Its name in shared data and stats: `tokens/minute/team=support`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far the counter of a subject has got.
    pub fn level(&self, subject: &Subject<'_>, shared: &(impl Shared + ?Sized), now: Timestamp) -> Level {
        self.account(subject).level(shared, now)
    }

    fn account(&self, subject: &Subject<'_>) -> Account {
        self.scope.account(self.fingerprint, subject, self.window)
    }

    fn terms(&self) -> Terms {
        Terms { limit: self.amount, kept: self.kept }
    }
}

/// All rules.
#[derive(Debug, Default)]
pub struct Limits {
    /// Those of one client each, by its name: there may be as many as clients.
    of_client: HashMap<String, Vec<Rc<Limit>>>,
    /// The rest.
    others: Vec<Rc<Limit>>,
    /// Those on providers and targets: they do not refuse, the plan goes round them.
    of_targets: Vec<Rc<Limit>>,
    /// What they limit: nobody estimates what none of them counts.
    kinds: BTreeSet<Kind>,
    tell_users: bool,
}

impl Limits {
    /// Adds a rule.
    pub fn add(&mut self, limit: Limit) {
        self.kinds.insert(limit.kind);
        self.tell_users |= limit.scope.is_open();
        let limit = Rc::new(limit);
        if limit.scope.is_of_target() {
            self.of_targets.push(limit);
        } else if let Some(client) = limit.scope.one_client() {
            self.of_client.entry(client.to_owned()).or_default().push(limit);
        } else {
            self.others.push(limit);
        }
    }

    /// Those that are kept here and hold for a request.
    pub fn of(&self, subject: &Subject<'_>) -> impl Iterator<Item = &Rc<Limit>> {
        self.covering(subject).filter(|limit| limit.share.is_none())
    }

    /// Those that the store keeps and that hold for a request.
    pub fn stored(&self, subject: &Subject<'_>) -> impl Iterator<Item = &Rc<Limit>> {
        self.covering(subject).filter(|limit| limit.share.is_some())
    }

    fn covering(&self, subject: &Subject<'_>) -> impl Iterator<Item = &Rc<Limit>> {
        let own = self.of_client.get(subject.client).into_iter().flatten();
        own.chain(&self.others).filter(|limit| limit.scope.covers(subject))
    }

    /// Those that hold for it at a target, which the subject names.
    pub fn of_target(&self, subject: &Subject<'_>) -> impl Iterator<Item = &Rc<Limit>> {
        self.of_targets.iter().filter(|limit| limit.scope.covers(subject))
    }

    /// Every rule.
    pub fn all(&self) -> impl Iterator<Item = &Rc<Limit>> {
        self.of_client.values().flatten().chain(&self.others).chain(&self.of_targets)
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Does one of them count one of these?
    pub fn count(&self, kinds: &[Kind]) -> bool {
        kinds.iter().any(|kind| self.kinds.contains(kind))
    }

    /// Does one of them tell apart whom requests are for, beyond their keys?
    pub fn tell_users(&self) -> bool {
        self.tell_users
    }
}

/// What a share that the document gives comes to.
pub fn share(amount: u64, share: f64) -> u64 {
    // Amounts are at most 2^53 and shares at most 1, so that nothing is lost but less than one.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "see above"
    )]
    let part = (amount as f64 * share).ceil() as u64;
    part.min(amount)
}

/// What each class may count on, as shares of a limit.
pub fn kept(amount: u64, shares: impl IntoIterator<Item = (Class, f64)>) -> PerClass {
    let mut kept = [0; 2];
    for (class, part) in shares {
        for (slot, _) in kept.iter_mut().zip(Class::ALL).filter(|(_, other)| *other == class) {
            *slot = share(amount, part);
        }
    }
    PerClass(kept)
}

#[cfg(test)]
mod tests;
