//! What the targets of a document cost.

use std::rc::Rc;

use super::{ConfigError, Provider, raw};
use crate::pricing::{Decimal, Kind, Period, Price, Rates, Since, Step, Usd, table};
use crate::usage::ServiceTier;

type Result<T> = std::result::Result<T, ConfigError>;

/// The prices that a document says.
#[derive(Debug, Default)]
pub struct Prices(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    /// The whole name, or what it begins with.
    name: String,
    whole: bool,
    price: Source,
}

/// Where a price is from.
#[derive(Debug)]
enum Source {
    /// The document.
    Said(Rc<Price>),
    /// What the table says of the target's own model, in another list if one is named; less a discount.
    Listed { dialect: Option<String>, factor: Decimal },
}

impl Prices {
    /// What a target costs, if anybody knows.
    pub fn of(&self, provider: &Provider, model: &str, name: &str) -> Option<Rc<Price>> {
        let fits = |entry: &&Entry| if entry.whole { name == entry.name } else { name.starts_with(&entry.name) };
        let closest = self.0.iter().filter(fits).max_by_key(|entry| (entry.whole, entry.name.len()));
        match closest.map(|entry| &entry.price) {
            Some(Source::Said(price)) => Some(Rc::clone(price)),
            Some(Source::Listed { dialect: Some(dialect), factor }) => listed(dialect, model, *factor),
            Some(Source::Listed { dialect: None, factor }) => own(provider, model, *factor),
            None => own(provider, model, Decimal::ONE),
        }
    }
}

/// A server somewhere else that speaks a provider's API has prices of its own.
fn own(provider: &Provider, model: &str, factor: Decimal) -> Option<Rc<Price>> {
    if provider.is_dialects_own { listed(provider.dialect.name(), model, factor) } else { None }
}

fn listed(dialect: &str, model: &str, factor: Decimal) -> Option<Rc<Price>> {
    table::find(dialect, model).map(|price| Rc::new(if factor == Decimal::ONE { price } else { price.times(factor) }))
}

/// Checks what the document says.
pub(super) fn compile(document: &raw::Document) -> Result<Prices> {
    let entries = document.prices.iter().map(|(pattern, price)| entry(pattern, price, document));
    entries.collect::<Result<_>>().map(Prices)
}

fn entry(pattern: &str, price: &raw::Price, document: &raw::Document) -> Result<Entry> {
    let path = format!("prices.{pattern}");
    let (name, whole) = pattern.strip_suffix('*').map_or((pattern, true), |start| (start, false));
    let known = name.split_once('/').filter(|(p, model)| {
        document.providers.contains_key(*p) && (!whole || !model.is_empty()) && !model.contains('*')
    });
    if known.is_none() {
        let known: Vec<_> = document.providers.keys().map(String::as_str).collect();
        let expected = format!(
            "`provider/model` with a provider of this document ({}), or its beginning and `*`",
            known.join(", ")
        );
        return Err(ConfigError::expected(path, pattern, &expected));
    }
    let factor = discounted(&path, price)?;
    let source = match (&price.per_million, &price.model) {
        (Some(rates), None) => Source::Said(Rc::new(said(&path, rates, price)?.times(factor))),
        (None, _) if !price.longer.is_empty() || price.per_request.is_some() || !price.service_tiers.is_empty() => {
            return Err(ConfigError::new(path, "expected `per_million` beside these prices"));
        }
        (None, Some(model)) => as_listed(&path, model, factor)?,
        (None, None) if price.discount.is_some() => Source::Listed { dialect: None, factor },
        _ => return Err(ConfigError::new(path, "expected `per_million`, `model`, or only a `discount`")),
    };
    Ok(Entry { name: name.to_owned(), whole, price: source })
}

/// What remains of a price.
fn discounted(path: &str, price: &raw::Price) -> Result<Decimal> {
    let Some(percent) = price.discount else { return Ok(Decimal::ONE) };
    let hundredth = Decimal(Decimal::ONE.0 / 100);
    Decimal::ONE.0.checked_sub(percent.0.times(hundredth).0).map(Decimal).ok_or_else(|| {
        let found = percent.0.to_string();
        ConfigError::expected(format!("{path}.discount"), &found, "a number of percent up to 100")
    })
}

/// A price of the table under another name: `dialect/model`, or `dialect/*`.
fn as_listed(path: &str, reference: &str, factor: Decimal) -> Result<Source> {
    let unknown = || {
        let expected = "`dialect/model` of the built-in price table, or `dialect/*`";
        ConfigError::expected(format!("{path}.model"), reference, expected)
    };
    let (dialect, model) = reference.split_once('/').filter(|(d, _)| table::lists(d)).ok_or_else(unknown)?;
    if model == "*" {
        return Ok(Source::Listed { dialect: Some(dialect.to_owned()), factor });
    }
    listed(dialect, model, factor).map(Source::Said).ok_or_else(unknown)
}

fn said(path: &str, standard: &raw::Rates, price: &raw::Price) -> Result<Price> {
    let request = price.per_request;
    let mut steps = vec![Step { over: 0, rates: rates(standard, request) }];
    for (i, longer) in price.longer.iter().enumerate() {
        if steps.last().is_some_and(|before| before.over >= longer.than) {
            let expected = "more than 0 and more than before";
            return Err(ConfigError::expected(format!("{path}.longer[{i}].than"), &longer.than.to_string(), expected));
        }
        steps.push(Step { over: longer.than, rates: rates(&longer.per_million, request) });
    }
    let others = price.service_tiers.iter().map(|(tier, factor)| {
        let times = |step: &Step| Step { rates: step.rates.times(factor.0), ..*step };
        ((*tier).into(), steps.iter().map(times).collect())
    });
    let others = others.collect();
    let version = crate::pricing::DOCUMENT;
    Ok(Price { version, periods: vec![Period { since: Since::Ever, standard: steps, others }] })
}

fn rates(raw: &raw::Rates, request: Option<raw::Amount>) -> Rates {
    let mut rates = Rates::default();
    for (kind, price) in [
        (Kind::Input, Some(raw.input)),
        (Kind::Cached, raw.cached),
        (Kind::CacheWrite, raw.cache_write),
        (Kind::CacheWrite1h, raw.cache_write_1h),
        (Kind::AudioInput, raw.audio_input),
        (Kind::Output, Some(raw.output)),
        (Kind::Reasoning, raw.reasoning),
        (Kind::AudioOutput, raw.audio_output),
        (Kind::Request, request),
    ] {
        if let Some(raw::Amount(price)) = price {
            rates.set(kind, Usd(price.0));
        }
    }
    rates
}

impl From<raw::Tier> for ServiceTier {
    fn from(tier: raw::Tier) -> Self {
        match tier {
            raw::Tier::Batch => Self::Batch,
            raw::Tier::Flex => Self::Flex,
            raw::Tier::Priority => Self::Priority,
        }
    }
}

#[cfg(test)]
mod tests;
