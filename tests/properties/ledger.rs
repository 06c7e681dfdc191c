//! Counters of limits, against a naive account of the same events.

use std::cell::RefCell;

use proptest::prelude::*;
use tollhouse_filter::host::memory::Memory;
use tollhouse_filter::host::{Shared, Version};
use tollhouse_filter::ledger::{Account, Bind, Claim, Class, Hold, PerClass, Terms, Unit, Window};
use tollhouse_filter::time::Timestamp;

use super::config;

const START: u64 = 1_800_000_000_000;

/// How long requests may last.
const LIFE_MS: u64 = 120_000;

#[derive(Clone, Debug)]
enum Step {
    /// A request comes.
    Reserve { amount: u64, class: Class },
    /// One of those under way ends, having spent so many percent of what it held.
    Settle { which: usize, percent: u64 },
    /// A worker crashes with one of them: nobody settles it.
    Lose { which: usize },
    /// Another worker changes the counter between the reading and the writing of the next step.
    Conflict { amount: u64 },
    /// A new configuration has another amount.
    Reload { limit: u64 },
    /// Time passes.
    Wait { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let class = prop_oneof![Just(Class::Interactive), Just(Class::Batch)];
    prop_oneof![
        6 => (0..60_u64, class).prop_map(|(amount, class)| Step::Reserve { amount, class }),
        4 => (any::<usize>(), 0..=150_u64).prop_map(|(which, percent)| Step::Settle { which, percent }),
        1 => any::<usize>().prop_map(|which| Step::Lose { which }),
        1 => (0..30_u64).prop_map(|amount| Step::Conflict { amount }),
        1 => (1..200_u64).prop_map(|limit| Step::Reload { limit }),
        2 => prop_oneof![0..500_u64, 0..200_000_u64].prop_map(|ms| Step::Wait { ms }),
    ]
}

fn window() -> impl Strategy<Value = Window> {
    prop::sample::select(vec![
        Window::Ever,
        Window::Calendar(Unit::Second),
        Window::Calendar(Unit::Minute),
        Window::Calendar(Unit::Month),
        Window::Rolling(Unit::Minute),
        Window::Rolling(Unit::Hour),
    ])
}

/// What was granted and is not settled.
struct Open {
    hold: Hold,
    amount: u64,
    at: u64,
}

/// Shared data with a rival that comes first when it is told to.
struct Contended<'a> {
    memory: &'a Memory,
    rival: RefCell<Option<Box<dyn FnOnce() + 'a>>>,
}

impl Shared for Contended<'_> {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.memory.get(key)
    }

    fn set(&self, key: &str, value: &[u8]) {
        self.memory.set(key, value);
    }

    fn read(&self, key: &str) -> (Option<Vec<u8>>, Version) {
        self.memory.read(key)
    }

    fn replace(&self, key: &str, value: &[u8], version: Version) -> bool {
        if let Some(rival) = self.rival.take() {
            rival();
        }
        self.memory.replace(key, value, version)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_limit_is_kept_whatever_comes_between(
        window in window(),
        limit in 1..200_u64,
        kept in 0..50_u64,
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let memory = Memory::default();
        let account = Account::named("limit/x".into(), window);
        let mut terms = Terms { limit, kept: PerClass([kept.min(limit), 0]) };
        let mut most = limit;
        let mut now = START;
        let mut open: Vec<Open> = Vec::new();
        // What was spent, by the bucket of its claim, and how far over its claim in all.
        let mut spent: Vec<(Timestamp, u64)> = Vec::new();
        let mut over = 0;
        let mut conflict = None;
        for step in steps {
            let at = Timestamp(now);
            let live = |bucket: Timestamp| window.end(bucket).is_none_or(|end| end > at);
            let rival_claim = conflict.take().map(|amount| Claim {
                amount, class: Class::Interactive, expires: Timestamp(now + LIFE_MS),
            });
            let rivals = RefCell::new(None);
            let rival: Option<Box<dyn FnOnce()>> = rival_claim.map(|claim| -> Box<dyn FnOnce()> {
                let (account, memory, rivals) = (&account, &memory, &rivals);
                Box::new(move || {
                    let granted = account.reserve(memory, terms, claim, Bind::Hard, at);
                    *rivals.borrow_mut() = granted.ok().map(|reserved| (reserved.hold, claim.amount));
                })
            });
            let shared = Contended { memory: &memory, rival: RefCell::new(rival) };
            match step {
                Step::Reserve { amount, class } => {
                    let claim = Claim { amount, class, expires: Timestamp(now + LIFE_MS) };
                    if let Ok(reserved) = account.reserve(&shared, terms, claim, Bind::Hard, at) {
                        open.push(Open { hold: reserved.hold, amount, at: now });
                    }
                }
                Step::Settle { which, percent } if !open.is_empty() => {
                    let ended = open.swap_remove(which % open.len());
                    let actual = ended.amount * percent / 100;
                    account.settle(&shared, ended.hold, actual, at);
                    over += actual.saturating_sub(ended.amount);
                    // One that nobody expected any more: its room may have been given to another.
                    if now >= ended.at + LIFE_MS {
                        over += actual;
                    }
                    spent.push((window.bucket(Timestamp(ended.at)), actual));
                }
                Step::Lose { which } if !open.is_empty() => {
                    open.swap_remove(which % open.len());
                }
                Step::Conflict { amount } => conflict = Some(amount),
                Step::Reload { limit } => {
                    terms = Terms { limit, kept: PerClass([kept.min(limit), 0]) };
                    most = most.max(limit);
                }
                Step::Wait { ms } => now += ms,
                Step::Settle { .. } | Step::Lose { .. } => {}
            }
            drop(shared);
            if let Some((hold, amount)) = rivals.into_inner() {
                open.push(Open { hold, amount, at: now });
            }
            let level = account.level(&memory, Timestamp(now));
            prop_assert!(level.used() <= most + over, "{level:?} of {most}, {over} over");
            if now == at.0 {
                let counts: u64 = spent.iter().filter(|(bucket, _)| live(*bucket)).map(|(_, spent)| spent).sum();
                prop_assert_eq!(level.spent, counts);
            }
        }
        for ended in open.drain(..) {
            account.settle(&memory, ended.hold, 0, Timestamp(now));
        }
        let held = account.level(&memory, Timestamp(now + 2 * LIFE_MS)).held;
        prop_assert_eq!(held, 0, "something is held for ever");
    }
}
