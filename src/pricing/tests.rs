use super::*;
use crate::time::Timestamp;
use crate::usage::{ServiceTier, Usage};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn rates(prices: &[(Kind, &str)]) -> Rates {
    let mut rates = Rates::default();
    for (kind, price) in prices {
        rates.set(*kind, Usd(Decimal::parse(price).unwrap().0));
    }
    rates
}

fn always(standard: Vec<Step>) -> Price {
    Price { version: DOCUMENT, periods: vec![Period { since: Since::Ever, standard, others: Vec::new() }] }
}

fn flat(prices: &[(Kind, &str)]) -> Price {
    always(vec![Step { over: 0, rates: rates(prices) }])
}

fn total(price: &Price, usage: &Usage) -> String {
    price.bill(usage, Timestamp(0)).total().to_string()
}

/// BerriAI/litellm#9812: `{input 3, cache_creation 12304, output 550}` was billed as $0.091311.
#[test]
fn what_is_written_to_the_cache_is_not_paid_twice() {
    let sonnet = flat(&[(Kind::Input, "3"), (Kind::CacheWrite, "3.75"), (Kind::Output, "15")]);
    let usage = Usage { input: 3 + 12_304, cache_write: 12_304, output: 550, ..Usage::default() };
    let bill = sonnet.bill(&usage, Timestamp(0));
    assert_eq!(bill.total().to_string(), "0.054399000");
    let lines: Vec<_> = bill.lines().filter(|(_, cost)| cost.0 > 0).map(|(k, c)| (k.name(), c.to_string())).collect();
    let expected = [("input", "0.000009000"), ("cache_write", "0.046140000"), ("output", "0.008250000")];
    assert_eq!(lines, expected.map(|(kind, cost)| (kind, cost.to_owned())));
}

/// BerriAI/litellm#11789: 2,455 tokens read from the cache were billed as read anew, $0.002059.
#[test]
fn what_is_read_from_the_cache_costs_less_in_streams_too() {
    let haiku = [(Kind::Input, "0.8"), (Kind::Cached, "0.08"), (Kind::Output, "4")];
    let usage = Usage { input: 2_455 + 19, cached: 2_455, output: 20, ..Usage::default() };
    assert_eq!(total(&flat(&haiku), &usage), "0.000291600");
    assert_eq!(total(&flat(&haiku), &Usage { cached: 0, ..usage }), "0.002059200");
}

/// BerriAI/litellm#36168: 15,872 of 16,111 tokens of prompt were cached; $0.003392 instead of $0.000847. The thread does
/// not tell the prices: these make both of its sums.
#[test]
fn cached_tokens_are_part_of_the_prompt() {
    let prices = flat(&[(Kind::Input, "0.17815"), (Kind::Cached, "0.017815"), (Kind::Output, "5.2183")]);
    let usage = Usage { input: 16_111, cached: 15_872, output: 100, ..Usage::default() };
    assert_eq!(total(&prices, &usage), "0.000847168");
    assert_eq!(total(&prices, &Usage { cached: 0, ..usage }), "0.003392005");
}

#[test]
fn a_kind_without_a_price_costs_what_it_is_a_part_of() {
    let prices = flat(&[(Kind::Input, "1"), (Kind::CacheWrite, "2"), (Kind::Output, "10")]);
    let million = 1_000_000;
    let all = Usage {
        input: 5 * million,
        cached: million,
        cache_write: million,
        cache_write_1h: million,
        audio_input: million,
        output: 3 * million,
        reasoning: million,
        audio_output: million,
        ..Usage::default()
    };
    assert_eq!(total(&prices, &all), "37.000000000");
    assert_eq!(total(&flat(&[(Kind::Reasoning, "7")]), &all), "7.000000000");
}

#[test]
fn parts_are_never_more_than_the_whole() {
    let usage = Usage { input: 10, cached: 30, audio_input: 30, output: 10, reasoning: 30, ..Usage::default() };
    let one = Kind::ALL.map(|kind| (kind, "1000000"));
    let bill = flat(&one[..8]).bill(&usage, Timestamp(0));
    assert_eq!(bill.total(), Usd(20 * 1_000_000_000));
}

#[test]
fn a_long_prompt_makes_all_its_tokens_dearer() {
    let short = Step { over: 0, rates: rates(&[(Kind::Input, "3"), (Kind::Output, "15")]) };
    let long = Step { over: 200_000, rates: rates(&[(Kind::Input, "6"), (Kind::Output, "22.5")]) };
    let prices = always(vec![short, long]);
    let cost = |input| total(&prices, &Usage { input, cached: input, output: 1_000, ..Usage::default() });
    assert_eq!([cost(200_000), cost(200_001)], ["0.615000000", "1.222506000"]);
}

#[test]
fn a_request_may_cost_by_itself() {
    let prices = flat(&[(Kind::Input, "1"), (Kind::Request, "0.012")]);
    assert_eq!(total(&prices, &Usage { input: 7, ..Usage::default() }), "0.012007000");
}

#[test]
fn the_last_price_that_is_valid_counts() {
    let period = |since, price| Period {
        since,
        standard: vec![Step { over: 0, rates: rates(&[(Kind::Input, price)]) }],
        others: Vec::new(),
    };
    let day = |text| Timestamp::parse(text).unwrap();
    let prices = Price {
        version: DOCUMENT,
        periods: vec![
            period(Since::Ever, "1"),
            period(Since::Day(day("2026-12-01")), "2"),
            period(Since::Daily { from: 23 * 60, to: 60 }, "9"),
        ],
    };
    let usage = Usage { input: 1_000_000, ..Usage::default() };
    for (when, cost) in [
        ("2026-11-30T22:59:59Z", 1),
        ("2026-11-30T23:00:00Z", 9),
        ("2026-12-01T00:59:59Z", 9),
        ("2026-12-01T01:00:00Z", 2),
        ("2028-02-29T12:00:00Z", 2),
    ] {
        assert_eq!(prices.bill(&usage, day(when)).total(), Usd(cost * 1_000_000_000), "{when}");
    }
}

#[test]
fn a_service_tier_has_prices_of_its_own_or_the_standard_ones() {
    let mut prices = flat(&[(Kind::Input, "2")]);
    let half = Step { over: 0, rates: rates(&[(Kind::Input, "2")]).times(Decimal(500_000_000)) };
    prices.periods[0].others.push((ServiceTier::Flex, vec![half]));
    let cost = |tier| total(&prices, &Usage { input: 1_000_000, service_tier: tier, ..Usage::default() });
    assert_eq!(
        [ServiceTier::Standard, ServiceTier::Flex, ServiceTier::Priority].map(cost),
        ["2.000000000", "1.000000000", "2.000000000"]
    );
}

#[test]
fn free_is_a_price_and_none_is_not() {
    assert_eq!(Cost::Unpriced.total(), None);
    let free = flat(&[(Kind::Input, "0"), (Kind::Output, "0")]);
    let usage = Usage { input: 5, output: 5, ..Usage::default() };
    assert_eq!(Cost::Priced(free.bill(&usage, Timestamp(0))).total(), Some(Usd(0)));
}
