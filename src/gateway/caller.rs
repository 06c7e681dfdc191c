//! Who calls: by its key, by what was established of it before, or by both.

use std::rc::Rc;

use super::Gateway;
use super::head::Head;
use crate::clients::{self, Client};
use crate::config::Config;
use crate::errors::{ApiError, Retry};
use crate::host::Host;
use crate::identity::{Mismatch, Said};
use crate::policies::Policy;
use crate::time::Timestamp;

/// A caller that is known, on its route.
pub(super) struct Caller {
    pub(super) client: Rc<Client>,
    /// What identities say of it.
    pub(super) said: Said,
    /// What the route leaves of what the client may do.
    pub(super) policy: Rc<Policy>,
    /// Does the document not name its team?
    pub(super) foreign_team: bool,
}

impl Caller {
    fn new(client: Rc<Client>, said: Said, policy: Rc<Policy>, config: &Config) -> Self {
        let foreign_team = client.team.is_none() && said.team.as_ref().is_some_and(|team| !config.teams.contains(team));
        Self { client, said, policy, foreign_team }
    }

    /// Who pays.
    pub(super) fn team(&self) -> Option<&str> {
        self.client.team.as_deref().or(self.said.team.as_deref()).or(self.policy.team.as_deref())
    }

    /// May it ask for this model or target?
    pub(super) fn may_use(&self, name: &str) -> bool {
        self.client.may_use(name) && self.policy.may_use(name)
    }

    /// May it ask for every target of this provider?
    pub(super) fn may_use_all(&self, provider: &str) -> bool {
        self.client.may_use_all(provider) && self.policy.may_use_all(provider)
    }
}

impl Gateway {
    /// The caller. A key that is not known counts as none where an identity names a client: SDKs want one, whatever it is.
    pub(super) fn who(&mut self, host: &dyn Host, head: &mut Head, now: Timestamp) -> Result<Rc<Caller>, ApiError> {
        let key = clients::presented_key(|name| head.get(name).map(str::to_owned));
        let holder = key.as_deref().and_then(|key| self.config.holder(key));
        let config = Rc::clone(&self.config);
        let evidence = head.evidence(&config.identities, host);
        let client = match evidence.client(holder) {
            Ok(Some(client)) => client,
            Ok(None) => return Err(self.stranger(host, key.as_deref(), now)),
            Err(mismatch) => return Err(refused(mismatch)),
        };
        let caller = Rc::new(Caller::new(client, evidence.said(), Rc::clone(&self.policy), &config));
        self.notes.caller = Some(Rc::clone(&caller));
        caller.client.admit(now)?;
        Ok(caller)
    }

    /// The team as a label of stats.
    pub(super) fn team_label<'a>(&'a self, caller: &'a Caller) -> &'a str {
        match caller.team() {
            Some(team) if caller.foreign_team => self.exchanges.labels().of(team),
            team => team.unwrap_or_default(),
        }
    }
}

fn refused(mismatch: Mismatch) -> ApiError {
    match mismatch {
        Mismatch::Unbound => clients::unauthorized(
            "This gateway key is for a caller that is known by its token or certificate too.",
            "identity_required",
        ),
        Mismatch::Stranger => forbidden("Your identity is none that may call this gateway.", "identity_not_allowed"),
        Mismatch::Conflict => {
            forbidden("Your key, token or certificate are those of different callers.", "identity_conflict")
        }
    }
}

fn forbidden(message: &str, code: &'static str) -> ApiError {
    ApiError::new(403, message).code(code).retry(Retry::Never)
}
