//! An answer as `chat.completion.chunk` events.
//!
//! <https://platform.openai.com/docs/api-reference/chat-streaming>

use std::borrow::Cow;
use std::io::Write as _;

use serde::Serialize;

use super::{ExtraContent, WrittenUsage, finish_word};
use crate::hub::{Event, FinishReason, Thinking, ids};
use crate::json::push_string;
use crate::surfaces::thinking::ThinkingBlock;
use crate::surfaces::{AnswerContext, StreamWriter};
use crate::usage::Usage;

/// Writes one stream. Chunks are written piece by piece: what they have in common is written once and copied.
pub(super) struct Writer {
    context: AnswerContext,
    /// `data: {"id":...,"choices":` of every chunk; empty until the first.
    head: Vec<u8>,
    choices: Vec<Choice>,
    usage: Option<Usage>,
    /// A signature that came before its call; SDKs look for it where the call begins.
    signed: Option<(u32, u32, String)>,
    /// Blocks of thinking that are still to be told, with commas between them, by their choice.
    thinking: Vec<(u32, Vec<u8>)>,
}

/// So many bytes of thinking are kept back. Nobody thinks so much.
const MAX_THINKING: usize = 8 << 20;

struct Choice {
    index: u32,
    finished: bool,
    calls: Vec<Call>,
}

struct Call {
    index: u32,
    has_arguments: bool,
}

impl Writer {
    pub(super) fn new(context: AnswerContext) -> Self {
        Self { context, head: Vec::new(), choices: Vec::new(), usage: None, signed: None, thinking: Vec::new() }
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, created: Option<u64>) {
        if !self.head.is_empty() {
            return;
        }
        self.head.extend_from_slice(b"data: {\"id\":");
        match id {
            Some(id) => push_string(&mut self.head, id),
            None => push_string(&mut self.head, &format!("chatcmpl-{}", self.context.id)),
        }
        let created = created.unwrap_or(self.context.created);
        push_number(&mut self.head, ",\"object\":\"chat.completion.chunk\",\"created\":", created);
        self.head.extend_from_slice(b",\"model\":");
        push_string(&mut self.head, model.unwrap_or(&self.context.model));
        self.head.extend_from_slice(b",\"choices\":");
    }

    /// Appends a chunk with the members of one delta; the first of a choice says who speaks.
    fn delta(&mut self, choice: u32, out: &mut Vec<u8>, members: impl FnOnce(&mut Vec<u8>)) {
        self.start(None, None, None);
        let first = self.choice(choice).is_none();
        out.extend_from_slice(&self.head);
        push_number(out, "[{\"index\":", choice);
        out.extend_from_slice(b",\"delta\":{");
        if first {
            self.choices.push(Choice { index: choice, finished: false, calls: Vec::new() });
            out.extend_from_slice(b"\"role\":\"assistant\",");
        }
        members(out);
        out.extend_from_slice(b"},\"finish_reason\":null}]");
        self.close(out);
    }

    fn text(&mut self, choice: u32, out: &mut Vec<u8>, member: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        self.delta(choice, out, |out| {
            out.extend_from_slice(member.as_bytes());
            push_string(out, text);
        });
    }

    /// Keeps a block for the end of its choice. The official packages take a list once: the one for Python refuses a
    /// second part of it, the one for Node forgets the first.
    fn thinking(&mut self, choice: u32, out: &mut Vec<u8>, block: &Thinking<'_>) {
        let mut written = Vec::new();
        push(&mut written, &ThinkingBlock::from(block));
        let Some((_, blocks)) = self.thinking.iter_mut().find(|(of, _)| *of == choice) else {
            self.thinking.push((choice, written));
            return;
        };
        blocks.push(b',');
        blocks.append(&mut written);
        if blocks.len() > MAX_THINKING {
            self.tell_thinking(choice, out);
        }
    }

    fn tell_thinking(&mut self, choice: u32, out: &mut Vec<u8>) {
        let Some(at) = self.thinking.iter().position(|(of, _)| *of == choice) else { return };
        let (_, blocks) = self.thinking.swap_remove(at);
        self.delta(choice, out, |out| {
            out.extend_from_slice(b"\"thinking_blocks\":[");
            out.extend_from_slice(&blocks);
            out.push(b']');
        });
    }

    fn call(&mut self, (choice, index): (u32, u32), id: Option<&str>, name: &str, out: &mut Vec<u8>) {
        if !self.context.legacy_functions {
            let id = id.filter(|id| !id.is_empty());
            let id = id.map_or_else(|| Cow::Owned(ids::call_id(&self.context.id, choice, index)), Cow::Borrowed);
            let signed = self.signed.take_if(|(of, call, _)| (*of, *call) == (choice, index));
            self.delta(choice, out, |out| {
                push_number(out, "\"tool_calls\":[{\"index\":", index);
                out.extend_from_slice(b",\"id\":");
                push_string(out, &id);
                out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
                push_string(out, name);
                out.extend_from_slice(b",\"arguments\":\"\"}");
                if let Some((_, _, signature)) = signed {
                    push_signature(out, &signature);
                }
                out.extend_from_slice(b"}]");
            });
        } else if index == 0 {
            // The older form has room for one call.
            self.delta(choice, out, |out| {
                out.extend_from_slice(b"\"content\":null,\"function_call\":{\"name\":");
                push_string(out, name);
                out.extend_from_slice(b",\"arguments\":\"\"}");
            });
        }
        if let Some(state) = self.choice(choice) {
            state.calls.push(Call { index, has_arguments: false });
        }
    }

