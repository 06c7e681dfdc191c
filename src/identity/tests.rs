#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::Config;
use crate::host::memory::Memory;
use crate::pairs;

const SUB: &str = "metadata.filter_metadata.envoy.filters.http.jwt_authn.okta.sub";
const GROUPS: &str = "metadata.filter_metadata.envoy.filters.http.jwt_authn.okta.groups";
const TEAM: &str = "metadata.filter_metadata.envoy.filters.http.jwt_authn.okta.realm.team";
const URI: &str = "connection.uri_san_peer_certificate";
const CHAIN: &str = "xds.filter_chain_name";

fn config() -> Config {
    let document = serde_json::json!({
        "identity": [
            { "name": "staff", "jwt": { "payload": "okta" }, "user": "sub", "team": "/realm/team" },
            { "name": "portal", "headers": { "trust": { "filter_chains": ["portal"] } }, "user": "x-user-id" },
            { "name": "mesh", "peer": {}, "team": "namespace", "tags": { "Service": "service_account" } },
        ],
        "clients": [
            { "name": "ops", "models": [], "identity": { "by": "staff", "where": { "groups": ["ops", "admin-*"] } } },
            { "name": "staff", "models": [], "identity": { "by": "staff" } },
            { "name": "pay", "models": [], "identity": { "by": "mesh", "where": { "uri_san": ["spiffe://acme/ns/pay/*"] } } },
            { "name": "keyed", "models": [], "key_sha256": "0".repeat(64) },
            { "name": "bound", "models": [], "key_sha256": "1".repeat(64),
              "identity": { "by": "mesh", "where": { "namespace": ["bound"] } } },
        ],
    });
    Config::parse(document.to_string().as_bytes(), &|_| None).unwrap()
}

fn stream(properties: &[(&str, &[u8])]) -> Memory {
    let host = Memory::default();
    host.properties.borrow_mut().extend(properties.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())));
    host
}

fn headers(all: &[(&str, &str)]) -> Headers {
    all.iter().copied().collect()
}

fn holder<'a>(config: &'a Config, name: &str) -> &'a Holder {
    config.keys.values().find(|holder| holder.client.name == name).unwrap()
}

/// The client that these properties name, beside the key of another.
fn named(properties: &[(&str, &[u8])], key: Option<&str>) -> Result<Option<String>, Mismatch> {
    let config = config();
    let evidence = config.identities.read(&stream(properties), &mut Headers::default());
    evidence.client(key.map(|name| holder(&config, name))).map(|client| client.map(|client| client.name.clone()))
}

fn said(properties: &[(&str, &[u8])], all: &[(&str, &str)]) -> Said {
    config().identities.read(&stream(properties), &mut headers(all)).said()
}

#[test]
fn the_first_client_whose_rule_fits_is_named() {
    assert_eq!(named(&[(SUB, b"ann")], None), Ok(Some("staff".into())));
    let list = pairs::write(&[("dev", ""), ("admin-eu", "")]);
    assert_eq!(named(&[(SUB, b"ann"), (GROUPS, &list)], None), Ok(Some("ops".into())));
    assert_eq!(named(&[(GROUPS, b"ops")], None), Ok(Some("ops".into())));
    assert_eq!(named(&[(GROUPS, b"ops-not")], None), Ok(Some("staff".into())));
    assert_eq!(named(&[(URI, b"spiffe://acme/ns/pay/sa/a")], None), Ok(Some("pay".into())));
}

#[test]
fn nothing_that_is_established_names_nobody() {
    assert_eq!(named(&[], None), Ok(None));
    assert_eq!(named(&[(SUB, b""), (GROUPS, &3.0f64.to_le_bytes())], None), Ok(None));
    assert_eq!(named(&[(URI, b"spiffe://acme/ns/other/sa/a")], None), Err(Mismatch::Stranger));
}

#[test]
fn a_key_and_identities_must_not_name_different_clients() {
    assert_eq!(named(&[], Some("keyed")), Ok(Some("keyed".into())));
    assert_eq!(named(&[(SUB, b"ann")], Some("keyed")), Err(Mismatch::Conflict));
    let both: [(&str, &[u8]); 2] = [(SUB, b"ann"), (URI, b"spiffe://acme/ns/pay/sa/a")];
    assert_eq!(named(&both, None), Err(Mismatch::Conflict));
    // An identity that is none of the clients does not take a key's worth.
    assert_eq!(named(&[(URI, b"spiffe://acme/ns/other/sa/a")], Some("keyed")), Ok(Some("keyed".into())));
}

#[test]
fn a_key_that_is_bound_is_worth_nothing_alone() {
    assert_eq!(named(&[], Some("bound")), Err(Mismatch::Unbound));
    assert_eq!(named(&[(URI, b"spiffe://acme/ns/pay/sa/a")], Some("bound")), Err(Mismatch::Unbound));
    assert_eq!(named(&[(URI, b"spiffe://acme/ns/bound/sa/a")], Some("bound")), Ok(Some("bound".into())));
    assert_eq!(named(&[(URI, b"spiffe://acme/ns/bound/sa/a")], None), Err(Mismatch::Stranger));
}

#[test]
fn the_first_that_says_something_holds() {
    let both: [(&str, &[u8]); 3] = [(SUB, b"ann"), (TEAM, b"ops"), (URI, b"spiffe://acme/ns/pay/sa/till")];
    let said = said(&both, &[]);
    assert_eq!(
        (said.by.as_str(), said.user.as_deref(), said.team.as_deref()),
        ("staff,mesh", Some("ann"), Some("ops"))
    );
    assert_eq!(said.tags, [("service".to_owned(), "till".to_owned())].into());
}

#[test]
fn which_of_several_values_is_meant_nobody_can_know() {
    let two = pairs::write(&[("ann", ""), ("bob", "")]);
    assert_eq!(said(&[(SUB, &two)], &[]).user, None);
    let one = pairs::write(&[("ann", "")]);
    assert_eq!(said(&[(SUB, &one)], &[]).user.as_deref(), Some("ann"));
    assert_eq!(said(&[(SUB, "ü".repeat(100).as_bytes())], &[]).user.map(|user| user.len()), Some(MAX_BYTES));
}

#[test]
fn a_header_is_trusted_only_where_the_document_says_so() {
    let config = config();
    let read = |properties: &[(&str, &[u8])], all: &[(&str, &str)]| {
        let mut headers = headers(all);
        let user = config.identities.read(&stream(properties), &mut headers).said().user;
        (user, headers.get("x-user-id").is_some(), headers.get("x-other").is_some())
    };
    let ann = [("x-user-id", "ann"), ("x-other", "1")];
    assert_eq!(read(&[(CHAIN, b"portal")], &ann), (Some("ann".into()), true, true));
    assert_eq!(read(&[(CHAIN, b"public")], &ann), (None, false, true));
    assert_eq!(read(&[], &ann), (None, false, true));
    // The caller's and the proxy's.
    assert_eq!(read(&[(CHAIN, b"portal")], &[("x-user-id", "root"), ("x-user-id", "ann")]), (None, true, false));
}
