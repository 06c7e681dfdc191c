use super::*;
use crate::document;
use tollhouse_filter::time::Timestamp;

const NOW: &str = "2026-06-01";

fn found(yaml: &str) -> (Vec<String>, Vec<String>) {
    let document = document::parse(yaml).unwrap();
    let errors: Vec<_> = errors(&document).iter().map(ToString::to_string).collect();
    let warnings = warnings(&document, Timestamp::parse(NOW).unwrap());
    (errors, warnings.iter().map(ToString::to_string).collect())
}

fn errs(yaml: &str, expected: &[&str]) {
    assert_eq!(found(yaml).0, expected, "{yaml}");
}

/// A good document with something odd put in the place of something good.
fn warns(good: &str, odd: &str, expected: &[&str]) {
    let (errors, warnings) = found(&GOOD.replacen(good, odd, 1));
    assert_eq!(errors, [""; 0], "{odd}");
    assert_eq!(warnings, expected, "{odd}");
}

const GOOD: &str = r#"
max_body: 8MiB
providers:
  openai: { dialect: openai, keys: [{ env: OPENAI_API_KEY }] }
  vllm: { dialect: openai, endpoint: "http://vllm.internal:8000/v1" }
models:
  tier: { targets: [openai/gpt-5-mini, vllm/llama], timeouts: { first_token: 10s } }
clients:
  - { name: bot, key_sha256: "0000000000000000000000000000000000000000000000000000000000000001", models: [tier] }
"#;

#[test]
fn a_good_document_has_nothing_to_tell() {
    assert_eq!(found(GOOD), (Vec::new(), Vec::new()));
}

#[test]
fn every_error_is_told_once() {
    let dialects: Vec<_> = tollhouse_filter::dialects::DIALECTS.iter().map(|d| d.name()).collect();
    errs(
        r#"
providers:
  a: { dialect: opnai }
  b: { dialect: openai, endpoint: "ftp://b" }
  c: { dialect: openai, keys: [{}] }
  "d/e": { dialect: openai }
models:
  x: { targets: [a/m, gone/m] }
  y: { targets: [] }
clients:
  - { name: one, key_sha256: abc, models: [y] }
  - { name: two, key_sha256: "0000000000000000000000000000000000000000000000000000000000000002", models: [y, z] }
  - { name: three, key_sha256: "0000000000000000000000000000000000000000000000000000000000000003", models: [x] }
  - { name: three, key_sha256: "0000000000000000000000000000000000000000000000000000000000000004", models: [b/m] }
"#,
        &[
            &format!("providers.a.dialect: found `opnai`, expected one of {}", dialects.join(", ")),
            "providers.b.endpoint: found `ftp://b`, expected a URL that starts with http:// or https://",
            "providers.c.keys[0]: expected one of `env`, `file`, `sds`, `value` and `aws`",
            "providers.d/e: found `d/e`, expected a name of letters, digits, `-`, `_` and `.`",
            "models.x.targets[1]: found `gone/m`, expected `provider/model` with a provider of this document (a, b, c)",
            "models.y.targets: found none, expected at least one `provider/model`",
            "clients[0].key_sha256: expected 64 hexadecimal digits",
            "clients[1].models[1]: found `z`, expected a model of this document, `provider/model`, `provider/*` or `*`",
            "clients[3].name: found `three`, expected a name that no other client has",
        ],
    );
}

#[test]
fn what_only_envoy_minds_is_an_error_too() {
    errs("listen: here", &["listen: found `here`, expected an IP address and a port such as 127.0.0.1:10000"]);
}

#[test]
fn secrets_that_come_from_nowhere_are_told_and_odd_ones_too() {
    let sds = GOOD.replacen("env: OPENAI_API_KEY", "sds: openai", 1);
    errs(
        &sds,
        &["providers.openai.keys[0].sds: expected an `sds` in the document, which says where secrets come from"],
    );
    let server = |address: &str| format!("{sds}sds: {{ cluster: secrets, address: {address} }}\n");
    assert_eq!(found(&server("'unix:/run/sds.sock'")), (Vec::new(), Vec::new()));
    let clear =
        "sds.address: keys come from `sds.example.com` in clear; use a socket of this host, or a cluster with TLS";
    assert_eq!(found(&server("sds.example.com:443")).1, [clear]);
    warns("\nproviders", "\nsds: { cluster: secrets }\nproviders", &["sds: no key comes from there: none has `sds`"]);
}

