//! A limit that a rate limit service keeps, against a naive account of the same events.

use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use tollhouse_filter::ledger::{Bind, Class, Unit, Window};
use tollhouse_filter::limits::{Demand, Kind, Limit, Scope, Spending, Subject};
use tollhouse_filter::store::{Claims, Store, Verdict, WhenDown};
use tollhouse_filter::time::Timestamp;

use super::config;
use super::support::rate_limit_service::Service;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const LIMIT: u64 = 1_000;

#[derive(Clone, Debug)]
enum Step {
    /// A request comes and asks.
    Ask { tokens: u64 },
    /// One comes and asks, and the answer does not arrive: it goes on without.
    AskInVain { tokens: u64, heard: bool },
    /// One of those under way ends, having spent so many percent of what it was to come to at most.
    End { which: usize, percent: u64 },
    /// The service is not told of the end of one.
    Forget { which: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..200_u64).prop_map(|tokens| Step::Ask { tokens }),
        1 => (1..200_u64, any::<bool>()).prop_map(|(tokens, heard)| Step::AskInVain { tokens, heard }),
        4 => (any::<usize>(), 0..=100_u64).prop_map(|(which, percent)| Step::End { which, percent }),
        1 => any::<usize>().prop_map(|which| Step::Forget { which }),
    ]
}

/// A request under way.
struct Open {
    claims: Claims,
    tokens: u64,
    granted: bool,
}

fn store() -> Store {
    Store {
        cluster: "rls".into(),
        domain: "tollhouse".into(),
        timeout: Duration::from_millis(20),
        when_down: WhenDown::Local(0.1),
        refunds: true,
    }
}

fn claims(limit: &Rc<Limit>, tokens: u64) -> Claims {
    let expires = NOW.after(Duration::from_secs(60));
    let demand = Demand { input: 0, output: tokens, usd: None, class: Class::Interactive, bind: Bind::Hard, expires };
    Claims::of([limit].into_iter(), &Subject::default(), &demand, &store(), NOW).unwrap().unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_the_service_grants_is_never_over_the_limit(steps in prop::collection::vec(step(), 1..80)) {
        let limit = Rc::new(Limit::new(Scope::default(), Kind::Tokens, Window::Calendar(Unit::Month), LIMIT));
        let (mut service, mut open) = (Service::default(), Vec::<Open>::new());
        // What requests that were granted have spent; and all that the service should have counted.
        let (mut spent, mut counted) = (0, 0);
        for step in steps {
            match step {
                Step::Ask { tokens } => {
                    let claims = claims(&limit, tokens);
                    counted += tokens;
                    match claims.verdict(&service.ask(&claims.question(&store())), NOW) {
                        Verdict::Granted(_) => open.push(Open { claims, tokens, granted: true }),
                        Verdict::Denied(denial) => prop_assert_eq!(denial.limit.id(), limit.id()),
                        Verdict::Nonsense => prop_assert!(false, "an answer that makes no sense"),
                    }
                }
                Step::AskInVain { tokens, heard } => {
                    let mut claims = claims(&limit, tokens);
                    if heard {
                        service.ask(&claims.question(&store()));
                        counted += tokens;
                    }
                    claims.forget();
                    open.push(Open { claims, tokens, granted: false });
                }
                Step::End { which, percent } if !open.is_empty() => {
                    let ended = open.swap_remove(which % open.len());
                    let output = ended.tokens * percent / 100;
                    let spending = Spending { input: 0, output, usd: 0 };
                    for message in ended.claims.settle(&spending, &store(), NOW) {
                        service.ask(&message);
                    }
                    if ended.granted {
                        spent += output;
                        counted -= ended.tokens - output;
                    } else {
                        counted += output;
                    }
                }
                Step::Forget { which } if !open.is_empty() => {
                    let ended = open.swap_remove(which % open.len());
                    spent += if ended.granted { ended.tokens } else { 0 };
                }
                Step::End { .. } | Step::Forget { .. } => {}
            }
            let held: u64 = open.iter().filter(|open| open.granted).map(|open| open.tokens).sum();
            prop_assert!(spent + held <= LIMIT, "{} spent and {} held", spent, held);
            prop_assert_eq!(service.total(), counted);
        }
    }
}
