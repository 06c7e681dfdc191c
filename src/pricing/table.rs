//! The price table that is built in: [`prices/table.txt`], whose README says where it is from and what its lines mean.
//!
//! [`prices/table.txt`]: https://github.com/tollhouse/tollhouse/blob/main/prices/README.md

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::time::Timestamp;
use crate::usage::ServiceTier;

use super::Kind;
use super::names::{matches, spellings};
use super::price::{Period, Price, Since, Step};
use super::rates::Rates;
use super::usd::{Decimal, Usd};

const TEXT: &str = include_str!("../../prices/table.txt");

/// Names that are longer are not looked for: callers may choose them.
const LONGEST: usize = 256;

/// Names are looked up without reading prices, so that this costs little and is done once.
static TABLE: LazyLock<HashMap<&str, List>> = LazyLock::new(|| {
    let mut table = HashMap::new();
    let mut list = None;
    for line in TEXT.lines().skip(1) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            list = Some(table.entry(name).or_insert_with(List::default));
        } else if let (Some(list), Some((names, prices))) = (&mut list, line.split_once('\t')) {
            list.add(names, prices);
        }
    }
    table
});

/// Prices of one provider, unread.
#[derive(Default)]
struct List {
    exact: HashMap<&'static str, &'static str>,
    patterns: Vec<(&'static str, &'static str)>,
}

impl List {
    fn add(&mut self, names: &'static str, prices: &'static str) {
        for name in names.split('|') {
            if name.contains(['*', '#']) {
                self.patterns.push((name, prices));
            } else {
                self.exact.insert(name, prices);
            }
        }
    }

    fn find(&self, name: &str) -> Option<&'static str> {
        let pattern = || self.patterns.iter().find(|(pattern, _)| matches(pattern, name));
        self.exact.get(name).copied().or_else(|| pattern().map(|(_, prices)| *prices))
    }
}

/// The day of its data.
pub fn version() -> &'static str {
    TEXT.split(' ').next().unwrap_or_default()
}

/// Is there a price list for a dialect?
pub fn lists(dialect: &str) -> bool {
    lists_of(dialect).iter().any(|list| TABLE.contains_key(list))
}

/// What a model costs where a dialect is spoken.
pub fn find(dialect: &str, model: &str) -> Option<Price> {
    if model.len() > LONGEST {
        return None;
    }
    let model = model.to_ascii_lowercase();
    let lists = lists_of(dialect).into_iter().filter_map(|list| TABLE.get(list));
    let mut found = lists.flat_map(|list| spellings(&model).filter_map(|name| list.find(name)));
    read(found.next()?)
}

/// Dialects of one provider share its list; clouds also sell what others make, and list it themselves or not.
fn lists_of(dialect: &str) -> Vec<&str> {
    match dialect {
        "azure-openai" => vec!["azure-openai", "openai"],
        "bedrock-anthropic" | "bedrock-converse" => vec!["bedrock"],
        "openai-responses" => vec!["openai"],
        "vertex-anthropic" => vec!["gemini", "anthropic"],
        "vertex-gemini" => vec!["gemini"],
        own => vec![own],
    }
}

fn read(prices: &str) -> Option<Price> {
    Some(Price { version: version(), periods: prices.split(';').map(period).collect::<Option<_>>()? })
}

fn period(text: &str) -> Option<Period> {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (since, text) = match first.split_once('-') {
        Some((from, to)) if first.contains(':') => (Since::Daily { from: minute(from)?, to: minute(to)? }, rest),
        Some(_) => (Since::Day(Timestamp::parse(first)?), rest),
        None => (Since::Ever, text),
    };
    let mut tiers = text.split(" /");
    let standard = steps(tiers.next()?)?;
    let others = tiers.map(|tier| other(tier, &standard)).collect::<Option<_>>()?;
    Some(Period { since, standard, others })
}

/// `06:30`, as minutes of a day.
fn minute(text: &str) -> Option<u64> {
    let (hours, minutes) = text.split_once(':')?;
    Some(hours.parse::<u64>().ok()? * 60 + minutes.parse::<u64>().ok()?)
}

/// `flex x0.5`, or `flex` and its own prices.
fn other(text: &str, standard: &[Step]) -> Option<(ServiceTier, Vec<Step>)> {
    let (tier, prices) = text.split_once(' ')?;
    let steps = match prices.strip_prefix('x') {
        Some(factor) => {
            let factor = Decimal::parse(factor)?;
            standard.iter().map(|step| Step { rates: step.rates.times(factor), ..*step }).collect()
        }
        None => steps(prices)?,
    };
    Some((ServiceTier::named(Some(tier)), steps))
}

/// `i3 o15 >200000 i6 o22.5`: what longer prompts do not say stays.
fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = vec![Step { over: 0, rates: Rates::default() }];
    for word in text.split(' ') {
        let last = steps.last_mut()?;
        match word.strip_prefix('>') {
            Some(tokens) => {
                let longer = Step { over: tokens.parse().ok()?, ..*last };
                steps.push(longer);
            }
            None => last.rates.set(kind(word.get(..1)?)?, Usd(Decimal::parse(word.get(1..)?)?.0)),
        }
    }
    Some(steps)
}

fn kind(letter: &str) -> Option<Kind> {
    Some(match letter {
        "i" => Kind::Input,
        "r" => Kind::Cached,
        "w" => Kind::CacheWrite,
        "W" => Kind::CacheWrite1h,
        "a" => Kind::AudioInput,
        "o" => Kind::Output,
        "t" => Kind::Reasoning,
        "A" => Kind::AudioOutput,
        "q" => Kind::Request,
        _ => return None,
    })
}
