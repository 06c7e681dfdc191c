//! Signatures that Gemini gave out with an earlier turn.
//!
//! <https://ai.google.dev/gemini-api/docs/thought-signatures>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::parts::{Part, SignedText};
use crate::hub::Sealed;
use crate::hub::request::Message;
use crate::json::{self, Text};

/// The signatures of one turn.
#[derive(Default)]
pub(super) struct Signatures<'a> {
    /// Of each call.
    pub(super) calls: Vec<Option<Cow<'a, str>>>,
    texts: Vec<String>,
}

impl<'a> Signatures<'a> {
    /// Reads those that stand with their calls, and those that callers without such a place were given sealed.
    pub(super) fn of(message: &'a Message<'a>) -> Self {
        let own = message.tool_calls.iter().map(|call| call.signature.as_deref().filter(|text| !text.is_empty()));
        let mut out = Self { calls: own.map(|signature| signature.map(Cow::Borrowed)).collect(), texts: Vec::new() };
        for block in &message.thinking_blocks {
            let data = data(block);
            match Sealed::read(&data) {
                Some(Sealed::Call(index, signature)) => out.call(index, signature),
                Some(Sealed::Text(signature)) => out.texts.push(signature.to_owned()),
                None => {}
            }
        }
        out
    }

    fn call(&mut self, index: u32, signature: &str) {
        let place = usize::try_from(index).ok().and_then(|index| self.calls.get_mut(index));
        if let Some(place @ None) = place {
            *place = Some(Cow::Owned(signature.to_owned()));
        }
    }

    /// Puts the signature of the text on the last text, where models put it; more of them stand for themselves.
    pub(super) fn sign(&self, parts: &mut Vec<Part<'a>>) {
        for signature in &self.texts {
            let thought_signature = signature.clone();
            match parts.last_mut() {
                Some(last @ Part::Text(_)) => {
                    let Part::Text(text) = std::mem::replace(last, Part::Text(Cow::Borrowed(""))) else { continue };
                    *last = Part::Signed(SignedText { text, thought_signature });
                }
                _ => parts.push(Part::Signed(SignedText { text: Cow::Borrowed(""), thought_signature })),
            }
        }
    }
}

/// The sealed part of a block of thinking.
fn data(block: &RawValue) -> Cow<'_, str> {
    #[derive(Default, Deserialize)]
    struct Block<'a> {
        #[serde(borrow, default)]
        data: Option<Text<'a>>,
    }
    json::lenient::<Block<'_>>(Some(block)).data.map(|data| data.0).unwrap_or_default()
}
