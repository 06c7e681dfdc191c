use std::rc::Rc;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::message::{Answer, Status};
use super::*;
use crate::ledger::{Bind, Class, Unit, Window};
use crate::limits::{Demand, Dimension, Kind, Limit, Match, Reason, Scope, Spending, Subject};
use crate::protobuf::{self, Message, Value};
use crate::time::Timestamp;

/// A Friday, the 15th of January 2027, at 8:00:00.
const NOW: Timestamp = Timestamp(1_800_000_000_000);
const MINUTE: Window = Window::Calendar(Unit::Minute);
const MONTH: Window = Window::Calendar(Unit::Month);

fn store(refunds: bool) -> Store {
    Store {
        cluster: "rls".into(),
        domain: "tollhouse".into(),
        timeout: Duration::from_millis(20),
        when_down: WhenDown::Local(0.1),
        refunds,
    }
}

fn demand(input: u64, output: u64) -> Demand {
    let expires = NOW.after(Duration::from_secs(60));
    Demand { input, output, usd: Some(output * 1_000), class: Class::Interactive, bind: Bind::Hard, expires }
}

fn bot<'a>() -> Subject<'a> {
    Subject { client: "bot", team: Some("support"), model: "tier", ..Subject::default() }
}

fn each(dimension: Dimension) -> Scope {
    [(dimension, Match::Each)].into_iter().collect()
}

fn limit(scope: Scope, kind: Kind, window: Window, amount: u64) -> Rc<Limit> {
    Rc::new(Limit::new(scope, kind, window, amount))
}

fn claims(limits: &[Rc<Limit>], demand: Demand, refunds: bool) -> Claims {
    Claims::of(limits.iter(), &bot(), &demand, &store(refunds), NOW).unwrap().unwrap()
}

/// A descriptor of a request, read back.
#[derive(Debug, Default, PartialEq)]
struct Read {
    entries: Vec<(String, String)>,
    limit: (u64, u64),
    hits: u64,
    back: bool,
}

fn number(bytes: &[u8], wanted: u32) -> u64 {
    let number = |(field, value): (u32, Value<'_>)| match value {
        Value::Number(number) if field == wanted => Some(number),
        _ => None,
    };
    protobuf::fields(bytes).unwrap().into_iter().find_map(number).unwrap_or_default()
}

fn texts(bytes: &[u8]) -> Vec<String> {
    let fields = protobuf::fields(bytes).unwrap();
    fields
        .into_iter()
        .map(|(_, value)| {
            let Value::Bytes(text) = value else { panic!("no text") };
            String::from_utf8(text.to_vec()).unwrap()
        })
        .collect()
}

fn read(request: &[u8]) -> Vec<Read> {
    let mut all = Vec::new();
    for (field, value) in protobuf::fields(request).unwrap() {
        let (2, Value::Bytes(descriptor)) = (field, value) else { continue };
        let mut read = Read { back: number(descriptor, 4) == 1, ..Read::default() };
        for (field, value) in protobuf::fields(descriptor).unwrap() {
            match (field, value) {
                (1, Value::Bytes(entry)) => {
                    let [key, value] = texts(entry).try_into().unwrap();
                    read.entries.push((key, value));
                }
                (2, Value::Bytes(limit)) => read.limit = (number(limit, 1), number(limit, 2)),
                (3, Value::Bytes(hits)) => read.hits = number(hits, 1),
                _ => {}
            }
        }
        all.push(read);
    }
    all
}

