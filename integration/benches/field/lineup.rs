//! Who takes turns in a run.

use std::path::{Path, PathBuf};

use crate::gateway::{Filter, Kind, Limits};
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
        (TOLLHOUSE, tollhouse(Limits::Three)),
        (TOLLHOUSE, Kind::Tollhouse(Filter { module: None, limits: Limits::Three, clients: work::CROWD })),
    ];
    all.extend(installed("LITELLM").map(|program| (LITELLM, Kind::LiteLlm(program))));
    all.extend(installed("PORTKEY").map(|package| (PORTKEY, Kind::Portkey(package))));
    all
}

/// This module and another one.
pub(crate) fn modules(other: &Path) -> (Lineup, Vec<Pair>) {
    let that = Kind::Tollhouse(Filter { module: Some(other.to_owned()), limits: Limits::Three, clients: 1 });
    (
        vec![(ENVOY, Kind::Envoy), ("that module", that), ("this module", tollhouse(Limits::Three))],
        vec![("that module", "this module")],
    )
}

/// The filter without limits, with some, and with more.
pub(crate) fn limits() -> (Lineup, Vec<Pair>) {
    let (none, three, six) = ("no limits", "three limits", "six limits");
    let lineup = vec![
        (ENVOY, Kind::Envoy),
        (none, tollhouse(Limits::Nothing)),
        (three, tollhouse(Limits::Three)),
        (six, tollhouse(Limits::Six)),
    ];
    (lineup, vec![(none, three), (three, six)])
}

fn tollhouse(limits: Limits) -> Kind {
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
