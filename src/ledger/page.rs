//! The counters under one key.

use super::codec;
use super::counter::{Counter, Level};
use super::window::Window;
use crate::time::Timestamp;

/// So many subjects of one limit are counted apart under one key. Further ones are counted together with one of these:
/// never not at all, since shared data has no room without end.
const WAYS: usize = 8;

/// Which counter of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// What is limited, in which time.
    pub(super) limit: u64,
    /// Whose it is among those that share the key; 0 where there is only one.
    pub(super) subject: u64,
    pub(super) window: Window,
}

/// The counters under one key.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page(pub(super) Vec<(Slot, Counter)>);

impl Page {
    pub(super) fn read(value: &[u8]) -> Self {
        codec::read(value)
    }

    pub(super) fn write(&self) -> Vec<u8> {
        codec::write(self)
    }

    /// Forgets counters in which nothing counts any more.
    pub(super) fn prune(&mut self, now: Timestamp) {
        self.0.retain_mut(|(slot, counter)| !counter.is_empty(slot.window, now));
    }

    /// How far a counter has got.
    pub(super) fn level(&mut self, slot: Slot, now: Timestamp) -> Level {
        let known = self.find(slot).and_then(|at| self.0.get_mut(at));
        known.map(|(slot, counter)| counter.level(slot.window, now)).unwrap_or_default()
    }

    /// Changes a counter.
    pub(super) fn change<T>(&mut self, slot: Slot, change: impl FnOnce(&mut Counter) -> T) -> T {
        let known = self.find(slot).and_then(|at| self.0.get_mut(at));
        if let Some((_, counter)) = known {
            return change(counter);
        }
        let mut counter = Counter::default();
        let outcome = change(&mut counter);
        self.0.push((slot, counter));
        outcome
    }

    /// The subject's own counter, or the one that it shares since there is no room for more.
    fn find(&self, slot: Slot) -> Option<usize> {
        let of_limit = || self.0.iter().enumerate().filter(|(_, (other, _))| other.limit == slot.limit);
        let own = of_limit().find(|(_, (other, _))| other.subject == slot.subject);
        let shared = || {
            let way = usize::try_from(slot.subject % WAYS as u64).unwrap_or_default();
            (of_limit().count() >= WAYS).then(|| of_limit().nth(way)).flatten()
        };
        own.or_else(shared).map(|(at, _)| at)
    }
}
