//! Counters of limits, against a naive account of the same events.

use std::cell::RefCell;

use proptest::prelude::*;
use tollhouse_filter::host::memory::Memory;
use tollhouse_filter::host::{Shared, Version};
use tollhouse_filter::ledger::{
    Account, Ask, Bind, Claim, Class, Hold, PerClass, Reserved, Terms, Unit, Window, reserve, settle,
};
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

/// The same of one account at a time.
fn take(shared: &impl Shared, account: &Account, terms: Terms, claim: Claim, now: Timestamp) -> Option<Reserved> {
    let ask = Ask { account: account.clone(), terms, claim, bind: Bind::Hard };
    reserve(shared, &[ask], now).ok()?.first().copied()
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
        let account = Account::named("limits".into(), 1, window);
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
                    let granted = take(memory, account, terms, claim, at);
                    *rivals.borrow_mut() = granted.map(|reserved| (reserved.hold, claim.amount));
                })
            });
            let shared = Contended { memory: &memory, rival: RefCell::new(rival) };
            match step {
                Step::Reserve { amount, class } => {
                    let claim = Claim { amount, class, expires: Timestamp(now + LIFE_MS) };
                    if let Some(reserved) = take(&shared, &account, terms, claim, at) {
                        open.push(Open { hold: reserved.hold, amount, at: now });
                    }
                }
                Step::Settle { which, percent } if !open.is_empty() => {
                    let ended = open.swap_remove(which % open.len());
                    let actual = ended.amount * percent / 100;
                    settle(&shared, &[(&account, ended.hold, actual)], at);
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
            settle(&memory, &[(&account, ended.hold, 0)], Timestamp(now));
        }
        let held = account.level(&memory, Timestamp(now + 2 * LIFE_MS)).held;
        prop_assert_eq!(held, 0, "something is held for ever");
    }

    /// Two requests at a time, each over several accounts of which some are under one key.
    #[test]
    fn several_limits_are_all_taken_from_or_none(
        limits in prop::array::uniform4(1..60_u64),
        windows in prop::array::uniform4(window()),
        requests in prop::collection::vec((prop::array::uniform4(0..20_u64), any::<bool>(), 0..=100_u64), 1..40),
    ) {
        let memory = Memory::default();
        let now = Timestamp(START);
        let keys = ["limits/client=a", "limits/client=a", "limits/team=b", "limits"];
        let accounts: Vec<_> = keys.iter().zip(windows).zip(1..)
            .map(|((key, window), number)| Account::named((*key).to_owned(), number, window)).collect();
        let asks = |amounts: [u64; 4]| -> Vec<Ask> {
            let each = accounts.iter().zip(limits).zip(amounts);
            each.map(|((account, limit), amount)| Ask {
                account: account.clone(),
                terms: Terms { limit, kept: PerClass::default() },
                claim: Claim { amount, class: Class::Interactive, expires: Timestamp(START + LIFE_MS) },
                bind: Bind::Hard,
            }).collect()
        };
        let mut expected = [0; 4];
        for (amounts, contended, percent) in requests {
            let rival: Option<Box<dyn FnOnce()>> = contended.then(|| -> Box<dyn FnOnce()> {
                let (memory, asks) = (&memory, asks([1; 4]));
                // Comes and goes between a reading and a writing.
                Box::new(move || if let Ok(granted) = reserve(memory, &asks, now) {
                    let all: Vec<_> = asks.iter().zip(granted).map(|(ask, r)| (&ask.account, r.hold, 0)).collect();
                    settle(memory, &all, now);
                })
            });
            let shared = Contended { memory: &memory, rival: RefCell::new(rival) };
            let asked = asks(amounts);
            let fits = expected.iter().zip(limits).zip(amounts).all(|((used, limit), amount)| used + amount <= limit);
            let granted = reserve(&shared, &asked, now);
            prop_assert_eq!(granted.is_ok(), fits);
            if let Ok(granted) = granted {
                let actual = |amount| amount * percent / 100;
                let all: Vec<_> = asked.iter().zip(granted).zip(amounts)
                    .map(|((ask, reserved), amount)| (&ask.account, reserved.hold, actual(amount))).collect();
                settle(&shared, &all, now);
                expected.iter_mut().zip(amounts).for_each(|(used, amount)| *used += actual(amount));
            }
            let levels: Vec<_> = accounts.iter().map(|account| account.level(&memory, now)).collect();
            prop_assert_eq!(levels.iter().map(|level| level.spent).collect::<Vec<_>>(), expected);
            prop_assert!(levels.iter().all(|level| level.held == 0), "something is held for ever");
        }
    }
}
