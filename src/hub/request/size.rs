//! How large a request is for a model, roughly.

use serde_json::value::RawValue;

use super::{ChatRequest, Content, Function, Message, PartKind};
use crate::usage::estimate_tokens;

/// What a turn costs beside its words.
///
/// <https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken>
const TURN_TOKENS: u64 = 4;

/// An image, or a page or two of a document: its bytes say nothing of its size for a model. This is what Anthropic counts
/// for the largest images that it does not shrink.
///
/// <https://docs.anthropic.com/en/docs/build-with-claude/vision#calculate-image-costs>
const MEDIA_TOKENS: u64 = 1600;

impl ChatRequest<'_> {
    /// A rough number of tokens that a model would read.
    pub fn estimated_tokens(&self) -> u64 {
        let turns = self.messages.iter().map(turn).sum::<u64>();
        let tools = self.tools.iter().map(|tool| function(&tool.function)).sum::<u64>();
        turns.saturating_add(tools)
    }
}

fn turn(message: &Message<'_>) -> u64 {
    let (said, media) = content(&message.content);
    let thoughts: usize = message.thinking_blocks.iter().map(|block| block.get().len()).sum();
    let calls = message.tool_calls.iter().map(|call| &call.function).chain(&message.function_call);
    let called: usize = calls.map(|call| call.name.len() + call.arguments.len()).sum();
    let refused = message.refusal.as_deref().map_or(0, str::len);
    TURN_TOKENS + tokens(said + thoughts + called + refused) + media * MEDIA_TOKENS
}

/// Bytes of text, and the number of images and files.
fn content(content: &Content<'_>) -> (usize, u64) {
    match content {
        Content::None => (0, 0),
        Content::Text(text) => (text.len(), 0),
        Content::Parts(parts) => parts.iter().fold((0, 0), |(said, media), part| match &part.kind {
            PartKind::Text(text) | PartKind::Refusal(text) => (said + text.len(), media),
            PartKind::ImageUrl(_) | PartKind::File(_) | PartKind::Other(_) => (said, media + 1),
        }),
    }
}

fn function(function: &Function<'_>) -> u64 {
    let schema = function.parameters.map(RawValue::get).map_or(0, str::len);
    TURN_TOKENS + tokens(function.name.len() + function.description.as_deref().map_or(0, str::len) + schema)
}

fn tokens(bytes: usize) -> u64 {
    estimate_tokens(bytes as u64)
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::json::Object;

    fn size(body: &str) -> u64 {
        ChatRequest::parse(&Object::parse(body.as_bytes()).unwrap()).unwrap().estimated_tokens()
    }

    #[test]
    fn everything_that_a_model_reads_counts() {
        let turn = |message: &str| size(&format!("{{\"messages\":[{message}]}}"));
        assert_eq!(size("{}"), 0);
        assert_eq!(turn(r#"{"role":"user","content":"12345678"}"#), 4 + 2);
        assert_eq!(
            turn(r#"{"role":"user","content":[{"type":"text","text":"1234"},{"type":"text","text":"5"}]}"#),
            4 + 2
        );
        let call = r#"{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\"a\":1}"}}]}"#;
        assert_eq!(turn(call), 4 + 2);
        let thought = r#"{"role":"assistant","content":"","thinking_blocks":[{"a":12}]}"#;
        assert_eq!(turn(thought), 4 + 2);
        let tools =
            r#"{"tools":[{"type":"function","function":{"name":"ab","description":"cd","parameters":{"a":{}}}}]}"#;
        assert_eq!(size(tools), 4 + 3);
    }

    #[test]
    fn the_bytes_of_an_image_do_not() {
        let image = |bytes: usize| {
            let url = format!("data:image/png;base64,{}", "A".repeat(bytes));
            size(&format!(
                r#"{{"messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}]}}"#
            ))
        };
        assert_eq!((image(4), image(40_000)), (1604, 1604));
    }
}
