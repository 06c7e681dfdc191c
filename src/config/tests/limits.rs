#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::ledger::{Bind, PerClass, Unit, Window};
use crate::limits::{Alert, Limit, Soft, Subject, Wait};

/// A document with this limit.
fn with(limit: &str) -> String {
    let digest = "0".repeat(64);
    format!(
        r#"{{
            "providers": {{ "a": {{ "dialect": "openai" }} }},
            "models": {{ "tier": {{ "targets": ["a/big"] }}, "cheap": {{ "targets": ["a/small"] }} }},
            "clients": [{{ "name": "bot", "team": "support", "key_sha256": "{digest}", "models": ["*"],
                           "class": "batch", "tags": {{ "feature": "search" }} }}],
            "limits": [{limit}]
        }}"#
    )
}

fn one(limit: &str) -> Rc<Limit> {
    let config = parse(&with(limit)).unwrap();
    Rc::clone(config.limits.all().next().unwrap())
}

#[test]
fn a_limit_says_what_in_which_time_for_whom() {
    let limit = one(r#"{ "for": { "team": "support" }, "tokens": "200_000", "per": "minute" }"#);
    assert_eq!((limit.amount, limit.window), (200_000, Window::Calendar(Unit::Minute)));
    assert_eq!(limit.describe(&Subject::default()), "200000 tokens per minute for team support");
    let limit = one(r#"{ "for": { "client": "each" }, "usd": 50.1, "per": "month" }"#);
    assert_eq!((limit.amount, limit.id()), (50_100_000_000, "limit/usd/month/client=*"));
    assert_eq!(one(r#"{ "in_flight": 3 }"#).window, Window::Ever);
    assert_eq!(one(r#"{ "requests": 3, "per": "hour", "rolling": true }"#).window, Window::Rolling(Unit::Hour));
}

#[test]
fn shares_are_amounts_in_the_end() {
    let limit =
        one(r#"{ "tokens": 1000, "per": "day", "shadow": true, "alert_at": [0.8, 1.0], "keep": { "interactive": 0.5 },
             "soft": { "at": 0.9, "model": "cheap" }, "wait": "5s" }"#);
    assert_eq!(limit.bind, Bind::Shadow);
    assert_eq!(limit.alerts, [Alert { percent: 80, at: 800 }, Alert { percent: 100, at: 1000 }]);
    assert_eq!(limit.kept, PerClass([500, 0]));
    assert_eq!(limit.soft, Some(Soft { at: 900, model: "cheap".into() }));
    assert_eq!(limit.wait, Some(Wait { longest: Duration::from_secs(5), most: 100 }));
}

#[test]
fn amounts_are_exact_or_refused() {
    let amount = |text: &str| {
        parse(&with(&format!(r#"{{ "usd": {text}, "per": "day" }}"#))).map(|c| c.limits.all().next().unwrap().amount)
    };
    assert_eq!(amount("0.1"), Ok(100_000_000));
    assert_eq!(amount("\"0.000000001\""), Ok(1));
    assert_eq!(amount("12"), Ok(12_000_000_000));
    for bad in ["0", "-1", "1e9", "\"1.0000000001\"", "\"ten\"", "9007200"] {
        assert!(amount(bad).unwrap_err().to_string().starts_with("limits[0].usd: "), "{bad}");
    }
    for bad in ["0", "-1", "1.5", "9007199254740993", "\"12 tokens\"", "true"] {
        let refused = parse(&with(&format!(r#"{{ "tokens": {bad}, "per": "day" }}"#))).unwrap_err();
        assert!(refused.to_string().starts_with("limits[0].tokens: "), "{bad}: {refused}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_path() {
    let says = |limit: &str, message: &str| refused(&with(limit), message);
    let kinds = "expected one of `requests`, `tokens`, `input_tokens`, `output_tokens`, `usd`, `in_flight`";
    says("{}", &format!("limits[0]: {kinds}"));
    says(r#"{ "requests": 1, "tokens": 1, "per": "day" }"#, &format!("limits[0]: {kinds}"));
    let units = "`second`, `minute`, `hour`, `day`, `week`, `month` or `ever`";
    says(r#"{ "requests": 1 }"#, &format!("limits[0].per: found none, expected {units}"));
    says(r#"{ "in_flight": 1, "per": "day" }"#, "limits[0].per: expected none: `in_flight` counts at any time");
    says(
        r#"{ "for": { "team": "nobody" }, "requests": 1, "per": "day" }"#,
        "limits[0].for.team: found `nobody`, expected a team of this document, or `each`: it matches nothing",
    );
    says(
        r#"{ "for": { "target": "b/x" }, "requests": 1, "per": "day" }"#,
        "limits[0].for.target: found `b/x`, expected a target of this document, or `each`: it matches nothing",
    );
    says(
        r#"{ "requests": 1, "per": "day" }, { "requests": 2, "per": "day", "shadow": true }"#,
        "limits[1]: another limit is for the same, of the same, in the same time",
    );
    says(
        r#"{ "requests": 1, "per": "day", "alert_at": [1.5] }"#,
        "limits[0].alert_at[0]: found `1.5`, expected a share over 0 and up to 1",
    );
    says(
        r#"{ "requests": 1, "per": "day", "soft": { "at": 0.5, "model": "gone" } }"#,
        "limits[0].soft.model: found `gone`, expected a model of this document",
    );
    says(
        r#"{ "requests": 1, "per": "day", "keep": { "interactive": 0.6, "batch": 0.5 } }"#,
        "limits[0].keep: expected shares that are 1 together at most",
    );
    says(r#"{ "requests": 1, "per": "ever", "rolling": true }"#, "limits[0].rolling: expected a `per` that ends");
    says(r#"{ "requests": 1, "per": "day", "waiting": 5 }"#, "limits[0].waiting: expected it beside `wait` only");
    says(
        r#"{ "requests": 1, "per": "day", "unpriced": "allow" }"#,
        "limits[0].unpriced: expected it beside `usd` only",
    );
    let unit = parse(&with(r#"{ "requests": 1, "per": "fortnight" }"#)).unwrap_err().to_string();
    assert!(unit.starts_with("limits[0].per: unknown variant `fortnight`, expected one of"), "{unit}");
}
