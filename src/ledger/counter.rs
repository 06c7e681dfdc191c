//! What one counter holds: what is spent, and what is held for requests under way.

use super::window::Window;
use crate::time::Timestamp;

/// Whose requests come first when there is not enough for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// Somebody waits for the answer.
    #[default]
    Interactive,
    /// Nobody does.
    Batch,
}

impl Class {
    /// Every class, in the order of [`PerClass`].
    pub const ALL: [Self; 2] = [Self::Interactive, Self::Batch];

    pub(super) fn index(self) -> usize {
        usize::from(self == Self::Batch)
    }
}

/// An amount for each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerClass(pub [u64; 2]);

impl PerClass {
    /// The amount of a class.
    pub fn of(self, class: Class) -> u64 {
        self.0.get(class.index()).copied().unwrap_or_default()
    }

    /// That of all classes together.
    pub fn total(self) -> u64 {
        self.0.iter().fold(0, |sum, amount| sum.saturating_add(*amount))
    }

    pub(super) fn of_mut(&mut self, class: Class) -> &mut u64 {
        let [interactive, batch] = &mut self.0;
        match class {
            Class::Interactive => interactive,
            Class::Batch => batch,
        }
    }
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// For everybody together.
    pub limit: u64,
    /// What the others may not take from each class.
    pub kept: PerClass,
}

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// At most this will be spent.
    pub amount: u64,
    /// Whose request it is.
    pub class: Class,
    /// When the request is over at the latest. What is held for it is free again then, whatever has become of it.
    pub expires: Timestamp,
}

/// A claim that was granted: what [`Counter::settle`] needs to find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    pub(super) bucket: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) class: Class,
    pub(super) amount: u64,
}

/// There is not enough for a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// When there is enough, if nothing else is spent until then. `None`: when requests under way are over, or never.
    pub until: Option<Timestamp>,
    /// It is more than there ever is.
    pub never: bool,
    /// How far the counter has got.
    pub level: Level,
}

/// How far a counter has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// For good, within the window.
    pub spent: u64,
    /// For requests under way.
    pub held: u64,
    /// When the oldest of what is spent stops counting.
    pub resets: Option<Timestamp>,
}

impl Level {
    /// Both.
    pub fn used(self) -> u64 {
        self.spent.saturating_add(self.held)
    }
}

/// Does a limit refuse, or only count?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// It refuses.
    Hard,
    /// It only counts.
    Shadow,
}

/// A claim that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// For [`Counter::settle`].
    pub hold: Hold,
    /// How far the counter has got with it.
    pub level: Level,
    /// What a limit that only counts would have refused for.
    pub exceeded: Option<Shortage>,
}

/// What is spent in the bucket of a settled claim, before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// The clock may go back so far, and a bucket that has begun goes on. One further ahead was made by a wrong clock and
/// is forgotten.
const SKEW_MS: u64 = 60_000;

/// Claims that end within so long of each other are held together, so that a counter stays small.
const EXPIRY_STEP_MS: u64 = 60_000;

/// One counter of one window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    pub(super) spent: Vec<Spent>,
    pub(super) held: Vec<Hold>,
}

/// What is spent in one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) bucket: Timestamp,
    pub(super) amounts: PerClass,
}

impl Spent {
    fn add(&mut self, class: Class, amount: u64) -> Change {
        let before = self.amounts.total();
        let sum = self.amounts.of_mut(class);
        *sum = sum.saturating_add(amount);
        Change { before, after: self.amounts.total() }
    }
}

impl Counter {
    /// Forgets what does not count any more, and gives the time to count by.
    fn turn(&mut self, window: Window, now: Timestamp) -> Timestamp {
        let ahead = |bucket: Timestamp| bucket.0 > now.0.saturating_add(SKEW_MS);
        let counts = |bucket: Timestamp| !ahead(bucket) && window.end(bucket).is_none_or(|end| end > now);
        self.spent.retain(|spent| counts(spent.bucket));
        self.held.retain(|hold| counts(hold.bucket) && hold.expires > now);
        let newest = self.spent.iter().map(|spent| spent.bucket).chain(self.held.iter().map(|hold| hold.bucket)).max();
        now.max(newest.unwrap_or_default())
    }

    fn used(&self) -> PerClass {
        let mut used = PerClass::default();
        for spent in &self.spent {
            for class in Class::ALL {
                let sum = used.of_mut(class);
                *sum = sum.saturating_add(spent.amounts.of(class));
            }
        }
        for hold in &self.held {
            let sum = used.of_mut(hold.class);
            *sum = sum.saturating_add(hold.amount);
        }
        used
    }

