//! Items in their own form.
//!
//! <https://platform.openai.com/docs/api-reference/responses/object#responses/object-output>

use serde::Serialize;

use super::output::{Body, Call, Item, Part, PartKind, Reasoning, State, parts};
use crate::hub::ids;
use crate::surfaces::AnswerContext;

/// An id for the item at this place of the answer.
pub(super) fn id(item: &Item, at: usize, context: &AnswerContext) -> String {
    let prefix = match item.body {
        Body::Reasoning(_) => "rs",
        Body::Message(_) => "msg",
        Body::Call(_) => "fc",
    };
    format!("{prefix}_{}{at:04}", context.id)
}

#[derive(Serialize)]
pub(super) struct WrittenItem<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Vec<WrittenPart<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Vec<WrittenPart<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
}

impl<'a> WrittenItem<'a> {
    /// The item as it is now.
    pub(super) fn new(item: &'a Item, at: usize, context: &AnswerContext) -> Self {
        let written: Vec<_> = parts(item).iter().map(WrittenPart::from).collect();
        let bare = Self {
            id: id(item, at, context),
            kind: "message",
            status: Some(status(item.state)),
            role: None,
            content: None,
            summary: None,
            encrypted_content: None,
            call_id: None,
            name: None,
            arguments: None,
        };
        match &item.body {
            Body::Reasoning(reasoning) => Self {
                kind: "reasoning",
                status: None,
                summary: Some(written),
                encrypted_content: sealed(item.state, reasoning),
                ..bare
            },
            Body::Message(_) => Self { role: Some("assistant"), content: Some(written), ..bare },
            Body::Call(call) => Self {
                kind: "function_call",
                call_id: Some(call_id(call, context)),
                name: Some(&call.name),
                arguments: Some(&call.arguments),
                ..bare
            },
        }
    }

    /// The item as it begins: parts and arguments come later.
    pub(super) fn added(item: &'a Item, at: usize, context: &AnswerContext) -> Self {
        let mut written = Self::new(item, at, context);
        written.content.iter_mut().chain(&mut written.summary).for_each(Vec::clear);
        written.arguments = written.arguments.map(|_| "");
        written
    }
}

/// Thinking that nobody signed says so: it must be told from OpenAI's own when it comes back.
fn sealed(state: State, reasoning: &Reasoning) -> Option<&str> {
    (state != State::Open).then(|| reasoning.block.as_deref().unwrap_or(UNSIGNED))
}

const UNSIGNED: &str = r#"{"type":"thinking","thinking":"","signature":""}"#;

fn status(state: State) -> &'static str {
    match state {
        State::Open => "in_progress",
        State::Complete => "completed",
        State::CutOff => "incomplete",
    }
}

fn call_id(call: &Call, context: &AnswerContext) -> String {
    call.id.clone().unwrap_or_else(|| ids::call_id(&context.id, 0, call.index))
}

#[derive(Serialize)]
pub(super) struct WrittenPart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<[(); 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
}

impl<'a> WrittenPart<'a> {
    fn new(kind: PartKind, text: &'a str) -> Self {
        let bare = Self { kind: "summary_text", text: Some(text), refusal: None, annotations: None, logprobs: None };
        match kind {
            PartKind::Summary => bare,
            PartKind::Text => Self { kind: "output_text", annotations: Some([]), logprobs: Some([]), ..bare },
            PartKind::Refusal => Self { kind: "refusal", text: None, refusal: Some(text), ..bare },
        }
    }

    /// A part as it begins.
    pub(super) fn empty(kind: PartKind) -> Self {
        Self::new(kind, "")
    }
}

impl<'a> From<&'a Part> for WrittenPart<'a> {
    fn from(part: &'a Part) -> Self {
        Self::new(part.kind, &part.text)
    }
}
