use std::collections::BTreeMap;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::host::memory::Memory;
use crate::ledger::Unit;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
/// In nano-dollars.
const USD: u64 = 1_000_000_000;
const MINUTE: Window = Window::Calendar(Unit::Minute);

fn only(dimension: Dimension, value: &str) -> Scope {
    [(dimension, Match::Only(value.to_owned()))].into_iter().collect()
}

fn each(dimension: Dimension) -> Scope {
    [(dimension, Match::Each)].into_iter().collect()
}

fn limits(all: impl IntoIterator<Item = Limit>) -> Limits {
    let mut limits = Limits::default();
    all.into_iter().for_each(|limit| limits.add(limit));
    limits
}

fn demand(input: u64, output: u64) -> Demand {
    Demand { input, output, usd: None, class: Class::Interactive, bind: Bind::Hard, expires: Timestamp(NOW.0 + 60_000) }
}

fn bot<'a>() -> Subject<'a> {
    Subject { client: "bot", team: Some("support"), model: "tier", ..Subject::default() }
}

fn take(limits: &Limits, subject: &Subject<'_>, demand: Demand, host: &Memory) -> Result<Reservation, Denial> {
    reserve(limits.of(subject), subject, &demand, host, NOW).map(|(reservation, _)| reservation)
}

#[test]
fn all_limits_that_match_must_have_room_and_the_answer_names_the_one_that_has_not() {
    let limits = limits([
        Limit::new(Scope::default(), Kind::Requests, MINUTE, 3),
        Limit::new(only(Dimension::Team, "support"), Kind::Tokens, MINUTE, 100),
        Limit::new(only(Dimension::Team, "sales"), Kind::Tokens, MINUTE, 1),
    ]);
    let host = Memory::default();
    take(&limits, &bot(), demand(40, 40), &host).unwrap();
    let denial = take(&limits, &bot(), demand(40, 40), &host).unwrap_err();
    assert_eq!(denial.limit.describe(&bot()), "100 tokens per minute for team support");
    // The one that was refused has taken nothing from the others.
    take(&limits, &bot(), demand(10, 0), &host).unwrap();
    take(&limits, &bot(), demand(10, 0), &host).unwrap();
    let denial = take(&limits, &bot(), demand(0, 0), &host).unwrap_err();
    assert_eq!(denial.limit.describe(&bot()), "3 requests per minute");
}

#[test]
fn teams_that_no_document_names_have_counters_of_their_own_in_bounded_room() {
    let limits = limits([Limit::new(each(Dimension::Team), Kind::Requests, MINUTE, 1)]);
    let host = Memory::default();
    let ask = |team: &str| {
        let subject = Subject { team: Some(team), foreign_team: true, ..bot() };
        take(&limits, &subject, demand(0, 0), &host).is_ok()
    };
    assert_eq!([ask("field"), ask("labs"), ask("field")], [true, true, false]);
    for number in 0..10_000 {
        ask(&number.to_string());
    }
    assert!(host.shared.borrow().len() <= 4_096);
}

#[test]
fn each_client_has_a_counter_of_its_own() {
    let limits = limits([Limit::new(each(Dimension::Client), Kind::Requests, MINUTE, 1)]);
    let host = Memory::default();
    let other = Subject { client: "other", ..bot() };
    take(&limits, &bot(), demand(0, 0), &host).unwrap();
    take(&limits, &other, demand(0, 0), &host).unwrap();
    let denial = take(&limits, &other, demand(0, 0), &host).unwrap_err();
    assert_eq!(denial.limit.describe(&other), "1 requests per minute for client other");
}

#[test]
fn leaving_out_a_user_or_a_tag_is_no_way_around() {
    let feature = Dimension::Tag("feature".into());
    let limits = limits([Limit::new(each(feature.clone()), Kind::Requests, MINUTE, 1)]);
    let host = Memory::default();
    let tags = BTreeMap::from([("feature".to_owned(), "search".to_owned())]);
    let tagged = Subject { tags: Some(&tags), ..bot() };
    take(&limits, &tagged, demand(0, 0), &host).unwrap();
    take(&limits, &bot(), demand(0, 0), &host).unwrap();
    assert!(take(&limits, &tagged, demand(0, 0), &host).is_err());
    let denial = take(&limits, &bot(), demand(0, 0), &host).unwrap_err();
    assert_eq!(denial.limit.describe(&bot()), "1 requests per minute for no feature");
}

