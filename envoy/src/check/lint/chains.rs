//! What an older Envoy cannot do.

use tollhouse_filter::config::{chains, raw};
use tollhouse_filter::routing::chain;

use super::Found;

pub(super) fn check(document: &raw::Document, found: &mut Found) {
    let Some(version) = document.envoy_version.filter(|_| chains::are_needed(document)) else { return };
    for (name, model) in &document.models {
        let all = model.targets.len();
        let any = chain::any_order(all);
        if any < all {
            let reason = format!(
                "Envoy {version} tries at most {any} of these {all} for a request, unless in the order that stands here: when none of them cools or is full; from 1.39 on all in any order"
            );
            found.add(format!("models.{name}.targets"), reason);
        }
    }
}
