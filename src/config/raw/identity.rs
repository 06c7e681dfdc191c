//! Identities, as they are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A way in which callers are known that is established before a request comes to the filter: one of `jwt`, `metadata`,
/// `headers`, `peer` and `forwarded_peer`, and what is taken from it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = [{ "required": ["jwt"] }, { "required": ["metadata"] }, { "required": ["headers"] }, { "required": ["peer"] }, { "required": ["forwarded_peer"] }])))]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Its name, for clients and in records.
    pub name: String,
    /// A token that `envoy.filters.http.jwt_authn` has verified. What is taken from it are claims: `sub`, or
    /// `/realm_access/team` for one within another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<Jwt>,
    /// What another filter has put into dynamic metadata, as `envoy.filters.http.ext_authz` does. Taken as claims are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Headers that a filter or a proxy before us has set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Trusted>,
    /// The certificate with which the caller has connected (mTLS), which the listener has verified: `uri_san`, `dns_san`,
    /// `subject`, and of a SPIFFE id `namespace` and `service_account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
    /// The certificate with which the caller has connected to the proxy before us, by its last element of
    /// `x-forwarded-client-cert`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_peer: Option<Trusted>,
    /// What the end user is taken from. It holds against what a request says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What the team is taken from, for clients without a team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// What tags are taken from, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Where verified tokens are found.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// `payload_in_metadata` of the provider in the configuration of `jwt_authn`.
    pub payload: String,
    /// The namespace of the metadata. Default: `envoy.filters.http.jwt_authn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Dynamic metadata of a filter.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// `envoy.filters.http.ext_authz`, or another one.
    pub namespace: String,
}

/// Headers that are not always the caller's own.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    /// When they are trusted. In all other requests they are taken away.
    pub trust: Trust,
}

/// When headers are trusted: one of these is enough.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// The connection has come by one of these filter chains of the listener.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filter_chains: Vec<String>,
    /// The certificate of the connection has one of these URIs: SPIFFE ids, or their beginning with a `*` behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<String>,
    /// In all requests: nobody reaches the listener who could write such a header himself, or a filter before ours
    /// always sets or removes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// The caller's own certificate.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Peer {}

/// The identity that makes a client.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The name of an identity.
    pub by: String,
    /// What it must say: of all these one of the values. One that ends with `*` is the beginning of some. A list says
    /// each of its items. Default: it is enough that the identity is established.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, Vec<String>>,
}
