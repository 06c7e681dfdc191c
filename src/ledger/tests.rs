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
    Account::named("limits".into(), 1, window)
}

fn ask(account: Account, terms: Terms, claim: Claim) -> Ask {
    Ask { account, terms, claim, bind: Bind::Hard }
}

fn take(shared: &impl Shared, ask: Ask, now: Timestamp) -> Result<Reserved, Shortage> {
    super::reserve(shared, &[ask], now).map(|granted| granted[0]).map_err(|(_, shortage)| shortage)
}

fn reserve(host: &Memory, window: Window, terms: Terms, claim: Claim, now: Timestamp) -> Result<Hold, Shortage> {
    take(host, ask(account(window), terms, claim), now).map(|reserved| reserved.hold)
}

fn settle(host: &Memory, window: Window, hold: Hold, actual: u64, now: Timestamp) -> Change {
    super::settle(host, &[(&account(window), hold, actual)], now)[0]
}

#[test]
fn what_is_held_counts_until_it_is_settled() {
    let host = Memory::default();
    let first = reserve(&host, MINUTE, limit(10), claim(6), NOW).unwrap();
    assert!(reserve(&host, MINUTE, limit(10), claim(5), NOW).is_err());
    assert_eq!(settle(&host, MINUTE, first, 2, NOW), Change { before: 0, after: 2 });
    let second = reserve(&host, MINUTE, limit(10), claim(8), NOW).unwrap();
    assert_eq!(account(MINUTE).level(&host, NOW), Level { spent: 2, held: 8, resets: Some(seconds(60)) });
    assert_eq!(settle(&host, MINUTE, second, 0, NOW), Change::default());
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
    settle(&host, MINUTE, old, 10, seconds(61));
    assert_eq!(account(MINUTE).level(&host, seconds(61)).used(), 10);
}

#[test]
fn a_refusal_says_when_there_is_enough() {
    let host = Memory::default();
    let window = Window::Rolling(Unit::Minute);
    for at in [0, 10, 20] {
        let hold = reserve(&host, window, limit(9), claim(3), seconds(at)).unwrap();
        settle(&host, window, hold, 3, seconds(at));
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
    settle(&host, Window::Ever, lost, 1, seconds(661));
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
    let shadow = |amount| {
        let ask = Ask { bind: Bind::Shadow, ..ask(account(MINUTE), limit(5), claim(amount)) };
        take(&host, ask, NOW).unwrap()
    };
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
    let of = |name: &str, number| {
        let account = Account::of(name, "limits/user", number, MINUTE);
        take(&host, ask(account, limit(1), claim(1)), NOW)
    };
    for name in ["a", "b"] {
        of(name, 1).unwrap();
        assert!(of(name, 1).is_err());
        of(name, 2).unwrap();
    }
    for i in 0..40_000 {
        let _ = of(&i.to_string(), 1);
    }
    of("c", 2).unwrap();
    let shared = host.shared.borrow();
    assert!(shared.len() <= 4096);
    let most = |limit| {
        let pages = shared.values().map(|value| Page::read(value));
        pages.map(|page| page.0.iter().filter(|(slot, _)| slot.limit == limit).count()).max()
    };
    assert_eq!((most(1), most(2)), (Some(8), Some(1)), "one limit does not take the room of another");
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
            let _ = take(&self.memory, ask(account(MINUTE), limit(100), claim(1)), NOW);
        }
        self.memory.replace(key, value, version)
    }
}

#[test]
fn nothing_is_granted_twice_when_another_worker_comes_first() {
    let host = Contended { memory: Memory::default(), rival: Cell::new(3) };
    take(&host, ask(account(MINUTE), limit(100), claim(97)), NOW).unwrap();
    assert_eq!(account(MINUTE).level(&host.memory, NOW).held, 100);
    host.rival.set(0);
    assert!(take(&host, ask(account(MINUTE), limit(100), claim(1)), NOW).is_err());
}

#[test]
fn accounts_beside_each_other_are_changed_at_once_and_by_all_or_nothing() {
    let host = Memory::default();
    let accounts: Vec<_> = [("limits", 1), ("limits", 2), ("limits/team=a", 3)]
        .map(|(key, number)| Account::named(key.into(), number, MINUTE))
        .into();
    let levels = || accounts.iter().map(|account| account.level(&host, NOW).used()).collect::<Vec<_>>();
    let asks = |last| {
        let claims = [claim(1), claim(2), claim(last)];
        accounts.iter().zip(claims).map(|(account, claim)| ask(account.clone(), limit(10), claim)).collect::<Vec<_>>()
    };
    let granted = super::reserve(&host, &asks(3), NOW).unwrap();
    assert_eq!(levels(), [1, 2, 3]);
    assert_eq!(host.versions.borrow().values().sum::<u32>(), 2, "one change for each key");
    let (at, shortage) = super::reserve(&host, &asks(8), NOW).unwrap_err();
    assert_eq!((at, shortage.level.held), (2, 3));
    assert_eq!(levels(), [1, 2, 3], "what was granted before is given back");
    let spent: Vec<_> = accounts.iter().zip(granted).map(|(account, granted)| (account, granted.hold, 4)).collect();
    let changes = super::settle(&host, &spent, NOW);
    assert_eq!(changes, [Change { before: 0, after: 4 }; 3]);
    assert_eq!(levels(), [4, 4, 4]);
}
