//! Answers of `generateContent`.
//!
//! <https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse>

use serde_json::{Value, json};

use super::super::{Answer, CACHED, End, INPUT, OUTPUT, REASONING, SIGNATURE, Said, Stream, THOUGHT, pieces};

pub(super) fn whole(answer: &Answer) -> Value {
    let text = match &answer.said {
        Said::Text(text) => vec![json!({ "text": text })],
        Said::Calls(..) => Vec::new(),
    };
    let thought = answer.thinking.then(|| json!({ "text": THOUGHT, "thought": true }));
    chunk(thought.into_iter().chain(text).chain(calls(answer)).collect(), Some(answer.end))
}

/// Streams have no end marker, and lines end as on Windows. Counts are told in every chunk.
pub(super) fn stream(answer: &Answer) -> Stream {
    let mut content = Vec::new();
    if answer.thinking {
        content.extend(pieces(THOUGHT).iter().map(|piece| json!({ "text": piece, "thought": true })));
    }
    if let Said::Text(text) = &answer.said {
        content.extend(pieces(text).iter().map(|piece| json!({ "text": piece })));
    }
    content.extend(calls(answer));
    Stream {
        opening: Vec::new(),
        content: content.into_iter().map(|part| data(&chunk(vec![part], None))).collect(),
        closing: vec![data(&chunk(vec![json!({ "text": "" })], Some(answer.end)))],
    }
}

/// The first call is signed.
fn calls(answer: &Answer) -> Vec<Value> {
    let Said::Calls(tool, calls) = &answer.said else { return Vec::new() };
    let call = |(number, arguments)| {
        let mut part = json!({ "functionCall": { "name": tool, "args": arguments } });
        if number == 0 {
            part["thoughtSignature"] = json!(SIGNATURE);
        }
        part
    };
    calls.iter().enumerate().map(call).collect()
}

/// A model that calls says `STOP` too.
fn chunk(parts: Vec<Value>, end: Option<End>) -> Value {
    let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
    let reason = end.map(|end| match end {
        End::Whole | End::Calls => "STOP",
        End::Limit => "MAX_TOKENS",
        End::Filter => "SAFETY",
    });
    if let Some(reason) = reason {
        candidate["finishReason"] = json!(reason);
    }
    let output = if reason.is_some() { OUTPUT - REASONING } else { 1 };
    json!({
        "candidates": [candidate], "modelVersion": "up-model", "responseId": "up",
        "usageMetadata": {
            "promptTokenCount": INPUT, "cachedContentTokenCount": CACHED, "candidatesTokenCount": output,
            "thoughtsTokenCount": REASONING, "totalTokenCount": INPUT + output + REASONING,
        },
    })
}

pub(super) fn data(event: &Value) -> Vec<u8> {
    format!("data: {event}\r\n\r\n").into_bytes()
}
