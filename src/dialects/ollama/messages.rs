//! The conversation.
//!
//! <https://docs.ollama.com/api/chat#body-messages>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::images;
use crate::errors::ApiError;
use crate::hub::request::{self, ChatRequest, Content, FunctionCall, PartKind, Role};

/// A turn.
#[derive(Debug, Default, Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    /// Which tool says this.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    /// Which call it answers; servers that know no ids skip it.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Call<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a RawValue,
}

impl Message<'_> {
    fn is_silent(&self) -> bool {
        self.content.is_empty() && self.images.is_empty() && self.tool_calls.is_empty()
    }
}

/// Reads all messages. An assistant that neither says nor calls anything has no turn.
pub(super) fn write<'a>(chat: &'a ChatRequest<'a>) -> Result<Vec<Message<'a>>, ApiError> {
    let mut out = Vec::with_capacity(chat.messages.len());
    for (at, message) in chat.messages.iter().enumerate() {
        let mut turn = said(message, at)?;
        match message.role {
            Role::System | Role::Developer => turn.role = "system",
            Role::User => turn.role = "user",
            Role::Assistant => assistant(message, at, &mut turn)?,
            Role::Tool | Role::Function => {
                let before = chat.messages.get(..at).unwrap_or_default();
                turn.role = "tool";
                turn.tool_call_id = message.tool_call_id.as_deref().filter(|id| !id.is_empty());
                turn.tool_name = tool_name(before, message);
            }
        }
        if turn.role != "assistant" || !turn.is_silent() {
            out.push(turn);
        }
    }
    if out.is_empty() {
        return Err(ApiError::invalid("messages: expected something to answer").param("messages"));
    }
    Ok(out)
}

fn assistant<'a>(message: &'a request::Message<'a>, at: usize, turn: &mut Message<'a>) -> Result<(), ApiError> {
    turn.role = "assistant";
    turn.thinking = message.reasoning_content.as_deref().filter(|text| !text.is_empty());
    if turn.content.is_empty() {
        turn.content = Cow::Borrowed(message.refusal.as_deref().unwrap_or_default());
    }
    for (index, call) in message.tool_calls.iter().enumerate() {
        let path = format!("messages[{at}].tool_calls[{index}].function.arguments");
        turn.tool_calls.push(Call { id: &call.id, function: function(&call.function, &path)? });
    }
    if let Some(call) = &message.function_call {
        let path = format!("messages[{at}].function_call.arguments");
        turn.tool_calls.push(Call { id: "", function: function(call, &path)? });
    }
    Ok(())
}

fn function<'a>(call: &'a FunctionCall<'a>, path: &str) -> Result<Function<'a>, ApiError> {
    let text = call.arguments.trim();
    let text = if text.is_empty() { "{}" } else { text };
    let object = text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten();
    let arguments =
        object.ok_or_else(|| ApiError::invalid(format!("{path}: expected the text of a JSON object")).param(path))?;
    Ok(Function { name: &call.name, arguments })
}

/// The tool whose result a message is: the one that its call names, else the one that it names itself.
fn tool_name<'a>(before: &'a [request::Message<'a>], result: &'a request::Message<'a>) -> Option<&'a str> {
    let id = result.tool_call_id.as_deref().filter(|id| !id.is_empty());
    let calls = before.iter().rev().flat_map(|message| &message.tool_calls);
    let called = id.and_then(|id| calls.into_iter().find(|call| call.id == id));
    called.map(|call| call.function.name.as_ref()).or(result.name.as_deref())
}

/// Texts, joined by line ends, and images.
fn said<'a>(message: &'a request::Message<'a>, at: usize) -> Result<Message<'a>, ApiError> {
    let parts = match &message.content {
        Content::None => return Ok(Message::default()),
        Content::Text(text) => return Ok(Message { content: Cow::Borrowed(text), ..Message::default() }),
        Content::Parts(parts) => parts,
    };
    let (mut texts, mut images) = (Vec::new(), Vec::new());
    for (index, part) in parts.iter().enumerate() {
        let path = || format!("messages[{at}].content[{index}]");
        let refused = |reason: &str| ApiError::invalid(format!("{}: {reason}", path())).param(path());
        match &part.kind {
            PartKind::Text(text) | PartKind::Refusal(text) => texts.push(text.as_ref()),
            PartKind::ImageUrl(url) => images.push(images::data(url, &path())?),
            PartKind::File(_) => return Err(refused("this provider takes no files")),
            PartKind::Other(kind) => {
                return Err(refused(&format!("this provider takes no content of type `{kind}`")));
            }
        }
    }
    let content = match texts.as_slice() {
        [text] => Cow::Borrowed(*text),
        texts => Cow::Owned(texts.join("\n")),
    };
    Ok(Message { content, images, ..Message::default() })
}
