//! What a provider wants otherwise in a request than OpenAI.

use serde_json::value::RawValue;

use crate::json::{self, Object, Text};

/// The differences. All else keeps its bytes.
pub(super) struct Rules {
    /// Members that are refused, and whose absence changes nothing in the answer.
    pub(super) left_out: &'static [&'static str],
    /// Members with another name; the value under OpenAI's name wins.
    pub(super) renamed: &'static [(&'static str, &'static str)],
    /// There is no role `developer`, which is what `system` was called since OpenAI's models think.
    pub(super) developer_is_system: bool,
    /// The word for a call that must be made is `any`.
    pub(super) required_is_any: bool,
    /// Speakers may have no names.
    pub(super) nameless: bool,
}

impl Rules {
    /// No difference.
    pub(super) const NONE: Self =
        Self { left_out: &[], renamed: &[], developer_is_system: false, required_is_any: false, nameless: false };

    /// The request as the provider takes it.
    pub(super) fn mend(&self, body: Vec<u8>) -> Vec<u8> {
        let Ok(request) = Object::parse(&body) else { return body };
        let mut edits: Vec<_> = self.left_out.iter().map(|name| (*name, None)).collect();
        for (old, new) in self.renamed {
            edits.push((*old, None));
            edits.extend(request.get(old).map(|value| (*new, Some(value.get().to_owned()))));
        }
        if self.required_is_any && word(&request, "tool_choice").as_deref() == Some("required") {
            edits.push(("tool_choice", Some(json::string("any"))));
        }
        if let Some(messages) = request.get("messages").and_then(|raw| self.messages(raw)) {
            edits.push(("messages", Some(messages)));
        }
        request.write_with(&edits)
    }

    /// The messages, if there is something to mend in them.
    fn messages(&self, raw: &RawValue) -> Option<String> {
        let messages: Vec<Object<'_>> = serde_json::from_str(raw.get()).ok()?;
        let edits: Vec<_> = messages.iter().map(|message| self.message(message)).collect();
        if edits.iter().all(Vec::is_empty) {
            return None;
        }
        let written = messages.iter().zip(&edits).map(|(message, edits)| message.write_with(edits));
        let list = written.collect::<Vec<_>>().join(&b","[..]);
        String::from_utf8(list).ok().map(|list| format!("[{list}]"))
    }

    fn message(&self, message: &Object<'_>) -> Vec<(&'static str, Option<String>)> {
        let role = word(message, "role").unwrap_or_default();
        let mut edits = Vec::new();
        if self.developer_is_system && role == "developer" {
            edits.push(("role", Some(json::string("system"))));
        }
        // The name of a function is what its result is known by.
        if self.nameless && role != "function" && message.get("name").is_some() {
            edits.push(("name", None));
        }
        edits
    }
}

fn word(object: &Object<'_>, name: &str) -> Option<String> {
    object.read::<Text<'_>>(name).ok().flatten().map(|text| text.0.into_owned())
}
