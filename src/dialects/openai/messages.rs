//! Turns of a conversation in OpenAI's form.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages>

use std::borrow::Cow;

use serde::Serialize;

use crate::errors::ApiError;
use crate::hub::request::{Content, FunctionCall, Message, Part, PartKind, Role, ToolCall};

/// Writes the turns. Results of tools can only be text here: their images follow in a turn of the user's.
pub(super) fn write<'a>(messages: &'a [Message<'_>]) -> Result<Vec<WrittenMessage<'a>>, ApiError> {
    let mut out = Vec::with_capacity(messages.len());
    let mut images = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        if message.role != Role::Tool {
            flush(&mut images, &mut out);
        }
        let written = WrittenMessage::new(message, &mut images).map_err(|part| unknown(at, part))?;
        out.push(written);
    }
    flush(&mut images, &mut out);
    Ok(out)
}

fn flush<'a>(images: &mut Vec<WrittenPart<'a>>, out: &mut Vec<WrittenMessage<'a>>) {
    if !images.is_empty() {
        let content = Some(WrittenContent::Parts(std::mem::take(images)));
        out.push(WrittenMessage { role: "user", content, ..WrittenMessage::default() });
    }
}

/// A part that cannot be written: its place and its type.
struct Unknown<'a>(usize, &'a str);

fn unknown(at: usize, Unknown(part, kind): Unknown<'_>) -> ApiError {
    let path = format!("messages[{at}].content[{part}]");
    ApiError::invalid(format!("Invalid `{path}`: content of type `{kind}` cannot be sent to this provider."))
        .param(path)
}

#[derive(Default, Serialize)]
pub(super) struct WrittenMessage<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<WrittenContent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WrittenCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<WrittenFunction<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

impl<'a> WrittenMessage<'a> {
    fn new(message: &'a Message<'_>, images: &mut Vec<WrittenPart<'a>>) -> Result<Self, Unknown<'a>> {
        let content = match message.role {
            Role::Tool => Some(WrittenContent::Text(result(message, images)?)),
            _ => content(&message.content)?,
        };
        Ok(Self {
            role: role(message.role),
            content,
            name: message.name.as_deref(),
            refusal: message.refusal.as_deref(),
            tool_calls: message.tool_calls.iter().map(WrittenCall::from).collect(),
            function_call: message.function_call.as_ref().map(WrittenFunction::from),
            tool_call_id: message.tool_call_id.as_deref(),
        })
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
        Role::Function => "function",
    }
}

fn content<'a>(content: &'a Content<'_>) -> Result<Option<WrittenContent<'a>>, Unknown<'a>> {
    match content {
        Content::None => Ok(None),
        Content::Text(text) => Ok(Some(WrittenContent::Text(Cow::Borrowed(text)))),
        Content::Parts(parts) => {
            let parts: Result<Vec<_>, _> = parts.iter().enumerate().map(written).collect();
            Ok(Some(WrittenContent::Parts(parts?)))
        }
    }
}

/// What a tool gave. A failure has no field of its own here, so the text must say it.
fn result<'a>(message: &'a Message<'_>, images: &mut Vec<WrittenPart<'a>>) -> Result<Cow<'a, str>, Unknown<'a>> {
    let text = match &message.content {
        Content::None => Cow::Borrowed(""),
        Content::Text(text) => Cow::Borrowed(text.as_ref()),
        Content::Parts(parts) => {
            let mut texts = Vec::new();
            for part in parts.iter().enumerate() {
                match written(part)? {
                    WrittenPart::Text { text } | WrittenPart::Refusal { refusal: text } => texts.push(text),
                    other => images.push(other),
                }
            }
            Cow::Owned(texts.join("\n"))
        }
    };
    Ok(if message.is_error == Some(true) { Cow::Owned(format!("Error: {text}")) } else { text })
}

fn written<'a>((at, part): (usize, &'a Part<'_>)) -> Result<WrittenPart<'a>, Unknown<'a>> {
    match &part.kind {
        PartKind::Text(text) => Ok(WrittenPart::Text { text }),
        PartKind::Refusal(refusal) => Ok(WrittenPart::Refusal { refusal }),
        PartKind::ImageUrl(url) => Ok(WrittenPart::ImageUrl { image_url: Url { url } }),
        PartKind::File(file) => {
            let (file_data, file_id) = (file.file_data.as_deref(), file.file_id.as_deref());
            Ok(WrittenPart::File { file: WrittenFile { file_data, file_id, filename: file.filename.as_deref() } })
        }
        PartKind::Other(kind) => Err(Unknown(at, kind)),
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenContent<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<WrittenPart<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WrittenPart<'a> {
    Text { text: &'a str },
    Refusal { refusal: &'a str },
    ImageUrl { image_url: Url<'a> },
    File { file: WrittenFile<'a> },
}

#[derive(Serialize)]
struct Url<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct WrittenFile<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenCall<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: WrittenFunction<'a>,
}

impl<'a> From<&'a ToolCall<'_>> for WrittenCall<'a> {
    fn from(call: &'a ToolCall<'_>) -> Self {
        Self { id: &call.id, kind: "function", function: (&call.function).into() }
    }
}

#[derive(Serialize)]
struct WrittenFunction<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> From<&'a FunctionCall<'_>> for WrittenFunction<'a> {
    fn from(call: &'a FunctionCall<'_>) -> Self {
        let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
        Self { name: &call.name, arguments }
    }
}
