//! `finish_reason`, in the words of every provider that speaks this API.

use crate::hub::FinishReason;

/// The reason that a word stands for; `None` if it means that the answer failed. A word that nobody knows ends the
/// answer like any other: `stop`.
///
/// <https://docs.together.ai/reference/chat-completions>, <https://docs.mistral.ai/api/#tag/chat>,
/// <https://api-docs.deepseek.com/api/create-chat-completion>
pub(super) fn reason(word: &str) -> Option<FinishReason> {
    match word.to_ascii_lowercase().as_str() {
        "error" | "insufficient_system_resource" | "abort" => None,
        "length" | "model_length" | "max_tokens" | "max_output_tokens" => Some(FinishReason::Length),
        "tool_calls" | "tool_call" | "tool_use" => Some(FinishReason::ToolCalls),
        "function_call" => Some(FinishReason::FunctionCall),
        "content_filter" | "content_filtered" | "safety" | "refusal" => Some(FinishReason::ContentFilter),
        // `stop`, `eos`, `eos_token`, `stop_sequence`, and what is to come.
        _ => Some(FinishReason::Stop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_word_has_one_meaning() {
        let cases = [
            ("stop", FinishReason::Stop),
            ("eos", FinishReason::Stop),
            ("eos_token", FinishReason::Stop),
            ("anything", FinishReason::Stop),
            ("length", FinishReason::Length),
            ("model_length", FinishReason::Length),
            ("MAX_TOKENS", FinishReason::Length),
            ("tool_calls", FinishReason::ToolCalls),
            ("function_call", FinishReason::FunctionCall),
            ("content_filter", FinishReason::ContentFilter),
        ];
        for (word, expected) in cases {
            assert_eq!(reason(word), Some(expected), "{word}");
        }
        for failure in ["error", "insufficient_system_resource", "abort"] {
            assert_eq!(reason(failure), None);
        }
    }
}
