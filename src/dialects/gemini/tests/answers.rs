use super::*;
use crate::hub::FinishReason;
use crate::usage::Usage;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn read(text: &str) -> Vec<Event<'_>> {
    Gemini.answer(text.as_bytes()).unwrap()
}

fn finish(text: &str) -> Option<FinishReason> {
    read(text).iter().find_map(|event| if let Event::Finish { reason, .. } = event { Some(*reason) } else { None })
}

#[test]
fn text_thinking_and_calls_come_in_their_order() {
    let events = read(
        r#"{"responseId":"r","modelVersion":"g-1","candidates":[{"finishReason":"STOP","content":{"parts":[
            {"text":"hm","thought":true},{"text":"hi"},{"executableCode":{"code":"1"}},{"text":""},
            {"functionCall":{"name":"f","args":{
                "a b": "c \" d"
            }},"thoughtSignature":"s"},
            {"functionCall":{"id":"i","name":"g"}}]}}],
            "usageMetadata":{"promptTokenCount":3,"toolUsePromptTokenCount":2,"cachedContentTokenCount":1,
                "candidatesTokenCount":4,"thoughtsTokenCount":5,"totalTokenCount":14,
                "promptTokensDetails":[{"modality":"AUDIO","tokenCount":2}]}}"#,
    );
    let usage = Usage { input: 5, cached: 1, output: 9, reasoning: 5, audio_input: 2, ..Usage::default() };
    let arguments = |index, text: &'static str| Event::Arguments { choice: 0, index, fragment: text.into() };
    let expected = [
        Event::Start { id: Some("r".into()), model: Some("g-1".into()), created: None },
        Event::Reasoning { choice: 0, text: "hm".into() },
        Event::Text { choice: 0, text: "hi".into() },
        Event::Signature { choice: 0, index: 0, signature: "s".into() },
        Event::ToolCall { choice: 0, index: 0, id: None, name: "f".into() },
        arguments(0, r#"{"a b":"c \" d"}"#),
        Event::ToolCall { choice: 0, index: 1, id: Some("i".into()), name: "g".into() },
        arguments(1, "{}"),
        Event::Usage(usage),
        Event::Finish { choice: 0, reason: FinishReason::ToolCalls },
    ];
    assert_eq!(events, expected);
}

#[test]
fn an_array_of_chunks_is_an_answer_too() {
    let events = read(
        r#" [{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]},
            {"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"MAX_TOKENS"}]}]"#,
    );
    let expected = [
        Event::Start { id: None, model: None, created: None },
        Event::Text { choice: 0, text: "a".into() },
        Event::Text { choice: 0, text: "b".into() },
        Event::Finish { choice: 0, reason: FinishReason::Length },
    ];
    assert_eq!(events, expected);
}

#[test]
fn every_choice_ends() {
    let events = read(r#"{"candidates":[{"index":1,"finishReason":"SAFETY"},{"content":{"parts":[{"text":"a"}]}}]}"#);
    let ends: Vec<_> = events.iter().filter(|event| matches!(event, Event::Finish { .. })).collect();
    let end = |choice, reason| Event::Finish { choice, reason };
    assert_eq!(ends, [&end(0, FinishReason::Stop), &end(1, FinishReason::ContentFilter)]);
}

#[test]
fn a_blocked_prompt_is_an_answer_without_content() {
    let text = r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":9}}"#;
    assert_eq!(finish(text), Some(FinishReason::ContentFilter));
}

#[test]
fn reasons_are_told_in_openais_words() {
    for (word, reason) in [
        ("STOP", FinishReason::Stop),
        ("MAX_TOKENS", FinishReason::Length),
        ("MODEL_ARMOR", FinishReason::ContentFilter),
        ("RECITATION", FinishReason::ContentFilter),
        ("MALFORMED_FUNCTION_CALL", FinishReason::Stop),
        ("SOMETHING_NEW", FinishReason::Stop),
    ] {
        assert_eq!(finish(&format!(r#"{{"candidates":[{{"finishReason":"{word}"}}]}}"#)), Some(reason), "{word}");
    }
}

#[test]
fn what_is_no_answer_is_a_failure_that_another_target_may_mend() {
    for text in ["", "[]", "{}", "[1]", "<html>", r#"{"candidates":[]}"#, r#"{"usageMetadata":{"promptTokenCount":1}}"#]
    {
        assert_eq!(Gemini.answer(text.as_bytes()).unwrap_err().status, 502, "{text}");
    }
    for text in
        [r#"{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}"#, r#"[{"error":{"code":429}}]"#]
    {
        assert_eq!(Gemini.answer(text.as_bytes()).unwrap_err().status, 429, "{text}");
    }
}
