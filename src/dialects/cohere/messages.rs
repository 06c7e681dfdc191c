//! The conversation.
//!
//! <https://docs.cohere.com/reference/chat#request.body.messages>

use std::borrow::Cow;

use serde::Serialize;

use crate::errors::ApiError;
use crate::hub::request::{self, ChatRequest, Content, FunctionCall, PartKind, Role};

/// A turn.
#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Said<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<Cow<'a, str>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Text(&'a str),
    Parts(Vec<Part<'a>>),
    Instruction(String),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: Image<'a> },
}

#[derive(Debug, Serialize)]
struct Image<'a> {
    url: &'a str,
}

#[derive(Debug, Serialize)]
struct Call<'a> {
    id: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> Message<'a> {
    fn new(role: &'static str, content: Option<Said<'a>>) -> Self {
        Self { role, content, tool_calls: Vec::new(), tool_call_id: None }
    }

    /// An instruction of ours.
    pub(super) fn instruction(text: String) -> Self {
        Self::new("system", Some(Said::Instruction(text)))
    }

    pub(super) fn is_system(&self) -> bool {
        self.role == "system"
    }
}

/// Reads all messages.
pub(super) fn write<'a>(chat: &'a ChatRequest<'a>) -> Result<Vec<Message<'a>>, ApiError> {
    let mut open = Open::default();
    let mut out = Vec::with_capacity(chat.messages.len());
    for (at, message) in chat.messages.iter().enumerate() {
        match message.role {
            Role::System | Role::Developer => out.push(Message::new("system", Some(spoken(message, at)?))),
            // A turn of the user that says nothing is refused.
            Role::User => out.push(Message::new("user", Some(said(message, at)?.unwrap_or(Said::Text("."))))),
            Role::Assistant => out.extend(assistant(message, at, &mut open)?),
            Role::Tool | Role::Function => out.push(result(message, at, &mut open)?),
        }
    }
    if out.is_empty() {
        return Err(ApiError::invalid("messages: expected something to answer").param("messages"));
    }
    Ok(out)
}

/// An assistant that neither says nor calls anything has no turn.
fn assistant<'a>(
    message: &'a request::Message<'a>,
    at: usize,
    open: &mut Open<'a>,
) -> Result<Option<Message<'a>>, ApiError> {
    let said = match said(message, at)? {
        None => message.refusal.as_deref().filter(|text| !text.is_empty()).map(Said::Text),
        said => said,
    };
    let legacy = message.function_call.iter().map(|call| ("", call));
    let calls = message.tool_calls.iter().map(|call| (call.id.as_ref(), &call.function)).chain(legacy);
    let tool_calls: Vec<_> = calls.enumerate().map(|(index, (id, call))| open.call(id, call, (at, index))).collect();
    let silent = said.is_none() && tool_calls.is_empty();
    Ok((!silent).then(|| Message { tool_calls, ..Message::new("assistant", said) }))
}

fn result<'a>(message: &'a request::Message<'a>, at: usize, open: &mut Open<'a>) -> Result<Message<'a>, ApiError> {
    let id = match message.tool_call_id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => Cow::Borrowed(id),
        None => open.take(message.name.as_deref()).map(Cow::Owned).ok_or_else(|| {
            let path = format!("messages[{at}].tool_call_id");
            ApiError::invalid(format!("{path}: missing, and no earlier call without an id waits for a result"))
                .param(path)
        })?,
    };
    let content = spoken(message, at)?;
    if let Said::Parts(parts) = &content
        && let Some(index) = parts.iter().position(|part| matches!(part, Part::ImageUrl { .. }))
    {
        return Err(refused(at, index, "this provider takes no images from tools"));
    }
    Ok(Message { tool_call_id: Some(id), ..Message::new("tool", Some(content)) })
}

/// What a message says, be it nothing.
fn spoken<'a>(message: &'a request::Message<'a>, at: usize) -> Result<Said<'a>, ApiError> {
    Ok(said(message, at)?.unwrap_or(Said::Text("")))
}

fn said<'a>(message: &'a request::Message<'a>, at: usize) -> Result<Option<Said<'a>>, ApiError> {
    let parts = match &message.content {
        Content::None => return Ok(None),
        Content::Text(text) => return Ok(Some(text.as_ref()).filter(|text| !text.is_empty()).map(Said::Text)),
        Content::Parts(parts) => parts,
    };
    let mut out = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        match &part.kind {
            PartKind::Text(text) | PartKind::Refusal(text) if text.is_empty() => {}
            PartKind::Text(text) | PartKind::Refusal(text) => out.push(Part::Text { text }),
            PartKind::ImageUrl(url) => out.push(Part::ImageUrl { image_url: Image { url } }),
            PartKind::File(_) => return Err(refused(at, index, "this provider takes no files")),
            PartKind::Other(kind) => {
                return Err(refused(at, index, &format!("this provider takes no content of type `{kind}`")));
            }
        }
    }
    Ok((!out.is_empty()).then_some(Said::Parts(out)))
}

fn refused(at: usize, index: usize, reason: &str) -> ApiError {
    let path = format!("messages[{at}].content[{index}]");
    ApiError::invalid(format!("{path}: {reason}")).param(path)
}

/// Calls that came without an id, with those made from their places, until their results take them.
#[derive(Debug, Default)]
struct Open<'a>(Vec<(&'a str, String)>);

impl<'a> Open<'a> {
    fn call(&mut self, id: &'a str, call: &'a FunctionCall<'a>, (message, index): (usize, usize)) -> Call<'a> {
        let id = if id.is_empty() {
            let made = format!("call_{message}_{index}");
            self.0.push((&call.name, made.clone()));
            Cow::Owned(made)
        } else {
            Cow::Borrowed(id)
        };
        let arguments = if call.arguments.trim().is_empty() { "{}" } else { call.arguments.as_ref() };
        Call { id, kind: "function", function: Function { name: &call.name, arguments } }
    }

    /// The id for a result without one: the first open call of the tool that it names, else of any.
    fn take(&mut self, name: Option<&str>) -> Option<String> {
        let at = self.0.iter().position(|(own, _)| Some(*own) == name).unwrap_or(0);
        (at < self.0.len()).then(|| self.0.remove(at).1)
    }
}
