//! What a route leaves of the document: a [`Policy`] for each request. It only narrows what the caller's key may do.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clients::Allowed;
use crate::config::Timeouts;
use crate::config::raw::{self, Seconds, Surface};

/// What a route leaves of the document. The default leaves everything.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The names of those of the document that are part of it, the virtual host's first.
    pub names: Vec<String>,
    /// `Some(false)`: requests are none of our business.
    pub enabled: Option<bool>,
    /// A surface must be in each of these.
    pub surfaces: Vec<Vec<Surface>>,
    /// A model must be in each of these.
    pub models: Vec<Vec<Allowed>>,
    /// The model that is meant where a request names none.
    pub default_model: Option<String>,
    /// The longest that its clocks may be.
    pub timeouts: raw::Timeouts,
    /// Do limits only count?
    pub shadow: Option<bool>,
    /// Who pays for keys that have no team.
    pub team: Option<String>,
    /// Tags that hold against those of a request.
    pub tags: BTreeMap<String, String>,
}

impl Policy {
    /// Puts another one on top. What may be done is what both allow; what is only said is said by the other.
    pub fn narrow(&mut self, by: Self) {
        self.names.extend(by.names);
        self.enabled = by.enabled.or(self.enabled);
        self.surfaces.extend(by.surfaces);
        self.models.extend(by.models);
        self.default_model = by.default_model.or(self.default_model.take());
        self.timeouts = shorter(self.timeouts, by.timeouts);
        self.shadow = by.shadow.or(self.shadow);
        self.team = by.team.or(self.team.take());
        self.tags.extend(by.tags);
    }

    /// Are requests none of our business?
    pub fn is_off(&self) -> bool {
        self.enabled == Some(false)
    }

    /// Do limits refuse nothing?
    pub fn only_counts(&self) -> bool {
        self.shadow == Some(true)
    }

    /// May a key that may ask for this model or target do it here?
    pub fn may_use(&self, name: &str) -> bool {
        self.models.iter().all(|layer| layer.iter().any(|allowed| allowed.covers(name)))
    }

    /// May a key that may ask for every target of this provider do it here?
    pub fn may_use_all(&self, provider: &str) -> bool {
        self.models.iter().all(|layer| layer.iter().any(|allowed| allowed.covers_all(provider)))
    }

    /// Is a surface of this name served?
    pub fn serves(&self, surface: &str) -> bool {
        self.surfaces.iter().all(|layer| layer.iter().any(|allowed| allowed.name() == surface))
    }

    /// Clocks, none longer than it allows.
    pub fn clocks(&self, given: Timeouts) -> Timeouts {
        let most = self.timeouts;
        let total = least(most.total, given.total);
        Timeouts {
            first_token: least(most.first_token, given.first_token).min(total),
            attempt: least(most.attempt, given.attempt).min(total),
            idle: least(most.idle, given.idle),
            total,
        }
    }
}

fn least(most: Option<Seconds>, given: Duration) -> Duration {
    most.map_or(given, |most| most.0.min(given))
}

fn shorter(a: raw::Timeouts, b: raw::Timeouts) -> raw::Timeouts {
    let both = |a: Option<Seconds>, b: Option<Seconds>| a.into_iter().chain(b).min();
    raw::Timeouts {
        first_token: both(a.first_token, b.first_token),
        attempt: both(a.attempt, b.attempt),
        idle: both(a.idle, b.idle),
        total: both(a.total, b.total),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn models(names: &[&str]) -> Policy {
        let parse = |name: &&str| Allowed::parse(name, |name| name == "tier", |provider| provider == "openai").unwrap();
        Policy { models: vec![names.iter().map(parse).collect()], ..Policy::default() }
    }

    fn seconds(seconds: u64) -> Option<Seconds> {
        Some(Seconds(Duration::from_secs(seconds)))
    }

    #[test]
    fn one_that_says_nothing_leaves_everything() {
        let whole = Policy::default();
        assert!(!whole.is_off() && whole.may_use("any") && whole.may_use_all("any") && whole.serves("chat"));
        assert_eq!(whole.clocks(Timeouts::default()), Timeouts::default());
    }

    #[test]
    fn what_may_be_done_is_what_all_allow() {
        let mut policy = models(&["tier", "openai/*"]);
        policy.surfaces = vec![vec![Surface::Chat, Surface::Models]];
        assert!(policy.may_use("tier") && policy.may_use("openai/gpt") && policy.may_use_all("openai"));
        policy.narrow(Policy {
            surfaces: vec![vec![Surface::Chat, Surface::Embeddings]],
            ..models(&["openai/gpt", "*"])
        });
        assert!(policy.may_use("openai/gpt") && policy.may_use("tier") && policy.may_use_all("openai"));
        policy.narrow(models(&["openai/gpt"]));
        assert!(policy.may_use("openai/gpt"));
        assert!(!policy.may_use("tier") && !policy.may_use("openai/other") && !policy.may_use_all("openai"));
        assert!(policy.serves("chat") && !policy.serves("models") && !policy.serves("embeddings"));
    }

    #[test]
    fn clocks_only_get_shorter() {
        let timeouts = |first_token, total| raw::Timeouts { first_token, total, ..raw::Timeouts::default() };
        let mut policy = Policy { timeouts: timeouts(seconds(5), seconds(60)), ..Policy::default() };
        policy.narrow(Policy { timeouts: timeouts(seconds(9), seconds(20)), ..Policy::default() });
        let clocks = policy.clocks(Timeouts::default());
        assert_eq!((clocks.first_token.as_secs(), clocks.attempt.as_secs()), (5, 20), "an attempt ends with all");
        assert_eq!((clocks.total.as_secs(), clocks.idle), (20, Timeouts::default().idle));
        let long = Policy { timeouts: timeouts(seconds(9_000), seconds(9_000)), ..Policy::default() };
        assert_eq!(long.clocks(Timeouts::default()), Timeouts::default());
    }

    #[test]
    fn what_is_only_said_is_said_by_the_last() {
        let say = |team: &str, tag: (&str, &str)| Policy {
            team: Some(team.into()),
            tags: [(tag.0.to_owned(), tag.1.to_owned())].into(),
            enabled: Some(false),
            shadow: Some(true),
            default_model: Some("tier".into()),
            names: vec![team.to_owned()],
            ..Policy::default()
        };
        let mut policy = say("host", ("env", "prod"));
        policy.narrow(Policy::default());
        assert!(policy.is_off() && policy.team.as_deref() == Some("host"), "silence changes nothing");
        assert!(policy.only_counts());
        policy.narrow(Policy { enabled: Some(true), shadow: Some(false), ..say("route", ("feature", "search")) });
        assert_eq!((policy.is_off(), policy.only_counts(), policy.team.as_deref()), (false, false, Some("route")));
        assert_eq!(policy.tags.len(), 2);
        assert_eq!(policy.names, ["host", "route"]);
    }
}
