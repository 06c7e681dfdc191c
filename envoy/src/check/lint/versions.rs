//! What an older Envoy cannot do.

use tollhouse_filter::config::raw::EnvoyVersion;
use tollhouse_filter::config::{chains, raw};
use tollhouse_filter::routing::chain;

use super::Found;

pub(super) fn check(document: &raw::Document, found: &mut Found) {
    let Some(version) = document.envoy_version else { return };
    let chains = chains::are_needed(document);
    if chains {
        orders(version, document, found);
    }
    if !version.strips_keys() {
        files(version, chains, document, found);
    }
}

/// Orders of attempts that it has no chain for.
fn orders(version: EnvoyVersion, document: &raw::Document, found: &mut Found) {
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

/// Keys in files that it puts in as they are, or that it wants from the start.
fn files(version: EnvoyVersion, chains: bool, document: &raw::Document, found: &mut Found) {
    let late = if chains { "; and the file must be there when it starts" } else { "" };
    for (name, provider) in &document.providers {
        for (i, _) in provider.keys.iter().enumerate().filter(|(_, key)| key.file.is_some()) {
            let reason =
                format!("Envoy {version} fails every request with a key from a file that ends with a line{late}");
            found.add(format!("providers.{name}.keys[{i}].file"), reason);
        }
    }
}
