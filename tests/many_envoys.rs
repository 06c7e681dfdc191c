//! What many Envoys make of one limit, without a network: the tables in `docs/limits.md`.
//!
//! `UPDATE_DOCS=1 cargo test --test many_envoys` writes them.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a panic is how a test fails, and percents are for people"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use tollhouse_filter::host::memory::Memory;
use tollhouse_filter::ledger::{Bind, Class, Unit, Window};
use tollhouse_filter::limits::{self, Demand, Kind, Limit, Reservation, Scope, Spending, Subject};
use tollhouse_filter::store::{Claims, Store, Verdict, WhenDown};
use tollhouse_filter::time::Timestamp;

#[path = "support/rate_limit_service.rs"]
#[allow(dead_code, unreachable_pub, reason = "the properties take the rest")]
mod rate_limit_service;

use rate_limit_service::Service;

/// The start of a minute, which is the window.
const START: Timestamp = Timestamp(1_800_000_000_000);
const LIMIT: u64 = 10_000_000;
/// What a request may come to, and what it comes to at least.
const MOST: u64 = 1_000;
const LEAST: u64 = 200;
/// So many would use the limit twice.
const REQUESTS: u64 = 2 * LIMIT / ((MOST + LEAST) / 2);

/// How a limit is kept.
#[derive(Clone, Copy)]
enum Keeping {
    /// Each Envoy grants such a share, and knows of no other.
    Apart(f64),
    /// By the service. From the middle of the minute on it is away, and each grants the share.
    Together { share: f64, away: bool },
}

/// Who gets the requests.
#[derive(Clone, Copy)]
enum Load {
    /// All Envoys alike.
    Even,
    /// Half of them go to a tenth of the Envoys.
    Skewed,
}

/// What was spent, in percent of the limit, and how many requests were refused, in percent of all.
#[derive(Debug, PartialEq)]
struct Outcome {
    spent: f64,
    refused: f64,
}

struct Fleet {
    envoys: Vec<Memory>,
    service: Service,
    store: Store,
    limit: Rc<Limit>,
    keeping: Keeping,
    dice: Dice,
}

/// What holds for one request.
enum Held {
    Here(Reservation),
    There(Claims),
    Both(Reservation, Claims),
}

impl Fleet {
    fn new(envoys: usize, keeping: Keeping) -> Self {
        let limit = |amount| Limit::new(Scope::default(), Kind::Tokens, Window::Calendar(Unit::Minute), amount);
        let (Keeping::Apart(share) | Keeping::Together { share, .. }) = keeping;
        let mut shared = limit(LIMIT);
        shared.share = Some(Rc::new(limit(limits::share(LIMIT, share))));
        let store = Store {
            cluster: "rls".into(),
            domain: "tollhouse".into(),
            timeout: Duration::from_millis(20),
            when_down: WhenDown::Local(share),
            refunds: true,
        };
        let envoys = std::iter::repeat_with(Memory::default).take(envoys).collect();
        Self { envoys, service: Service::default(), store, limit: Rc::new(shared), keeping, dice: Dice(0x2545_f491) }
    }

    /// One minute of requests.
    fn play(mut self, load: Load) -> Outcome {
        let mut under_way: BTreeMap<(u64, u64), (usize, u64, Held)> = BTreeMap::new();
        let (mut spent, mut refused) = (0, 0);
        for number in 0..REQUESTS {
            let now = START.0 + number * 60_000 / REQUESTS;
            let later = under_way.split_off(&(now + 1, 0));
            for ((at, _), (envoy, used, held)) in std::mem::replace(&mut under_way, later) {
                self.settle(envoy, used, held, Timestamp(at));
            }
            let envoy = self.choose(load);
            let used = LEAST + self.dice.roll(MOST - LEAST + 1);
            let Some(held) = self.admit(envoy, Timestamp(now)) else {
                refused += 1;
                continue;
            };
            spent += used;
            under_way.insert((now + 100 + self.dice.roll(1_900), number), (envoy, used, held));
        }
        let percent = |part: u64, of: u64| (part as f64 / of as f64) * 100.0;
        Outcome { spent: percent(spent, LIMIT), refused: percent(refused, REQUESTS) }
    }

