//! Thinking of earlier turns that comes back. Another provider may have answered some of them: OpenAI refuses reasoning
//! that it did not seal.

use serde_json::value::RawValue;

use crate::json::{self, Object, Text};

/// The input without reasoning of others; `None` if there is none of it.
pub(super) fn without_others(input: &RawValue) -> Option<String> {
    // A surface seals it as an object, which OpenAI never does.
    if !input.get().contains(r#""{\""#) {
        return None;
    }
    let items: Vec<&RawValue> = serde_json::from_str(input.get()).ok()?;
    let kept: Vec<_> = items.iter().filter(|item| !is_of_others(item)).collect();
    if kept.len() == items.len() {
        return None;
    }
    json::array(kept.into_iter().map(|item| item.get().as_bytes().to_vec()))
}

fn is_of_others(item: &RawValue) -> bool {
    let Ok(item) = serde_json::from_str::<Object<'_>>(item.get()) else { return false };
    let member = |name| item.read::<Text<'_>>(name).ok().flatten().map(|text| text.0);
    member("type").as_deref() == Some("reasoning")
        && member("encrypted_content").is_some_and(|sealed| sealed.starts_with('{'))
}
