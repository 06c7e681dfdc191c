//! Turns of a conversation as items.
//!
//! <https://platform.openai.com/docs/api-reference/responses/create#responses-create-input>

use std::borrow::Cow;
use std::collections::VecDeque;

use serde::Serialize;

use crate::errors::ApiError;
use crate::hub::ids;
use crate::hub::request::{Content, Message, Part, PartKind, Role};

/// Writes the turns.
pub(super) fn write<'a>(messages: &'a [Message<'_>]) -> Result<Vec<WrittenItem<'a>>, ApiError> {
    let mut talk = Talk { items: Vec::with_capacity(messages.len()), made: VecDeque::new() };
    for (at, message) in messages.iter().enumerate() {
        match message.role {
            Role::System => talk.say("system", message, at)?,
            Role::Developer => talk.say("developer", message, at)?,
            Role::User => talk.say("user", message, at)?,
            Role::Assistant => talk.assistant(message, at)?,
            Role::Tool | Role::Function => talk.result(message, at)?,
        }
    }
    Ok(talk.items)
}

struct Talk<'a> {
    items: Vec<WrittenItem<'a>>,
    /// Ids made for calls that had none and still wait for their results, in their order.
    made: VecDeque<String>,
}

impl<'a> Talk<'a> {
    fn say(&mut self, role: &'static str, message: &'a Message<'_>, at: usize) -> Result<(), ApiError> {
        let content = WrittenContent::Parts(parts(&message.content, false, at)?);
        self.items.push(WrittenItem::Message { role, content });
        Ok(())
    }

    /// Parts of what a model said belong to an item with an id, which callers of other APIs have not got; a text alone
    /// needs none.
    fn assistant(&mut self, message: &'a Message<'_>, at: usize) -> Result<(), ApiError> {
        let refusal = message.refusal.as_deref().filter(|text| !text.is_empty());
        let refusal = refusal.map(|refusal| WrittenPart::Refusal { refusal });
        let said = parts(&message.content, true, at)?.into_iter().chain(refusal);
        self.items.extend(said.map(|part| WrittenItem::Message { role: "assistant", content: vec![part].into() }));
        let calls = message.tool_calls.iter().map(|call| (call.id.as_ref(), &call.function));
        let calls = calls.chain(message.function_call.iter().map(|call| ("", call)));
        for (index, (id, call)) in calls.enumerate() {
            let call_id = if id.is_empty() { Cow::Owned(self.make(at, index)) } else { Cow::Borrowed(id) };
            let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
            self.items.push(WrittenItem::FunctionCall { call_id, name: &call.name, arguments });
        }
        Ok(())
    }

    /// An id for a call that has none.
    fn make(&mut self, message: usize, index: usize) -> String {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let id = ids::call_id(&format!("messages[{message}]"), 0, index);
        self.made.push_back(id.clone());
        id
    }

    fn result(&mut self, message: &'a Message<'_>, at: usize) -> Result<(), ApiError> {
        let given = message.tool_call_id.as_deref().filter(|id| !id.is_empty()).map(Cow::Borrowed);
        let Some(call_id) = given.or_else(|| self.made.pop_front().map(Cow::Owned)) else {
            let path = format!("messages[{at}].tool_call_id");
            let message = format!("Invalid `{path}`: it is missing, and there is no call that it could answer.");
            return Err(ApiError::invalid(message).param(path));
        };
        let mut output = parts(&message.content, false, at)?;
        // A failure has no field of its own here, so the text must say it.
        if message.is_error == Some(true) {
            output.insert(0, WrittenPart::InputText { text: "Error:" });
        }
        self.items.push(WrittenItem::FunctionCallOutput { call_id, output: output.into() });
        Ok(())
    }
}

fn parts<'a>(content: &'a Content<'_>, assistant: bool, at: usize) -> Result<Vec<WrittenPart<'a>>, ApiError> {
    let text = |text| WrittenPart::InputText { text };
    match content {
        Content::None => Ok(Vec::new()),
        Content::Text(said) if assistant && said.is_empty() => Ok(Vec::new()),
        Content::Text(said) => Ok(vec![text(said.as_ref())]),
        Content::Parts(parts) => {
            let written = |(index, part): (usize, &'a Part<'_>)| match &part.kind {
                PartKind::Text(said) => Ok(text(said.as_ref())),
                PartKind::Refusal(refusal) if assistant => Ok(WrittenPart::Refusal { refusal }),
                PartKind::Refusal(said) => Ok(text(said.as_ref())),
                PartKind::ImageUrl(url) if !assistant => Ok(WrittenPart::InputImage { image_url: url, detail: "auto" }),
                PartKind::File(file) if !assistant => Ok(WrittenPart::InputFile {
                    file_data: file.file_data.as_deref(),
                    file_id: file.file_id.as_deref(),
                    filename: file.filename.as_deref(),
                }),
                PartKind::ImageUrl(_) => Err(unknown(at, index, "image_url")),
                PartKind::File(_) => Err(unknown(at, index, "file")),
                PartKind::Other(kind) => Err(unknown(at, index, kind)),
            };
            parts.iter().enumerate().map(written).collect()
        }
    }
}

fn unknown(at: usize, part: usize, kind: &str) -> ApiError {
    let path = format!("messages[{at}].content[{part}]");
    ApiError::invalid(format!("Invalid `{path}`: content of type `{kind}` cannot be sent to this provider."))
        .param(path)
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum WrittenItem<'a> {
    Message { role: &'static str, content: WrittenContent<'a> },
    FunctionCall { call_id: Cow<'a, str>, name: &'a str, arguments: &'a str },
    FunctionCallOutput { call_id: Cow<'a, str>, output: WrittenContent<'a> },
}

/// What a model or a tool said: one text, as all servers of this API take it, or parts.
pub(super) enum WrittenContent<'a> {
    Text(&'a str),
    Parts(Vec<WrittenPart<'a>>),
}

impl<'a> From<Vec<WrittenPart<'a>>> for WrittenContent<'a> {
    fn from(parts: Vec<WrittenPart<'a>>) -> Self {
        match parts.as_slice() {
            [] => Self::Text(""),
            [WrittenPart::InputText { text }] => Self::Text(text),
            _ => Self::Parts(parts),
        }
    }
}

impl Serialize for WrittenContent<'_> {
    fn serialize<S: serde::Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => json.serialize_str(text),
            Self::Parts(parts) => parts.serialize(json),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum WrittenPart<'a> {
    InputText {
        text: &'a str,
    },
    Refusal {
        refusal: &'a str,
    },
    InputImage {
        image_url: &'a str,
        detail: &'static str,
    },
    InputFile {
        #[serde(skip_serializing_if = "Option::is_none")]
        file_data: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<&'a str>,
    },
}
