//! Limits, from the document as written to what runs.

use std::collections::HashSet;

use super::{Config, ConfigError, raw, store};
use crate::ledger::{Bind, Class, Unit, Window};
use crate::limits::{self, Alert, Dimension, Kind, Limit, Limits, Match, Scope, Soft, Unpriced, Wait};

type Result<T> = std::result::Result<T, ConfigError>;

/// So many requests wait for a limit on one worker unless the document says otherwise.
const WAITING: usize = 100;

/// The word for a counter of its own for each.
const EACH: &str = "each";

/// Names that limits refer to. There may be as many limits as clients.
struct Known<'a> {
    config: &'a Config,
    clients: HashSet<&'a str>,
    teams: HashSet<&'a str>,
    any_team: bool,
}

impl<'a> Known<'a> {
    fn of(config: &'a Config) -> Self {
        let clients = || config.clients.iter();
        Self {
            config,
            clients: clients().map(|client| client.name.as_str()).collect(),
            teams: clients().filter_map(|client| client.team.as_deref()).chain(config.policies.teams()).collect(),
            any_team: config.identities.name_teams(),
        }
    }

    fn has(&self, dimension: &Dimension, name: &str) -> bool {
        match dimension {
            Dimension::Client => self.clients.contains(name),
            Dimension::Team => self.any_team || self.teams.contains(name),
            Dimension::Model => self.config.models.contains_key(name),
            Dimension::Provider => self.config.providers.contains_key(name),
            Dimension::Target => self.config.target(name).is_some(),
            Dimension::Policy => self.config.policies.has(name),
            Dimension::User | Dimension::Tag(_) => true,
        }
    }
}

/// `config` has everything but limits.
pub(super) fn limits(all: &[raw::Limit], config: &Config) -> Result<Limits> {
    let known = Known::of(config);
    let mut limits = Limits::default();
    let mut ids = HashSet::new();
    for (i, raw) in all.iter().enumerate() {
        let path = format!("limits[{i}]");
        let limit = limit(&path, raw, &known)?;
        if !ids.insert(limit.id().to_owned()) {
            return Err(ConfigError::new(path, "another limit is for the same, of the same, in the same time"));
        }
        limits.add(limit);
    }
    Ok(limits)
}

fn limit(path: &str, raw: &raw::Limit, known: &Known<'_>) -> Result<Limit> {
    let (kind, amount) = what(path, raw)?;
    let scope = scope(&format!("{path}.for"), &raw.whom, known)?;
    let mut limit = Limit::new(scope, kind, window(path, raw, kind)?, amount);
    limit.bind = if raw.shadow { Bind::Shadow } else { Bind::Hard };
    limit.alerts = alerts(path, raw, amount)?;
    limit.soft = soft(path, raw, amount, known)?;
    limit.kept = limits::kept(amount, keep(path, raw)?);
    limit.wait = wait(path, raw)?;
    limit.unpriced = match raw.unpriced {
        Some(_) if kind != Kind::Usd => {
            return Err(ConfigError::new(format!("{path}.unpriced"), "expected it beside `usd` only"));
        }
        Some(raw::Unpriced::Allow) => Unpriced::Allow,
        Some(raw::Unpriced::Refuse) | None => Unpriced::Refuse,
    };
    limit.share = store::share(path, raw, &limit, known.config)?;
    Ok(limit)
}

fn what(path: &str, raw: &raw::Limit) -> Result<(Kind, u64)> {
    let given = [
        (Kind::Requests, raw.requests.map(|n| n.0)),
        (Kind::Tokens, raw.tokens.map(|n| n.0)),
        (Kind::InputTokens, raw.input_tokens.map(|n| n.0)),
        (Kind::OutputTokens, raw.output_tokens.map(|n| n.0)),
        (Kind::Usd, raw.usd.map(|usd| usd.0.0)),
        (Kind::InFlight, raw.in_flight.map(|n| n.0)),
    ];
    let mut given = given.into_iter().filter_map(|(kind, amount)| Some((kind, amount?)));
    match (given.next(), given.next()) {
        (Some((kind, amount)), None) if (1..=raw::MAX).contains(&amount) => Ok((kind, amount)),
        (Some((kind, _)), None) => {
            let expected = "expected dollars over 0 and up to nine million";
            Err(ConfigError::new(format!("{path}.{}", kind.word()), expected))
        }
        _ => {
            let expected = "expected one of `requests`, `tokens`, `input_tokens`, `output_tokens`, `usd`, `in_flight`";
            Err(ConfigError::new(path, expected))
        }
    }
}

