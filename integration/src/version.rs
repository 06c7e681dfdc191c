//! The Envoy that scenarios play in, and what an older one cannot play.

use std::sync::OnceLock;

use tollhouse_filter::config::raw::EnvoyVersion;

use crate::stage;

/// How a scenario says that it cannot be played, before the reason; `tests/versions` reads it.
pub const CANNOT: &str = "cannot be played: ";

/// What Envoy says of its version: `1.40.0`.
pub fn here() -> &'static str {
    static HERE: OnceLock<String> = OnceLock::new();
    HERE.get_or_init(|| tollhouse::binary::version(&stage::envoy()).expect("a version"))
}

/// Is Envoy of this version or later?
pub fn is_from(version: &str) -> bool {
    let wanted = EnvoyVersion::parse(version).expect("a version");
    // One that somebody has built may have any version.
    EnvoyVersion::parse(here()).is_none_or(|here| here >= wanted)
}

/// Is a request's cluster chosen anew before each attempt? If not, its clusters are in a chain.
pub fn refreshes() -> bool {
    is_from(&EnvoyVersion::REFRESHES.to_string())
}

/// Is Envoy of this version or later? If not, the reason is told, and the scenario has nothing to play.
pub fn since(version: &str, why: &str) -> bool {
    let plays = is_from(version);
    if !plays {
        println!("{CANNOT}{why}");
    }
    plays
}
