//! Items of an answer, whole.
//!
//! <https://platform.openai.com/docs/api-reference/responses/object#responses/object-output>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::lax;
use crate::hub::Event;

/// The members of the items that the hub has words for.
#[derive(Default, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lax::text")]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    call_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    pub(super) arguments: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    summary: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Part<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lax::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lax::text")]
    refusal: Option<Cow<'a, str>>,
}

impl<'a> Item<'a> {
    /// What is no item says nothing.
    pub(super) fn read(raw: &'a RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }

    pub(super) fn is_call(&self) -> bool {
        self.kind.as_deref() == Some("function_call")
    }

    /// The beginning of a call. Its result will name `call_id`, never the id of the item.
    pub(super) fn begin_call(&mut self, index: u32) -> Event<'a> {
        let id = self.call_id.take().or(self.id.take()).filter(|id| !id.is_empty());
        Event::ToolCall { choice: 0, index, id, name: self.name.take().unwrap_or_default() }
    }

    /// What the item says, if it is no call. Items of unknown types say nothing.
    pub(super) fn say(self, say: &mut dyn FnMut(Event<'a>)) {
        match self.kind.as_deref() {
            Some("message") => parts(self.content, say),
            Some("reasoning") => {
                let mut told = false;
                let mut once = |event| {
                    told = true;
                    say(event);
                };
                parts(self.summary, &mut once);
                // A summary is of what `content` says in full.
                if !told {
                    parts(self.content, say);
                }
            }
            _ => {}
        }
    }
}

fn parts<'a>(raw: Option<&'a RawValue>, say: &mut dyn FnMut(Event<'a>)) {
    let list: Vec<&'a RawValue> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    for raw in list {
        let part: Part<'a> = serde_json::from_str(raw.get()).unwrap_or_default();
        let text = part.text.filter(|text| !text.is_empty());
        match (part.kind.as_deref(), text, part.refusal.filter(|text| !text.is_empty())) {
            (Some("output_text"), Some(text), _) => say(Event::Text { choice: 0, text }),
            (Some("refusal"), _, Some(text)) => say(Event::Refusal { choice: 0, text }),
            (Some("summary_text" | "reasoning_text"), Some(text), _) => say(Event::Reasoning { choice: 0, text }),
            _ => {}
        }
    }
}
