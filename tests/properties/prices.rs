//! Bills, for any usage and any prices.

use proptest::prelude::*;
use tollhouse_filter::pricing::{DOCUMENT, Kind, Period, Price, Rates, Since, Step, Usd};
use tollhouse_filter::time::Timestamp;
use tollhouse_filter::usage::Usage;

/// Numbers of every size.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..100, 0u64..1 << 32, any::<u64>(), Just(u64::MAX)]
}

/// Usage of which parts may be larger than the whole.
fn usage() -> impl Strategy<Value = Usage> {
    let counts = prop::array::uniform8(count());
    counts.prop_map(|counts| Usage { input: counts[0], output: counts[5], ..whole(counts.map(|n| n.min(LARGEST))) })
}

/// So many of each kind fit into one number.
const LARGEST: u64 = u64::MAX / 8;

/// Tokens of kinds that share none.
fn parts() -> impl Strategy<Value = [u64; 8]> {
    prop::array::uniform8(count().prop_map(|count| count.min(LARGEST)))
}

fn whole([text, cached, cache_write, cache_write_1h, audio_input, said, reasoning, audio_output]: [u64; 8]) -> Usage {
    Usage {
        input: text + cached + cache_write + cache_write_1h + audio_input,
        cached,
        cache_write,
        cache_write_1h,
        output: said + reasoning + audio_output,
        reasoning,
        audio_input,
        audio_output,
        ..Usage::default()
    }
}

/// Some kinds have no price.
fn price() -> impl Strategy<Value = Price> {
    prop::collection::vec(prop::option::of(count()), Kind::ALL.len())
        .prop_map(|prices| always(Kind::ALL.into_iter().zip(prices).filter_map(|(kind, price)| Some((kind, price?)))))
}

fn always(prices: impl Iterator<Item = (Kind, u64)>) -> Price {
    let mut rates = Rates::default();
    prices.for_each(|(kind, price)| rates.set(kind, Usd(price)));
    let period = Period { since: Since::Ever, standard: vec![Step { over: 0, rates }], others: Vec::new() };
    Price { version: DOCUMENT, periods: vec![period] }
}

fn total(price: &Price, usage: &Usage) -> Usd {
    price.bill(usage, Timestamp(0)).total()
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn no_bill_overflows_and_its_lines_are_its_sum(usage in usage(), price in price()) {
        let bill = price.bill(&usage, Timestamp(0));
        let sum: u128 = bill.lines().map(|(_, cost)| u128::from(cost.0)).sum();
        prop_assert_eq!(u128::from(bill.total().0), sum.min(u128::from(u64::MAX)));
    }

    /// More of any kind never costs less.
    #[test]
    fn more_tokens_never_cost_less(parts in parts(), price in price(), kind in 0usize..8, more in count()) {
        let mut larger = parts;
        larger[kind] = larger[kind].saturating_add(more).min(LARGEST);
        prop_assert!(total(&price, &whole(larger)) >= total(&price, &whole(parts)));
    }

    /// Every token is paid once: at one price for all kinds, the sum is that of all tokens, but for the rounding.
    #[test]
    fn every_token_is_paid_once(usage in usage(), cost in 0u64..1 << 40) {
        let price = always(Kind::ALL.into_iter().filter(|kind| *kind != Kind::Request).map(|kind| (kind, cost)));
        let exact = (u128::from(usage.input) + u128::from(usage.output)) * u128::from(cost) / 1_000_000;
        let found = u128::from(total(&price, &usage).0);
        prop_assert!(found.abs_diff(exact.min(u128::from(u64::MAX))) <= 5, "{} {}", found, exact);
    }
}
