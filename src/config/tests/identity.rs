use super::*;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn of(identity: &str, client: &str) -> String {
    format!(r#"{{"identity": [{identity}], "clients": [{{"name": "c", "models": []{client}}}]}}"#)
}

#[test]
fn what_is_wrong_with_an_identity_is_told_with_its_path() {
    let by = r#", "identity": {"by": "i"}"#;
    for (identity, message) in [
        (
            r#"{"name": "i", "user": "sub"}"#,
            "identity[0]: expected one of `jwt`, `metadata`, `headers`, `peer`, `forwarded_peer`",
        ),
        (
            r#"{"name": "i", "peer": {}, "jwt": {"payload": "p"}}"#,
            "identity[0]: expected one of `jwt`, `metadata`, `headers`, `peer`, `forwarded_peer`",
        ),
        (
            r#"{"name": "i", "jwt": {"payload": ""}, "user": "sub"}"#,
            "identity[0].jwt: expected names that are not empty",
        ),
        (
            r#"{"name": "i", "jwt": {"payload": "p"}, "team": "/a//b"}"#,
            "identity[0].team: found `/a//b`, expected a claim such as `sub`, or a JSON pointer such as `/realm/team`",
        ),
        (
            r#"{"name": "i", "peer": {}, "team": "ou"}"#,
            "identity[0].team: found `ou`, expected `uri_san`, `dns_san`, `subject`, `namespace` or `service_account`",
        ),
        (
            r#"{"name": "i", "headers": {"trust": {}}, "user": "x-user"}"#,
            "identity[0].headers.trust: expected `filter_chains`, `peers` or `all: true`",
        ),
        (
            r#"{"name": "i", "headers": {"trust": {"all": true}}, "user": "X-User"}"#,
            "identity[0].user: found `X-User`, expected the name of a header in lower case",
        ),
        (
            r#"{"name": "i", "headers": {"trust": {"all": true}}, "user": "x-api-key"}"#,
            "identity[0].user: found `x-api-key`, expected a header that nothing else is for",
        ),
        (
            r#"{"name": "i", "headers": {"trust": {"all": true}}, "user": "x-tollhouse-user"}"#,
            "identity[0].user: found `x-tollhouse-user`, expected a header that nothing else is for",
        ),
        (r#"{"name": "i", "peer": {}}"#, "identity[0]: expected `user`, `team`, `tags`, or `where` of a client"),
        (
            r#"{"name": "i", "peer": {}, "user": "uri_san"}, {"name": "i", "peer": {}}"#,
            "identity[1].name: found `i`, expected a name that no other identity has",
        ),
    ] {
        refused(&of(identity, by), message);
    }
}

#[test]
fn so_is_what_is_wrong_with_a_client_that_is_known_by_one() {
    for (identity, client, message) in [
        (
            r#"{"name": "i", "peer": {}, "user": "uri_san"}"#,
            "",
            "clients[0]: expected `key_sha256`, `identity` or both",
        ),
        (
            r#"{"name": "i", "peer": {}, "user": "uri_san"}"#,
            r#", "identity": {"by": "j"}"#,
            "clients[0].identity.by: found `j`, expected the name of an identity of this document",
        ),
        (
            r#"{"name": "i", "peer": {}}"#,
            r#", "identity": {"by": "i", "where": {"uri_san": []}}"#,
            "clients[0].identity.where.uri_san: found none, expected at least one value",
        ),
    ] {
        refused(&of(identity, client), message);
    }
}

#[test]
fn a_limit_may_be_for_a_team_that_only_tokens_name() {
    let limit = r#""limits": [{"for": {"team": "field"}, "requests": 1, "per": "day"}]"#;
    assert!(parse(&format!("{{{limit}}}")).is_err());
    let identity = r#""identity": [{"name": "i", "jwt": {"payload": "p"}, "team": "team"}]"#;
    let config = parse(&format!("{{{identity}, {limit}}}")).unwrap();
    assert!(config.teams.contains("field"));
}
