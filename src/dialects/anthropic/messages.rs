//! The conversation: OpenAI's flat list of messages as Anthropic's turns.
//!
//! Anthropic wants the results of all calls of a turn first in the very next user turn, so messages of tools and
//! what the user says after them become one turn. System messages have a place of their own.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::blocks::{ASSISTANT, Block, Said, Turn, USER, mark};
use super::calls::{self, MadeIds};
use super::host::Host;
use super::media;
use super::replay;
use crate::errors::ApiError;
use crate::hub::request::{ChatRequest, Content, FunctionCall, Message, Part, PartKind, Role};

/// Stands where a turn must say something and nobody did; space is refused.
pub(in crate::dialects) const FILLER: &str = ".";

/// What is said, and by whom.
#[derive(Debug, Default)]
pub(in crate::dialects) struct Conversation<'a> {
    /// Text blocks of all system and developer messages, in their order.
    pub(in crate::dialects) system: Vec<Block<'a>>,
    pub(in crate::dialects) turns: Vec<Turn<'a>>,
    made: MadeIds<'a>,
    host: Host,
}

impl<'a> Conversation<'a> {
    /// Reads all messages.
    pub(in crate::dialects) fn of(chat: &'a ChatRequest<'a>, host: Host) -> Result<Self, ApiError> {
        let mut talk = Self { host, ..Self::default() };
        for (at, message) in chat.messages.iter().enumerate() {
            match message.role {
                Role::System | Role::Developer => talk.system.extend(said(message, at, host)?),
                Role::User => talk.append(USER, said(message, at, host)?),
                Role::Assistant => talk.assistant(message, at)?,
                Role::Tool | Role::Function => talk.result(message, at)?,
            }
        }
        talk.finish()?;
        Ok(talk)
    }

    /// Does the model wait for results of calls that it made without thinking that can be shown to it again?
    pub(in crate::dialects) fn calls_without_thinking(&self) -> bool {
        let last = self.turns.iter().rfind(|turn| turn.role == ASSISTANT);
        last.is_some_and(|turn| {
            turn.content.iter().any(|block| matches!(block, Block::ToolUse { .. }))
                && !matches!(turn.content.first(), Some(Block::Thinking(_)))
        })
    }

    /// Adds to the last turn if that has the same role.
    fn append(&mut self, role: &'static str, blocks: Vec<Block<'a>>) {
        match self.turns.last_mut().filter(|turn| turn.role == role) {
            Some(turn) => turn.content.extend(blocks),
            None => self.turns.push(Turn { role, content: blocks }),
        }
    }

    /// Thinking goes first, then text, then calls. An assistant that says nothing has no turn.
    fn assistant(&mut self, message: &'a Message<'a>, at: usize) -> Result<(), ApiError> {
        let thinking = message.thinking_blocks.iter().map(AsRef::as_ref).filter(|raw| replay::is_anthropics(raw));
        let mut blocks: Vec<_> = thinking.map(Block::Thinking).collect();
        content(&message.content, at, self.host, &mut blocks)?;
        blocks.extend(message.refusal.as_ref().and_then(|text| text_block(text, None)));
        for (index, call) in message.tool_calls.iter().enumerate() {
            let path = format!("messages[{at}].tool_calls[{index}].function");
            let mut block = self.call(&call.function, &call.id, &path, (at, index))?;
            mark(std::slice::from_mut(&mut block), call.cache_control);
            blocks.push(block);
        }
        if let Some(call) = &message.function_call {
            let path = format!("messages[{at}].function_call");
            blocks.push(self.call(call, "", &path, (at, message.tool_calls.len()))?);
        }
        mark(&mut blocks, message.cache_control);
        if !blocks.is_empty() {
            self.append(ASSISTANT, blocks);
        }
        Ok(())
    }

