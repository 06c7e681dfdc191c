//! A request whose limits are kept elsewhere: asked for before it goes out, and settled when it is over.

use std::rc::Rc;

use super::denial::{denied, store_is_away};
use super::entry::Entrant;
use super::{Gateway, Refusal, State, Surface};
use crate::exchange::Exchange;
use crate::host::{Action, Host};
use crate::ledger::Bind;
use crate::limits::Denial;
use crate::store::{Verdict, WhenDown};
use crate::telemetry::{self, StoreOutcome};
use crate::time::Timestamp;

/// A request that waits for the service's answer. Limits that are kept here hold for it already.
pub(super) struct Asking {
    entrant: Entrant,
    exchange: Exchange,
    /// The number of the call.
    call: u32,
    since: Timestamp,
}

impl Asking {
    pub(super) fn surface(&self) -> &'static dyn Surface {
        self.exchange.surface()
    }

    /// Does the route let limits do no more than count?
    fn only_counts(&self) -> bool {
        self.entrant.admitted.caller.policy.only_counts()
    }

    /// Gives back what is held here. What the service has granted meanwhile stays taken until its window ends: nobody
    /// knows whether it has.
    pub(super) fn release(self, host: &dyn Host, now: Timestamp) {
        self.exchange.tolls.take().release(host, now);
    }
}

impl Gateway {
    /// The number of the call whose answer the request waits for.
    pub fn call(&self) -> Option<u32> {
        match &self.state {
            State::Asking(asking) => Some(asking.call),
            _ => None,
        }
    }

    /// Are there limits that somebody else is asked for?
    pub fn asks(&self) -> bool {
        self.config.store.is_some()
    }

    /// Asks the store, if it keeps limits of this request, and lets it go on otherwise.
    pub(super) fn ask(&mut self, host: &dyn Host, exchange: Exchange, entrant: Entrant, now: Timestamp) -> Action {
        let question = match (&self.config.store, &exchange.tolls.borrow().stored) {
            (Some(store), Some(claims)) => Some(host.call(&store.call(&claims.question(store)))),
            _ => None,
        };
        match question {
            None => self.forward(host, exchange, entrant),
            Some(None) => {
                self.go_alone(host, Asking { entrant, exchange, call: 0, since: now }, StoreOutcome::Unavailable, now)
            }
            Some(Some(call)) => {
                self.state = State::Asking(Box::new(Asking { entrant, exchange, call, since: now }));
                Action::Pause
            }
        }
    }

    /// A call has been answered, or has failed. Another one than the request waits for changes nothing.
    pub fn on_call_answer(
        &mut self,
        host: &dyn Host,
        call: u32,
        answer: Option<&[u8]>,
        now: Timestamp,
    ) -> Option<Action> {
        let asking = match std::mem::replace(&mut self.state, State::Answered) {
            State::Asking(asking) if asking.call == call => {
                self.later = true;
                *asking
            }
            other => {
                self.state = other;
                return None;
            }
        };
        let verdict = answer.map(|answer| {
            let tolls = asking.exchange.tolls.borrow();
            tolls.stored.as_ref().map_or(Verdict::Nonsense, |claims| claims.verdict(answer, now))
        });
        Some(match verdict {
            Some(Verdict::Granted(standings)) => {
                telemetry::count_store(host, StoreOutcome::Granted, now);
                asking.exchange.tolls.borrow_mut().standings.extend(standings);
                self.forward(host, asking.exchange, asking.entrant)
            }
            Some(Verdict::Denied(denial)) => {
                telemetry::count_store(host, StoreOutcome::Denied, now);
                if asking.only_counts() {
                    telemetry::count_denial(host, &denial.limit, Bind::Shadow);
                    return Some(self.forward(host, asking.exchange, asking.entrant));
                }
                self.turn_away(host, asking, &denial, now)
            }
            Some(Verdict::Nonsense) => self.go_alone(host, asking, StoreOutcome::Nonsense, now),
            None => {
                let why = self.why_unanswered(asking.since, now);
                self.go_alone(host, asking, why, now)
            }
        })
    }

    /// Envoy has the same gRPC status for both.
    fn why_unanswered(&self, since: Timestamp, now: Timestamp) -> StoreOutcome {
        let timeout = self.config.store.as_ref().map(|store| store.timeout);
        // Envoy's timers count from the beginning of the loop's turn, and may be that much early.
        let in_vain = timeout.is_some_and(|timeout| now.since(since) >= timeout / 2);
        if in_vain { StoreOutcome::Timeout } else { StoreOutcome::Unavailable }
    }

    /// The store does not answer, or not so that anybody could understand it.
    fn go_alone(&mut self, host: &dyn Host, asking: Asking, why: StoreOutcome, now: Timestamp) -> Action {
        telemetry::count_store(host, why, now);
        let refuses = self.config.store.as_ref().is_some_and(|store| store.when_down == WhenDown::Refuse);
        if refuses && !asking.only_counts() {
            let surface = asking.surface();
            self.notes.model = Some(asking.entrant.asked.model.clone());
            asking.release(host, now);
            return self.answer(host, &Refusal::new(surface, store_is_away()));
        }
        let subject = asking.entrant.subject(asking.exchange.logical).unwrap_or_default();
        let taken = asking.exchange.tolls.borrow_mut().take_share(&subject, host, now);
        match taken {
            Ok(()) => {
                for limit in &asking.exchange.tolls.borrow().exceeded {
                    telemetry::count_denial(host, limit, Bind::Shadow);
                }
                self.forward(host, asking.exchange, asking.entrant)
            }
            Err(denial) => self.turn_away(host, asking, &denial, now),
        }
    }

    fn turn_away(&mut self, host: &dyn Host, asking: Asking, denial: &Denial, now: Timestamp) -> Action {
        asking.exchange.tolls.take().release(host, now);
        let subject = asking.entrant.subject(asking.exchange.logical).unwrap_or_default();
        let error = denied(denial, &subject, now);
        self.deny(host, Rc::clone(&denial.limit), error, asking.entrant)
    }
}
