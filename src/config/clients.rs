//! Clients, from the document as written to what runs.

use std::collections::HashSet;
use std::rc::Rc;

use super::compile::{allowed, check_name};
use super::limits::class_of;
use super::{Config, ConfigError, identity, raw};
use crate::clients::{Client, Digest};
use crate::identity::{Bond, Holder};
use crate::time::Timestamp;

type Result<T> = std::result::Result<T, ConfigError>;

/// `config` has models and providers. Adds the clients, and how they are known.
pub(super) fn clients(document: &raw::Document, config: &mut Config) -> Result<()> {
    config.identities = identity::identities(&document.identity)?;
    let mut names = HashSet::new();
    for (i, raw) in document.clients.iter().enumerate() {
        let path = format!("clients[{i}]");
        let client = Rc::new(client(&path, raw, config)?);
        if !names.insert(&raw.name) {
            return Err(ConfigError::expected(format!("{path}.name"), &raw.name, "a name that no other client has"));
        }
        know(&path, raw, &client, config)?;
        config.teams.extend(client.team.clone());
        config.clients.push(client);
    }
    let named = document.limits.iter().filter_map(|limit| limit.whom.team.clone());
    config.teams.extend(named);
    identity::check(&config.identities)
}

/// Takes note of a client's key and identity.
fn know(path: &str, raw: &raw::Client, client: &Rc<Client>, config: &mut Config) -> Result<()> {
    let known = raw.identity.as_ref();
    let known =
        known.map(|known| identity::rule(&format!("{path}.identity"), known, &mut config.identities)).transpose()?;
    let client = Rc::clone(client);
    match (&raw.key_sha256, known) {
        (None, None) => Err(ConfigError::new(path, "expected `key_sha256`, `identity` or both")),
        (None, Some((at, rule))) => {
            if let Some(identity) = config.identities.0.get_mut(at) {
                identity.clients.push((rule, client));
            }
            Ok(())
        }
        (Some(digest), known) => {
            let path = format!("{path}.key_sha256");
            let Some(digest) = Digest::parse(digest) else {
                return Err(ConfigError::new(path, "expected 64 hexadecimal digits"));
            };
            let bond = known.map(|(identity, rule)| Bond { identity, rule });
            match config.keys.insert(digest, Holder { client, bond }) {
                Some(_) => Err(ConfigError::new(path, "another client has the same key")),
                None => Ok(()),
            }
        }
    }
}

fn client(path: &str, raw: &raw::Client, config: &Config) -> Result<Client> {
    check_name(&format!("{path}.name"), &raw.name)?;
    if let Some(team) = &raw.team {
        check_name(&format!("{path}.team"), team)?;
    }
    let expires = raw.expires.as_deref().map(|text| {
        Timestamp::parse(text).ok_or_else(|| {
            ConfigError::expected(format!("{path}.expires"), text, "a date such as 2027-01-31 or 2027-01-31T12:00:00Z")
        })
    });
    Ok(Client {
        name: raw.name.clone(),
        team: raw.team.clone(),
        models: allowed(&format!("{path}.models"), &raw.models, config)?,
        expires: expires.transpose()?,
        disabled: raw.disabled,
        class: class_of(raw.class.unwrap_or_default()),
        tags: raw.tags.clone(),
    })
}
