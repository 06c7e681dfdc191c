//! Answers: one object, a JSON array of the chunks of a stream, or those chunks as they come.
//!
//! <https://ai.google.dev/api/generate-content#generatecontentresponse>

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::partial::Assembly;
use super::usage::Counts;
use super::{created, error, finish};
use crate::errors::ApiError;
use crate::hub::{Event, FinishReason, Sealed, Thinking};
use crate::json::{Text, lenient, or_empty};
use crate::usage::Usage;

/// A whole answer or a piece of one; both have the same members.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chunk<'a> {
    #[serde(borrow, default)]
    candidates: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    prompt_feedback: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model_version: Option<Text<'a>>,
    #[serde(borrow, default)]
    response_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    create_time: Option<Text<'a>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: Option<Text<'a>>,
    #[serde(default)]
    index: Option<u32>,
}

#[derive(Default, Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    parts: Option<Vec<&'a RawValue>>,
}

/// Parts of other kinds (code, searches, images) have no word in the hub and are never looked into.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(default)]
    thought: Option<bool>,
    #[serde(borrow, default)]
    thought_signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    function_call: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionCall<'a> {
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(borrow, default)]
    partial_args: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    will_continue: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback<'a> {
    #[serde(borrow, default)]
    block_reason: Option<Text<'a>>,
}

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Result<Vec<Event<'_>>, ApiError> {
    let (mut sum, mut out) = (Sum::default(), Vec::new());
    if body.trim_ascii_start().starts_with(b"[") {
        for chunk in serde_json::from_slice::<Vec<Chunk<'_>>>(body).map_err(|_| not_an_answer())? {
            sum.add(chunk, &mut out)?;
        }
    } else {
        sum.add(serde_json::from_slice(body).map_err(|_| not_an_answer())?, &mut out)?;
        // A body that is whole holds a whole answer, whether it says so or not.
        sum.choices.values_mut().for_each(|choice| choice.finish = choice.finish.or(Some(FinishReason::Stop)));
    }
    sum.end(&mut out)?;
    Ok(out)
}

pub(super) fn not_an_answer() -> ApiError {
    ApiError::new(502, "the provider's answer is not one of Gemini's API")
}

/// What chunks add up to.
#[derive(Default)]
pub(super) struct Sum {
    started: bool,
    blocked: bool,
    usage: Option<Usage>,
    choices: BTreeMap<u32, Choice>,
}

#[derive(Default)]
struct Choice {
    /// How many calls have begun.
    calls: u32,
    /// A call whose arguments come in pieces.
    open: Option<Assembly>,
    /// Some versions say a reason in every chunk, so the choice ends with the answer.
    finish: Option<FinishReason>,
}

impl Sum {
    /// Tells what a chunk says.
    pub(super) fn add<'a>(&mut self, chunk: Chunk<'a>, out: &mut Vec<Event<'a>>) -> Result<(), ApiError> {
        if let Some(raw) = chunk.error {
            return Err(error::inside(raw));
        }
        if !std::mem::replace(&mut self.started, true) {
            let (id, model) = (chunk.response_id.map(|id| id.0), chunk.model_version.map(|model| model.0));
            let created = chunk.create_time.and_then(|time| created::seconds(&time.0));
            out.push(Event::Start { id, model, created });
        }
        for raw in chunk.candidates.unwrap_or_default() {
            let candidate: Candidate<'a> = lenient(Some(raw));
            let index = candidate.index.unwrap_or(0);
            self.choices.entry(index).or_default().add(index, candidate, out)?;
        }
        let feedback: Feedback<'_> = lenient(chunk.prompt_feedback);
        self.blocked |= feedback.block_reason.is_some();
        let usage = lenient::<Counts<'_>>(chunk.usage_metadata).usage();
        if usage.is_some() && usage != self.usage {
            self.usage = usage;
            out.extend(usage.map(Event::Usage));
        }
        Ok(())
    }

    /// The body is over.
    pub(super) fn end(&mut self, out: &mut Vec<Event<'_>>) -> Result<(), ApiError> {
        if self.choices.is_empty() && self.blocked {
            self.choices.entry(0).or_default();
        }
        if self.choices.is_empty() {
            let message = "the provider's answer has neither a candidate nor a reason why it has none";
            return Err(ApiError::new(502, message).code("empty_answer"));
        }
        let blocked = self.blocked.then_some(FinishReason::ContentFilter);
        if self.choices.values().any(|choice| choice.finish.or(blocked).is_none()) {
            return Err(ApiError::new(502, "the provider's stream ended before the answer was complete"));
        }
        for (index, choice) in &mut self.choices {
            choice.close(*index, out);
            let Some(reason) = choice.finish.or(blocked) else { continue };
            out.push(Event::Finish { choice: *index, reason: choice.reason(reason) });
        }
        Ok(())
    }
}

