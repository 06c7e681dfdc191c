//! A game day: providers that fail in every way at every moment, dealt from a seed.
//!
//! ```text
//! seed ──> Case: surface, streamed or not, two or three targets of as many APIs, a Fault for each
//!            │
//!            ├──> a model of the document, with those targets
//!            ├──> what each provider answers
//!            └──> what the caller may see (Outcome), and what is recorded and spent
//! ```
//! `GAME_DAY_CASES` says how many cases are played, `GAME_DAY_SEED` which.

use std::sync::Arc;

use tokio::sync::Semaphore;

mod book;
mod case;
mod fault;
mod ground;
mod rule;
mod soak;

pub(crate) use case::HOSTS;
use case::{Case, Order, deal};
use fault::Fault;
use ground::Ground;

/// How many requests are under way at a time: most wait for a clock.
const AT_A_TIME: usize = 40;

/// A number that the environment may change.
pub(crate) fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value}: a number")))
}

#[test]
fn the_usual_day_has_every_fault_and_every_pair_of_apis() {
    let cases = deal(1, USUAL);
    for stream in [false, true] {
        for fault in Fault::all(stream) {
            let dealt = |case: &&Case| case.stream == stream && case.targets[0].fault == fault;
            assert!(cases.iter().any(|case| dealt(&case)), "{fault:?}, stream: {stream}");
        }
    }
    for (first, second) in case::pairs() {
        let dealt = cases.iter().any(|case| [case.targets[0].host.name, case.targets[1].host.name] == [first, second]);
        assert!(dealt, "{first} before {second}");
    }
}

/// Enough for every fault and every pair.
const USUAL: u64 = 240;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_target_is_healthy_no_caller_sees_a_failure_before_the_first_token() {
    let seed = setting("GAME_DAY_SEED", 1);
    let cases = Arc::new(deal(seed, setting("GAME_DAY_CASES", USUAL)));
    println!("game day: {} cases of GAME_DAY_SEED={seed}", cases.len());
    let ground = Ground::raise(&cases).await;
    let before = ground.remaining().await;
    let failed = play(&ground, &cases).await;
    let (sums, book) = (ground.sums(cases.len() + 1).await, ground.book());
    let wrong = cases.iter().filter_map(|case| rule::recorded(case, &book).err().map(|why| format!("{case}: {why}")));
    let failed: Vec<_> = failed.into_iter().chain(wrong).collect();
    assert!(failed.is_empty(), "{} of GAME_DAY_SEED={seed}:\n{}", failed.len(), failed.join("\n"));
    let spent = before - ground.remaining().await;
    assert_eq!(spent, sums.tokens, "what was settled is what was recorded");
}

/// Plays all cases, and tells of those that went wrong.
async fn play(ground: &Ground, cases: &Arc<Vec<Case>>) -> Vec<String> {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..cases.len() {
        let (room, cases) = (Arc::clone(&room), Arc::clone(cases));
        let call = ground.call(&cases[number]);
        tasks.spawn(async move {
            let _place = room.acquire().await.expect("a place");
            let answer = call.send().await;
            // Readers panic where an answer is not well formed.
            let (judged, whole) = (Arc::clone(&cases), answer.clone());
            let judged = tokio::spawn(async move { rule::seen(&judged[number], &whole, Order::Written) }).await;
            let judged = judged.unwrap_or_else(|panic| Err(format!("{panic}: {:.2000}", answer.text())));
            judged.map(drop).map_err(|why| format!("{}: {why}", cases[number]))
        });
    }
    tasks.join_all().await.into_iter().filter_map(Result::err).collect()
}