fn window(path: &str, raw: &raw::Limit, kind: Kind) -> Result<Window> {
    let unit = match (raw.per, kind) {
        (None, Kind::InFlight) => return Ok(Window::Ever),
        (Some(_), Kind::InFlight) => {
            return Err(ConfigError::new(format!("{path}.per"), "expected none: `in_flight` counts at any time"));
        }
        (None, _) => {
            let expected = "expected `second`, `minute`, `hour`, `day`, `week`, `month` or `ever`";
            return Err(ConfigError::new(format!("{path}.per"), format!("found none, {expected}")));
        }
        (Some(raw::Per::Ever), _) if raw.rolling => {
            return Err(ConfigError::new(format!("{path}.rolling"), "expected a `per` that ends"));
        }
        (Some(raw::Per::Ever), _) => return Ok(Window::Ever),
        (Some(raw::Per::Second), _) => Unit::Second,
        (Some(raw::Per::Minute), _) => Unit::Minute,
        (Some(raw::Per::Hour), _) => Unit::Hour,
        (Some(raw::Per::Day), _) => Unit::Day,
        (Some(raw::Per::Week), _) => Unit::Week,
        (Some(raw::Per::Month), _) => Unit::Month,
    };
    Ok(if raw.rolling { Window::Rolling(unit) } else { Window::Calendar(unit) })
}

fn scope(path: &str, raw: &raw::For, known: &Known<'_>) -> Result<Scope> {
    let named = [
        (Dimension::Client, &raw.client),
        (Dimension::Team, &raw.team),
        (Dimension::Model, &raw.model),
        (Dimension::Provider, &raw.provider),
        (Dimension::Target, &raw.target),
        (Dimension::User, &raw.user),
        (Dimension::Policy, &raw.policy),
    ];
    let named = named.into_iter().filter_map(|(dimension, value)| Some((dimension, value.as_deref()?)));
    let tags = raw.tags.iter().map(|(name, value)| (Dimension::Tag(name.clone()), value.as_str()));
    let part = |(dimension, value): (Dimension, &str)| {
        if value == EACH {
            return Ok((dimension, Match::Each));
        }
        if !known.has(&dimension, value) {
            let word = dimension.word();
            let expected = format!("a {word} of this document, or `each`: it matches nothing");
            return Err(ConfigError::expected(format!("{path}.{word}"), value, &expected));
        }
        Ok((dimension, Match::Only(value.to_owned())))
    };
    named.chain(tags).map(part).collect()
}

/// A share is more than nothing and at most all.
pub(super) fn share(path: String, share: f64) -> Result<f64> {
    if share > 0.0 && share <= 1.0 {
        return Ok(share);
    }
    Err(ConfigError::expected(path, &share.to_string(), "a share over 0 and up to 1"))
}

fn alerts(path: &str, raw: &raw::Limit, amount: u64) -> Result<Vec<Alert>> {
    if !raw.alert_at.is_empty() && (raw.rolling || raw.in_flight.is_some()) {
        let reason = "expected none: only a limit in a time of the calendar has an occasion to tell once";
        return Err(ConfigError::new(format!("{path}.alert_at"), reason));
    }
    let alert = |(i, at): (usize, &f64)| {
        let at = share(format!("{path}.alert_at[{i}]"), *at)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100")]
        let percent = (at * 100.0).round() as u8;
        Ok(Alert { percent, at: limits::share(amount, at) })
    };
    raw.alert_at.iter().enumerate().map(alert).collect()
}

fn soft(path: &str, raw: &raw::Limit, amount: u64, known: &Known<'_>) -> Result<Option<Soft>> {
    let Some(soft) = &raw.soft else { return Ok(None) };
    let at = share(format!("{path}.soft.at"), soft.at)?;
    if !known.has(&Dimension::Model, &soft.model) {
        return Err(ConfigError::expected(format!("{path}.soft.model"), &soft.model, "a model of this document"));
    }
    Ok(Some(Soft { at: limits::share(amount, at), model: soft.model.clone() }))
}

fn keep(path: &str, raw: &raw::Limit) -> Result<Vec<(Class, f64)>> {
    let path = format!("{path}.keep");
    let mut kept = Vec::new();
    for (class, part) in &raw.keep {
        kept.push((class_of(*class), share(path.clone(), *part)?));
    }
    if kept.iter().map(|(_, part)| part).sum::<f64>() > 1.0 {
        return Err(ConfigError::new(path, "expected shares that are 1 together at most"));
    }
    Ok(kept)
}

pub(super) fn class_of(raw: raw::Class) -> Class {
    match raw {
        raw::Class::Interactive => Class::Interactive,
        raw::Class::Batch => Class::Batch,
    }
}

fn wait(path: &str, raw: &raw::Limit) -> Result<Option<Wait>> {
    let most = raw.waiting.map(|most| usize::try_from(most.0).unwrap_or(usize::MAX));
    match raw.wait {
        None if most.is_some() => Err(ConfigError::new(format!("{path}.waiting"), "expected it beside `wait` only")),
        None => Ok(None),
        Some(longest) => Ok(Some(Wait { longest: longest.0, most: most.unwrap_or(WAITING) })),
    }
}
