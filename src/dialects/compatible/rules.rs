//! What a provider wants otherwise in a request than OpenAI.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::ids;
use crate::dialects::Outbound;
use crate::json::{self, Object, Text};

/// The differences. All else keeps its bytes.
pub(super) struct Rules {
    /// Members that are refused.
    pub(super) left_out: &'static [&'static str],
    /// Members with another name; the value under OpenAI's name wins.
    pub(super) renamed: &'static [(&'static str, &'static str)],
    /// Asking for the tokens of a stream is refused: they are counted anyway.
    pub(super) counts_unasked: bool,
    /// There is no role `developer`, which is what `system` was called since OpenAI's models think.
    pub(super) developer_is_system: bool,
    /// The word for a call that must be made is `any`.
    pub(super) required_is_any: bool,
    /// Speakers may have no names.
    pub(super) nameless: bool,
    /// Ids of calls have 9 letters and digits.
    pub(super) short_ids: bool,
}

/// A member with its new value, or without one.
type Edit = (&'static str, Option<String>);

const NAMELESS: Edit = ("name", None);

impl Rules {
    /// No difference.
    pub(super) const NONE: Self = Self {
        left_out: &[],
        renamed: &[],
        counts_unasked: false,
        developer_is_system: false,
        required_is_any: false,
        nameless: false,
        short_ids: false,
    };

    /// The request as the provider takes it.
    pub(super) fn mend(&self, outbound: Outbound) -> Outbound {
        let Ok(request) = Object::parse(&outbound.body) else { return outbound };
        let mut edits: Vec<Edit> = self.left_out.iter().map(|name| (*name, None)).collect();
        let mut dropped = outbound.dropped;
        dropped
            .extend(self.left_out.iter().filter(|name| request.get(name).is_some()).map(|name| Cow::Borrowed(*name)));
        if self.counts_unasked {
            edits.push(("stream_options", None));
        }
        for (old, new) in self.renamed {
            edits.push((*old, None));
            edits.extend(request.get(old).map(|value| (*new, Some(value.get().to_owned()))));
        }
        if self.required_is_any && word(&request, "tool_choice").as_deref() == Some("required") {
            edits.push(("tool_choice", Some(json::string("any"))));
        }
        if let Some(messages) = request.get("messages").and_then(|raw| self.messages(raw, &mut dropped)) {
            edits.push(("messages", Some(messages)));
        }
        Outbound { body: request.write_with(&edits), dropped, ..outbound }
    }

    /// The messages, if there is something to mend in them.
    fn messages(&self, raw: &RawValue, dropped: &mut Vec<Cow<'static, str>>) -> Option<String> {
        let messages: Vec<Object<'_>> = serde_json::from_str(raw.get()).ok()?;
        let edits: Vec<_> = messages.iter().map(|message| self.message(message)).collect();
        if edits.iter().all(Vec::is_empty) {
            return None;
        }
        if edits.iter().flatten().any(|edit| *edit == NAMELESS) {
            dropped.push(Cow::Borrowed("messages[].name"));
        }
        json::array(messages.iter().zip(&edits).map(|(message, edits)| message.write_with(edits)))
    }

    fn message(&self, message: &Object<'_>) -> Vec<Edit> {
        let role = word(message, "role").unwrap_or_default();
        let mut edits = Vec::new();
        if self.developer_is_system && role == "developer" {
            edits.push(("role", Some(json::string("system"))));
        }
        // The name of a function is what its result is known by.
        if self.nameless && role != "function" && message.get("name").is_some() {
            edits.push(NAMELESS);
        }
        if self.short_ids {
            let calls = message.get("tool_calls").and_then(ids::refit_calls);
            edits.extend(calls.map(|calls| ("tool_calls", Some(calls))));
            edits.extend(ids::refit(message, "tool_call_id").map(|id| ("tool_call_id", Some(id))));
        }
        edits
    }
}

fn word(object: &Object<'_>, name: &str) -> Option<String> {
    object.read::<Text<'_>>(name).ok().flatten().map(|text| text.0.into_owned())
}
