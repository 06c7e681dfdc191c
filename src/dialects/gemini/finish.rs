//! Why an answer ended.

use crate::hub::FinishReason;

/// Every `finishReason`. A model that calls tools says `STOP` too, and whatever it says beside a call, the caller has
/// to answer that. Reasons that nobody knows yet, and those of a call that went wrong, end the answer like `STOP`.
///
/// <https://ai.google.dev/api/generate-content#FinishReason>
pub(super) fn reason(word: &str, called: bool) -> FinishReason {
    match word {
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => FinishReason::ContentFilter,
        // `STOP`, `OTHER`, `MALFORMED_FUNCTION_CALL`, `UNEXPECTED_TOOL_CALL`, `TOO_MANY_TOOL_CALLS`,
        // `MALFORMED_RESPONSE`, `MISSING_THOUGHT_SIGNATURE`, `NO_IMAGE`, `IMAGE_OTHER`
        _ if called => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}
