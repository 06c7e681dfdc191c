//! Limits that a gateway takes but their author may not have meant.

use std::collections::HashMap;

use tollhouse_filter::clients::Client;
use tollhouse_filter::config::{Config, raw};
use tollhouse_filter::routing::Model;

use super::Found;

/// A question and a short answer come to more, all the more with tools.
const USUAL: u64 = 1_000;

pub(super) fn check(document: &raw::Document, config: &Config, found: &mut Found) {
    let covered = Covered::of(config);
    for (i, limit) in document.limits.iter().enumerate() {
        let path = format!("limits[{i}]");
        prices(&path, limit, &covered, found);
        if let Some(soft) = limit.soft.as_ref().filter(|soft| limit.whom.model.as_ref() == Some(&soft.model)) {
            found.add(format!("{path}.soft.model"), format!("`{}` is the limited model itself", soft.model));
        }
        waits(&path, limit, found);
        amounts(&path, limit, found);
        for class in limit.keep.keys() {
            if !document.clients.iter().any(|client| client.class.unwrap_or_default() == *class) {
                found.add(
                    format!("{path}.keep"),
                    format!("no client is `{}`, so that nobody gets this share", word(*class)),
                );
            }
        }
    }
}

/// What limits cover. There may be as many limits as clients.
struct Covered<'a> {
    config: &'a Config,
    clients: HashMap<&'a str, &'a Client>,
}

impl<'a> Covered<'a> {
    fn of(config: &'a Config) -> Self {
        Self { config, clients: config.clients.iter().map(|client| (client.name.as_str(), &**client)).collect() }
    }

    /// Targets whose price nobody knows.
    fn unpriced(&self, whom: &raw::For) -> Vec<&'a str> {
        let models = self.config.models.values().filter(|model| self.covers(whom, model));
        let targets = models.flat_map(|model| &model.targets).filter(|target| {
            one(whom.provider.as_ref()).is_none_or(|provider| target.provider.name == *provider)
                && one(whom.target.as_ref()).is_none_or(|name| target.name == *name)
        });
        let mut names: Vec<_> = targets.filter(|target| target.price.is_none()).map(|t| t.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn covers(&self, whom: &raw::For, model: &Model) -> bool {
        let asks = |client: &Client| client.may_use(&model.name);
        one(whom.model.as_ref()).is_none_or(|name| model.name == *name)
            && match (one(whom.client.as_ref()), one(whom.team.as_ref())) {
                (Some(name), _) => self.clients.get(name.as_str()).is_some_and(|client| asks(client)),
                (None, Some(team)) => {
                    self.clients.values().any(|client| client.team.as_ref() == Some(team) && asks(client))
                }
                (None, None) => true,
            }
    }
}

/// A name, not the word for all of them.
fn one(name: Option<&String>) -> Option<&String> {
    name.filter(|name| *name != "each")
}

fn prices(path: &str, limit: &raw::Limit, covered: &Covered<'_>, found: &mut Found) {
    if limit.usd.is_none() || limit.unpriced.is_some() {
        return;
    }
    let names: Vec<_> = covered.unpriced(&limit.whom).into_iter().map(|name| format!("`{name}`")).collect();
    if !names.is_empty() {
        let names = names.join(", ");
        let reason = format!(
            "the price of {names} is not known, and such requests are refused; say it in `prices`, or what is meant in `unpriced`"
        );
        found.add(format!("{path}.usd"), reason);
    }
}

fn waits(path: &str, limit: &raw::Limit, found: &mut Found) {
    let (Some(wait), Some(per)) = (limit.wait, limit.per) else { return };
    let comes_back = match per {
        raw::Per::Second | raw::Per::Minute | raw::Per::Hour => return,
        raw::Per::Day => "comes back after a day",
        raw::Per::Week => "comes back after a week",
        raw::Per::Month => "comes back after a month",
        raw::Per::Ever => "never comes back",
    };
    found.add(format!("{path}.wait"), format!("what is spent {comes_back}, and hardly within {wait}"));
}

fn amounts(path: &str, limit: &raw::Limit, found: &mut Found) {
    let kinds =
        [("tokens", limit.tokens), ("input_tokens", limit.input_tokens), ("output_tokens", limit.output_tokens)];
    for (kind, amount) in kinds {
        if let Some(raw::Count(amount)) = amount.filter(|amount| amount.0 < USUAL && !limit.shadow) {
            let reason = format!("{amount} is less than a usual request may come to, which is then always refused");
            found.add(format!("{path}.{kind}"), reason);
        }
    }
}

fn word(class: raw::Class) -> &'static str {
    match class {
        raw::Class::Interactive => "interactive",
        raw::Class::Batch => "batch",
    }
}