    fn admit(&mut self, envoy: usize, now: Timestamp) -> Option<Held> {
        let expires = now.after(Duration::from_secs(60));
        let demand = Demand {
            input: LEAST / 2,
            output: MOST - LEAST / 2,
            usd: None,
            class: Class::Interactive,
            bind: Bind::Hard,
            expires,
        };
        let subject = Subject::default();
        let here = |host: &Memory| {
            let share = self.limit.share.iter();
            limits::reserve(share, &subject, &demand, host, now).ok().map(|(held, _)| held)
        };
        if matches!(self.keeping, Keeping::Apart(_)) {
            return here(&self.envoys[envoy]).map(Held::Here);
        }
        let mut claims = Claims::of([&self.limit].into_iter(), &subject, &demand, &self.store, now).ok()??;
        if self.is_away(now) {
            claims.forget();
            return here(&self.envoys[envoy]).map(|held| Held::Both(held, claims));
        }
        let answer = self.service.ask(&claims.question(&self.store));
        matches!(claims.verdict(&answer, now), Verdict::Granted(_)).then_some(Held::There(claims))
    }

    fn settle(&mut self, envoy: usize, used: u64, held: Held, now: Timestamp) {
        let spending = Spending { input: LEAST / 2, output: used - LEAST / 2, usd: 0 };
        let (here, there) = match held {
            Held::Here(here) => (Some(here), None),
            Held::There(there) => (None, Some(there)),
            Held::Both(here, there) => (Some(here), Some(there)),
        };
        if let Some(here) = here {
            here.settle(&spending, &self.envoys[envoy], now);
        }
        if let Some(there) = there.filter(|_| !self.is_away(now)) {
            for message in there.settle(&spending, &self.store, now) {
                self.service.ask(&message);
            }
        }
    }

    fn is_away(&self, now: Timestamp) -> bool {
        let second_half = now.0 >= START.0 + 30_000;
        matches!(self.keeping, Keeping::Together { away: true, .. } if second_half)
    }

    fn choose(&mut self, load: Load) -> usize {
        let all = self.envoys.len() as u64;
        let among = match load {
            Load::Skewed if self.dice.roll(2) == 0 => all.div_ceil(10),
            Load::Skewed | Load::Even => all,
        };
        usize::try_from(self.dice.roll(among)).unwrap()
    }
}

/// Always the same numbers, by `xorshift64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

const FLEETS: [usize; 5] = [1, 3, 10, 100, 1_000];

fn columns(envoys: usize) -> [(Keeping, Load); 6] {
    let fair = 1.0 / envoys as f64;
    [
        (Keeping::Apart(1.0), Load::Even),
        (Keeping::Apart(fair), Load::Even),
        (Keeping::Apart(fair), Load::Skewed),
        (Keeping::Together { share: 0.1, away: false }, Load::Skewed),
        (Keeping::Together { share: 0.1, away: true }, Load::Skewed),
        (Keeping::Together { share: fair, away: true }, Load::Skewed),
    ]
}

const HEAD: &str = "\
| Envoys | apart, each the whole limit | apart, each 1/N, even load | apart, each 1/N, skewed load | together | together, away from the middle on, share 0.1 | the same, share 1/N |
|---|---|---|---|---|---|---|
";

fn table() -> String {
    let mut table = HEAD.to_owned();
    for envoys in FLEETS {
        write!(table, "| {envoys} |").unwrap();
        for (keeping, load) in columns(envoys) {
            let Outcome { spent, refused } = Fleet::new(envoys, keeping).play(load);
            write!(table, " {spent:.0} % / {refused:.0} % |").unwrap();
        }
        table.push('\n');
    }
    table
}

#[test]
fn the_table_in_the_documentation_is_what_happens() {
    const BEGIN: &str = "<!-- many_envoys: begin -->\n";
    const END: &str = "<!-- many_envoys: end -->\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/limits.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("a place for the table");
    let (shown, after) = rest.split_once(END).expect("the end of the table");
    let table = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, [before, BEGIN, &table, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(shown, table, "`UPDATE_DOCS=1 cargo test --test many_envoys` writes it anew");
}

#[test]
fn together_they_never_spend_more_than_the_limit() {
    for envoys in [3, 100] {
        let outcome = Fleet::new(envoys, Keeping::Together { share: 0.1, away: false }).play(Load::Skewed);
        assert!(outcome.spent <= 100.0 && outcome.spent > 95.0, "{envoys}: {outcome:?}");
    }
}

#[test]
fn a_store_that_is_away_adds_no_more_than_the_shares() {
    for envoys in [3, 100] {
        let share = 1.0 / envoys as f64;
        let outcome = Fleet::new(envoys, Keeping::Together { share, away: true }).play(Load::Skewed);
        assert!(outcome.spent <= 200.0, "{envoys}: {outcome:?}");
    }
}
