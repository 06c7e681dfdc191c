//! Plain answers.
//!
//! <https://platform.openai.com/docs/api-reference/chat/object>

use serde_json::value::RawValue;

use super::choice::Note;
use super::chunk::Chunk;
use super::stream::Reader;
use super::{error, mend, usage};
use crate::dialects::PassedAnswer;
use crate::errors::ApiError;
use crate::hub::Event;
use crate::json::{self, Object};

/// Reads a whole answer.
pub(super) fn read(body: &[u8]) -> Result<Vec<Event<'_>>, ApiError> {
    events(parse(body)?, &mut Reader::new(false))
}

/// Reads an answer that passes, and mends it.
pub(super) fn pass(body: &[u8]) -> Result<PassedAnswer<'_>, ApiError> {
    let answer = parse(body)?;
    let renamed = answer.object.as_deref() != Some("chat.completion");
    let counted: Option<&RawValue> = answer.usage;
    let mut reader = Reader::new(false);
    let events = events(answer, &mut reader)?;
    Ok(PassedAnswer { events, mended: mend(body, renamed, counted, &reader.notes) })
}

fn events<'a>(answer: Chunk<'a>, reader: &mut Reader) -> Result<Vec<Event<'a>>, ApiError> {
    if answer.choices.is_none() && answer.error().is_none() {
        return Err(error::no_answer());
    }
    let mut events = Vec::new();
    reader.chunk(answer, &mut |event| events.push(event))?;
    Ok(events)
}

fn mend(body: &[u8], renamed: bool, counted: Option<&RawValue>, notes: &[Note]) -> Option<Vec<u8>> {
    let mut edits = Vec::new();
    if renamed {
        edits.push(("object", Some(json::string("chat.completion"))));
    }
    if let Some(mended) = counted.and_then(usage::mend) {
        edits.push(("usage", Some(mended.to_string())));
    }
    let clean = notes.iter().all(Note::is_clean);
    if clean && edits.is_empty() {
        return None;
    }
    let members = Object::parse(body).ok()?;
    if !clean {
        edits.push(("choices", Some(mend::choices(members.get("choices")?, notes, "message")?)));
    }
    Some(members.write_with(&edits))
}

/// White space before the answer, which DeepSeek sends to keep the connection open, is none of JSON's business.
///
/// <https://api-docs.deepseek.com/quick_start/rate_limit>
fn parse(body: &[u8]) -> Result<Chunk<'_>, ApiError> {
    serde_json::from_slice(body).map_err(|_| error::no_answer())
}
