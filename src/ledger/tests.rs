use std::cell::Cell;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::host::Version;
use crate::host::memory::Memory;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const MINUTE: Window = Window::Calendar(Unit::Minute);

fn seconds(n: u64) -> Timestamp {
    Timestamp(NOW.0 + n * 1000)
}

fn claim(amount: u64) -> Claim {
    Claim { amount, class: Class::Interactive, expires: seconds(600) }
}

fn limit(limit: u64) -> Terms {
    Terms { limit, kept: PerClass::default() }
}

fn account(window: Window) -> Account {
    Account::named("limit/a".into(), window)
}

fn reserve(host: &Memory, window: Window, terms: Terms, claim: Claim, now: Timestamp) -> Result<Hold, Shortage> {
    account(window).reserve(host, terms, claim, Bind::Hard, now).map(|reserved| reserved.hold)
}

#[test]
fn what_is_held_counts_until_it_is_settled() {
    let host = Memory::default();
    let first = reserve(&host, MINUTE, limit(10), claim(6), NOW).unwrap();
    assert!(reserve(&host, MINUTE, limit(10), claim(5), NOW).is_err());
    assert_eq!(account(MINUTE).settle(&host, first, 2, NOW), Change { before: 0, after: 2 });
    let second = reserve(&host, MINUTE, limit(10), claim(8), NOW).unwrap();
    assert_eq!(account(MINUTE).level(&host, NOW), Level { spent: 2, held: 8, resets: Some(seconds(60)) });
    assert_eq!(account(MINUTE).settle(&host, second, 0, NOW), Change::default());
    assert_eq!(account(MINUTE).level(&host, NOW).used(), 2);
}

#[test]
fn a_new_window_is_empty_and_what_is_settled_late_is_the_old_ones() {
    let host = Memory::default();
    let old = reserve(&host, MINUTE, limit(10), claim(10), NOW).unwrap();
    let shortage = reserve(&host, MINUTE, limit(10), claim(1), seconds(59)).unwrap_err();
    assert_eq!((shortage.until, shortage.never), (None, false));
    assert_eq!(shortage.level, Level { spent: 0, held: 10, resets: None });
    reserve(&host, MINUTE, limit(10), claim(10), seconds(60)).unwrap();
    account(MINUTE).settle(&host, old, 10, seconds(61));
    assert_eq!(account(MINUTE).level(&host, seconds(61)).used(), 10);
}

#[test]
fn a_refusal_says_when_there_is_enough() {
    let host = Memory::default();
    let window = Window::Rolling(Unit::Minute);
    for at in [0, 10, 20] {
        let hold = reserve(&host, window, limit(9), claim(3), seconds(at)).unwrap();
        account(window).settle(&host, hold, 3, seconds(at));
    }
    let until = |amount| reserve(&host, window, limit(9), claim(amount), seconds(30)).unwrap_err();
    assert_eq!(until(3).until, Some(seconds(61)));
    assert_eq!(until(5).until, Some(seconds(71)));
    assert!(until(10).never && until(10).until.is_none());
    assert!(reserve(&host, window, limit(9), claim(3), seconds(60)).is_err());
    assert!(reserve(&host, window, limit(9), claim(3), seconds(61)).is_ok());
}

#[test]
fn what_nobody_settles_is_free_again() {
    let host = Memory::default();
    let lost = reserve(&host, Window::Ever, limit(1), claim(1), NOW).unwrap();
    assert!(reserve(&host, Window::Ever, limit(1), claim(1), seconds(599)).is_err());
    let later = Claim { expires: seconds(1200), ..claim(1) };
    assert!(reserve(&host, Window::Ever, limit(1), later, seconds(660)).is_ok());
    // It was not lost after all, only late: it is counted, and takes nothing from others.
    account(Window::Ever).settle(&host, lost, 1, seconds(661));
    assert_eq!(account(Window::Ever).level(&host, seconds(661)), Level { spent: 1, held: 1, resets: None });
}

