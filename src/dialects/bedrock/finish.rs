//! Why answers end.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::hub::{Event, FinishReason};
use crate::json::{Text, lenient, or_empty};

/// Every `stopReason`. One that nobody knows yet ends the answer like `end_turn`, and an answer that called tools
/// waits for them, whatever it says: SDKs run tools only then.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax>
pub(super) fn reason(word: &str, called: bool) -> FinishReason {
    match word {
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "guardrail_intervened" | "content_filtered" => FinishReason::ContentFilter,
        "tool_use" => FinishReason::ToolCalls,
        // `end_turn`, `stop_sequence`, `malformed_model_output`, `malformed_tool_use`
        _ if called => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}

/// What is asked of the model's own answer beside Converse's, and comes back under its name.
///
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#bedrock-runtime_Converse-request-additionalModelResponseFieldPaths>
pub(super) const STOP_SEQUENCE: &str = "/stop_sequence";

#[derive(Default, Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    stop_sequence: Option<Text<'a>>,
}

/// The stop sequence that ended the answer, if one did; only Claude tells which.
pub(super) fn stop_sequence<'a>(word: &str, fields: Option<&'a RawValue>) -> Option<Event<'a>> {
    let sequence = or_empty(lenient::<Fields<'a>>(fields).stop_sequence);
    (word == "stop_sequence").then_some(Event::StopSequence { choice: 0, sequence })
}
