//! Whole responses in their own form.
//!
//! <https://platform.openai.com/docs/api-reference/responses/object>

use serde::Serialize;

use super::item::WrittenItem;
use super::output::Item;
use crate::hub::FinishReason;
use crate::surfaces::AnswerContext;
use crate::usage::Usage;

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
