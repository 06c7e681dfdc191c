#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::store::WhenDown;

fn with(limit: &str, store: &str) -> String {
    format!(
        r#"{{
            "providers": {{ "a": {{ "dialect": "openai" }} }},
            "models": {{ "tier": {{ "targets": ["a/big"] }} }},
            "limits": [{limit}],
            "limit_store": {store}
        }}"#
    )
}

const TOKENS: &str = r#"{ "tokens": 1000, "per": "day" }"#;

#[test]
fn a_store_has_defaults_for_all_but_its_cluster() {
    let config = parse(&with(TOKENS, r#"{ "rate_limit_service": "rls" }"#)).unwrap();
    let store = config.store.unwrap();
    assert_eq!((store.cluster.as_str(), store.domain.as_str()), ("rls", "tollhouse"));
    assert_eq!((store.timeout, store.when_down), (Duration::from_millis(20), WhenDown::Local(0.1)));
    assert!(store.refunds);
    let limit = config.limits.all().next().unwrap();
    assert_eq!(limit.share.as_ref().unwrap().amount, 100);
    assert_eq!(limit.share.as_ref().unwrap().id(), limit.id());
}

#[test]
fn a_limit_may_stay_with_each_envoy() {
    let local = r#"{ "tokens": 1000, "per": "day", "local": true }"#;
    let config = parse(&with(local, r#"{ "rate_limit_service": "rls" }"#)).unwrap();
    assert!(config.limits.all().next().unwrap().share.is_none());
    let alone = with(local, "null");
    refused(&alone, "limits[0].local: expected it beside a `limit_store` only");
}

#[test]
fn what_the_protocol_has_no_word_for_is_refused_unless_it_stays_here() {
    for (field, limit) in [
        ("in_flight", r#"{ "in_flight": 5 }"#),
        ("rolling", r#"{ "tokens": 5, "per": "day", "rolling": true }"#),
        ("per", r#"{ "tokens": 5, "per": "ever" }"#),
        ("for", r#"{ "for": { "provider": "a" }, "tokens": 5, "per": "day" }"#),
        ("shadow", r#"{ "tokens": 5, "per": "day", "shadow": true }"#),
        ("alert_at", r#"{ "tokens": 5, "per": "day", "alert_at": [0.5] }"#),
        ("soft", r#"{ "tokens": 5, "per": "day", "soft": { "at": 0.5, "model": "tier" } }"#),
        ("keep", r#"{ "tokens": 5, "per": "day", "keep": { "interactive": 0.5 } }"#),
        ("wait", r#"{ "tokens": 5, "per": "day", "wait": "5s" }"#),
    ] {
        let store = r#"{ "rate_limit_service": "rls" }"#;
        let reason = "the rate limit service cannot count so; `local: true` lets each Envoy do it for itself";
        refused(&with(limit, store), &format!("limits[0].{field}: {reason}"));
        let local = limit.replacen('{', r#"{ "local": true, "#, 1);
        assert!(parse(&with(&local, store)).is_ok(), "{local}");
    }
}

#[test]
fn what_is_wrong_with_a_store_is_told_with_its_path() {
    for (store, message) in [
        (r#"{ "rate_limit_service": "" }"#, "rate_limit_service: expected the name of a cluster, of up to 100 bytes"),
        (r#"{ "rate_limit_service": "r", "domain": "" }"#, "domain: expected a name that the service knows"),
        (
            r#"{ "rate_limit_service": "r", "timeout": "20s" }"#,
            "timeout: found `20s`, expected some milliseconds, up to 10s",
        ),
        (
            r#"{ "rate_limit_service": "r", "local_share": 2 }"#,
            "local_share: found `2`, expected a share over 0 and up to 1",
        ),
        (
            r#"{ "rate_limit_service": "r", "local_share": 0.5, "when_down": "refuse" }"#,
            "local_share: expected none beside `when_down: refuse`",
        ),
        (
            r#"{ "rate_limit_service": "r", "address": "ratelimit" }"#,
            "address: found `ratelimit`, expected a host and a port such as ratelimit.internal:8081",
        ),
    ] {
        refused(&with(TOKENS, store), &format!("limit_store.{message}"));
    }
}
