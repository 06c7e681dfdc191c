//! What the limits hold for one request, from when it is let in to its end.

use std::rc::Rc;

use crate::host::Shared;
use crate::limits::{self, Crossing, Demand, Denial, Limit, Limits, Reservation, Spending, Standing, Subject};
use crate::routing::Plan;
use crate::store::{Claims, Store};
use crate::time::Timestamp;

/// What the limits hold for one request.
#[derive(Debug, Default)]
pub struct Tolls {
    /// By the limits on who calls, and for what.
    caller: Reservation,
    /// By the limits on each target of the plan, in its order: a failed attempt must not find the next one full.
    targets: Vec<Option<Reservation>>,
    /// By the limits on the caller that the store keeps.
    pub stored: Option<Claims>,
    /// How far the limits on the caller have got.
    pub standings: Vec<Standing>,
    /// Limits that had no room and only count.
    pub exceeded: Vec<Rc<Limit>>,
    /// Tokens that its answer was taken to have at most, where the caller does not say.
    pub guess: Option<u64>,
}

impl Tolls {
    /// Takes what a request may come to, from the caller's limits and from those of each target. Targets without room
    /// are taken out of the plan.
    ///
    /// # Errors
    /// A limit of the caller leaves no room, or those of all targets; then nothing is held.
    pub fn take(
        limits: &Limits,
        subject: &Subject<'_>,
        demand: &Demand,
        plan: &mut Plan,
        shared: &(impl Shared + ?Sized),
        now: Timestamp,
    ) -> Result<Self, Denial> {
        let (caller, standings) = limits::reserve(limits.of(subject), subject, demand, shared, now)?;
        let mut tolls = Self { caller, exceeded: exceeded(&standings).collect(), standings, ..Self::default() };
        let mut full = None;
        plan.retain(|target| {
            let at = Subject { target: Some(&target.name), ..*subject };
            let held = limits::reserve(limits.of_target(&at), &at, demand, shared, now);
            let has_room = held.is_ok();
            match held {
                Ok((held, standings)) => {
                    tolls.exceeded.extend(exceeded(&standings));
                    tolls.targets.push(Some(held));
                }
                Err(denial) => full = Some(denial),
            }
            has_room
        });
        match full {
            Some(denial) if plan.targets().is_empty() => {
                tolls.caller.release(shared, now);
                Err(denial)
            }
            _ => Ok(tolls),
        }
    }

    /// With what the store is to be asked for, of the limits that it keeps.
    ///
    /// # Errors
    /// One of these can never have room; then nothing is held.
    pub fn claim(
        self,
        limits: &Limits,
        subject: &Subject<'_>,
        demand: &Demand,
        store: Option<&Store>,
        shared: &(impl Shared + ?Sized),
        now: Timestamp,
    ) -> Result<Self, Denial> {
        let Some(store) = store else { return Ok(self) };
        match Claims::of(limits.stored(subject), subject, demand, store, now) {
            Ok(stored) => Ok(Self { stored, ..self }),
            Err(denial) => {
                self.release(shared, now);
                Err(denial)
            }
        }
    }

    /// Takes this Envoy's share of the limits for which the store does not answer.
    ///
    /// # Errors
    /// One of them leaves no room.
    pub fn take_share(
        &mut self,
        subject: &Subject<'_>,
        shared: &(impl Shared + ?Sized),
        now: Timestamp,
    ) -> Result<(), Denial> {
        let Some(claims) = &mut self.stored else { return Ok(()) };
        let (held, standings) = limits::reserve(claims.shares(), subject, claims.demand(), shared, now)?;
        claims.forget();
        self.exceeded = exceeded(&standings).collect();
        self.caller.join(held);
        self.standings.extend(standings);
        Ok(())
    }

    /// Gives everything back that is held here: the request was not let in.
    pub fn release(self, shared: &(impl Shared + ?Sized), now: Timestamp) {
        for held in self.targets.into_iter().flatten().chain([self.caller]) {
            held.release(shared, now);
        }
    }

    /// No target beyond those of so many attempts will be needed: the last of them answers, or nothing leads further.
    pub fn commit(&mut self, attempts: usize, shared: &(impl Shared + ?Sized), now: Timestamp) {
        for held in self.targets.iter_mut().skip(attempts) {
            if let Some(held) = held.take() {
                held.release(shared, now);
            }
        }
    }

    /// The request is over after so many attempts, of which only the last came to anything. Gives the limits that got
    /// as far as somebody wants to know.
    pub fn settle(
        self,
        attempts: usize,
        spending: &Spending,
        shared: &(impl Shared + ?Sized),
        now: Timestamp,
    ) -> Vec<Crossing> {
        let last = attempts.min(self.targets.len());
        let mut crossings = self.caller.settle(spending, shared, now);
        for (number, held) in self.targets.into_iter().enumerate() {
            let Some(held) = held else { continue };
            match number + 1 {
                number if number == last => crossings.extend(held.settle(spending, shared, now)),
                number if number < last => crossings.extend(held.settle(&Spending::default(), shared, now)),
                _ => held.release(shared, now),
            }
        }
        crossings
    }
}

fn exceeded(standings: &[Standing]) -> impl Iterator<Item = Rc<Limit>> {
    standings.iter().filter(|standing| standing.exceeded).map(|standing| Rc::clone(&standing.limit))
}