    /// How far it has got.
    pub fn level(&mut self, window: Window, now: Timestamp) -> Level {
        self.turn(window, now);
        self.turned_level(window)
    }

    fn turned_level(&self, window: Window) -> Level {
        let spent = self.spent.iter().fold(0, |sum: u64, spent| sum.saturating_add(spent.amounts.total()));
        let resets = self.spent.iter().map(|spent| spent.bucket).min().and_then(|oldest| window.end(oldest));
        Level { spent, held: self.used().total().saturating_sub(spent), resets }
    }

    /// Holds what a claim may come to, if there is enough or `bind` does not mind. Says what stands against it, and how
    /// far the counter has got then.
    pub fn reserve(
        &mut self,
        window: Window,
        terms: Terms,
        claim: Claim,
        bind: Bind,
        now: Timestamp,
    ) -> Result<Reserved, Shortage> {
        let counted = self.turn(window, now);
        match (self.shortage(window, terms, claim), bind) {
            (Some(shortage), Bind::Hard) => Err(shortage),
            (exceeded, _) => {
                let hold = self.hold(window, claim, counted);
                Ok(Reserved { hold, level: self.turned_level(window), exceeded })
            }
        }
    }

    /// What stands against a claim, if anything does.
    fn shortage(&self, window: Window, terms: Terms, claim: Claim) -> Option<Shortage> {
        let used = self.used();
        let others = Class::ALL.into_iter().filter(|class| *class != claim.class);
        let kept = |used: PerClass| -> u64 {
            others.clone().map(|class| terms.kept.of(class).saturating_sub(used.of(class))).sum()
        };
        let fits = |used: PerClass| used.total().saturating_add(claim.amount).saturating_add(kept(used)) <= terms.limit;
        if fits(used) {
            return None;
        }
        let never = claim.amount.saturating_add(kept(PerClass::default())) > terms.limit;
        // Without what is held, the oldest first.
        let mut left = used;
        for hold in &self.held {
            let sum = left.of_mut(hold.class);
            *sum = sum.saturating_sub(hold.amount);
        }
        let mut spent = self.spent.clone();
        spent.sort_by_key(|spent| spent.bucket);
        let mut until = None;
        for spent in spent {
            if fits(left) {
                break;
            }
            for class in Class::ALL {
                let sum = left.of_mut(class);
                *sum = sum.saturating_sub(spent.amounts.of(class));
            }
            until = window.end(spent.bucket);
        }
        Some(Shortage { until: until.filter(|_| !never), never, level: self.turned_level(window) })
    }

    fn hold(&mut self, window: Window, claim: Claim, now: Timestamp) -> Hold {
        let expires = Timestamp(claim.expires.0.div_ceil(EXPIRY_STEP_MS).saturating_mul(EXPIRY_STEP_MS));
        let hold = Hold { bucket: window.bucket(now), expires, class: claim.class, amount: claim.amount };
        match self.held_with(hold) {
            Some(same) => same.amount = same.amount.saturating_add(hold.amount),
            None if hold.amount > 0 => self.held.push(hold),
            None => {}
        }
        hold
    }

    /// Spends `actual` in the place of what was held. It counts for the time at which the claim was granted.
    pub fn settle(&mut self, window: Window, hold: Hold, actual: u64, now: Timestamp) -> Change {
        self.turn(window, now);
        if let Some(same) = self.held_with(hold) {
            same.amount = same.amount.saturating_sub(hold.amount);
        }
        self.held.retain(|hold| hold.amount > 0);
        if actual == 0 || window.end(hold.bucket).is_some_and(|end| end <= now) {
            return Change::default();
        }
        match self.spent.iter_mut().find(|spent| spent.bucket == hold.bucket) {
            Some(spent) => spent.add(hold.class, actual),
            None => {
                let mut spent = Spent { bucket: hold.bucket, amounts: PerClass::default() };
                let change = spent.add(hold.class, actual);
                self.spent.push(spent);
                change
            }
        }
    }

    fn held_with(&mut self, hold: Hold) -> Option<&mut Hold> {
        let key = |hold: &Hold| (hold.bucket, hold.expires, hold.class);
        self.held.iter_mut().find(|other| key(other) == key(&hold))
    }

    /// Is nothing in it?
    pub fn is_empty(&mut self, window: Window, now: Timestamp) -> bool {
        self.turn(window, now);
        self.spent.is_empty() && self.held.is_empty()
    }
}
