//! Items and whole responses in their own form.
//!
//! <https://platform.openai.com/docs/api-reference/responses/object>

use serde::Serialize;

use super::output::{Body, Call, Item, Part, PartKind, State, parts};
use crate::hub::{FinishReason, ids};
use crate::surfaces::AnswerContext;
use crate::usage::Usage;

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
            call_id: None,
            name: None,
            arguments: None,
        };
        match &item.body {
            Body::Reasoning(_) => Self { kind: "reasoning", status: None, summary: Some(written), ..bare },
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

    /// The item as it begins: parts come later.
    pub(super) fn added(item: &'a Item, at: usize, context: &AnswerContext) -> Self {
        let none = |list: Option<Vec<WrittenPart<'a>>>| list.map(|_| Vec::new());
        let Self { content, summary, arguments, .. } = Self::new(item, at, context);
        let (content, summary, arguments) = (none(content), none(summary), arguments.map(|_| ""));
        Self { content, summary, arguments, ..Self::new(item, at, context) }
    }
}

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

/// How far an answer is.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    InProgress,
    /// It is over, for this reason, and took this much.
    Over(FinishReason, Usage),
}

impl Stage {
    /// The reason why a response is not whole.
    ///
    /// <https://platform.openai.com/docs/api-reference/responses/object#responses/object-incomplete_details>
    fn incomplete(self) -> Option<&'static str> {
        match self {
            Self::Over(FinishReason::Length, _) => Some("max_output_tokens"),
            Self::Over(FinishReason::ContentFilter, _) => Some("content_filter"),
            Self::Over(..) | Self::InProgress => None,
        }
    }

    pub(super) fn status(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Over(..) if self.incomplete().is_some() => "incomplete",
            Self::Over(..) => "completed",
        }
    }
}

/// A response. What the caller set in the request is not known here, so settings have their defaults.
#[derive(Serialize)]
pub(super) struct Response<'a> {
    id: String,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    background: bool,
    error: Option<()>,
    incomplete_details: Option<Incomplete>,
    instructions: Option<()>,
    max_output_tokens: Option<()>,
    model: &'a str,
    output: Vec<WrittenItem<'a>>,
    parallel_tool_calls: bool,
    previous_response_id: Option<()>,
    reasoning: Reasoning,
    store: bool,
    temperature: Option<()>,
    text: Text,
    tool_choice: &'static str,
    tools: [(); 0],
    top_p: Option<()>,
    truncation: &'static str,
    usage: Option<WrittenUsage>,
    user: Option<()>,
    metadata: Metadata,
}

/// What the provider said of the answer as a whole.
#[derive(Default)]
pub(super) struct Head {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) created: Option<u64>,
}

impl<'a> Response<'a> {
    pub(super) fn new(head: &'a Head, items: &'a [Item], stage: Stage, context: &'a AnswerContext) -> Self {
        let output = items.iter().enumerate().map(|(at, item)| WrittenItem::new(item, at, context)).collect();
        let usage = match stage {
            Stage::InProgress => None,
            Stage::Over(_, usage) => Some(WrittenUsage::from(&usage)),
        };
        // Ids of other APIs would be taken for what can be asked for again.
        let own = head.id.as_ref().filter(|id| id.starts_with("resp_"));
        Self {
            id: own.cloned().unwrap_or_else(|| format!("resp_{}", context.id)),
            object: "response",
            created_at: head.created.unwrap_or(context.created),
            status: stage.status(),
            background: false,
            error: None,
            incomplete_details: stage.incomplete().map(|reason| Incomplete { reason }),
            instructions: None,
            max_output_tokens: None,
            model: head.model.as_deref().unwrap_or(&context.model),
            output,
            parallel_tool_calls: true,
            previous_response_id: None,
            reasoning: Reasoning { effort: None, summary: None },
            store: false,
            temperature: None,
            text: Text { format: TextFormat { kind: "text" } },
            tool_choice: "auto",
            tools: [],
            top_p: None,
            truncation: "disabled",
            usage,
            user: None,
            metadata: Metadata {},
        }
    }
}

#[derive(Serialize)]
struct Incomplete {
    reason: &'static str,
}

#[derive(Serialize)]
struct Reasoning {
    effort: Option<()>,
    summary: Option<()>,
}

#[derive(Serialize)]
struct Text {
    format: TextFormat,
}

#[derive(Serialize)]
struct TextFormat {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Metadata {}

#[derive(Serialize)]
struct WrittenUsage {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl From<&Usage> for WrittenUsage {
    fn from(usage: &Usage) -> Self {
        Self {
            input_tokens: usage.input,
            input_tokens_details: InputDetails {
                cached_tokens: usage.cached,
                cache_write_tokens: usage.cache_writes(),
            },
            output_tokens: usage.output,
            output_tokens_details: OutputDetails { reasoning_tokens: usage.reasoning },
            total_tokens: usage.total(),
        }
    }
}
