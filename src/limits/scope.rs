//! For whom a limit is.

use std::borrow::Cow;
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
            Dimension::Tag(name) => self.tags?.get(name).map(String::as_str),
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
        self.parts().all(|(dimension, wanted)| match wanted {
            Match::Each => true,
            Match::Only(value) => subject.value(dimension) == Some(value),
        })
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
        each.map(move |(dimension, _)| match dimension {
            Dimension::Model | Dimension::Target if subject.spelled_out => (dimension, "*"),
            _ => (dimension, subject.value(dimension).unwrap_or_default()),
        })
    }

    /// The counter of a subject.
    pub(super) fn account(&self, id: &str, subject: &Subject<'_>, window: Window) -> Account {
        let mut key = Cow::Borrowed(id);
        let mut open = String::new();
        let mut is_open = false;
        for (dimension, value) in self.values(subject) {
            if dimension.is_open() || subject.foreign_team && *dimension == Dimension::Team {
                is_open = true;
                open.push_str(value);
                open.push('\0');
            } else {
                let key = key.to_mut();
                key.push('/');
                key.push_str(value);
            }
        }
        if is_open { Account::of(&open, &key, window) } else { Account::named(key.into_owned(), window) }
    }
}