#[test]
fn files_of_keys_that_an_older_envoy_does_not_take_are_told() {
    let file = GOOD.replacen("env: OPENAI_API_KEY", "file: /run/secrets/openai", 1);
    let for_envoy = |version: &str| found(&format!("envoy_version: '{version}'\n{file}"));
    let told = |version: &str, late: &str| {
        let reason = format!("Envoy {version} fails every request with a key from a file that ends with a line{late}");
        (Vec::new(), vec![format!("providers.openai.keys[0].file: {reason}")])
    };
    let late = "; and the file must be there when it starts";
    assert_eq!([for_envoy("1.37"), for_envoy("1.38.2")], [told("1.37", late), told("1.38", late)]);
    assert_eq!(for_envoy("1.39"), told("1.39", ""));
    assert_eq!([for_envoy("1.40"), found(&file)], [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())]);
    warns("max_body: 8MiB", "envoy_version: '1.37'", &[]);
}

#[test]
fn odd_limits_are_told() {
    warns(
        "8MiB",
        "64MiB",
        &["max_body: 64MiB is more than the 32MiB that providers take, and Envoy may hold as much for each connection"],
    );
    warns("8MiB", "1KiB", &["max_body: 1KiB is less than an ordinary conversation with tools or an image"]);
    warns(
        "first_token: 10s",
        "first_token: 10s, attempt: 20m, total: 5s",
        &[
            "models.tier.timeouts.first_token: 10s is more than the total of 5s, which ends all",
            "models.tier.timeouts.attempt: 1200s is more than the total of 5s, which ends all",
        ],
    );
    warns(
        "max_body: 8MiB",
        "policies: { quick: { timeouts: { first_token: 9s, total: 5s } } }",
        &["policies.quick.timeouts.first_token: 9s is more than the total of 5s, which ends all"],
    );
    warns(
        "max_body: 8MiB",
        "timeouts: { idle: 0s }",
        &["timeouts.idle: 0 is over at once; leave the field out for the default"],
    );
}

#[test]
fn odd_providers_are_told() {
    warns("openai/gpt-5-mini, ", "", &["providers.openai: no model has a target there, and no client may ask for it"]);
    warns(
        "env: OPENAI_API_KEY",
        "value: sk-1",
        &["providers.openai.keys[0].value: a key in clear ends up in every copy of this document; use `env` or `file`"],
    );
    warns(
        "vllm.internal",
        "203.0.113.9",
        &["providers.vllm.endpoint: prompts go to `203.0.113.9` in clear; use https://"],
    );
    warns(
        ", keys: [{ env: OPENAI_API_KEY }]",
        "",
        &["providers.openai.keys: there is none, but `api.openai.com` asks for one"],
    );
    for private in ["10.1.2.3", "[::1]", "localhost", "vllm", "vllm.ns.svc"] {
        warns("vllm.internal", private, &[]);
    }
}

#[test]
fn odd_models_and_clients_are_told() {
    warns(
        "vllm/llama",
        "vllm/llama, openai/gpt-5-mini",
        &[
            "models.tier.targets[2]: `openai/gpt-5-mini` stands above already; it is then tried again after it has failed",
        ],
    );
    warns(
        "models: [tier]",
        "models: []",
        &["models.tier: no client may ask for it", "clients[0].models: it may ask for nothing"],
    );
    warns(
        "models: [tier]",
        "models: [tier, '*']",
        &["clients[0].models: `*` is everything; the other entries do nothing"],
    );
    warns("models: [tier]", "models: [tier], disabled: true", &["clients[0].disabled: its key is refused"]);
    warns(
        "models: [tier]",
        "models: [tier], expires: 2026-05-31",
        &["clients[0].expires: its key is refused since 2026-05-31"],
    );
    let none = GOOD.split("clients:").next().unwrap();
    let reason = "clients: there are none, so every request is refused; `tollhouse key new` makes one";
    assert_eq!(found(none), (Vec::new(), vec![reason.to_owned()]));
}

