//! Turns of a conversation.
//!
//! <https://docs.anthropic.com/en/api/messages#body-messages>

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::content::{self, Said, leave_out};
use super::object::{self, Placed};
use crate::hub::request::{Content, FunctionCall, Message, Role, ToolCall};
use crate::json::FieldError;

/// Turns in the hub's words.
pub(super) struct Turns<'a> {
    pub(super) messages: Vec<Message<'a>>,
    /// Types of blocks that were left out.
    pub(super) others: Vec<Cow<'a, str>>,
}

/// Reads the system prompt and all turns.
///
/// # Errors
/// Something is missing, or has another type.
pub(super) fn read<'a>(system: Option<&'a RawValue>, turns: Option<&'a RawValue>) -> Result<Turns<'a>, FieldError> {
    let mut out = Turns { messages: Vec::new(), others: Vec::new() };
    if let Some(system) = system {
        out.plain(Role::System, content::said(system, "system")?)?;
    }
    let Some(turns) = turns else { return Ok(out) };
    for turn in object::list(turns, "messages")? {
        let role = turn.text("role")?;
        let said = turn
            .get("content")
            .map_or_else(|| Ok(Said::Blocks(Vec::new())), |raw| content::said(raw, &turn.path("content")))?;
        match role.as_ref() {
            "user" => out.user(said)?,
            "assistant" => out.assistant(said)?,
            "system" => out.plain(Role::System, said)?,
            other => return Err(turn.unknown("role", other, "`user` or `assistant`")),
        }
    }
    Ok(out)
}

impl<'a> Turns<'a> {
    /// A turn of nothing but content.
    fn plain(&mut self, role: Role, said: Said<'a>) -> Result<(), FieldError> {
        let content = match said {
            Said::Text(text) => Content::Text(text),
            Said::Blocks(blocks) => {
                let mut parts = Vec::with_capacity(blocks.len());
                for block in &blocks {
                    parts.extend(content::part(block, &mut self.others)?);
                }
                content::content(parts)
            }
        };
        if !matches!(content, Content::None) {
            self.messages.push(Message::new(role, content));
        }
        Ok(())
    }

    /// Results of tools come first: other APIs take nothing between calls and their results.
    fn user(&mut self, said: Said<'a>) -> Result<(), FieldError> {
        let Said::Blocks(blocks) = said else { return self.plain(Role::User, said) };
        let mut rest = Vec::with_capacity(blocks.len());
        for block in blocks {
            if block.kind()? == "tool_result" {
                let result = self.result(&block)?;
                self.messages.push(result);
            } else {
                rest.push(block);
            }
        }
        self.plain(Role::User, Said::Blocks(rest))
    }

    fn result(&mut self, block: &Placed<'a>) -> Result<Message<'a>, FieldError> {
        let said = block.get("content").map(|raw| content::said(raw, &block.path("content"))).transpose()?;
        let mut parts = Vec::new();
        let content = match said {
            None => Content::None,
            Some(Said::Text(text)) => Content::Text(text),
            Some(Said::Blocks(blocks)) => {
                for block in &blocks {
                    parts.extend(content::part(block, &mut self.others)?);
                }
                content::content(parts)
            }
        };
        Ok(Message {
            tool_call_id: Some(block.text("tool_use_id")?),
            is_error: block.optional("is_error")?,
            cache_control: block.get("cache_control"),
            ..Message::new(Role::Tool, content)
        })
    }

    fn assistant(&mut self, said: Said<'a>) -> Result<(), FieldError> {
        let Said::Blocks(blocks) = said else { return self.plain(Role::Assistant, said) };
        let (mut turn, mut parts, mut thoughts) =
            (Message::new(Role::Assistant, Content::None), Vec::new(), Vec::new());
        for block in blocks {
            match block.kind()?.as_ref() {
                "thinking" | "redacted_thinking" => {
                    turn.thinking_blocks.push(Cow::Borrowed(block.raw));
                    thoughts.extend(block.optional_text("thinking")?.filter(|thought| !thought.is_empty()));
                }
                "tool_use" => turn.tool_calls.push(call(&block)?),
                "text" => parts.extend(content::part(&block, &mut self.others)?),
                other => leave_out(Cow::Owned(other.to_owned()), &mut self.others),
            }
        }
        turn.reasoning_content = joined(thoughts);
        turn.content = content::content(parts);
        if matches!(turn.content, Content::None) && turn.tool_calls.is_empty() {
            if turn.thinking_blocks.is_empty() {
                return Ok(());
            }
            // Other APIs want some content, and no more is known of a turn that was cut off.
            turn.content = Content::Text(Cow::Borrowed(""));
        }
        self.messages.push(turn);
        Ok(())
    }
}

/// A call keeps the bytes of its input.
fn call<'a>(block: &Placed<'a>) -> Result<ToolCall<'a>, FieldError> {
    let arguments = Cow::Borrowed(block.get("input").map_or("{}", RawValue::get));
    let function = FunctionCall { name: block.text("name")?, arguments };
    Ok(ToolCall { id: block.text("id")?, function, cache_control: block.get("cache_control"), signature: None })
}

fn joined<'a>(mut thoughts: Vec<Cow<'a, str>>) -> Option<Cow<'a, str>> {
    if thoughts.len() > 1 { Some(Cow::Owned(thoughts.join("\n"))) } else { thoughts.pop() }
}
