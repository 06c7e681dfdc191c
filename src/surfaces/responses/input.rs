//! The conversation: a flat list of items as the hub's messages.
//!
//! <https://platform.openai.com/docs/api-reference/responses/create#responses-create-input>

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::content::{self, Content, lacks};
use super::request::{needs_state, refused};
use crate::errors::ApiError;
use crate::hub::request::{self, FunctionCall, Message, Part, PartKind, Role, ToolCall};
use crate::json::{Object, Text};

/// Reads `instructions` and `input`.
pub(super) fn messages<'a>(body: &Object<'a>) -> Result<Vec<Message<'a>>, ApiError> {
    let instructions = body.read::<Text<'a>>("instructions").map_err(|e| refused("", e))?;
    let mut talk = Talk::default();
    talk.messages.extend(instructions.map(|text| Message::new(Role::System, request::Content::Text(text.0))));
    let Some(input) = body.get("input") else { return Err(lacks("input")) };
    if input.get().starts_with('"') {
        let text = body.read::<Text<'a>>("input").map_err(|e| refused("", e))?;
        talk.messages.extend(text.map(|text| Message::new(Role::User, request::Content::Text(text.0))));
        return Ok(talk.messages);
    }
    let items = body.read::<Vec<&'a RawValue>>("input").map_err(|e| refused("", e))?.unwrap_or_default();
    for (at, raw) in items.into_iter().enumerate() {
        talk.item(raw, &format!("input[{at}]"))?;
    }
    Ok(talk.messages)
}

#[derive(Default)]
struct Talk<'a> {
    messages: Vec<Message<'a>>,
    /// Thinking of the turn that comes next.
    thoughts: Vec<Cow<'a, RawValue>>,
}

impl<'a> Talk<'a> {
    fn item(&mut self, raw: &'a RawValue, path: &str) -> Result<(), ApiError> {
        let item: Object<'a> = serde_json::from_str(raw.get()).map_err(|e| {
            let reason = crate::json::without_position(&e.to_string());
            ApiError::invalid(format!("Invalid `{path}`: {reason}")).param(path).code("invalid_type")
        })?;
        let kind = text(&item, path, "type")?;
        match kind.as_deref().unwrap_or("message") {
            "message" => self.message(&item, path),
            "function_call" => self.call(&item, path),
            "function_call_output" => self.output(&item, path),
            "reasoning" => self.reasoning(&item, path),
            "item_reference" => Err(needs_state(path)),
            other => {
                let message = format!("Invalid `{path}`: items of type `{other}` cannot be sent to this provider.");
                Err(ApiError::invalid(message).param(path).code("unsupported_value"))
            }
        }
    }

    /// The block that the item was made from; thinking of OpenAI's own means nothing to other providers.
    fn reasoning(&mut self, item: &Object<'a>, path: &str) -> Result<(), ApiError> {
        let sealed = text(item, path, "encrypted_content")?.filter(|text| text.starts_with('{'));
        let block = sealed.and_then(|text| RawValue::from_string(text.into_owned()).ok());
        self.thoughts.extend(block.map(Cow::Owned));
        Ok(())
    }

    fn message(&mut self, item: &Object<'a>, path: &str) -> Result<(), ApiError> {
        let role = item.read::<Role>("role").map_err(|e| refused(path, e))?;
        let role = role.ok_or_else(|| lacks(&format!("{path}.role")))?;
        let content = content(item, path, "content")?;
        match self.messages.last_mut().filter(|last| role == Role::Assistant && has_calls(last)) {
            // Results must follow the calls directly, so what was said beside them joins them.
            Some(last) => join(&mut last.content, content),
            None => self.messages.push(Message::new(role, content)),
        }
        self.think();
        Ok(())
    }

    fn call(&mut self, item: &Object<'a>, path: &str) -> Result<(), ApiError> {
        let name = text(item, path, "name")?.ok_or_else(|| lacks(&format!("{path}.name")))?;
        let arguments = text(item, path, "arguments")?.unwrap_or_default();
        let id = text(item, path, "call_id")?.ok_or_else(|| lacks(&format!("{path}.call_id")))?;
        let call = ToolCall { id, function: FunctionCall { name, arguments }, cache_control: None, signature: None };
        match self.messages.last_mut().filter(|last| last.role == Role::Assistant) {
            Some(last) => last.tool_calls.push(call),
            None => {
                let said = Message::new(Role::Assistant, request::Content::None);
                self.messages.push(Message { tool_calls: vec![call], ..said });
            }
        }
        self.think();
        Ok(())
    }

    /// What was thought before belongs to what the assistant then did.
    fn think(&mut self) {
        if let Some(last) = self.messages.last_mut().filter(|last| last.role == Role::Assistant) {
            last.thinking_blocks.append(&mut self.thoughts);
        }
    }

    fn output(&mut self, item: &Object<'a>, path: &str) -> Result<(), ApiError> {
        let id = text(item, path, "call_id")?.ok_or_else(|| lacks(&format!("{path}.call_id")))?;
        let output = content(item, path, "output")?;
        self.messages.push(Message { tool_call_id: Some(id), ..Message::new(Role::Tool, output) });
        Ok(())
    }
}

fn has_calls(message: &Message<'_>) -> bool {
    message.role == Role::Assistant && !message.tool_calls.is_empty()
}

fn text<'a>(item: &Object<'a>, path: &str, name: &str) -> Result<Option<Cow<'a, str>>, ApiError> {
    Ok(item.read::<Text<'a>>(name).map_err(|e| refused(path, e))?.map(|text| text.0))
}

fn content<'a>(item: &Object<'a>, path: &str, name: &str) -> Result<request::Content<'a>, ApiError> {
    let content = item.read::<Content<'a>>(name).map_err(|e| refused(path, e))?.unwrap_or_default();
    content::read(content, &format!("{path}.{name}"))
}

fn join<'a>(said: &mut request::Content<'a>, more: request::Content<'a>) {
    let parts = |content| match content {
        request::Content::None => Vec::new(),
        request::Content::Text(text) => vec![Part { kind: PartKind::Text(text), cache_control: None }],
        request::Content::Parts(parts) => parts,
    };
    match (std::mem::take(said), more) {
        (request::Content::None, only) | (only, request::Content::None) => *said = only,
        (first, second) => {
            let all = parts(first).into_iter().chain(parts(second));
            *said = request::Content::Parts(all.collect());
        }
    }
}
