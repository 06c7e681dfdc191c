//! What models differ in, by their names.

/// What is known of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// `gemini-2.5-pro` is of 2.5. `None` is a name that does not say, such as one of a tuned model.
    version: Option<(u32, u32)>,
    pro: bool,
    lite: bool,
    flash: bool,
    /// An alias of whatever is newest.
    latest: bool,
    /// Gemma has none of the newer fields.
    gemma: bool,
}

impl Model {
    pub(super) fn named(name: &str) -> Self {
        Self {
            version: name.split("gemini-").nth(1).and_then(version),
            pro: name.contains("-pro"),
            lite: name.contains("-lite"),
            flash: name.contains("-flash"),
            latest: name.ends_with("-latest"),
            gemma: name.contains("gemma"),
        }
    }

    /// Is the model, as far as its name says, of this version or later?
    fn since(self, version: (u32, u32)) -> bool {
        self.version.is_none_or(|own| own >= version) && !self.gemma
    }

    fn is_third(self) -> bool {
        self.version.is_some_and(|own| own >= (3, 0))
    }

    /// Does it think?
    pub(super) fn thinks(self) -> bool {
        self.since((2, 5))
    }

    /// Is it told how much to think by a word instead of a number?
    pub(super) fn has_levels(self) -> bool {
        self.is_third()
    }

    /// The first model with levels had no `medium` in its largest size.
    pub(super) fn knows_medium(self) -> bool {
        self.flash || self.version.is_some_and(|own| own > (3, 0))
    }

    pub(super) fn is_flash(self) -> bool {
        self.flash
    }

    pub(super) fn is_lite(self) -> bool {
        self.lite
    }

    pub(super) fn is_pro(self) -> bool {
        self.pro
    }

    /// Does it take JSON Schema, or only the subset that OpenAPI has?
    pub(super) fn takes_json_schema(self) -> bool {
        self.since((2, 5))
    }

    /// Does it refuse calls that come back without their signature?
    pub(super) fn wants_signatures(self) -> bool {
        self.is_third() || self.latest
    }

    /// Can it be asked for JSON while there are tools?
    pub(super) fn takes_tools_with_json(self) -> bool {
        self.is_third()
    }
}

/// `2.5-flash` and `3-pro-preview`.
fn version(rest: &str) -> Option<(u32, u32)> {
    let number = rest.split('-').next()?;
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_tell_the_version_and_the_size() {
        for (name, version) in [
            ("gemini-1.5-pro", Some((1, 5))),
            ("gemini-2.5-flash-lite", Some((2, 5))),
            ("models/gemini-3-pro-preview", Some((3, 0))),
            ("gemini-3.1-pro", Some((3, 1))),
            ("gemini-flash-latest", None),
            ("1234567890", None),
        ] {
            assert_eq!(Model::named(name).version, version, "{name}");
        }
        assert!(Model::named("gemini-2.5-flash-lite").is_lite());
    }

    #[test]
    fn a_name_that_says_nothing_stands_for_a_model_of_today() {
        let tuned = Model::named("1234567890");
        assert!(tuned.thinks() && tuned.takes_json_schema() && !tuned.has_levels() && !tuned.wants_signatures());
        assert!(!Model::named("gemma-3-27b-it").thinks());
        assert!(!Model::named("gemini-2.0-flash").takes_json_schema());
    }
}
