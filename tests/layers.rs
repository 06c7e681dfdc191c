//! The arrows of the map in `src/lib.rs`: every `crate::` path in a module leads to its own layer's allowed ones.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules, outermost layer first, and what of their own layer they may use beside everything below.
const LAYERS: &[&[(&str, &[&str])]] = &[
    &[("plugin", &["host::envoy", "heap"]), ("heap", &[]), ("fuzz", &[])],
    &[("gateway", &[]), ("provider", &[])],
    &[
        ("failover", &["exchange", "telemetry"]),
        ("telemetry", &["alerts", "exchange", "metrics"]),
        ("exchange", &["alerts", "metrics", "queue", "outbox", "tolls"]),
        ("alerts", &[]),
        ("metrics", &[]),
        ("outbox", &["telemetry"]),
        ("queue", &[]),
        ("tolls", &[]),
        ("service", &[]),
        ("signature", &["exchange"]),
        ("reply", &[]),
    ],
    &[
        ("config", &["routing", "clients", "guesses", "identity", "policies", "limits", "ledger", "pricing", "store"]),
        ("policies", &["clients", "config"]),
        ("routing", &["config", "pricing"]),
        ("clients", &["ledger::Class"]),
        ("guesses", &[]),
        ("identity", &["clients"]),
        ("attribution", &["clients", "identity", "policies"]),
        ("limits", &["ledger", "pricing"]),
        ("ledger", &[]),
        ("store", &["clients::Digest", "limits", "ledger"]),
        ("pricing", &[]),
    ],
    &[("surfaces", &[]), ("dialects", &["surfaces::Asked"])],
    &[
        ("hub", &["usage"]),
        ("meter", &["hub", "usage"]),
        ("wire", &[]),
        ("errors", &[]),
        ("usage", &[]),
        ("estimate", &[]),
        ("contract", &[]),
        ("host", &[]),
    ],
    &[
        ("base64", &[]),
        ("bytes", &[]),
        ("json", &[]),
        ("multipart", &[]),
        ("pairs", &[]),
        ("protobuf", &[]),
        ("stream", &["bytes", "json"]),
        ("headers", &["pairs"]),
        ("time", &[]),
    ],
];

/// Policies and wire do not meet, but that a provider's configuration names its dialect.
const FORBIDDEN: &[(&str, &str)] = &[
    ("routing", "dialects"),
    ("clients", "dialects"),
    ("routing", "surfaces"),
    ("clients", "surfaces"),
    ("identity", "dialects"),
    ("identity", "surfaces"),
    ("pricing", "dialects"),
    ("pricing", "surfaces"),
    ("pricing", "host"),
    ("config", "surfaces"),
    ("gateway", "dialects"),
    ("surfaces", "host"),
    ("surfaces", "meter"),
    ("dialects", "host"),
    ("dialects", "meter"),
    ("dialects", "time"),
    ("surfaces", "time"),
    ("provider", "clients"),
    ("provider", "config"),
    ("provider", "pricing"),
];

fn sources(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.to_str().unwrap().contains("test") {
            found.push(path);
        }
    }
}

/// The first two segments of every `crate::` path outside comments and unit tests.
fn uses(text: &str) -> BTreeSet<String> {
    let code: String = text
        .split("#[cfg(test)]")
        .next()
        .unwrap()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split("crate::").skip(1).map(|rest| rest.split(|c| !word(c)).next().unwrap().to_owned()).collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.iter().any(|(name, _)| *name == module))
}

#[test]
fn every_arrow_points_inwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if module == "lib" {
            continue;
        }
        let Some(from) = layer(&module) else {
            wrong.push(format!("{module} has no layer"));
            continue;
        };
        let same = LAYERS[from].iter().find(|(name, _)| *name == module).unwrap().1;
        for path in uses(&fs::read_to_string(&file).unwrap()) {
            let target = path.split("::").next().unwrap();
            assert!(!target.is_empty(), "{}: write one `use` for each module of ours", relative.display());
            let Some(to) = layer(target) else { continue };
            let allowed = target == module || to > from || same.iter().any(|s| path.starts_with(s));
            let forbidden = FORBIDDEN.contains(&(module.as_str(), target));
            if !allowed || forbidden {
                wrong.push(format!("{} -> {path}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_edge_knows_proxy_wasm() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let knows: BTreeSet<_> = files
        .iter()
        .filter(|file| {
            let text = fs::read_to_string(file).unwrap();
            text.lines().any(|line| line.contains("proxy_wasm::") && !line.trim_start().starts_with("//"))
        })
        .map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(knows, ["host/envoy.rs", "plugin.rs"].map(str::to_owned).into());
}