#[test]
fn a_class_keeps_its_share_for_itself() {
    let host = Memory::default();
    let terms = Terms { limit: 10, kept: PerClass([4, 0]) };
    let batch = |amount| Claim { class: Class::Batch, ..claim(amount) };
    reserve(&host, Window::Ever, terms, batch(6), NOW).unwrap();
    assert!(!reserve(&host, Window::Ever, terms, batch(1), NOW).unwrap_err().never);
    reserve(&host, Window::Ever, terms, claim(4), NOW).unwrap();
    assert!(reserve(&host, Window::Ever, terms, claim(1), NOW).is_err());
    assert!(reserve(&host, Window::Ever, terms, batch(7), NOW).unwrap_err().never);
}

#[test]
fn an_unused_share_is_nobody_elses_but_a_used_one_is_not_kept_twice() {
    let host = Memory::default();
    let terms = Terms { limit: 10, kept: PerClass([4, 0]) };
    reserve(&host, Window::Ever, terms, claim(4), NOW).unwrap();
    reserve(&host, Window::Ever, terms, Claim { class: Class::Batch, ..claim(6) }, NOW).unwrap();
}

#[test]
fn a_limit_that_only_counts_tells_what_it_would_have_done() {
    let host = Memory::default();
    let shadow = |amount| account(MINUTE).reserve(&host, limit(5), claim(amount), Bind::Shadow, NOW).unwrap();
    assert_eq!(shadow(5).exceeded, None);
    assert!(shadow(1).exceeded.is_some());
    assert_eq!(account(MINUTE).level(&host, NOW).held, 6);
}

#[test]
fn a_clock_that_goes_back_a_little_counts_on() {
    let host = Memory::default();
    reserve(&host, MINUTE, limit(10), claim(10), seconds(60)).unwrap();
    assert!(reserve(&host, MINUTE, limit(10), claim(1), seconds(59)).is_err());
    // One that was wrong by a day does not stop everything for a day.
    reserve(&host, MINUTE, limit(10), claim(10), seconds(86_400)).unwrap();
    assert!(reserve(&host, MINUTE, limit(10), claim(1), seconds(120)).is_ok());
}

#[test]
fn subjects_that_callers_name_are_counted_apart_and_their_keys_are_bounded() {
    let host = Memory::default();
    let user = |name: &str| Account::of(name, "limit/user", MINUTE);
    for name in ["a", "b"] {
        user(name).reserve(&host, limit(1), claim(1), Bind::Hard, NOW).unwrap();
        assert!(user(name).reserve(&host, limit(1), claim(1), Bind::Hard, NOW).is_err());
    }
    for i in 0..40_000 {
        let _ = user(&i.to_string()).reserve(&host, limit(1), claim(1), Bind::Hard, NOW);
    }
    let shared = host.shared.borrow();
    assert!(shared.len() <= 4096);
    assert!(shared.values().all(|value| codec::read(value).len() <= WAYS));
}

/// Shared data in which another worker comes first now and then.
struct Contended {
    memory: Memory,
    rival: Cell<usize>,
}

impl Shared for Contended {
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
        if self.rival.get() > 0 {
            self.rival.set(self.rival.get() - 1);
            let _ = account(MINUTE).reserve(&self.memory, limit(100), claim(1), Bind::Hard, NOW);
        }
        self.memory.replace(key, value, version)
    }
}

#[test]
fn nothing_is_granted_twice_when_another_worker_comes_first() {
    let host = Contended { memory: Memory::default(), rival: Cell::new(3) };
    account(MINUTE).reserve(&host, limit(100), claim(97), Bind::Hard, NOW).unwrap();
    assert_eq!(account(MINUTE).level(&host.memory, NOW).held, 100);
    host.rival.set(0);
    assert!(account(MINUTE).reserve(&host, limit(100), claim(1), Bind::Hard, NOW).is_err());
}
