//! The configuration that most scenarios share.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};
use tollhouse_filter::clients::Digest;
use tollhouse_filter::config::raw::Document;

use crate::version;

/// A key that may use everything.
pub const KEY: &str = "th-key-of-main-c0ffee";
/// A key that may use little: model `narrow` and target `spelled/exact`.
pub const NARROW_KEY: &str = "th-key-of-narrow-c0ffee";
/// A key of yesterday.
pub const EXPIRED_KEY: &str = "th-key-of-expired-c0ffee";
/// A key that was taken away.
pub const DISABLED_KEY: &str = "th-key-of-disabled-c0ffee";

/// What the key of every provider starts with.
pub const PROVIDER_KEYS: &str = "sk-upstream-";

/// How many models there are of a family; a scenario takes one that no other has.
pub fn slots(family: &str) -> usize {
    if matches!(family, "o" | "a" | "oa" | "ao") { 250 } else { 40 }
}

/// Models that differ in their targets and clocks: name, providers in their order.
///
/// `o`, `a` and `c` speak OpenAI's, Anthropic's and Cohere's API. The others of a pair cannot be reached: connections are refused,
/// the name does not exist, connections are not answered, requests are refused before they are read.
pub const FAMILIES: [(&str, &[&str]); 21] = [
    ("o", &["o"]),
    ("a", &["a"]),
    ("oa", &["o", "a"]),
    ("ao", &["a", "o"]),
    ("oab", &["o", "a", "b"]),
    ("ab", &["a", "b"]),
    ("op", &["o", "p"]),
    ("oc", &["o", "c"]),
    ("co", &["c", "o"]),
    ("refused-oa", &["refused-o", "a"]),
    ("refused-ao", &["refused-a", "o"]),
    ("nowhere-oa", &["nowhere-o", "a"]),
    ("nowhere-ao", &["nowhere-a", "o"]),
    ("hole-oa", &["hole-o", "a"]),
    ("hole-ao", &["hole-a", "o"]),
    ("hasty-oa", &["hasty-o", "a"]),
    ("refused", &["refused-o"]),
    ("nowhere", &["nowhere-o"]),
    ("lost", &["refused-o", "refused-a"]),
    ("priced-o", &["priced-o"]),
    ("priced-a", &["priced-a"]),
];

/// Where the scripted providers listen.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// Speaks OpenAI's API.
    pub o: SocketAddr,
    /// Another one that does, and Cohere's where a script says so.
    pub p: SocketAddr,
    /// Speaks Anthropic's API.
    pub a: SocketAddr,
    /// Another one that does.
    pub b: SocketAddr,
    /// Fails before it has read a request.
    pub hasty: SocketAddr,
    /// Answers no connection.
    pub hole: SocketAddr,
}

/// The document as JSON, for scenarios that change it.
pub fn json(at: Addresses) -> Value {
    json!({
        "providers": {
            "o": provider("openai", "o", &at.o.to_string()),
            "p": provider("openai", "p", &at.p.to_string()),
            "a": provider("anthropic", "a", &at.a.to_string()),
            "b": provider("anthropic", "b", &at.b.to_string()),
            "c": provider("cohere", "c", &at.p.to_string()),
            "spelled": provider("openai", "s", &at.o.to_string()),
            "priced-o": provider("openai", "po", &at.o.to_string()),
            "priced-a": provider("anthropic", "pa", &at.a.to_string()),
            "refused-o": provider("openai", "ro", "127.0.0.1:1"),
            "refused-a": provider("anthropic", "ra", "127.0.0.1:1"),
            "nowhere-o": provider("openai", "no", "nowhere.invalid"),
            "nowhere-a": provider("anthropic", "na", "nowhere.invalid"),
            "hasty-o": provider("openai", "hy", &at.hasty.to_string()),
            "hole-o": provider("openai", "ho", &at.hole.to_string()),
            "hole-a": provider("anthropic", "ha", &at.hole.to_string()),
        },
        "models": models(),
        "prices": {
            "priced-o/*": { "per_million": { "input": 3, "output": 15 } },
            "priced-a/*": { "model": "anthropic/claude-sonnet-4-6" },
        },
        "files": { "provider": "o" },
        "clients": [
            client("main", KEY, &["*"]),
            client("narrow", NARROW_KEY, &["narrow", "spelled/exact"]),
            with(client("expired", EXPIRED_KEY, &["*"]), "expires", json!("2020-01-01")),
            with(client("disabled", DISABLED_KEY, &["*"]), "disabled", json!(true)),
        ],
    })
}

/// As the command line reads it, for the Envoy that scenarios play in.
pub fn read(json: &Value) -> Document {
    suited(&tollhouse_filter::config::document(json.to_string().as_bytes()).expect("a good document"))
}

/// The document for the Envoy that scenarios play in.
pub fn suited(document: &Document) -> Document {
    tollhouse::process::suited(document, version::here()).expect("an Envoy that is not too old")
}

/// A provider at `host`, with a key of its own.
pub fn provider(dialect: &str, name: &str, host: &str) -> Value {
    json!({
        "dialect": dialect,
        "endpoint": format!("http://{host}/v1"),
        "keys": [{ "value": format!("{PROVIDER_KEYS}{name}") }],
        "connect_timeout": "2s",
    })
}

/// A client with this key.
pub fn client(name: &str, key: &str, models: &[&str]) -> Value {
    json!({ "name": name, "team": format!("{name}-team"), "key_sha256": Digest::of(key).to_string(), "models": models })
}

/// The object with one more field.
pub fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn models() -> Value {
    let mut models = Map::new();
    models.insert("narrow".to_owned(), json!({ "targets": ["o/narrow"] }));
    for (family, providers) in FAMILIES {
        for (clocks, timeouts) in [("", patient()), ("-fast", impatient())] {
            let family = format!("{family}{clocks}");
            for slot in 0..slots(&family) {
                let name = format!("{family}-{slot}");
                let targets: Vec<_> = providers.iter().map(|p| format!("{p}/{name}")).collect();
                models.insert(name, json!({ "targets": targets, "timeouts": timeouts }));
            }
        }
    }
    for slot in 0..slots("others") {
        for (family, on) in [("longer", "context_length_exceeded"), ("keyless", "authentication")] {
            let name = format!("{family}-{slot}");
            models.insert(
                name.clone(),
                json!({ "targets": [format!("o/{name}"), format!("a/{name}")], "failover_on": [on] }),
            );
        }
    }
    Value::Object(models)
}

fn patient() -> Value {
    json!({ "first_token": "30s", "attempt": "30s", "idle": "30s", "total": "60s" })
}

fn impatient() -> Value {
    json!({ "first_token": "3s", "attempt": "3s", "idle": "3s", "total": "12s" })
}
