//! A long day: the same requests over and over, and what must not grow. `SOAK_SECONDS` says how long it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use integration::strict::{INPUT, OUTPUT};

use super::case::{Case, Order, deal};
use super::fault::{Fault, Odd, Outcome};
use super::ground::Ground;
use super::rule;
use super::{USUAL, setting};

/// Callers, each with one request after another.
const CALLERS: u64 = 16;

/// Parts of the day: what grows from the second to the last is not warming up any more.
const PARTS: u32 = 6;

/// What Envoy has of the system.
#[derive(Clone, Copy, Debug)]
struct Holding {
    /// Resident memory.
    mebibytes: u64,
    /// Open file descriptors.
    descriptors: usize,
}

impl Holding {
    fn of(process: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let kibibytes: u64 = resident.trim().trim_end_matches(" kB").parse().expect("a number");
        let descriptors = std::fs::read_dir(format!("/proc/{process}/fd")).expect("its descriptors").count();
        Self { mebibytes: kibibytes >> 10, descriptors }
    }
}

/// What callers have seen.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    requests: usize,
    whole: u64,
}

impl Seen {
    fn and(self, more: Self) -> Self {
        Self { requests: self.requests + more.requests, whole: self.whole + more.whole }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_descriptors_stay_and_the_ledger_is_the_providers_sum() {
    let (seed, seconds) = (setting("GAME_DAY_SEED", 1), setting("SOAK_SECONDS", 12));
    println!("soak: {seconds} s of GAME_DAY_SEED={seed}");
    let cases = Arc::new(small(seed));
    let ground = Arc::new(Ground::raise(&cases).await);
    let before = ground.remaining().await;
    let (mut all, mut held) = (Seen::default(), Vec::new());
    for part in 0..PARTS {
        let seen = callers(&ground, &cases, Duration::from_secs(seconds) / PARTS, seed + u64::from(part)).await;
        all = all.and(seen);
        held.push(Holding::of(ground.process()));
        println!("{:>9} requests, {:?}", all.requests, held[held.len() - 1]);
    }
    let sums = ground.sums(all.requests + 1).await;
    // The first question of what remains is one more.
    assert_eq!((sums.records, sums.completed), (all.requests + 1, all.whole + 1));
    assert_eq!(sums.of_completed, (all.whole + 1) * (INPUT + OUTPUT), "what providers said they had used");
    assert_eq!(before - ground.remaining().await, sums.tokens, "what was settled is what was recorded");
    let (early, late) = (held[1], held[held.len() - 1]);
    assert!(late.mebibytes <= early.mebibytes + early.mebibytes / 10 + 16, "{held:?}");
    assert!(late.descriptors <= early.descriptors + 64, "{held:?}");
}

/// The usual cases without large answers, after which Wasm memory does not shrink.
fn small(seed: u64) -> Vec<Case> {
    let mut cases = deal(seed, USUAL);
    for target in cases.iter_mut().flat_map(|case| &mut case.targets) {
        if target.fault == Fault::Odd(Odd::Large) {
            target.fault = Fault::None;
        }
    }
    cases
}

/// Goes on for so long.
async fn callers(ground: &Arc<Ground>, cases: &Arc<Vec<Case>>, time: Duration, seed: u64) -> Seen {
    let end = Instant::now() + time;
    let caller = |number: u64| {
        let (ground, cases) = (Arc::clone(ground), Arc::clone(cases));
        let mut rng = Rng::with_seed(seed * CALLERS + number);
        async move {
            let mut seen = Seen::default();
            while Instant::now() < end {
                let case = &cases[rng.usize(..cases.len())];
                // Those that wait for clocks would leave time for nothing else.
                if case.waits() && rng.u8(..32) > 0 {
                    continue;
                }
                let answer = ground.call(case).send().await;
                let outcome = rule::seen(case, &answer, Order::Any).unwrap_or_else(|why| panic!("{case}: {why}"));
                seen.requests += 1;
                seen.whole += u64::from(matches!(outcome, Outcome::Whole(_)));
            }
            seen
        }
    };
    let callers: tokio::task::JoinSet<_> = (0..CALLERS).map(caller).collect();
    callers.join_all().await.into_iter().fold(Seen::default(), Seen::and)
}
