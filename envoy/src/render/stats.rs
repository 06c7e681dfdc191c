//! Labels and histogram buckets of the filter's metrics.

use serde_json::{Value, json};
use tollhouse_filter::config::{chains, raw::Document};
use tollhouse_filter::contract::{LABELS, tag_regex};

/// Milliseconds: a first token comes after tenths of a second, an answer after up to ten minutes.
const BUCKETS_MS: [u32; 18] =
    [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 600_000];

/// Before 1.39 metrics of the filter are those of the cluster that has loaded it first, `cluster.NAME.wasmcustom.…`:
/// rules that know this take the beginning away, so that names and labels are the same.
pub(crate) fn config(document: &Document) -> Value {
    let of_a_cluster = chains::are_needed(document);
    let beginning = if of_a_cluster { r"(?:cluster\.[^;]*\.)?" } else { "" };
    let regex = |label| format!("^{beginning}{}", tag_regex(label).trim_start_matches('^'));
    let mut tags: Vec<_> = LABELS.iter().map(|l| json!({ "tag_name": l, "regex": regex(l) })).collect();
    if of_a_cluster {
        tags.push(json!({ "tag_name": "loaded_by", "regex": r"^(cluster\.([^;]*)\.)wasmcustom\.tollhouse_" }));
    }
    json!({
        "stats_tags": tags,
        "histogram_bucket_settings": [{
            "match": { "safe_regex": { "regex": format!(r"{beginning}wasmcustom\.tollhouse_.*_ms.*") } },
            "buckets": BUCKETS_MS,
        }],
    })
}