fn entries(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// An answer with these descriptors: is each over, and how much is left?
fn answer(over: bool, statuses: &[(bool, u64)]) -> Vec<u8> {
    let code = |over| if over { 2 } else { 1 };
    let all = statuses.iter().fold(Message::default().number(1, code(over)), |all, (over, left)| {
        let limit = Message::default().number(1, 1);
        all.message(2, &Message::default().number(1, code(*over)).message(2, &limit).number(3, *left))
    });
    all.into_bytes()
}

#[test]
fn every_limit_is_a_descriptor_with_its_amount_and_hits_in_its_unit() {
    let limits = [
        limit(each(Dimension::Team), Kind::Tokens, MINUTE, 1000),
        limit(Scope::default(), Kind::Requests, Window::Calendar(Unit::Day), 50),
    ];
    let question = claims(&limits, demand(30, 70), true).question(&store(true));
    assert_eq!(texts(&question[..11]), ["tollhouse"]);
    assert_eq!(
        read(&question),
        [
            Read {
                entries: entries(&[("limit", "tokens/minute/team=*"), ("team", "support"), ("window", "0")]),
                limit: (1000, 2),
                hits: 100,
                back: false,
            },
            Read {
                entries: entries(&[("limit", "requests/day"), ("window", "1")]),
                limit: (50, 4),
                hits: 1,
                back: false,
            },
        ]
    );
    assert_eq!(number(&question, 3), 0, "they differ, so there are none of all together");
    assert_eq!(number(&claims(&limits[..1], demand(30, 70), true).question(&store(true)), 3), 100);
}

#[test]
fn windows_that_follow_each_other_have_different_names() {
    let minute = [limit(Scope::default(), Kind::Requests, MINUTE, 5)];
    let window = |limits: &[Rc<Limit>], now| {
        let claims = Claims::of(limits.iter(), &bot(), &demand(0, 0), &store(true), now).unwrap().unwrap();
        let read = read(&claims.question(&store(true)));
        (read[0].limit.1, read[0].entries.last().unwrap().1.clone())
    };
    let later = |seconds| NOW.after(Duration::from_secs(seconds));
    assert_eq!(window(&minute, NOW), window(&minute, later(59)));
    assert_ne!(window(&minute, NOW), window(&minute, later(60)));
    // A month of the calendar lies in a year of the service and is told by its first day.
    let month = [limit(Scope::default(), Kind::Requests, MONTH, 5)];
    let january = Timestamp::parse("2027-01-01").unwrap().0 / 86_400_000;
    assert_eq!(window(&month, NOW), (6, january.to_string()));
    assert_eq!(window(&month, Timestamp::parse("2027-02-01").unwrap()), (6, (january + 31).to_string()));
}

#[test]
fn amounts_that_the_protocol_cannot_say_are_counted_in_larger_steps() {
    // 5 dollars are 5,000,000,000 nano-dollars.
    let limits = [limit(Scope::default(), Kind::Usd, MONTH, 5_000_000_000)];
    let claims = claims(&limits, demand(0, 12), true);
    let asked = read(&claims.question(&store(true)));
    assert_eq!((asked[0].limit.0, asked[0].hits), (500_000_000, 1_200));
    assert_eq!(asked[0].entries[1], ("step".to_owned(), "10".to_owned()));
    // Rounded up, so that the limit holds: 11 nano-dollars are 2 hits.
    let settled = claims.settle(&Spending { usd: 11, ..Spending::default() }, &store(true), NOW);
    assert_eq!(read(&settled[0])[0].hits, 1_198);
    let Verdict::Granted(standings) = claims.verdict(&answer(false, &[(false, 400_000_000)]), NOW) else {
        panic!("not granted")
    };
    assert_eq!(standings[0].remaining(), 4_000_000_000);
}

#[test]
fn a_value_that_is_missing_or_long_has_a_name_all_the_same() {
    let limits = [limit(each(Dimension::User), Kind::Requests, MINUTE, 5)];
    let named = |user| {
        let subject = Subject { user, ..bot() };
        let claims = Claims::of(limits.iter(), &subject, &demand(0, 0), &store(true), NOW).unwrap().unwrap();
        read(&claims.question(&store(true)))[0].entries[1].clone()
    };
    assert_eq!(named(None), ("without".to_owned(), "user".to_owned()));
    let [long, other] = ["x", "y"].map(|letter| letter.repeat(5_000));
    let [long, other] = [&long, &other].map(|user| named(Some(user)).1);
    assert_eq!(long.len(), "sha256:".len() + 64);
    assert_ne!(long, other);
}

#[test]
fn what_can_never_have_room_is_not_asked_for() {
    let limits = [limit(Scope::default(), Kind::Tokens, MINUTE, 100)];
    let denial = Claims::of(limits.iter(), &bot(), &demand(60, 41), &store(true), NOW).unwrap_err();
    assert!(matches!(denial.reason, Reason::Spent(short) if short.never));
    assert!(Claims::of([].iter(), &bot(), &demand(1, 1), &store(true), NOW).unwrap().is_none());
}

#[test]
fn the_difference_is_given_back_or_charged() {
    let limits = [
        limit(Scope::default(), Kind::InputTokens, MINUTE, 1000),
        limit(Scope::default(), Kind::OutputTokens, MINUTE, 1000),
        limit(Scope::default(), Kind::Requests, MINUTE, 1000),
        limit(Scope::default(), Kind::Tokens, MINUTE, 1000),
    ];
    let claims = claims(&limits, demand(30, 70), true);
    let spending = Spending { input: 35, output: 20, usd: 0 };
    let told: Vec<_> = claims.settle(&spending, &store(true), NOW).iter().map(|message| read(message)).collect();
    let brief = |message: &[Read]| -> Vec<_> {
        message.iter().map(|read| (read.entries[0].1.clone(), read.hits, read.back)).collect()
    };
    let told: Vec<_> = told.iter().map(|message| brief(message)).collect();
    let tokens = |kind: &str| format!("{kind}/minute");
    assert_eq!(
        told,
        [
            vec![(tokens("input_tokens"), 5, false)],
            vec![(tokens("output_tokens"), 50, true), (tokens("tokens"), 45, true)],
        ]
    );
    // Its window is over, or will be when the service hears of it: it would be given back to the next.
    let late = NOW.after(Duration::from_millis(59_990));
    assert!(claims.settle(&spending, &store(true), late).is_empty());
}

#[test]
fn what_the_store_has_not_granted_is_charged_in_full() {
    let limits = [limit(Scope::default(), Kind::Tokens, MINUTE, 1000)];
    let mut claims = claims(&limits, demand(30, 70), true);
    claims.forget();
    let told = claims.settle(&Spending { input: 10, output: 5, usd: 0 }, &store(true), NOW);
    assert_eq!((read(&told[0])[0].hits, read(&told[0])[0].back), (15, false));
}

#[test]
fn a_store_without_refunds_is_asked_for_the_prompt_and_charged_with_the_rest() {
    let limits = [
        limit(Scope::default(), Kind::Tokens, MINUTE, 1000),
        limit(Scope::default(), Kind::OutputTokens, MINUTE, 1000),
        limit(Scope::default(), Kind::Requests, MINUTE, 1000),
    ];
    let claims = claims(&limits, demand(30, 70), false);
    let hits = |message: &[u8]| -> Vec<_> { read(message).iter().map(|read| (read.hits, read.back)).collect() };
    assert_eq!(hits(&claims.question(&store(false))), [(30, false), (0, false), (1, false)]);
    let told = claims.settle(&Spending { input: 20, output: 25, usd: 0 }, &store(false), NOW);
    let told: Vec<_> = told.iter().flat_map(|message| hits(message)).collect();
    assert_eq!(told, [(15, false), (25, false)]);
    // An estimate that was too high stays charged.
    assert!(claims.settle(&Spending { input: 1, ..Spending::default() }, &store(false), NOW).is_empty());
}

#[test]
fn the_limit_that_is_over_is_the_one_that_is_named() {
    let limits =
        [limit(Scope::default(), Kind::Requests, MINUTE, 10), limit(Scope::default(), Kind::Tokens, MINUTE, 1000)];
    let claims = claims(&limits, demand(1, 1), true);
    let named = |bytes: &[u8]| match claims.verdict(bytes, NOW) {
        Verdict::Denied(denial) => denial.limit.id().to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(named(&answer(true, &[(false, 1), (true, 0)])), "limit/tokens/minute");
    assert_eq!(named(&answer(true, &[(true, 0), (false, 5)])), "limit/requests/minute");
    // Limitador's server does not say which.
    assert_eq!(named(&answer(true, &[])), "limit/requests/minute");
    let Verdict::Denied(denial) = claims.verdict(&answer(true, &[]), NOW) else { panic!("not denied") };
    let Reason::Spent(short) = denial.reason else { panic!("not spent") };
    assert_eq!((short.until, short.never), (Some(NOW.after(Duration::from_secs(60))), false));
}

#[test]
fn what_makes_no_sense_grants_nothing() {
    let limits = [limit(Scope::default(), Kind::Requests, MINUTE, 10)];
    let claims = claims(&limits, demand(1, 1), true);
    // Nothing, an unknown code, garbage, and a service that has no limit of that name.
    let unlimited = Message::default().number(1, 1).message(2, &Message::default().number(1, 1)).into_bytes();
    for bytes in [&[][..], &[8, 7], &[0xff; 9], &unlimited] {
        assert!(matches!(claims.verdict(bytes, NOW), Verdict::Nonsense), "{bytes:?}");
    }
    assert!(matches!(claims.verdict(&answer(false, &[]), NOW), Verdict::Granted(told) if told.is_empty()));
    assert!(matches!(claims.verdict(&answer(false, &[(false, 4)]), NOW), Verdict::Granted(told) if told.len() == 1));
}

#[test]
fn answers_are_read_whatever_else_is_in_them() {
    let mut bytes = answer(true, &[(true, 0), (false, 7)]);
    // Headers to add, a body, and a field of a later version.
    bytes.extend([0x1a, 2, 0x0a, 0, 0x2a, 1, b'x', 0xa0, 0x06, 1]);
    let limited = |over, remaining| Status { over, remaining, limited: true };
    let statuses = vec![limited(true, 0), limited(false, 7)];
    assert_eq!(Answer::read(&bytes), Ok(Answer { over: true, statuses }));
}
