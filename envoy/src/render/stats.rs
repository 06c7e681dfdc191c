//! Labels and histogram buckets of the filter's metrics.

use serde_json::{Value, json};
use tollhouse_filter::contract::{LABELS, tag_regex};

/// Milliseconds: a first token comes after tenths of a second, an answer after up to ten minutes.
const BUCKETS_MS: [u32; 18] =
    [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 600_000];

pub(crate) fn config() -> Value {
    let tags: Vec<_> = LABELS.iter().map(|l| json!({ "tag_name": l, "regex": tag_regex(l) })).collect();
    json!({
        "stats_tags": tags,
        "histogram_bucket_settings": [{
            "match": { "safe_regex": { "regex": r"wasmcustom\.tollhouse_.*_ms.*" } },
            "buckets": BUCKETS_MS,
        }],
    })
}
