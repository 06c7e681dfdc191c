//! How much the model is to think, in OpenAI's words.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::object::Placed;
use crate::json::FieldError;

/// The effort that is the nearest to what is asked: an effort as it is, a budget by its size.
///
/// # Errors
/// Something has another type.
pub(super) fn effort<'a>(
    thinking: Option<&'a RawValue>,
    asked: Option<Cow<'a, str>>,
) -> Result<Option<Cow<'a, str>>, FieldError> {
    let Some(raw) = thinking.filter(|_| asked.is_none()) else { return Ok(asked) };
    let thinking = Placed::read(raw, "thinking".to_owned())?;
    if thinking.kind()? != "enabled" {
        // Models that think by themselves think as much as they like.
        return Ok(None);
    }
    let budget = thinking.optional::<u64>("budget_tokens")?;
    Ok(Some(Cow::Borrowed(match budget.unwrap_or(u64::MAX) {
        0..2048 => "low",
        2048..8192 => "medium",
        _ => "high",
    })))
}
