//! Plain answers.
//!
//! <https://platform.openai.com/docs/api-reference/chat/object>

use serde_json::value::RawValue;

use super::chunk::Chunk;
use super::stream::Reader;
use super::{error, mend, usage};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::json::{self, Object};

/// Reads a whole answer.
pub(super) fn read(body: &[u8]) -> Result<Vec<Event<'_>>, ApiError> {
    let answer = parse(body)?;
    if answer.choices.is_none() && answer.error().is_none() {
        return Err(error::no_answer());
    }
    let mut events = Vec::new();
    Reader::new(false).chunk(answer, &mut |event| events.push(event))?;
    Ok(events)
}

/// Mends an answer that passes; `None` leaves it as it is.
pub(super) fn mend(body: &[u8]) -> Option<Vec<u8>> {
    let answer = parse(body).ok()?;
    let renamed = answer.object.as_deref() != Some("chat.completion");
    let counted: Option<&RawValue> = answer.usage;
    let mut reader = Reader::new(false);
    reader.chunk(answer, &mut |_| {}).ok()?;
    let mut edits = Vec::new();
    if renamed {
        edits.push(("object", Some(json::string("chat.completion"))));
    }
    if let Some(mended) = counted.and_then(usage::mend) {
        edits.push(("usage", Some(mended.to_string())));
    }
    let members = Object::parse(body).ok()?;
    if reader.notes.iter().any(|note| !note.is_clean()) {
        edits.push(("choices", Some(mend::choices(members.get("choices")?, &reader.notes, "message")?)));
    }
    (!edits.is_empty()).then(|| members.write_with(&edits))
}

/// White space before the answer, which DeepSeek sends to keep the connection open, is none of JSON's business.
///
/// <https://api-docs.deepseek.com/quick_start/rate_limit>
fn parse(body: &[u8]) -> Result<Chunk<'_>, ApiError> {
    serde_json::from_slice(body).map_err(|_| error::no_answer())
}
