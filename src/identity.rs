//! Identities that are established before a request comes to us: by a token that Envoy has verified, by the caller's
//! certificate, by a header of a proxy that is trusted. What they say names a client, a team, a user and tags.
//!
//! A key names a client too. All that name one must name the same; the rest only tells more of the caller.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::clients::Client;
use crate::headers::Headers;
use crate::host::Stream;

mod certificate;
mod fact;
mod labels;
mod rule;
mod source;

pub use certificate::Name;
pub use fact::Fact;
pub use labels::Labels;
pub use rule::{Pattern, Rule};
pub use source::{Source, Trust};

/// Longer names and values are cut off.
pub(crate) const MAX_BYTES: usize = 128;

/// One way in which callers are known.
#[derive(Debug)]
pub struct Identity {
    /// Its name in the document and in records.
    pub name: String,
    /// Who says it.
    pub source: Source,
    /// All that is looked at. Without a value of any of them the identity is not established.
    pub facts: Vec<Fact>,
    /// The fact that is the user.
    pub user: Option<usize>,
    /// The fact that is the team, of clients that have none of their own.
    pub team: Option<usize>,
    /// Facts that are tags.
    pub tags: Vec<(String, usize)>,
    /// Clients that are known by it alone, in their order.
    pub clients: Vec<(Rule, Rc<Client>)>,
}

impl Identity {
    /// One that says nothing yet.
    pub fn new(name: &str, source: Source) -> Self {
        let name = name.to_owned();
        Self { name, source, facts: Vec::new(), user: None, team: None, tags: Vec::new(), clients: Vec::new() }
    }

    /// The place of a fact among those that are looked at.
    pub fn place(&mut self, fact: Fact) -> usize {
        self.facts.iter().position(|known| *known == fact).unwrap_or_else(|| {
            self.facts.push(fact);
            self.facts.len() - 1
        })
    }
}

/// What comes of a key.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Whose it is.
    pub client: Rc<Client>,
    /// What must come with it.
    pub bond: Option<Bond>,
}

/// An identity without which a key is worth nothing.
#[derive(Clone, Debug)]
pub struct Bond {
    /// Its place among the identities.
    pub identity: usize,
    /// What it must say.
    pub rule: Rule,
}

/// All ways in which callers are known, in their order.
#[derive(Debug, Default)]
pub struct Identities(pub Vec<Identity>);

impl Identities {
    /// Looks at what is established. Headers that are not to be trusted are taken away.
    pub fn read(&self, stream: &dyn Stream, headers: &mut Headers) -> Evidence<'_> {
        let mut evidence = Evidence::default();
        let (mut trusted, mut distrusted) = (Vec::new(), Vec::new());
        for (place, identity) in self.0.iter().enumerate() {
            let names = identity.headers();
            if !names.is_empty() {
                if !names.iter().any(|name| headers.get(name).is_some()) {
                    continue;
                }
                if !identity.source.is_trusted(stream) {
                    distrusted.extend(names);
                    continue;
                }
                trusted.extend(names);
            }
            let values: Vec<_> = identity.facts.iter().map(|fact| fact.values(stream, headers)).collect();
            if values.iter().any(|values| !values.is_empty()) {
                evidence.0.push(Proof { place, identity, values });
            }
        }
        if !distrusted.is_empty() {
            headers.retain(|name| trusted.contains(&name) || !distrusted.contains(&name));
        }
        evidence
    }

    /// Do teams come from outside of the document?
    pub fn name_teams(&self) -> bool {
        self.0.iter().any(|identity| identity.team.is_some())
    }
}

impl Identity {
    /// Headers that it looks at.
    fn headers(&self) -> Vec<&str> {
        self.facts.iter().filter_map(Fact::header).collect()
    }
}

/// What is established of a request.
#[derive(Debug, Default)]
pub struct Evidence<'a>(Vec<Proof<'a>>);

#[derive(Debug)]
struct Proof<'a> {
    place: usize,
    identity: &'a Identity,
    /// Of each fact.
    values: Vec<Vec<String>>,
}

/// Why what is established lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It says who calls, and that is none of the clients.
    Stranger,
    /// It names several clients.
    Conflict,
    /// The key is worth nothing without an identity that is not there, or says something else.
    Unbound,
}

impl Evidence<'_> {
    /// The client that is named, by a key that is known or otherwise. `None`: there is nothing that could name one.
    ///
    /// # Errors
    /// What is established does not go together, or not with any client.
    pub fn client(&self, holder: Option<&Holder>) -> Result<Option<Rc<Client>>, Mismatch> {
        let bond = holder.and_then(|holder| holder.bond.as_ref());
        if bond.is_some_and(|bond| !self.has(bond)) {
            return Err(Mismatch::Unbound);
        }
        let mut named = holder.map(|holder| &holder.client);
        let mut stranger = false;
        for proof in self.0.iter().filter(|proof| bond.is_none_or(|bond| bond.identity != proof.place)) {
            match (proof.client(), named) {
                (Some(client), Some(other)) if !Rc::ptr_eq(client, other) => return Err(Mismatch::Conflict),
                (Some(client), _) => named = Some(client),
                (None, _) => stranger |= !proof.identity.clients.is_empty(),
            }
        }
        match named {
            None if stranger => Err(Mismatch::Stranger),
            named => Ok(named.map(Rc::clone)),
        }
    }

    fn has(&self, bond: &Bond) -> bool {
        self.0.iter().any(|proof| proof.place == bond.identity && bond.rule.fits(&proof.values))
    }

    /// What is said of the caller. Where several say something, the first holds.
    pub fn said(&self) -> Said {
        let mut said = Said::default();
        for proof in &self.0 {
            if !said.by.is_empty() {
                said.by.push(',');
            }
            said.by.push_str(&proof.identity.name);
            said.user = said.user.or_else(|| proof.one(proof.identity.user?));
            said.team = said.team.or_else(|| proof.one(proof.identity.team?));
            for (tag, fact) in &proof.identity.tags {
                if let Some(value) = proof.one(*fact) {
                    said.tags.entry(tag.clone()).or_insert(value);
                }
            }
        }
        said
    }
}

impl<'a> Proof<'a> {
    fn client(&self) -> Option<&'a Rc<Client>> {
        self.identity.clients.iter().find(|(rule, _)| rule.fits(&self.values)).map(|(_, client)| client)
    }

    /// A value that is the only one. Which of several is meant nobody can know.
    fn one(&self, fact: usize) -> Option<String> {
        match self.values.get(fact)?.as_slice() {
            [one] => Some(cut(one)),
            _ => None,
        }
    }
}

/// At most so much of a name.
pub(crate) fn cut(text: &str) -> String {
    let mut end = text.len().min(MAX_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// What identities say of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The names of those that are established, with commas.
    pub by: String,
    /// The end user.
    pub user: Option<String>,
    /// Who pays, for a client without a team of its own.
    pub team: Option<String>,
    /// Tags by name.
    pub tags: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests;
