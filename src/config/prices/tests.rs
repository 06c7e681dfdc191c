use serde_json::{Value, json};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::Config;
use crate::pricing::Cost;
use crate::time::Timestamp;
use crate::usage::{ServiceTier, Usage};

fn parse(prices: &Value) -> Result<Config, String> {
    let document = json!({
        "providers": {
            "openai": { "dialect": "openai" },
            "eu": { "dialect": "openai", "endpoint": "https://eu.api.openai.com/v1" },
            "vllm": { "dialect": "openai", "endpoint": "http://vllm.internal:8000/v1" },
            "azure": { "dialect": "azure-openai", "endpoint": "https://ours.openai.azure.com" },
        },
        "prices": prices,
    });
    Config::parse(document.to_string().as_bytes(), &|_| None).map_err(|error| error.to_string())
}

/// What a million tokens read and a million written cost.
fn cost(config: &Config, target: &str, service_tier: ServiceTier) -> Option<String> {
    let usage = Usage { input: 1_000_000, output: 1_000_000, service_tier, ..Usage::default() };
    config.target(target).unwrap().cost(&usage, Timestamp(0)).total().map(|usd| usd.to_string())
}

fn standard(config: &Config, target: &str) -> Option<String> {
    cost(config, target, ServiceTier::Standard)
}

#[test]
fn the_table_knows_what_a_dialects_own_provider_takes() {
    let config = parse(&json!({})).unwrap();
    for target in ["openai/gpt-5-mini", "eu/gpt-5-mini", "azure/gpt-5-mini"] {
        assert_eq!(standard(&config, target).as_deref(), Some("2.250000000"), "{target}");
    }
    for target in ["vllm/gpt-5-mini", "openai/ours", "azure/our-deployment"] {
        assert_eq!(standard(&config, target), None, "{target}");
    }
}

#[test]
fn the_document_knows_better_and_its_longest_pattern_best() {
    let config = parse(&json!({
        "openai/*": { "discount": 12.5 },
        "openai/gpt-5*": { "per_million": { "input": 1, "output": "2.000000001" } },
        "openai/gpt-5-mini": { "per_million": { "input": 0.1, "output": 0.2 }, "service_tiers": { "flex": 0.5 } },
        "vllm/*": { "per_million": { "input": 0, "output": 0 } },
        "azure/chat": { "model": "openai/gpt-5-mini", "discount": "10" },
        "azure/o*": { "model": "openai/*" },
    }))
    .unwrap();
    for (target, expected) in [
        ("openai/gpt-5-mini", Some("0.300000000")),
        ("openai/gpt-5-new", Some("3.000000001")),
        ("openai/gpt-4.1", Some("8.750000000")),
        ("openai/ours", None),
        ("vllm/any/thing", Some("0.000000000")),
        ("azure/chat", Some("2.025000000")),
        ("azure/o3", Some("10.000000000")),
        ("azure/other", None),
    ] {
        assert_eq!(standard(&config, target).as_deref(), expected, "{target}");
    }
    assert_eq!(cost(&config, "openai/gpt-5-mini", ServiceTier::Flex).as_deref(), Some("0.150000000"));
}

#[test]
fn the_version_says_whose_prices_they_are() {
    let config = parse(&json!({
        "vllm/*": { "per_million": { "input": 0, "output": 0 } }, "openai/*": { "discount": 5 },
    }))
    .unwrap();
    let version = |target| match config.target(target).unwrap().cost(&Usage::default(), Timestamp(0)) {
        Cost::Priced(bill) => bill.version,
        Cost::Unpriced => "none",
    };
    assert_eq!(version("vllm/x"), "document");
    assert_eq!(version("openai/gpt-5-mini"), crate::pricing::table::version());
}

#[test]
fn long_prompts_and_requests_have_prices() {
    let config = parse(&json!({ "vllm/m": {
        "per_million": { "input": 1, "output": 1 },
        "longer": [{ "than": 1_000, "per_million": { "input": 2, "output": 3 } }],
        "per_request": 0.25,
    } }))
    .unwrap();
    assert_eq!(standard(&config, "vllm/m").as_deref(), Some("5.250000000"));
}

