//! What a request says and a provider has no word for.

use std::borrow::Cow;

use crate::errors::ApiError;
use crate::hub::ChatRequest;

/// Members that change nothing in the answer, or that OpenAI reads for its own books: leaving them out is no loss that the
/// caller must hear of. `modalities` asks for text, or comes with `audio`.
const HARMLESS: &[&str] =
    &["metadata", "modalities", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "store"];

/// Members that are lost where the hub has no word for them, but for those that this dialect says.
pub(super) fn members(chat: &ChatRequest<'_>, said: &[&str]) -> impl Iterator<Item = Cow<'static, str>> {
    let is_lost = |name: &&Cow<'_, str>| !HARMLESS.contains(&name.as_ref()) && !said.contains(&name.as_ref());
    chat.others.iter().filter(is_lost).map(|name| Cow::Owned(name.as_ref().to_owned()))
}

/// Refuses a request whose answer is to be heard.
///
/// # Errors
/// It has `audio`.
pub(super) fn refuse_audio(chat: &ChatRequest<'_>) -> Result<(), ApiError> {
    if chat.others.iter().any(|name| name == "audio") {
        return Err(ApiError::invalid("audio: this provider writes text only").param("audio"));
    }
    Ok(())
}
