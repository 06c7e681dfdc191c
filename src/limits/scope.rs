//! For whom a limit is.

use std::collections::BTreeMap;

use crate::ledger::{Account, Window};

/// What a request can be told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// The caller.
    Client,
    /// Who pays.
    Team,
    /// The model that is asked for.
    Model,
    /// Who answers.
    Provider,
    /// The provider's model.
    Target,
    /// The end user, as the caller names it.
    User,
    /// A policy of the document that the route names.
    Policy,
    /// A tag of the request.
    Tag(String),
}

impl Dimension {
    /// Its word in documents and messages.
    pub fn word(&self) -> &str {
        match self {
            Self::Client => "client",
            Self::Team => "team",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Target => "target",
            Self::User => "user",
            Self::Policy => "policy",
            Self::Tag(name) => name,
        }
    }

    /// Are its values the callers' own words, of which there is no end?
    fn is_open(&self) -> bool {
        matches!(self, Self::User | Self::Tag(_))
    }
}

/// Which values of a dimension a limit is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// Each has a counter of its own. Requests without a value have one together, so that leaving it out is no way
    /// around.
    Each,
    /// Only this one.
    Only(String),
}

/// For whom a limit is: all of these must fit. None is everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(BTreeMap<Dimension, Match>);

/// What is known of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The caller.
    pub client: &'a str,
    /// Who pays.
    pub team: Option<&'a str>,
    /// Does the document not name that team? Of those that identities name there is no end.
    pub foreign_team: bool,
    /// The model that is asked for.
    pub model: &'a str,
    /// Is it a target that the caller spelled out? Of those there is no end: they are counted together.
    pub spelled_out: bool,
    /// The end user.
    pub user: Option<&'a str>,
    /// Policies that the route and its virtual host name, that of the route last.
    pub policies: &'a [String],
    /// Tags by name.
    pub tags: Option<&'a BTreeMap<String, String>>,
    /// The target: `provider/model`.
    pub target: Option<&'a str>,
}

impl<'a> Subject<'a> {
    fn value(&self, of: &Dimension) -> Option<&'a str> {
        match of {
            Dimension::Client => Some(self.client),
            Dimension::Team => self.team,
            Dimension::Model => Some(self.model),
            Dimension::Provider => self.target.and_then(|target| target.split('/').next()),
            Dimension::Target => self.target,
            Dimension::User => self.user,
            Dimension::Policy => self.policies.last().map(String::as_str),
            Dimension::Tag(name) => self.tags?.get(name).map(String::as_str),
        }
    }

    /// Are its values of this dimension none of the configuration's?
    fn opens(&self, dimension: &Dimension) -> bool {
        dimension.is_open() || self.foreign_team && *dimension == Dimension::Team
    }

    /// The value under which it is counted where each has a counter of its own.
    fn counted(&self, of: &Dimension) -> &'a str {
        match of {
            Dimension::Model | Dimension::Target if self.spelled_out => "*",
            _ => self.value(of).unwrap_or_default(),
        }
    }
}

impl FromIterator<(Dimension, Match)> for Scope {
    fn from_iter<T: IntoIterator<Item = (Dimension, Match)>>(parts: T) -> Self {
        Self(parts.into_iter().collect())
    }
}

impl Scope {
    /// Its parts, in a fixed order.
    pub fn parts(&self) -> impl Iterator<Item = (&Dimension, &Match)> {
        self.0.iter()
    }

    pub(super) fn covers(&self, subject: &Subject<'_>) -> bool {
        self.parts().all(|(dimension, wanted)| match (wanted, dimension) {
            (Match::Each, _) => true,
            // A route cannot get rid of what its virtual host names.
            (Match::Only(value), Dimension::Policy) => subject.policies.contains(value),
            (Match::Only(value), _) => subject.value(dimension) == Some(value),
        })
    }

    /// Does it tell apart whom requests are for, beyond their keys?
    pub(super) fn is_open(&self) -> bool {
        self.0.keys().any(Dimension::is_open)
    }

    /// Is it for who answers, not for who asks?
    pub fn is_of_target(&self) -> bool {
        self.0.contains_key(&Dimension::Provider) || self.0.contains_key(&Dimension::Target)
    }

    pub(super) fn one_client(&self) -> Option<&str> {
        match self.0.get(&Dimension::Client)? {
            Match::Only(name) => Some(name),
            Match::Each => None,
        }
    }

    /// The values of those dimensions of which each has a counter.
    pub fn values<'a>(&'a self, subject: &Subject<'a>) -> impl Iterator<Item = (&'a Dimension, &'a str)> {
        let subject = *subject;
        let each = self.parts().filter(|(_, wanted)| **wanted == Match::Each);
        each.map(move |(dimension, _)| (dimension, subject.counted(dimension)))
    }

    /// The counter of a subject under a limit. All limits of one scope, and of what `each` comes to in another one, have
    /// their counters under one key.
    pub(super) fn account(&self, limit: u64, subject: &Subject<'_>, window: Window) -> Account {
        let mut key = String::with_capacity(64);
        key.push_str("limits");
        let (mut open, mut is_open) = (String::new(), false);
        for (dimension, wanted) in self.parts() {
            key.push('/');
            key.push_str(dimension.word());
            let value = match wanted {
                Match::Only(value) => value,
                Match::Each if subject.opens(dimension) => {
                    is_open = true;
                    open.push_str(subject.value(dimension).unwrap_or_default());
                    open.push('\0');
                    continue;
                }
                Match::Each => subject.counted(dimension),
            };
            key.push('=');
            key.push_str(value);
        }
        if is_open { Account::of(&open, &key, limit, window) } else { Account::named(key, limit, window) }
    }
}
