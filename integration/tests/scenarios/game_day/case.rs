//! Cases: who asks, how, and what happens at each target.

use std::fmt;

use fastrand::Rng;
use integration::strict::Host;

use super::fault::{Blow, Fault, Outcome};
use crate::matrix::surface::{SURFACES, Surface};

/// In which order targets are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As the document has them.
    Written,
    /// Some may be cooling, from another request.
    Any,
}

/// One provider for each API.
pub(crate) const HOSTS: [&str; 8] =
    ["openai", "anthropic", "gemini", "bedrock-converse", "bedrock-anthropic", "cohere", "ollama", "openai-responses"];

/// One request.
pub(super) struct Case {
    pub(super) number: usize,
    pub(super) surface: &'static dyn Surface,
    pub(super) stream: bool,
    /// In their order.
    pub(super) targets: Vec<Target>,
}

/// A provider, and what it does.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) host: &'static Host,
    pub(super) fault: Fault,
}

impl Case {
    /// What the caller asks for.
    pub(super) fn model(&self) -> String {
        format!("case-{}", self.number)
    }

    /// `provider/model` of a target. The model tells the provider what to do: see [`place`].
    pub(super) fn target(&self, slot: usize) -> String {
        let Target { host, fault } = self.targets[slot];
        let dead = if fault == Fault::Refused { DEAD } else { "" };
        format!("{}{dead}/{}-{}-{slot}", host.name, host.models, self.number)
    }

    /// What the caller may see. Targets that cool are tried last, so that any may come before any other.
    pub(super) fn outcomes(&self, order: Order) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let mut all_next = true;
        for (slot, target) in self.targets.iter().enumerate() {
            let promise = target.fault.promise(self.stream);
            outcomes.extend(promise.whole.then_some(Outcome::Whole(slot)));
            outcomes.extend(promise.in_band.then_some(Outcome::InBand(slot)));
            all_next &= promise.next;
            if !promise.next && order == Order::Written {
                break;
            }
        }
        outcomes.extend(all_next.then_some(Outcome::Refused));
        outcomes
    }

    /// Does it wait for a clock?
    pub(super) fn waits(&self) -> bool {
        self.targets.iter().any(|target| matches!(target.fault, Fault::At(_, Blow::Stall | Blow::Drip)))
    }
}

/// What names of providers end with whose port nobody listens on.
pub(super) const DEAD: &str = "-dead";

/// The case and the slot of a target's model.
pub(super) fn place(model: &str) -> Option<(usize, usize)> {
    let (rest, slot) = model.rsplit_once('-')?;
    let (_, number) = rest.rsplit_once('-')?;
    Some((number.parse().ok()?, slot.parse().ok()?))
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "case {}: {}{}", self.number, self.surface.path(), if self.stream { ", streamed" } else { "" })?;
        self.targets.iter().try_for_each(|target| write!(f, ", {} {:?}", target.host.name, target.fault))
    }
}

/// Every provider before every other one.
pub(super) fn pairs() -> Vec<(&'static str, &'static str)> {
    let others = |first| HOSTS.into_iter().filter(move |second| first != *second).map(move |second| (first, second));
    HOSTS.into_iter().flat_map(others).collect()
}

/// Cards that are dealt in turns, so that each comes as often as any other.
struct Deck<T> {
    cards: Vec<T>,
    next: usize,
}

impl<T: Clone> Deck<T> {
    fn new(mut cards: Vec<T>, rng: &mut Rng) -> Self {
        rng.shuffle(&mut cards);
        Self { cards, next: 0 }
    }

    fn draw(&mut self) -> T {
        self.next += 1;
        self.cards[(self.next - 1) % self.cards.len()].clone()
    }
}

/// The cases of a seed.
pub(super) fn deal(seed: u64, count: u64) -> Vec<Case> {
    let mut rng = Rng::with_seed(seed);
    let mut pairs = Deck::new(pairs(), &mut rng);
    let faults: Vec<_> =
        [false, true].into_iter().flat_map(|s| Fault::all(s).into_iter().map(move |f| (s, f))).collect();
    let mut faults = Deck::new(faults, &mut rng);
    let mut surfaces = Deck::new(SURFACES.to_vec(), &mut rng);
    let case = |number| {
        let ((first, second), (stream, fault)) = (pairs.draw(), faults.draw());
        let mut any = |stream| rng.choice(Fault::all(stream)).expect("a fault");
        // Mostly the second target is healthy; sometimes there is a third, and sometimes nobody is.
        let mut targets = vec![(first, fault), (second, Fault::None)];
        match number % 5 {
            0 => {
                targets[1].1 = any(stream);
                let third = HOSTS.into_iter().find(|host| ![first, second].contains(host)).expect("a third");
                targets.push((third, Fault::None));
            }
            1 => targets[1].1 = any(stream),
            _ => {}
        }
        let targets = targets.into_iter().map(|(host, fault)| Target { host: Host::named(host), fault });
        Case { number, surface: surfaces.draw(), stream, targets: targets.collect() }
    };
    (0..usize::try_from(count).expect("a number")).map(case).collect()
}
