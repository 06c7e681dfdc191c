//! The built-in price table, and bills by it against those of the library that its data is from.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use tollhouse_filter::pricing::table;
use tollhouse_filter::time::Timestamp;
use tollhouse_filter::usage::{ServiceTier, Usage};

const TABLE: &str = include_str!("../prices/table.txt");
const BILLS: &str = include_str!("../prices/bills.txt");

/// Each line of a bill is rounded by itself, prices that are finer than a nano-dollar for a million tokens before.
const ROUNDED: u64 = 5;

#[test]
fn bills_are_those_of_the_library() {
    let mut wrong = Vec::new();
    for line in BILLS.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [dialect, model, tier, when] = words[..4] else { panic!("{line}") };
        let numbers: Vec<u64> = words[4..].iter().map(|number| number.parse().unwrap()).collect();
        let [input, cached, cache_write, cache_write_1h, output, expected] = numbers[..] else { panic!("{line}") };
        let service_tier = ServiceTier::named(Some(tier));
        let usage = Usage { input, cached, cache_write, cache_write_1h, output, service_tier, ..Usage::default() };
        let price = table::find(dialect, model).unwrap_or_else(|| panic!("no price: {line}"));
        let found = price.bill(&usage, Timestamp::parse(when).unwrap()).total();
        if found.0.abs_diff(expected) > ROUNDED {
            wrong.push(format!("{line}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), BILLS.lines().count());
}

#[test]
fn every_line_of_the_table_is_read() {
    let mut dialect = "";
    let mut before = "";
    let mut names = 0;
    for line in TABLE.lines().skip(1) {
        if let Some(name) = line.strip_prefix('[') {
            assert!(name > before, "lists are sorted: {name}");
            (dialect, before) = (name.trim_end_matches(']'), name);
            continue;
        }
        for name in line.split('\t').next().unwrap().split('|') {
            let asked = name.replace('*', "").replace('#', "7");
            assert!(table::find(dialect, &asked).is_some(), "{dialect}/{name}");
            names += 1;
        }
    }
    assert!(names > 1000, "{names}");
    assert!(TABLE.len() < 64 << 10, "it is part of the filter: {} bytes", TABLE.len());
    assert!(Timestamp::parse(table::version()).is_some(), "{}", table::version());
}

#[test]
fn models_are_known_by_every_name_they_are_called() {
    for (dialect, model) in [
        ("openai", "gpt-5-mini"),
        ("openai", "GPT-5-mini-2025-08-07"),
        ("openai-responses", "gpt-5-mini"),
        ("azure-openai", "gpt-5-mini"),
        ("openai", "text-embedding-3-small"),
        ("anthropic", "claude-sonnet-4-6"),
        ("anthropic", "claude-haiku-4-5-20251001"),
        ("bedrock-converse", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("bedrock-anthropic", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("bedrock-converse", "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.amazon.nova-lite-v1:0"),
        ("bedrock-converse", "apac.anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("bedrock-converse", "meta.llama3-3-70b-instruct-v1:0"),
        ("vertex-anthropic", "claude-sonnet-4-5@20250929"),
        ("vertex-gemini", "gemini-2.5-pro"),
        ("gemini", "gemini-2.5-flash"),
        ("deepseek", "deepseek-chat"),
        ("together", "Qwen/Qwen3.5-9B"),
        ("groq", "openai/gpt-oss-120b"),
        ("mistral", "mistral-large-latest"),
        ("cohere", "command-a-03-2025"),
        ("xai", "grok-4"),
        ("perplexity", "sonar-pro"),
        ("openrouter", "anthropic/claude-sonnet-4.5"),
        ("fireworks", "accounts/fireworks/models/gpt-oss-120b"),
        ("cerebras", "gpt-oss-120b"),
    ] {
        assert!(table::find(dialect, model).is_some(), "{dialect}/{model}");
    }
}

#[test]
fn what_nobody_knows_has_no_price() {
    let endless = "gpt-5-mini".repeat(1 << 20);
    for (dialect, model) in [
        ("azure-openai", "our-deployment"),
        ("openai", "gpt-5-mini-of-ours"),
        ("openai", ""),
        ("openai", endless.as_str()),
        ("ollama", "llama3.2"),
        ("nothing", "gpt-5-mini"),
    ] {
        assert!(table::find(dialect, model).is_none(), "{dialect}");
    }
}

#[test]
fn a_region_costs_more_than_anywhere() {
    let cost = |model| {
        let usage = Usage { input: 1_000_000, ..Usage::default() };
        table::find("bedrock-converse", model).unwrap().bill(&usage, Timestamp(0)).total().to_string()
    };
    assert_eq!(cost("global.anthropic.claude-sonnet-4-6"), "3.000000000");
    assert_eq!(cost("eu.anthropic.claude-sonnet-4-6"), "3.300000000");
}
