//! Counters of limits in the data that all workers share: reserve before, settle after.
//!
//! A claim is held before its request goes out and settled with what it really spent when it is over. Each change is
//! a compare-and-swap of one value, so that no two workers grant the same rest twice:
//!
//! - what is spent and held never exceeds the limit by a claim that was granted;
//! - a settlement may exceed it by what its request spent beyond its claim, and only by that;
//! - what nobody settles (a worker crashed) is free again when its request would have been over.
//!
//! Shared data lives as long as the process: counters survive a new configuration, not a restart.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::host::Shared;
use crate::time::Timestamp;

mod codec;
mod counter;
mod window;

pub use counter::{Bind, Change, Claim, Class, Counter, Hold, Level, PerClass, Reserved, Shortage, Terms};
pub use window::{Unit, Window};

/// Where a counter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    key: String,
    /// Whose it is among those that share the key; 0 where there is only one.
    subject: u64,
    window: Window,
}

/// Subjects that the configuration does not name (end users, tags) share so many keys.
const SETS: u64 = 4096;

/// So many of them are counted apart under one key. Further ones are counted together with one of these: never not at
/// all, since shared data has no room without end.
const WAYS: usize = 8;

/// More tries than this only a defect needs: each one that fails is another worker's success.
const TRIES: usize = 10_000;

impl Account {
    /// The counter of something that the configuration names, so that there are not more keys than it has names.
    pub fn named(key: String, window: Window) -> Self {
        Self { key, subject: 0, window }
    }

    /// The counter of a subject that callers name.
    pub fn of(subject: &str, key: &str, window: Window) -> Self {
        let mut hasher = DefaultHasher::new();
        subject.hash(&mut hasher);
        let hash = hasher.finish();
        Self { key: format!("{key}#{:x}", hash % SETS), subject: hash, window }
    }

    /// Holds a claim if there is enough, or in any case if the limit does not `bind`.
    ///
    /// # Errors
    /// There is not enough.
    pub fn reserve(
        &self,
        shared: &(impl Shared + ?Sized),
        terms: Terms,
        claim: Claim,
        bind: Bind,
        now: Timestamp,
    ) -> Result<Reserved, Shortage> {
        self.update(shared, now, |counter| {
            let reserved = counter.reserve(self.window, terms, claim, bind, now);
            (reserved.is_ok(), reserved)
        })
    }

    /// Spends `actual` in the place of what was held.
    pub fn settle(&self, shared: &(impl Shared + ?Sized), hold: Hold, actual: u64, now: Timestamp) -> Change {
        self.update(shared, now, |counter| (true, counter.settle(self.window, hold, actual, now)))
    }

    /// How far it has got.
    pub fn level(&self, shared: &(impl Shared + ?Sized), now: Timestamp) -> Level {
        let value = shared.read(&self.key).0.unwrap_or_default();
        let entry = codec::read(&value).into_iter().find(|(subject, _)| *subject == self.subject);
        entry.map(|(_, mut counter)| counter.level(self.window, now)).unwrap_or_default()
    }

    /// Changes the counter; `change` says whether it has, and is called again when another worker came first.
    fn update<T>(
        &self,
        shared: &(impl Shared + ?Sized),
        now: Timestamp,
        mut change: impl FnMut(&mut Counter) -> (bool, T),
    ) -> T {
        let mut tries = 0;
        loop {
            let (value, version) = shared.read(&self.key);
            let mut entries = codec::read(&value.unwrap_or_default());
            entries.retain_mut(|(subject, counter)| *subject == self.subject || !counter.is_empty(self.window, now));
            let (changed, outcome) = self.change_one(&mut entries, &mut change);
            tries += 1;
            if !changed || shared.replace(&self.key, &codec::write(&entries), version) || tries > TRIES {
                return outcome;
            }
        }
    }

    fn change_one<T>(&self, entries: &mut codec::Entries, change: &mut impl FnMut(&mut Counter) -> T) -> T {
        let ways = entries.len();
        let known = entries.iter().position(|(subject, _)| *subject == self.subject);
        let shared = (ways >= WAYS).then_some(usize::try_from(self.subject).unwrap_or_default() % WAYS);
        if let Some((_, counter)) = known.or(shared).and_then(|at| entries.get_mut(at)) {
            return change(counter);
        }
        let mut counter = Counter::default();
        let outcome = change(&mut counter);
        entries.push((self.subject, counter));
        outcome
    }
}

#[cfg(test)]
mod tests;
