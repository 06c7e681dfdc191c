//! Ids of tool calls of 9 letters and digits, as Mistral takes them.
//!
//! <https://docs.mistral.ai/capabilities/function_calling/>

use std::borrow::Cow;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::json::{self, Object, Text};

const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH: usize = 9;

/// The id, or another that is always the same for it, so that a call and its result keep one id.
pub(super) fn fit(id: &str) -> Cow<'_, str> {
    if id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Cow::Borrowed(id);
    }
    let digest = Sha256::digest(id.as_bytes());
    let letters = digest.iter().take(LENGTH).filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    Cow::Owned(letters.copied().map(char::from).collect())
}

/// The member of this name, an id, if it must be another.
pub(super) fn refit(object: &Object<'_>, name: &str) -> Option<String> {
    let id = object.read::<Text<'_>>(name).ok()??.0;
    let fitted = fit(&id);
    (fitted != id).then(|| json::string(&fitted))
}

/// The calls of a message, if an id of theirs must be another.
pub(super) fn refit_calls(calls: &RawValue) -> Option<String> {
    let calls: Vec<Object<'_>> = serde_json::from_str(calls.get()).ok()?;
    let ids: Vec<_> = calls.iter().map(|call| refit(call, "id")).collect();
    if ids.iter().all(Option::is_none) {
        return None;
    }
    json::array(calls.iter().zip(ids).map(|(call, id)| call.write_with(id.map(|id| ("id", Some(id))).as_slice())))
}
