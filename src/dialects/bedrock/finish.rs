//! Why answers end.

use crate::hub::FinishReason;

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
