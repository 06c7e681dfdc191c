//! Who takes turns in a run.

use std::path::{Path, PathBuf};

use crate::gateway::{Filter, Kind};
use crate::work;

/// Names, which are columns of the tables, in the order of turns.
pub(crate) type Lineup = Vec<(&'static str, Kind)>;

/// No gateway at all.
pub(crate) const DIRECT: &str = "direct";
/// The same Envoy without the filter.
pub(crate) const ENVOY: &str = "Envoy";
/// The filter as it is now.
pub(crate) const TOLLHOUSE: &str = "Tollhouse";
/// See [`Kind::LiteLlm`].
pub(crate) const LITELLM: &str = "LiteLLM";
/// See [`Kind::Portkey`].
pub(crate) const PORTKEY: &str = "Portkey";

/// Two gateways, of which the second is what the first is or is not.
pub(crate) type Pair = (&'static str, &'static str);

/// All that are installed: `LITELLM` names the command of one, `PORTKEY` the package of the other.
pub(crate) fn field() -> Lineup {
    let mut all = vec![
        (DIRECT, Kind::Direct),
        (ENVOY, Kind::Envoy),
        (TOLLHOUSE, tollhouse(true)),
        (TOLLHOUSE, Kind::Tollhouse(Filter { module: None, limits: true, clients: work::CROWD })),
    ];
    all.extend(installed("LITELLM").map(|program| (LITELLM, Kind::LiteLlm(program))));
    all.extend(installed("PORTKEY").map(|package| (PORTKEY, Kind::Portkey(package))));
    all
}

/// This module and another one.
pub(crate) fn modules(other: &Path) -> (Lineup, Pair) {
    let that = Kind::Tollhouse(Filter { module: Some(other.to_owned()), limits: true, clients: 1 });
    (
        vec![(ENVOY, Kind::Envoy), ("that module", that), ("this module", tollhouse(true))],
        ("that module", "this module"),
    )
}

/// The filter without limits, and with.
pub(crate) fn limits() -> (Lineup, Pair) {
    let lineup = vec![(ENVOY, Kind::Envoy), ("without limits", tollhouse(false)), ("with limits", tollhouse(true))];
    (lineup, ("without limits", "with limits"))
}

fn tollhouse(limits: bool) -> Kind {
    Kind::Tollhouse(Filter { module: None, limits, clients: 1 })
}

fn installed(variable: &str) -> Option<PathBuf> {
    let Some(path) = std::env::var_os(variable).map(PathBuf::from) else {
        eprintln!("left out: {variable} names nothing");
        return None;
    };
    assert!(path.exists(), "{variable} names what is not there: {}", path.display());
    Some(path)
}
