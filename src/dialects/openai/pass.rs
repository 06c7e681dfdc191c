//! Streams that pass through: the provider's own bytes, but for what SDKs would trip over or nobody asked for.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::choice::Note;
use super::chunk::{Chunk, Said};
use super::stream::{Head, Reader};
use super::{error, mend, usage};
use crate::dialects::{Progress, StreamPasser};
use crate::errors::ApiError;
use crate::hub::Event;
use crate::json::{self, Object};
use crate::stream::sse;
use crate::surfaces::Asked;

/// Reads each chunk once for the meter; only one that needs mending is read again, to be written anew.
pub(super) struct Passer {
    reader: Reader,
    include_usage: bool,
}

impl Passer {
    pub(super) fn new(asked: &Asked) -> Self {
        Self { reader: Reader::new(true), include_usage: asked.include_usage }
    }

    fn chunk<'a>(
        &mut self,
        data: &'a str,
        chunk: Chunk<'a>,
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<(), ApiError> {
        let look = Look::at(&chunk);
        self.reader.chunk(chunk, &mut |event| events.push(event.into_owned()))?;
        // A chunk that says nothing of a choice (any more) is for usage or for nobody.
        let about_choices = self.reader.notes.iter().any(|note| !note.over);
        let shows_usage = self.include_usage && look.usage.is_some();
        if !about_choices && !shows_usage {
            return Ok(());
        }
        match self.mended(data, &look) {
            Some(json) => sse::write_json(out, &json),
            None => sse::write_json(out, data.trim().as_bytes()),
        }
        Ok(())
    }

    /// The chunk written anew, if it needs that.
    fn mended(&self, data: &str, look: &Look<'_>) -> Option<Vec<u8>> {
        let mended_usage = if self.include_usage { look.usage.and_then(usage::mend) } else { None };
        let hides_usage = !self.include_usage && look.usage.is_some();
        let clean = self.reader.notes.iter().all(Note::is_clean);
        if clean && mended_usage.is_none() && !hides_usage && !look.renamed && !look.padded {
            return None;
        }
        let members = Object::parse(data.as_bytes()).ok()?;
        let mut edits = vec![("obfuscation", None), ("p", None)];
        if hides_usage || mended_usage.is_some() {
            edits.push(("usage", mended_usage.map(|usage| usage.to_string())));
        }
        if look.renamed {
            edits.push(("object", Some(json::string(CHUNK))));
        }
        if !clean {
            edits.push(("choices", Some(mend::choices(members.get("choices")?, &self.reader.notes, "delta")?)));
        }
        Some(members.write_with(&edits))
    }

    /// The end marker, and before it the ends of choices that the provider did not tell.
    fn close(&mut self, events: &mut Vec<Event<'static>>, out: &mut Vec<u8>) {
        let mut ends = Vec::new();
        self.reader.close(&mut |event| events.push(event.into_owned()), |index, note| ends.push(end(index, note)));
        for choice in ends {
            sse::write_json(out, made_chunk(self.reader.head.as_ref(), choice).to_string().as_bytes());
        }
        sse::write_data(out, "[DONE]");
    }
}

impl StreamPasser for Passer {
    fn pass(
        &mut self,
        event: &sse::Event,
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, ApiError> {
        if self.reader.is_done() {
            return Ok(Progress::Done);
        }
        match Said::by(event) {
            Said::Nothing => Ok(Progress::Open),
            Said::Failure(data) => Err(error::in_answer(data)),
            Said::Chunk(chunk) => self.chunk(&event.data, chunk, events, out).map(|()| Progress::Open),
            Said::End => {
                self.reader.done()?;
                self.close(events, out);
                Ok(Progress::Done)
            }
        }
    }

    fn end(&mut self, events: &mut Vec<Event<'static>>, out: &mut Vec<u8>) -> Result<(), ApiError> {
        self.reader.cut()?;
        if !self.reader.is_done() {
            self.close(events, out);
        }
        Ok(())
    }

    fn forgets_text(&self) -> bool {
        true
    }
}

const CHUNK: &str = "chat.completion.chunk";

/// What can be seen of a chunk before it is read.
struct Look<'a> {
    usage: Option<&'a RawValue>,
    renamed: bool,
    padded: bool,
}

impl<'a> Look<'a> {
    fn at(chunk: &Chunk<'a>) -> Self {
        Self {
            usage: chunk.usage,
            renamed: chunk.object.as_deref() != Some(CHUNK),
            padded: chunk.obfuscation || chunk.p,
        }
    }
}

/// The end of a choice that the provider did not tell.
fn end(index: u32, note: &Note) -> Value {
    let reason = note.finish.flatten().map(|reason| reason.as_str());
    let calls: Vec<Value> = note.bare.iter().copied().map(mend::bare_call).collect();
    let delta = if calls.is_empty() { json!({}) } else { json!({"tool_calls": calls}) };
    json!({"index": index, "delta": delta, "finish_reason": reason})
}

fn made_chunk(head: Option<&Head>, choice: Value) -> Value {
    json!({
        "id": head.and_then(|h| h.id.as_deref()).unwrap_or_default(),
        "object": CHUNK,
        "created": head.and_then(|h| h.created).unwrap_or_default(),
        "model": head.and_then(|h| h.model.as_deref()).unwrap_or_default(),
        "choices": [choice],
    })
}
