//! Names of models: patterns, and the many ways to write one name.

/// Does `pattern` match all of `name`? `*` stands for anything, `#` for a digit.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.as_bytes(), name.as_bytes());
    // What follows the last star, and where in the name that was tried.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => return true,
            (Some((b'*', [])), _) => return true,
            (Some((b'*', rest)), _) => {
                star = Some((rest, name));
                pattern = rest;
            }
            (Some((expected, rest)), Some((found, shorter)))
                if expected == found || *expected == b'#' && found.is_ascii_digit() =>
            {
                (pattern, name) = (rest, shorter);
            }
            _ => {
                let Some((rest, [_, tried @ ..])) = star else { return false };
                star = Some((rest, tried));
                (pattern, name) = (rest, tried);
            }
        }
    }
}

/// The name in other words, in which it may be known: at Bedrock the name at the end of an ARN, the name without its
/// region; everywhere without a date.
///
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>,
/// <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude>
pub(super) fn spellings(name: &str) -> impl Iterator<Item = &str> {
    let name = name.strip_prefix("arn:").and_then(|arn| arn.rsplit_once('/')).map_or(name, |(_, name)| name);
    let regional = without_region(name);
    [Some(name), regional, without_date(name), regional.and_then(without_date)].into_iter().flatten()
}

/// `us.anthropic.claude-sonnet-4-6` is `anthropic.claude-sonnet-4-6` in a region; `global` has prices of its own.
fn without_region(name: &str) -> Option<&str> {
    const REGIONS: [&str; 9] = ["apac", "au", "ca", "eu", "in", "jp", "sa", "us", "us-gov"];
    let (region, rest) = name.split_once('.')?;
    REGIONS.contains(&region).then_some(rest)
}

/// `gpt-5-mini-2025-08-07`, `claude-sonnet-5@20260601`.
fn without_date(name: &str) -> Option<&str> {
    [8, 10].into_iter().find_map(|length| {
        let (rest, date) = name.split_at_checked(name.len().checked_sub(length)?)?;
        let dated = matches("########", date) || matches("####-##-##", date);
        rest.strip_suffix(['-', '@']).filter(|_| dated)
    })
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn stars_stand_for_anything_and_hashes_for_digits() {
        for (pattern, name) in [
            ("a", "a"),
            ("*", ""),
            ("a*", "a"),
            ("a*", "abc"),
            ("*c", "abc"),
            ("*b*", "abc"),
            ("a#-*", "a7-x"),
            ("*a*c", "abac"),
            ("*ab#", "aabab7"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("a", ""), ("a*", "ba"), ("*c", "cb"), ("a#", "ab"), ("", "a")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_name_is_known_without_region_and_date() {
        let all = |name| spellings(name).collect::<Vec<_>>();
        assert_eq!(all("gpt-5-mini"), ["gpt-5-mini"]);
        assert_eq!(all("gpt-5-mini-2025-08-07"), ["gpt-5-mini-2025-08-07", "gpt-5-mini"]);
        assert_eq!(all("claude-opus-5@20260601"), ["claude-opus-5@20260601", "claude-opus-5"]);
        assert_eq!(all("eu.anthropic.claude-9"), ["eu.anthropic.claude-9", "anthropic.claude-9"]);
        assert_eq!(all("global.anthropic.claude-9"), ["global.anthropic.claude-9"]);
        assert_eq!(
            all("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.amazon.nova-lite-v1:0").last(),
            Some(&"amazon.nova-lite-v1:0")
        );
        assert_eq!(all("é-2025-08-07x"), ["é-2025-08-07x"]);
    }
}
