//! What a model takes, told by its name: the API has no other way to ask.
//!
//! <https://docs.anthropic.com/en/docs/about-claude/models/overview>

/// What is known of a model. A name that is not Claude's says nothing: then everything is sent as documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dialects) struct Model {
    version: Option<(u32, u32)>,
    opus: bool,
}

/// Stands for a Claude whose name has no version: previews and aliases of the newest.
const NEWEST: (u32, u32) = (u32::MAX, 0);

impl Model {
    /// Reads `claude-3-7-sonnet-20250219`, `claude-opus-4-1`, `anthropic/claude-haiku-4.5` and the like.
    pub(in crate::dialects) fn named(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let Some((_, rest)) = name.split_once("claude") else { return Self { version: None, opus: false } };
        let mut words = rest.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let major = words.by_ref().find_map(|word| number(word.strip_prefix('v').unwrap_or(word)));
        let version = major.map_or(NEWEST, |major| (major, words.next().and_then(number).unwrap_or(0)));
        Self { version: Some(version), opus: rest.contains("opus") }
    }

    fn at_least(self, version: (u32, u32)) -> bool {
        self.version.is_some_and(|own| own >= version)
    }

    fn before(self, version: (u32, u32)) -> bool {
        self.version.is_some_and(|own| own < version)
    }

    /// Can it think at all? From Claude 3.7.
    pub(in crate::dialects) fn thinks(self) -> bool {
        !self.before((3, 7))
    }

    /// Does it choose the length of its thinking by itself? From Claude 4.6; older ones want a budget.
    ///
    /// <https://docs.anthropic.com/en/docs/build-with-claude/adaptive-thinking>
    pub(in crate::dialects) fn is_adaptive(self) -> bool {
        self.at_least((4, 6))
    }

    /// Does it know the effort `xhigh`?
    pub(in crate::dialects) fn knows_xhigh(self) -> bool {
        self.at_least((5, 0)) || (self.opus && self.at_least((4, 7)))
    }

    /// Does it know the effort `max`?
    pub(in crate::dialects) fn knows_max(self) -> bool {
        self.at_least((5, 0)) || (self.opus && self.at_least((4, 6)))
    }

    /// Does it keep to a schema by itself (`output_config.format`, strict tools)? From Claude 4.1.
    ///
    /// <https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs>
    pub(in crate::dialects) fn keeps_schemas(self) -> bool {
        !self.before((4, 1))
    }

    /// Does it refuse `temperature`, `top_p` and `top_k`? From Opus 4.7, and from version 5.
    pub(in crate::dialects) fn refuses_sampling(self) -> bool {
        self.at_least((5, 0)) || (self.opus && self.at_least((4, 7)))
    }

    /// Does it refuse `temperature` and `top_p` together? Opus 4.1, and all from 4.5.
    pub(in crate::dialects) fn refuses_both(self) -> bool {
        self.at_least((4, 5)) || (self.opus && self.at_least((4, 1)))
    }
}

/// A part of a version; longer numbers are dates.
fn number(word: &str) -> Option<u32> {
    (word.len() <= 2).then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn version(name: &str) -> Option<(u32, u32)> {
        Model::named(name).version
    }

    #[test]
    fn versions_are_read_from_every_form_of_name() {
        for (name, expected) in [
            ("claude-3-haiku-20240307", (3, 0)),
            ("claude-3-5-sonnet-20241022", (3, 5)),
            ("claude-3.7-sonnet", (3, 7)),
            ("claude-sonnet-4-20250514", (4, 0)),
            ("claude-opus-4-1-20250805", (4, 1)),
            ("anthropic/claude-haiku-4.5", (4, 5)),
            ("eu.anthropic.claude-opus-4-6-v1:0", (4, 6)),
            ("claude-sonnet-4@20250514", (4, 0)),
            ("claude-v2:1", (2, 1)),
            ("CLAUDE-OPUS-5", (5, 0)),
            ("claude-mythos-preview", NEWEST),
        ] {
            assert_eq!(version(name), Some(expected), "{name}");
        }
        assert_eq!(version("gpt-5"), None);
    }

    #[test]
    fn an_unknown_name_gets_what_is_documented_without_the_newest_forms() {
        let model = Model::named("my-proxy-model");
        assert!(model.thinks() && model.keeps_schemas());
        assert!(!model.is_adaptive() && !model.refuses_sampling() && !model.refuses_both());
    }

    #[test]
    fn abilities_follow_the_generation() {
        let old = Model::named("claude-3-5-haiku-latest");
        assert!(!old.thinks() && !old.keeps_schemas());
        let four = Model::named("claude-sonnet-4-20250514");
        assert!(four.thinks() && !four.keeps_schemas() && !four.is_adaptive() && !four.refuses_both());
        assert!(Model::named("claude-opus-4-1").refuses_both());
        assert!(!Model::named("claude-opus-4-6").refuses_sampling() && Model::named("claude-opus-4-6").is_adaptive());
        assert!(
            Model::named("claude-opus-4-7").refuses_sampling() && Model::named("claude-fable-5").refuses_sampling()
        );
        assert!(!Model::named("claude-sonnet-4-6").knows_max() && Model::named("claude-opus-4-6").knows_max());
    }
}
