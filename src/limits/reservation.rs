//! What a request takes from the limits that hold for it: all of them, or nothing.

use std::rc::Rc;

use super::{Kind, Limit, Subject, Unpriced};
use crate::host::Shared;
use crate::ledger::{self, Account, Ask, Bind, Claim, Class, Hold, Level, Reserved, Shortage};
use crate::time::Timestamp;

/// What a request may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Tokens that the model reads.
    pub input: u64,
    /// Tokens that it may write.
    pub output: u64,
    /// Nano-dollars; `None` where no price is known.
    pub usd: Option<u64>,
    /// Whose request it is.
    pub class: Class,
    /// May limits refuse it, or do they all only count?
    pub bind: Bind,
    /// When it is over at the latest.
    pub expires: Timestamp,
}

/// What a request came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Tokens that the model read.
    pub input: u64,
    /// Tokens that it wrote.
    pub output: u64,
    /// Nano-dollars.
    pub usd: u64,
}

impl Demand {
    /// In the unit of a limit. `None`: nobody knows.
    pub fn of(&self, kind: Kind) -> Option<u64> {
        match kind {
            Kind::Requests | Kind::InFlight => Some(1),
            Kind::Tokens => Some(self.input.saturating_add(self.output)),
            Kind::InputTokens => Some(self.input),
            Kind::OutputTokens => Some(self.output),
            Kind::Usd => self.usd,
        }
    }

    /// Does this limit refuse it, or only count?
    pub fn bind_of(&self, limit: &Limit) -> Bind {
        if self.bind == Bind::Shadow { Bind::Shadow } else { limit.bind }
    }
}

impl Spending {
    /// In the unit of a limit.
    pub fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Requests => 1,
            Kind::InFlight => 0,
            Kind::Tokens => self.input.saturating_add(self.output),
            Kind::InputTokens => self.input,
            Kind::OutputTokens => self.output,
            Kind::Usd => self.usd,
        }
    }
}

/// How far a limit has got, with what was just taken from it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Which.
    pub limit: Rc<Limit>,
    /// How far.
    pub level: Level,
    /// It would have refused, if it did more than count.
    pub exceeded: bool,
}

impl Standing {
    /// What is left.
    pub fn remaining(&self) -> u64 {
        self.limit.amount.saturating_sub(self.level.used())
    }

    /// When it has more room, if nothing else is taken.
    pub fn resets(&self, now: Timestamp) -> Option<Timestamp> {
        let window = self.limit.window;
        self.level.resets.or_else(|| window.end(window.bucket(now)))
    }
}

/// A limit that leaves no room.
#[derive(Clone, Debug)]
pub struct Denial {
    /// Which.
    pub limit: Rc<Limit>,
    /// Why.
    pub reason: Reason,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is used up.
    Spent(Shortage),
    /// Nobody knows what the request would cost.
    Unpriced,
}

/// What is held for one request.
#[derive(Debug, Default)]
pub struct Reservation(Vec<Held>);

#[derive(Debug)]
struct Held {
    limit: Rc<Limit>,
    account: Account,
    hold: Hold,
    /// For whom, in the order of the scope's dimensions, if somebody may have to be told.
    each: Vec<String>,
}

/// A limit has got as far as somebody wants to know.
#[derive(Clone, Debug)]
pub struct Crossing {
    /// Which.
    pub limit: Rc<Limit>,
    /// The same in words.
    pub words: String,
    /// How far, in percent.
    pub percent: u8,
}

/// Takes what a request may come to from all of these limits, or nothing.
///
/// # Errors
/// A limit that leaves no room.
pub fn reserve<'a>(
    limits: impl Iterator<Item = &'a Rc<Limit>>,
    subject: &Subject<'_>,
    demand: &Demand,
    shared: &(impl Shared + ?Sized),
    now: Timestamp,
) -> Result<(Reservation, Vec<Standing>), Denial> {
    let mut asking: Vec<&Rc<Limit>> = Vec::new();
    let mut asks: Vec<Ask> = Vec::new();
    for limit in limits {
        let refused = |reason| Denial { limit: Rc::clone(limit), reason };
        if let Some(ask) = ask(limit, subject, demand).map_err(refused)? {
            // Beside those under the same key.
            let last = asks.iter().rposition(|other| other.account.is_beside(&ask.account));
            let at = last.map_or(asks.len(), |last| last + 1);
            asks.insert(at, ask);
            asking.insert(at, limit);
        }
    }
    let granted = match ledger::reserve(shared, &asks, now) {
        Ok(granted) => granted,
        Err((at, shortage)) => {
            let short = asking.get(at).map(|limit| Rc::clone(limit));
            return short.map_or_else(
                || Ok(Default::default()),
                |limit| Err(Denial { limit, reason: Reason::Spent(shortage) }),
            );
        }
    };
    let all = asking.into_iter().zip(asks).zip(granted);
    let (held, standings) = all.map(|((limit, ask), reserved)| held(limit, ask.account, reserved, subject)).unzip();
    Ok((Reservation(held), standings))
}

/// What a request wants of a limit, if it counts there.
fn ask(limit: &Limit, subject: &Subject<'_>, demand: &Demand) -> Result<Option<Ask>, Reason> {
    let bind = demand.bind_of(limit);
    let Some(amount) = demand.of(limit.kind) else {
        return match limit.unpriced {
            Unpriced::Refuse if bind == Bind::Hard => Err(Reason::Unpriced),
            Unpriced::Refuse | Unpriced::Allow => Ok(None),
        };
    };
    let claim = Claim { amount, class: demand.class, expires: demand.expires };
    Ok(Some(Ask { account: limit.account(subject), terms: limit.terms(), claim, bind }))
}

fn held(limit: &Rc<Limit>, account: Account, reserved: Reserved, subject: &Subject<'_>) -> (Held, Standing) {
    let told = limit.scope.values(subject).filter(|_| !limit.alerts.is_empty());
    let each = told.map(|(_, value)| value.to_owned()).collect();
    let held = Held { limit: Rc::clone(limit), account, hold: reserved.hold, each };
    (held, Standing { limit: Rc::clone(limit), level: reserved.level, exceeded: reserved.exceeded.is_some() })
}

impl Reservation {
    /// Puts what the request came to in the place of what was held. Gives the limits that got as far as somebody
    /// wants to know, each once in its window.
    pub fn settle(self, spending: &Spending, shared: &(impl Shared + ?Sized), now: Timestamp) -> Vec<Crossing> {
        let actual = |held: &Held| spending.of(held.limit.kind);
        let settled: Vec<_> = self.0.iter().map(|held| (&held.account, held.hold, actual(held))).collect();
        let changes = ledger::settle(shared, &settled, now);
        let mut crossed = Vec::new();
        for (held, change) in self.0.iter().zip(changes) {
            let reached = |at| change.before < at && at <= change.after;
            crossed.extend(held.limit.alerts.iter().filter(|alert| reached(alert.at)).map(|alert| Crossing {
                limit: Rc::clone(&held.limit),
                words: held.limit.say(held.each.iter().map(String::as_str)),
                percent: alert.percent,
            }));
        }
        crossed
    }

    /// Gives everything back: the request was not let in.
    pub fn release(self, shared: &(impl Shared + ?Sized), now: Timestamp) {
        let unused: Vec<_> = self.0.iter().map(|held| (&held.account, held.hold, 0)).collect();
        ledger::settle(shared, &unused, now);
    }

    /// Takes over what another one holds.
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}
