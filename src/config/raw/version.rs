//! Versions of Envoy.

use std::fmt;

/// A version of Envoy, as far as the filter cares: `1.37`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnvoyVersion {
    major: u16,
    minor: u16,
}

impl EnvoyVersion {
    /// The oldest that the filter works in: the first with composite clusters. 1.36 ends with a segmentation fault when
    /// a request is tried again whose headers a filter has held.
    ///
    /// <https://www.envoyproxy.io/docs/envoy/v1.37.0/intro/arch_overview/upstream/composite_cluster>
    pub const OLDEST: Self = Self { major: 1, minor: 37 };

    /// The first that can choose a request's cluster anew before each attempt.
    ///
    /// <https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/route/v3/route_components.proto#config-route-v3-retrypolicy>
    pub const REFRESHES: Self = Self { major: 1, minor: 39 };

    /// Reads `1.37`; what follows, as in `1.37.0`, does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        Some(Self { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? })
    }

    /// Does its router count a body twice that a filter has held, when it asks whether it can keep it for another
    /// attempt? Tried: 1.37.0 does, 1.38.2 does not.
    ///
    /// <https://github.com/envoyproxy/envoy/issues/30613>
    pub fn counts_bodies_twice(self) -> bool {
        self < Self { major: 1, minor: 38 }
    }

    /// Does its credential injector take the line end off a key? Tried: 1.39.3 does not, 1.40.0 does.
    ///
    /// <https://github.com/envoyproxy/envoy/pull/46260>
    pub fn strips_keys(self) -> bool {
        self >= Self { major: 1, minor: 40 }
    }

    /// Does its router choose the cluster anew before each attempt (`refresh_cluster_on_retry`)?
    pub fn refreshes(self) -> bool {
        self >= Self::REFRESHES
    }
}

impl fmt::Display for EnvoyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
