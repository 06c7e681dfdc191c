//! Whom a request is for, beyond the key that it carries: the end user and tags, in the words that callers of other
//! gateways already send.
//!
//! What a key or an identity says holds against what the route says, and all of them against what a request says.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clients::Client;
use crate::headers::Headers;
use crate::identity::{Said, cut};
use crate::policies::Policy;

/// Headers that name the end user, the first that is there.
const USER_HEADERS: [&str; 6] = [
    "x-user-id",
    "x-litellm-end-user-id",
    "x-litellm-customer-id",
    "helicone-user-id",
    "x-bf-customer-id",
    "x-openwebui-user-id",
];

/// Headers of which the rest of the name is a tag's.
const TAG_PREFIXES: [&str; 3] = ["x-tag-", "helicone-property-", "x-bf-dim-"];

/// Headers that hold tags as one JSON object.
const TAG_OBJECTS: [&str; 4] =
    ["x-portkey-metadata", "cf-aig-metadata", "x-tfy-metadata", "x-litellm-spend-logs-metadata"];

/// More tags than this are not for telling requests apart.
const MAX_TAGS: usize = 16;

/// Whom a request is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    /// The end user.
    pub user: Option<String>,
    /// Tags by their names, in lower case.
    pub tags: BTreeMap<String, String>,
}

impl Attribution {
    /// What is known of a request: by its client, its identity, its route, its headers, and the `user` that its body names.
    pub fn of(client: &Client, said: &Said, policy: &Policy, headers: &Headers, user: Option<String>) -> Self {
        let named = said
            .user
            .clone()
            .or(user)
            .or_else(|| USER_HEADERS.iter().find_map(|name| headers.get(name)).map(str::to_owned));
        let mut tags = BTreeMap::new();
        let objects = TAG_OBJECTS.iter().filter_map(|name| headers.get(name)).flat_map(object);
        for (name, value) in headers.iter().filter_map(single).chain(team(headers)).chain(objects) {
            if tags.len() < MAX_TAGS {
                tags.entry(cut(&name.to_ascii_lowercase())).or_insert_with(|| cut(&value));
            }
        }
        let tags_said = policy.tags.iter().chain(&said.tags).chain(&client.tags);
        tags.extend(tags_said.map(|(name, value)| (name.clone(), value.clone())));
        Self { user: named.map(|user| cut(user.trim())).filter(|user| !user.is_empty()), tags }
    }
}

fn single((name, value): (&str, &str)) -> Option<(String, String)> {
    let tag = TAG_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix))?;
    (!tag.is_empty()).then(|| (tag.to_owned(), value.to_owned()))
}

/// The plain header that many use. It is a tag: who pays is for the key to say.
fn team(headers: &Headers) -> Option<(String, String)> {
    headers.get("x-team").map(|team| ("team".to_owned(), team.to_owned()))
}

fn object(json: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(members)) = serde_json::from_str(json) else { return Vec::new() };
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    members.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::identity::MAX_BYTES;
    use crate::ledger::Class;

    fn of(tags: &[(&str, &str)], headers: &[(&str, &str)], user: Option<&str>) -> Attribution {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let client = Client {
            name: "bot".into(),
            team: None,
            models: Vec::new(),
            expires: None,
            disabled: false,
            class: Class::Interactive,
            tags: tags.iter().map(owned).collect(),
        };
        let policy = Policy { tags: [("env".to_owned(), "staging".to_owned())].into(), ..Policy::default() };
        let policy = if tags.is_empty() { Policy::default() } else { policy };
        let headers = headers.iter().copied().collect();
        Attribution::of(&client, &Said::default(), &policy, &headers, user.map(str::to_owned))
    }

    #[test]
    fn tags_come_in_the_words_of_other_gateways() {
        for header in [
            ("x-tag-feature", "search"),
            ("helicone-property-feature", "search"),
            ("x-bf-dim-feature", "search"),
            ("x-portkey-metadata", r#"{"Feature":"search","deep":{"no":1}}"#),
            ("cf-aig-metadata", r#"{"feature":"search"}"#),
        ] {
            assert_eq!(
                of(&[], &[header], None).tags,
                BTreeMap::from([("feature".into(), "search".into())]),
                "{header:?}"
            );
        }
        assert!(of(&[], &[("x-portkey-metadata", "not json"), ("x-tag-", "")], None).tags.is_empty());
    }

    #[test]
    fn what_the_key_says_holds_and_then_what_the_route_says() {
        let headers = [("x-tag-feature", "other"), ("x-tag-env", "prod"), ("x-tag-own", "x")];
        let both = of(&[("feature", "search")], &headers, None);
        assert_eq!([&both.tags["feature"], &both.tags["env"], &both.tags["own"]], ["search", "staging", "x"]);
        let both = of(&[("env", "prod")], &headers, None);
        assert_eq!(both.tags["env"], "prod");
    }

    #[test]
    fn the_user_is_named_by_the_body_or_a_header() {
        assert_eq!(of(&[], &[("helicone-user-id", "h")], Some("b")).user.as_deref(), Some("b"));
        assert_eq!(of(&[], &[("helicone-user-id", "h")], None).user.as_deref(), Some("h"));
        assert_eq!(of(&[], &[("x-user-id", " ")], None).user, None);
    }

    #[test]
    fn what_callers_send_is_bounded() {
        let long = "ü".repeat(100);
        let names: Vec<_> = (0..40).map(|i| format!("x-tag-{i}")).collect();
        let headers: Vec<_> = names.iter().map(|name| (name.as_str(), long.as_str())).collect();
        let attribution = of(&[], &headers, Some(&long));
        assert_eq!(attribution.tags.len(), MAX_TAGS);
        assert!(attribution.tags.values().chain(&attribution.user).all(|text| text.len() <= MAX_BYTES));
    }
}
