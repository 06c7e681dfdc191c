//! Counters of limits in the data that all workers share: reserve before, settle after.
//!
//! A claim is held before its request goes out and settled with what it really spent when it is over. Each change is
//! a compare-and-swap of one value, so that no two workers grant the same rest twice:
//!
//! - what is spent and held never exceeds the limit by a claim that was granted;
//! - a settlement may exceed it by what its request spent beyond its claim, and only by that;
//! - what nobody settles (a worker crashed) is free again when its request would have been over.
//!
//! Limits for the same have one value together, since every call into shared data costs more than what it changes.
//!
//! Shared data lives as long as the process: counters survive a new configuration, not a restart.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::host::Shared;
use crate::time::Timestamp;

mod codec;
mod counter;
mod page;
mod window;

pub use counter::{Bind, Change, Claim, Class, Counter, Hold, Level, PerClass, Reserved, Shortage, Terms};
pub use window::{Unit, Window};

use page::{Page, Slot};

/// Where a counter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    key: String,
    slot: Slot,
}

/// Subjects that the configuration does not name (end users, tags) share so many keys.
const SETS: u64 = 4096;

/// More tries than this only a defect needs: each one that fails is another worker's success.
const TRIES: usize = 10_000;

impl Account {
    /// The counter of something that the configuration names, so that there are not more keys than it has names. `limit`
    /// tells it apart from others under this key.
    pub fn named(key: String, limit: u64, window: Window) -> Self {
        Self { key, slot: Slot { limit, subject: 0, window } }
    }

    /// The counter of a subject that callers name.
    pub fn of(subject: &str, key: &str, limit: u64, window: Window) -> Self {
        let subject = fingerprint(subject);
        Self { key: format!("{key}#{:x}", subject % SETS), slot: Slot { limit, subject, window } }
    }

    /// Are both read and written together?
    pub fn is_beside(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// How far it has got.
    pub fn level(&self, shared: &(impl Shared + ?Sized), now: Timestamp) -> Level {
        Page::read(&shared.get(&self.key).unwrap_or_default()).level(self.slot, now)
    }
}

/// A number that stands for a text, the same on every worker.
pub fn fingerprint(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// What a request wants of one account.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Which.
    pub account: Account,
    /// How much there is.
    pub terms: Terms,
    /// How much is wanted.
    pub claim: Claim,
    /// Does the limit refuse, or only count?
    pub bind: Bind,
}

/// Holds all of these claims, or none. Those of accounts beside each other that follow each other are one change.
///
/// # Errors
/// Of one of them, by its place, there is not enough.
pub fn reserve(
    shared: &(impl Shared + ?Sized),
    asks: &[Ask],
    now: Timestamp,
) -> Result<Vec<Reserved>, (usize, Shortage)> {
    let mut granted: Vec<Reserved> = Vec::with_capacity(asks.len());
    for together in asks.chunk_by(|one, next| one.account.is_beside(&next.account)) {
        let Some(first) = together.first() else { continue };
        match update(shared, &first.account.key, now, |page| reserve_together(page, together, now)) {
            Ok(reserved) => granted.extend(reserved),
            Err((at, shortage)) => {
                let held = asks.iter().zip(&granted);
                let unused: Vec<_> = held.map(|(ask, reserved)| (&ask.account, reserved.hold, 0)).collect();
                settle(shared, &unused, now);
                return Err((granted.len() + at, shortage));
            }
        }
    }
    Ok(granted)
}

fn reserve_together(page: &mut Page, asks: &[Ask], now: Timestamp) -> Result<Vec<Reserved>, (usize, Shortage)> {
    let one = |(at, ask): (usize, &Ask)| {
        let window = ask.account.slot.window;
        page.change(ask.account.slot, |counter| counter.reserve(window, ask.terms, ask.claim, ask.bind, now))
            .map_err(|shortage| (at, shortage))
    };
    asks.iter().enumerate().map(one).collect()
}

/// Spends amounts in the place of what was held on accounts, by the same rule.
pub fn settle(shared: &(impl Shared + ?Sized), all: &[(&Account, Hold, u64)], now: Timestamp) -> Vec<Change> {
    let mut changes = Vec::with_capacity(all.len());
    for together in all.chunk_by(|(one, ..), (next, ..)| one.is_beside(next)) {
        let Some((first, ..)) = together.first() else { continue };
        let settled: Result<Vec<_>, ()> = update(shared, &first.key, now, |page| {
            let one = |(account, hold, actual): &(&Account, Hold, u64)| {
                page.change(account.slot, |counter| counter.settle(account.slot.window, *hold, *actual, now))
            };
            Ok(together.iter().map(one).collect())
        });
        changes.extend(settled.unwrap_or_default());
    }
    changes
}

/// Changes the counters under a key, unless that fails; `change` is called again when another worker came first.
fn update<T, E>(
    shared: &(impl Shared + ?Sized),
    key: &str,
    now: Timestamp,
    mut change: impl FnMut(&mut Page) -> Result<T, E>,
) -> Result<T, E> {
    let mut tries = 0;
    loop {
        let (value, version) = shared.read(key);
        let mut page = Page::read(&value.unwrap_or_default());
        page.prune(now);
        let outcome = change(&mut page)?;
        tries += 1;
        if shared.replace(key, &page.write(), version) || tries > TRIES {
            return Ok(outcome);
        }
    }
}

#[cfg(test)]
mod tests;
