//! Why an answer ended.

use crate::hub::FinishReason;

/// The reason that a status stands for, with that of `incomplete_details`. Waiting for the results of calls has no
/// status of its own.
///
/// <https://platform.openai.com/docs/api-reference/responses/object#responses/object-status>
pub(super) fn reason(status: &str, incomplete: Option<&str>, called: bool) -> FinishReason {
    match (status, incomplete) {
        ("incomplete", Some("content_filter")) => FinishReason::ContentFilter,
        ("incomplete", Some("max_output_tokens" | "max_tokens" | "length") | None) => FinishReason::Length,
        _ if called => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_end_has_one_meaning() {
        let cases = [
            ("completed", None, false, FinishReason::Stop),
            ("completed", None, true, FinishReason::ToolCalls),
            ("incomplete", Some("max_output_tokens"), true, FinishReason::Length),
            ("incomplete", None, false, FinishReason::Length),
            ("incomplete", Some("content_filter"), false, FinishReason::ContentFilter),
            ("incomplete", Some("something new"), false, FinishReason::Stop),
            ("", None, false, FinishReason::Stop),
        ];
        for (status, incomplete, called, expected) in cases {
            assert_eq!(reason(status, incomplete, called), expected, "{status} {incomplete:?}");
        }
    }
}