    fn signature(&mut self, choice: u32, index: u32, signature: &str, out: &mut Vec<u8>) {
        if self.context.legacy_functions || signature.is_empty() {
            return;
        }
        if !self.choice(choice).is_some_and(|state| state.calls.iter().any(|call| call.index == index)) {
            self.signed = Some((choice, index, signature.to_owned()));
            return;
        }
        self.delta(choice, out, |out| {
            push_number(out, "\"tool_calls\":[{\"index\":", index);
            push_signature(out, signature);
            out.extend_from_slice(b"}]");
        });
    }

    fn arguments(&mut self, choice: u32, index: u32, fragment: &str, out: &mut Vec<u8>) {
        if fragment.is_empty() {
            return;
        }
        if let Some(call) = self.choice(choice).and_then(|c| c.calls.iter_mut().find(|call| call.index == index)) {
            call.has_arguments = true;
        }
        if !self.context.legacy_functions {
            self.delta(choice, out, |out| {
                push_number(out, "\"tool_calls\":[{\"index\":", index);
                out.extend_from_slice(b",\"function\":{\"arguments\":");
                push_string(out, fragment);
                out.extend_from_slice(b"}}]");
            });
        } else if index == 0 {
            self.delta(choice, out, |out| {
                out.extend_from_slice(b"\"function_call\":{\"arguments\":");
                push_string(out, fragment);
                out.push(b'}');
            });
        }
    }

    fn finish(&mut self, choice: u32, reason: FinishReason, out: &mut Vec<u8>) {
        self.tell_thinking(choice, out);
        if self.choice(choice).is_none() {
            self.delta(choice, out, |out| out.extend_from_slice(b"\"content\":\"\""));
        }
        let Some(state) = self.choice(choice) else { return };
        if std::mem::replace(&mut state.finished, true) {
            return;
        }
        let called = !state.calls.is_empty();
        let bare: Vec<u32> = state.calls.iter().filter(|call| !call.has_arguments).map(|call| call.index).collect();
        for index in bare {
            self.arguments(choice, index, "{}", out);
        }
        out.extend_from_slice(&self.head);
        push_number(out, "[{\"index\":", choice);
        out.extend_from_slice(b",\"delta\":{},\"finish_reason\":");
        push_string(out, finish_word(Some(reason), called, self.context.legacy_functions));
        out.extend_from_slice(b"}]");
        self.close(out);
    }

    fn choice(&mut self, index: u32) -> Option<&mut Choice> {
        self.choices.iter_mut().find(|choice| choice.index == index)
    }

    fn close(&self, out: &mut Vec<u8>) {
        let end: &[u8] = if self.context.include_usage { b",\"usage\":null}\n\n" } else { b"}\n\n" };
        out.extend_from_slice(end);
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, model, created } => self.start(id.as_deref(), model.as_deref(), *created),
            Event::Text { choice, text } => self.text(*choice, out, "\"content\":", text),
            Event::Reasoning { choice, text } => self.text(*choice, out, "\"reasoning_content\":", text),
            Event::Thinking { choice, block } => self.thinking(*choice, out, block),
            Event::Refusal { choice, text } => self.text(*choice, out, "\"refusal\":", text),
            Event::ToolCall { choice, index, id, name } => self.call((*choice, *index), id.as_deref(), name, out),
            Event::Arguments { choice, index, fragment } => self.arguments(*choice, *index, fragment, out),
            Event::Signature { choice, index, signature } => self.signature(*choice, *index, signature, out),
            Event::Finish { choice, reason } => self.finish(*choice, *reason, out),
            Event::Usage(usage) => self.usage = Some(*usage),
            // The same as any other end here.
            Event::StopSequence { .. } => {}
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.context.include_usage {
            self.start(None, None, None);
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b"[],\"usage\":");
            push(out, &WrittenUsage::from(&self.usage.unwrap_or_default()));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

fn push(out: &mut Vec<u8>, value: &impl Serialize) {
    // Writing strings and numbers to a vector cannot fail.
    let _ = serde_json::to_writer(out, value);
}

fn push_signature(out: &mut Vec<u8>, signature: &str) {
    out.extend_from_slice(b",\"extra_content\":");
    push(out, &ExtraContent::of(signature));
}

fn push_number(out: &mut Vec<u8>, before: &str, number: impl Into<u64>) {
    // Nor can this.
    let _ = write!(out, "{before}{}", number.into());
}