#[test]
fn a_route_cannot_get_rid_of_what_its_virtual_host_names() {
    let names = ["outer".to_owned(), "inner".to_owned()];
    let routed = Subject { policies: &names, ..bot() };
    for (name, count) in [("outer", 1), ("inner", 1), ("other", 0)] {
        let limits = limits([Limit::new(only(Dimension::Policy, name), Kind::Requests, MINUTE, 1)]);
        assert_eq!((limits.of(&routed).count(), limits.of(&bot()).count()), (count, 0), "{name}");
    }
    let each = Limit::new(each(Dimension::Policy), Kind::Requests, MINUTE, 1);
    assert_eq!(each.describe(&routed), "1 requests per minute for policy inner");
    assert_eq!(each.describe(&bot()), "1 requests per minute for no policy");
}

#[test]
fn limits_of_targets_are_apart() {
    let limits = limits([
        Limit::new(only(Dimension::Provider, "openai"), Kind::Requests, MINUTE, 1),
        Limit::new(only(Dimension::Client, "bot"), Kind::Requests, MINUTE, 1),
    ]);
    assert_eq!(limits.of(&bot()).count(), 1);
    assert_eq!(limits.of(&Subject { client: "other", ..bot() }).count(), 0);
    let at = |target| Subject { target: Some(target), ..bot() };
    assert_eq!(limits.of_target(&at("openai/gpt-5")).count(), 1);
    assert_eq!(limits.of_target(&at("anthropic/claude")).count(), 0);
}

#[test]
fn what_a_request_came_to_takes_the_place_of_what_it_could_have() {
    let limits = limits([
        Limit::new(Scope::default(), Kind::Tokens, MINUTE, 100),
        Limit::new(Scope::default(), Kind::Requests, MINUTE, 10),
        Limit::new(Scope::default(), Kind::InFlight, Window::Ever, 1),
    ]);
    let host = Memory::default();
    let first = take(&limits, &bot(), demand(50, 50), &host).unwrap();
    assert!(take(&limits, &bot(), demand(1, 0), &host).is_err());
    first.settle(&Spending { input: 20, output: 10, usd: 0 }, &host, NOW);
    let (second, standings) = reserve(limits.of(&bot()), &bot(), &demand(60, 10), &host, NOW).unwrap();
    let remaining: Vec<_> = standings.iter().map(Standing::remaining).collect();
    assert_eq!(remaining, [0, 8, 0]);
    second.release(&host, NOW);
    assert!(take(&limits, &bot(), demand(70, 0), &host).is_ok());
}

#[test]
fn money_is_refused_or_passes_where_no_price_is_known() {
    let month = Window::Calendar(Unit::Month);
    let mut limit = Limit::new(Scope::default(), Kind::Usd, month, 5 * USD);
    let host = Memory::default();
    let priced = Demand { usd: Some(USD), ..demand(1, 1) };
    let refused = take(&limits([limit]), &bot(), demand(1, 1), &host).unwrap_err();
    assert_eq!(refused.reason, Reason::Unpriced);
    limit = Limit::new(Scope::default(), Kind::Usd, month, 5 * USD);
    limit.unpriced = Unpriced::Allow;
    let limits = limits([limit]);
    take(&limits, &bot(), demand(1, 1), &host).unwrap();
    take(&limits, &bot(), priced, &host).unwrap();
    let too_much = Demand { usd: Some(5 * USD), ..priced };
    let denial = take(&limits, &bot(), too_much, &host).unwrap_err();
    assert_eq!(denial.limit.describe(&bot()), "5 USD per month");
}

#[test]
fn an_alert_is_given_once_whoever_gets_there() {
    let mut limit = Limit::new(Scope::default(), Kind::Tokens, MINUTE, 100);
    limit.alerts = vec![Alert { percent: 50, at: 50 }, Alert { percent: 100, at: 100 }];
    let limits = limits([limit]);
    let host = Memory::default();
    let mut crossed = Vec::new();
    for tokens in [30, 30, 30, 10] {
        let reservation = take(&limits, &bot(), demand(tokens, 0), &host).unwrap();
        let crossings = reservation.settle(&Spending { input: tokens, ..Spending::default() }, &host, NOW);
        crossed.push(crossings.iter().map(|crossing| crossing.percent).collect::<Vec<_>>());
    }
    assert_eq!(crossed, [vec![], vec![50], vec![], vec![100]]);
}

#[test]
fn an_id_has_all_that_makes_a_limit_this_one() {
    let scope: Scope =
        [(Dimension::User, Match::Each), (Dimension::Team, Match::Only("support".into()))].into_iter().collect();
    let limit = Limit::new(scope, Kind::InputTokens, Window::Rolling(Unit::Hour), 5);
    assert_eq!(limit.id(), "limit/input_tokens/rolling-hour/team=support/user=*");
}
