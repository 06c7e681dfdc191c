//! What a model's answer says, plain or streamed.

use std::borrow::Cow;

use crate::usage::Usage;

/// One thing that an answer says. A plain answer is the same sequence as a streamed one, all at once.
///
/// Order: `Start` first and once; content of a choice in the order the model wrote it; `Finish` once per choice,
/// after its content; `Usage` any number of times, each replacing the one before.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// The provider has begun. What it did not say is `None`.
    Start {
        /// The provider's id of the answer.
        id: Option<Cow<'a, str>>,
        /// The model that really answers.
        model: Option<Cow<'a, str>>,
        /// Seconds since the epoch.
        created: Option<u64>,
    },
    /// Visible text.
    Text { choice: u32, text: Cow<'a, str> },
    /// Readable thinking.
    Reasoning { choice: u32, text: Cow<'a, str> },
    /// A block of thinking is complete and must come back unchanged in the next turn.
    Thinking { choice: u32, block: Thinking<'a> },
    /// The model declines; the text says why.
    Refusal { choice: u32, text: Cow<'a, str> },
    /// A tool call begins. `index` counts the calls of the choice from 0.
    ToolCall { choice: u32, index: u32, id: Option<Cow<'a, str>>, name: Cow<'a, str> },
    /// A fragment of the JSON text of a call's arguments; all fragments together are never empty.
    Arguments { choice: u32, index: u32, fragment: Cow<'a, str> },
    /// The signature of a call, opaque to everyone but the provider: it must come back with the call in the next turn.
    /// It may come before the call that it belongs to, which then is the next one.
    Signature { choice: u32, index: u32, signature: Cow<'a, str> },
    /// One of the caller's stop sequences ended the choice. Empty where the provider does not tell which.
    StopSequence { choice: u32, sequence: Cow<'a, str> },
    /// The choice is complete.
    Finish { choice: u32, reason: FinishReason },
    /// Tokens so far.
    Usage(Usage),
}

impl Event<'_> {
    /// Is this content, or the end of it? The first such event is the commit point: until then the answer can
    /// still come from another target.
    pub fn commits(&self) -> bool {
        match self {
            Self::Start { .. } | Self::Signature { .. } | Self::StopSequence { .. } | Self::Usage(_) => false,
            Self::Text { text, .. } | Self::Reasoning { text, .. } | Self::Refusal { text, .. } => !text.is_empty(),
            Self::Thinking { .. } | Self::ToolCall { .. } | Self::Arguments { .. } | Self::Finish { .. } => true,
        }
    }

    /// The same, for longer than the bytes it was read from.
    pub fn into_owned(self) -> Event<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Start { id, model, created } => Event::Start { id: id.map(own), model: model.map(own), created },
            Self::Text { choice, text } => Event::Text { choice, text: own(text) },
            Self::Reasoning { choice, text } => Event::Reasoning { choice, text: own(text) },
            Self::Thinking { choice, block } => Event::Thinking { choice, block: block.into_owned() },
            Self::Refusal { choice, text } => Event::Refusal { choice, text: own(text) },
            Self::ToolCall { choice, index, id, name } => {
                Event::ToolCall { choice, index, id: id.map(own), name: own(name) }
            }
            Self::Arguments { choice, index, fragment } => Event::Arguments { choice, index, fragment: own(fragment) },
            Self::Signature { choice, index, signature } => {
                Event::Signature { choice, index, signature: own(signature) }
            }
            Self::StopSequence { choice, sequence } => Event::StopSequence { choice, sequence: own(sequence) },
            Self::Finish { choice, reason } => Event::Finish { choice, reason },
            Self::Usage(usage) => Event::Usage(usage),
        }
    }

    /// Bytes of model output in this event, for estimates.
    pub fn output_bytes(&self) -> usize {
        match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } | Self::Refusal { text, .. } => text.len(),
            Self::ToolCall { name, .. } => name.len(),
            Self::Arguments { fragment, .. } => fragment.len(),
            Self::Start { .. }
            | Self::Thinking { .. }
            | Self::Signature { .. }
            | Self::StopSequence { .. }
            | Self::Finish { .. }
            | Self::Usage(_) => 0,
        }
    }
}

/// Thinking that the provider signed or sealed, opaque to everyone else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thinking<'a> {
    /// Readable text (already told by [`Event::Reasoning`]) and its signature.
    Signed { text: Cow<'a, str>, signature: Cow<'a, str> },
    /// Sealed text.
    Redacted { data: Cow<'a, str> },
}

impl Thinking<'_> {
    /// The same, for longer than the bytes it was read from.
    pub fn into_owned(self) -> Thinking<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Signed { text, signature } => Thinking::Signed { text: own(text), signature: own(signature) },
            Self::Redacted { data } => Thinking::Redacted { data: own(data) },
        }
    }
}

/// Why a choice ended, in OpenAI's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// Held back by the provider's filter, or refused.
    ContentFilter,
    /// Out of tokens or of context.
    Length,
    /// Done, or a stop sequence.
    Stop,
    /// Waits for the results of tools.
    ToolCalls,
    /// The same in the form that preceded tools.
    FunctionCall,
}

impl FinishReason {
    /// The word in OpenAI's `finish_reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContentFilter => "content_filter",
            Self::Length => "length",
            Self::Stop => "stop",
            Self::ToolCalls => "tool_calls",
            Self::FunctionCall => "function_call",
        }
    }
}