/// The good document with prices for all, and these limits.
fn limit_warns(limit: &str, expected: &[&str]) {
    let limits = format!("prices: {{ vllm/*: {{ per_million: {{ input: 0, output: 0 }} }} }}\nlimits: [{limit}]\n");
    warns("max_body: 8MiB", &limits, expected);
}

#[test]
fn limits_that_were_hardly_meant_so_are_told() {
    limit_warns("{ usd: 5, per: day }, { tokens: 1000, per: minute, wait: 5s }, { in_flight: 3, wait: 1m }", &[]);
    limit_warns(
        "{ tokens: 9000, per: day, soft: { at: 0.9, model: tier }, for: { model: tier } }",
        &["limits[0].soft.model: `tier` is the limited model itself"],
    );
    limit_warns(
        "{ requests: 9, per: day, wait: 5s }, { requests: 9, per: ever, wait: 1m }",
        &[
            "limits[0].wait: what is spent comes back after a day, and hardly within 5s",
            "limits[1].wait: what is spent never comes back, and hardly within 60s",
        ],
    );
    limit_warns(
        "{ output_tokens: 999, per: day }, { tokens: 10, per: day, shadow: true }, { requests: 1, per: day }",
        &["limits[0].output_tokens: 999 is less than a usual request may come to, which is then always refused"],
    );
    limit_warns(
        "{ in_flight: 9, keep: { batch: 0.1, interactive: 0.5 } }",
        &["limits[0].keep: no client is `batch`, so that nobody gets this share"],
    );
}

#[test]
fn money_is_limited_where_prices_are_known() {
    let reason = |names: &str| {
        format!(
            "limits[0].usd: the price of {names} is not known, and such requests are refused; say it in `prices`, or what is meant in `unpriced`"
        )
    };
    let both = "max_body: 8MiB\nlimits: [{ usd: 5, per: day, for: { SCOPE } }]";
    let scoped = |scope: &str, expected: &[&str]| warns("max_body: 8MiB", &both.replace("SCOPE", scope), expected);
    for scope in ["", "client: each", "client: bot", "model: tier", "provider: vllm", "target: vllm/llama"] {
        scoped(scope, &[&reason("`vllm/llama`")]);
    }
    scoped("provider: openai", &[]);
    warns("max_body: 8MiB", "limits: [{ usd: 5, per: day, unpriced: refuse }, { tokens: 5000, per: day }]", &[]);
    let other = GOOD.replace("clients:", "  free: { targets: [vllm/other] }\nclients:").replace("[tier]", "[free]");
    let other = other.replace("  - {", "  - { name: a, key_sha256: \"0000000000000000000000000000000000000000000000000000000000000009\", models: [tier] }\n  - {");
    let (errors, warnings) = found(&format!("{other}limits: [{{ usd: 5, per: day, for: {{ client: bot }} }}]"));
    assert_eq!(
        (errors, warnings.iter().map(ToString::to_string).collect()),
        (Vec::new(), vec![reason("`vllm/other`")])
    );
}

#[test]
fn odd_webhooks_are_told() {
    let webhook = |webhook: &str, limits: &str| format!("limits: [{limits}]\nalerts: {{ webhook: {webhook} }}\n");
    let watched = "{ requests: 5, per: day, alert_at: [1] }";
    let tells = |text: &str, expected: &[&str]| warns("max_body: 8MiB", text, expected);
    tells(&webhook("{ endpoint: 'https://hooks.slack.com', path: { env: HOOK } }", watched), &[]);
    tells(
        &webhook("{ endpoint: 'http://203.0.113.9', path: { value: /canary } }", "{ requests: 5, per: day }"),
        &[
            "alerts.webhook.path.value: a secret in clear ends up in every copy of this document; use `env`",
            "alerts.webhook.endpoint: alerts and the secret path go to `203.0.113.9` in clear; use https://",
            "alerts.webhook: no limit has `alert_at`, so that it is never called",
        ],
    );
}