impl Choice {
    fn add<'a>(&mut self, index: u32, candidate: Candidate<'a>, out: &mut Vec<Event<'a>>) -> Result<(), ApiError> {
        let content: Content<'a> = lenient(candidate.content);
        for raw in content.parts.unwrap_or_default() {
            self.part(index, lenient(Some(raw)), out)?;
        }
        if let Some(word) = candidate.finish_reason {
            self.finish = Some(finish::reason(&word.0, false));
        }
        Ok(())
    }

    fn part<'a>(&mut self, choice: u32, part: Part<'a>, out: &mut Vec<Event<'a>>) -> Result<(), ApiError> {
        if part.function_call.is_some() {
            return self.call(choice, lenient(part.function_call), part.thought_signature, out);
        }
        let text = or_empty(part.text);
        if !text.is_empty() {
            out.push(match part.thought {
                Some(true) => Event::Reasoning { choice, text },
                _ => Event::Text { choice, text },
            });
        }
        let signature = or_empty(part.thought_signature);
        if !signature.is_empty() {
            let data = Cow::Owned(Sealed::Text(&signature).to_string());
            out.push(Event::Thinking { choice, block: Thinking::Redacted { data } });
        }
        Ok(())
    }

    /// A call, or more of the one that is open; one without a name continues that, and an empty one closes it.
    ///
    /// <https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc>
    fn call<'a>(
        &mut self,
        choice: u32,
        call: FunctionCall<'a>,
        signature: Option<Text<'a>>,
        out: &mut Vec<Event<'a>>,
    ) -> Result<(), ApiError> {
        let name = or_empty(call.name);
        let begins = !name.is_empty();
        if begins {
            self.close(choice, out);
            self.calls = self.calls.saturating_add(1);
        }
        let Some(index) = self.calls.checked_sub(1) else { return Ok(()) };
        if let Some(signature) = signature.filter(|signature| !signature.0.is_empty()) {
            out.push(Event::Signature { choice, index, signature: signature.0 });
        }
        let continues = call.will_continue == Some(true);
        if begins {
            out.push(Event::ToolCall { choice, index, id: call.id.map(|id| id.0), name });
            if !continues && call.partial_args.is_none() {
                out.push(Event::Arguments { choice, index, fragment: arguments(call.args) });
                return Ok(());
            }
            self.open = Some(Assembly::default());
        }
        if let Some(open) = &mut self.open {
            for raw in call.partial_args.unwrap_or_default() {
                open.add(lenient(Some(raw)))?;
            }
        }
        if !continues {
            self.close(choice, out);
        }
        Ok(())
    }

    /// Tells the arguments of the open call.
    fn close(&mut self, choice: u32, out: &mut Vec<Event<'_>>) {
        let Some(open) = self.open.take() else { return };
        let fragment = Cow::Owned(open.text());
        out.push(Event::Arguments { choice, index: self.calls.saturating_sub(1), fragment });
    }

    fn reason(&self, reason: FinishReason) -> FinishReason {
        match reason {
            FinishReason::Stop if self.calls > 0 => FinishReason::ToolCalls,
            reason => reason,
        }
    }
}

/// The JSON text of a call's arguments. AI Studio prints its answers for people; callers send them back as they are,
/// so that spaces would be paid for.
fn arguments(args: Option<&RawValue>) -> Cow<'_, str> {
    let text = args.map(RawValue::get).filter(|text| text.starts_with('{')).unwrap_or("{}");
    if !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    let (mut out, mut quoted, mut escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        if quoted || !c.is_ascii_whitespace() {
            out.push(c);
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    Cow::Owned(out)
}
