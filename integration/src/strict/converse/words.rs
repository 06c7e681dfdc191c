//! Answers of Converse.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>

use serde_json::{Value, json};

use super::super::event_stream::event;
use super::super::{Answer, CACHED, End, INPUT, OUTPUT, SIGNATURE, Said, Stream, THOUGHT, WRITTEN, id, pieces};

pub(super) fn whole(answer: &Answer) -> Value {
    let mut content = Vec::new();
    if answer.thinking {
        let text = json!({ "text": THOUGHT, "signature": SIGNATURE });
        content.push(json!({ "reasoningContent": { "reasoningText": text } }));
    }
    match &answer.said {
        Said::Text(text) => content.push(json!({ "text": text })),
        Said::Calls(tool, calls) => content.extend(calls.iter().enumerate().map(
            |(number, arguments)| json!({ "toolUse": { "toolUseId": id(number), "name": tool, "input": arguments } }),
        )),
    }
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": reason(answer.end), "usage": usage(), "metrics": { "latencyMs": 7 },
    })
}

/// Only calls have a start of their own.
pub(super) fn stream(answer: &Answer) -> Stream {
    let mut content = Vec::new();
    let mut index = 0;
    let mut block = |start: Option<Value>, deltas: Vec<Value>| {
        if let Some(start) = start {
            content.push(event("contentBlockStart", &json!({ "contentBlockIndex": index, "start": start })));
        }
        let delta =
            |delta| event("contentBlockDelta", &json!({ "contentBlockIndex": index, "delta": delta, "p": "abc" }));
        content.extend(deltas.into_iter().map(delta));
        content.push(event("contentBlockStop", &json!({ "contentBlockIndex": index })));
        index += 1;
    };
    if answer.thinking {
        let thoughts = pieces(THOUGHT).into_iter().map(|piece| json!({ "reasoningContent": { "text": piece } }));
        block(None, thoughts.chain([json!({ "reasoningContent": { "signature": SIGNATURE } })]).collect());
    }
    match &answer.said {
        Said::Text(text) => block(None, pieces(text).iter().map(|piece| json!({ "text": piece })).collect()),
        Said::Calls(tool, calls) => {
            for (number, arguments) in calls.iter().enumerate() {
                let start = json!({ "toolUse": { "toolUseId": id(number), "name": tool } });
                let arguments = arguments.to_string();
                let deltas = pieces(&arguments).into_iter().map(|piece| json!({ "toolUse": { "input": piece } }));
                block(Some(start), deltas.collect());
            }
        }
    }
    Stream {
        opening: vec![event("messageStart", &json!({ "role": "assistant", "p": "abcd" }))],
        content,
        closing: vec![
            event("messageStop", &json!({ "stopReason": reason(answer.end) })),
            event("metadata", &json!({ "usage": usage(), "metrics": { "latencyMs": 7 } })),
        ],
    }
}

fn reason(end: End) -> &'static str {
    match end {
        End::Whole => "end_turn",
        End::Calls => "tool_use",
        End::Limit => "max_tokens",
        End::Filter => "content_filtered",
    }
}

fn usage() -> Value {
    json!({
        "inputTokens": INPUT - CACHED - WRITTEN, "cacheReadInputTokens": CACHED, "cacheWriteInputTokens": WRITTEN,
        "outputTokens": OUTPUT, "totalTokens": INPUT + OUTPUT,
    })
}