#[test]
fn numbers_are_taken_as_they_are_written() {
    let price = |input: Value| {
        let config = parse(&json!({ "vllm/m": { "per_million": { "input": input, "output": 0 } } }))?;
        Ok::<_, String>(standard(&config, "vllm/m").unwrap())
    };
    assert_eq!(price(json!(0.1)).unwrap(), "0.100000000");
    assert_eq!(price(json!(1e-9)).unwrap(), "0.000000001");
    assert_eq!(price(json!("123456789.123456789")).unwrap(), "123456789.123456789");
    let expected = "expected a number from 0 with up to nine decimals, as a string if it has more than fifteen digits";
    for (input, found) in [
        (json!(-1), "string \"-1\""),
        (json!(-0.5), "floating point `-0.5`"),
        (json!(1e-10), "floating point `1e-10`"),
        (json!(0.1234567891), "floating point `0.1234567891`"),
        (json!(12_345_678.123_456_79), "floating point `12345678.12345679`"),
        (json!("NaN"), "string \"NaN\""),
        (json!(true), "boolean `true`"),
        (json!(null), "null"),
    ] {
        let error = price(input).unwrap_err();
        assert!(error.starts_with("prices.vllm/m.per_million.input: invalid "), "{error}");
        assert!(error.contains(&format!("{found}, {expected}")), "{error}");
    }
}

#[test]
fn what_cannot_be_a_price_is_refused_with_its_path() {
    let rates = json!({ "input": 1, "output": 1 });
    let longer = |than: &[u64]| than.iter().map(|t| json!({ "than": t, "per_million": rates })).collect::<Vec<_>>();
    for (pattern, price, told) in [
        ("nobody/x", json!({ "discount": 1 }), "prices.nobody/x: found `nobody/x`, expected `provider/model` with a"),
        ("openai", json!({ "discount": 1 }), "prices.openai: found `openai`, expected `provider/model` with a"),
        ("openai/", json!({ "discount": 1 }), "prices.openai/: found `openai/`, expected `provider/model` with a"),
        ("op*", json!({ "discount": 1 }), "prices.op*: found `op*`, expected `provider/model` with a"),
        ("openai/*x*", json!({ "discount": 1 }), "prices.openai/*x*: found `openai/*x*`, expected `provider/model`"),
        ("openai/x", json!({}), "prices.openai/x: expected `per_million`, `model`, or only a `discount`"),
        ("openai/x", json!({ "per_million": rates, "model": "openai/gpt-5" }), "prices.openai/x: expected `per_mill"),
        ("openai/x", json!({ "model": "openai/gpt-none" }), "prices.openai/x.model: found `openai/gpt-none`, expected"),
        ("openai/x", json!({ "model": "nobody/*" }), "prices.openai/x.model: found `nobody/*`, expected"),
        ("openai/x", json!({ "discount": 100.1 }), "prices.openai/x.discount: found `100.1`, expected a number of"),
        (
            "openai/x",
            json!({ "discount": 1, "per_request": 1 }),
            "prices.openai/x: expected `per_million` beside these",
        ),
        (
            "openai/x",
            json!({ "per_million": rates, "longer": longer(&[0]) }),
            "prices.openai/x.longer[0].than: found `0`",
        ),
        (
            "openai/x",
            json!({ "per_million": rates, "longer": longer(&[9, 9]) }),
            "prices.openai/x.longer[1].than: found",
        ),
        ("openai/x", json!({ "per_million": { "input": 1 } }), "prices.openai/x.per_million: missing field `output`"),
        (
            "openai/x",
            json!({ "per_million": rates, "service_tiers": { "express": 1 } }),
            "prices.openai/x.service_tiers",
        ),
    ] {
        let error = parse(&json!({ pattern: price })).unwrap_err();
        assert!(error.starts_with(told), "{error}");
    }
}