    fn call(
        &mut self,
        call: &'a FunctionCall<'a>,
        id: &'a str,
        path: &str,
        (message, index): (usize, usize),
    ) -> Result<Block<'a>, ApiError> {
        let name = calls::name(&call.name, &format!("{path}.name"))?;
        let input = calls::input(&call.arguments, &format!("{path}.arguments"))?;
        let id = if id.is_empty() { Cow::Owned(self.made.make(name, message, index)) } else { calls::id(id) };
        Ok(Block::ToolUse { id, name, input, cache_control: None })
    }

    /// Results go first in the turn, whatever the user has said there before.
    fn result(&mut self, message: &'a Message<'a>, at: usize) -> Result<(), ApiError> {
        let tool_use_id = match message.tool_call_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => calls::id(id),
            None => Cow::Owned(self.made.take(message.name.as_deref()).ok_or_else(|| unanswerable(at))?),
        };
        let block = Block::ToolResult {
            tool_use_id,
            is_error: message.is_error.unwrap_or(false),
            content: returned(message, at, self.host)?,
            cache_control: message.cache_control,
        };
        self.append(USER, Vec::new());
        if let Some(turn) = self.turns.last_mut() {
            let results = turn.content.iter().take_while(|block| matches!(block, Block::ToolResult { .. })).count();
            turn.content.insert(results, block);
        }
        Ok(())
    }

    /// What Anthropic refuses: no turn, a turn without blocks, and space at the end of an answer to be continued.
    fn finish(&mut self) -> Result<(), ApiError> {
        self.trim_prefill();
        if self.turns.is_empty() {
            if self.system.is_empty() {
                return Err(ApiError::invalid("messages: expected something to answer").param("messages"));
            }
            self.turns.push(Turn { role: USER, content: std::mem::take(&mut self.system) });
        }
        for turn in self.turns.iter_mut().filter(|turn| turn.content.is_empty()) {
            turn.content.push(Block::text(FILLER));
        }
        Ok(())
    }

    fn trim_prefill(&mut self) {
        let Some(turn) = self.turns.last_mut().filter(|turn| turn.role == ASSISTANT) else { return };
        let Some(Block::Text { text, .. }) = turn.content.last_mut() else { return };
        let kept = text.trim_end().len();
        if kept < text.len() {
            *text = text.get(..kept).unwrap_or_default().to_owned().into();
        }
        if kept == 0 {
            turn.content.pop();
        }
        if turn.content.is_empty() {
            self.turns.pop();
        }
    }
}

fn unanswerable(at: usize) -> ApiError {
    let path = format!("messages[{at}].tool_call_id");
    ApiError::invalid(format!("{path}: missing, and no earlier call without an id waits for a result")).param(path)
}

/// The blocks of a message that has nothing but content.
fn said<'a>(message: &'a Message<'a>, at: usize, host: Host) -> Result<Vec<Block<'a>>, ApiError> {
    let mut blocks = Vec::new();
    content(&message.content, at, host, &mut blocks)?;
    mark(&mut blocks, message.cache_control);
    Ok(blocks)
}

/// What a tool returned.
fn returned<'a>(message: &'a Message<'a>, at: usize, host: Host) -> Result<Option<Said<'a>>, ApiError> {
    Ok(match &message.content {
        Content::None => None,
        Content::Text(text) => (!text.trim().is_empty()).then(|| Said::Text(borrow(text))),
        Content::Parts(_) => {
            let mut blocks = Vec::new();
            content(&message.content, at, host, &mut blocks)?;
            (!blocks.is_empty()).then_some(Said::Blocks(blocks))
        }
    })
}

/// Appends the blocks of content.
fn content<'a>(content: &'a Content<'a>, at: usize, host: Host, out: &mut Vec<Block<'a>>) -> Result<(), ApiError> {
    match content {
        Content::None => {}
        Content::Text(text) => out.extend(text_block(text, None)),
        Content::Parts(parts) => {
            for (index, part) in parts.iter().enumerate() {
                let block = block(part, host).map_err(|reason| {
                    let path = format!("messages[{at}].content[{index}]");
                    ApiError::invalid(format!("{path}: {reason}")).param(path)
                })?;
                out.extend(block);
            }
        }
    }
    Ok(())
}

fn block<'a>(part: &'a Part<'a>, host: Host) -> Result<Option<Block<'a>>, String> {
    let mut block = match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => return Ok(text_block(text, part.cache_control)),
        PartKind::ImageUrl(url) => media::image(url, host)?,
        PartKind::File(file) => media::file(file, host)?,
        PartKind::Other(kind) => return Err(format!("this provider takes no content of type `{kind}`")),
    };
    mark(std::slice::from_mut(&mut block), part.cache_control);
    Ok(Some(block))
}

/// Anthropic refuses text of nothing but space; models write it before calls.
fn text_block<'a>(text: &'a Cow<'a, str>, cache_control: Option<&'a RawValue>) -> Option<Block<'a>> {
    (!text.trim().is_empty()).then(|| Block::Text { text: borrow(text), cache_control })
}

fn borrow<'a>(text: &'a Cow<'a, str>) -> Cow<'a, str> {
    Cow::Borrowed(text.as_ref())
}
