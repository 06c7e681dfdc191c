//! Answers of Messages.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/streaming>

use serde_json::{Value, json};

use super::super::{Answer, CACHED, End, INPUT, OUTPUT, REASONING, SIGNATURE, Said, THOUGHT, WRITTEN, id, pieces};

/// An event, bare and as it is sent.
pub(super) type Event = (Value, Vec<u8>);

/// A stream before it is framed.
pub(super) struct Stream {
    pub(super) opening: Vec<Event>,
    pub(super) content: Vec<Event>,
    pub(super) closing: Vec<Event>,
}

pub(super) fn whole(answer: &Answer) -> Value {
    let mut content = Vec::new();
    if answer.thinking {
        content.push(json!({ "type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE }));
    }
    match &answer.said {
        Said::Text(text) => content.push(json!({ "type": "text", "text": text })),
        Said::Calls(tool, calls) => content.extend(calls.iter().enumerate().map(
            |(number, arguments)| json!({ "type": "tool_use", "id": id(number), "name": tool, "input": arguments }),
        )),
    }
    json!({
        "id": "msg_up", "type": "message", "role": "assistant", "model": "up-model", "content": content,
        "stop_reason": reason(answer.end), "stop_sequence": null, "usage": usage(OUTPUT),
    })
}

pub(super) fn stream(answer: &Answer) -> Stream {
    let message = json!({
        "id": "msg_up", "type": "message", "role": "assistant", "model": "up-model", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(1),
    });
    let opening =
        vec![event(&json!({ "type": "message_start", "message": message })), event(&json!({ "type": "ping" }))];
    let mut blocks = Vec::new();
    if answer.thinking {
        let mut deltas: Vec<_> =
            pieces(THOUGHT).iter().map(|piece| json!({ "type": "thinking_delta", "thinking": piece })).collect();
        deltas.push(json!({ "type": "signature_delta", "signature": SIGNATURE }));
        blocks.push((json!({ "type": "thinking", "thinking": "", "signature": "" }), deltas));
    }
    match &answer.said {
        Said::Text(text) => {
            let deltas = pieces(text).iter().map(|piece| json!({ "type": "text_delta", "text": piece })).collect();
            blocks.push((json!({ "type": "text", "text": "" }), deltas));
        }
        Said::Calls(tool, calls) => blocks.extend(calls.iter().enumerate().map(|(number, arguments)| {
            let arguments = arguments.to_string();
            let deltas = pieces(&arguments)
                .into_iter()
                .map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }));
            (json!({ "type": "tool_use", "id": id(number), "name": tool, "input": {} }), deltas.collect())
        })),
    }
    let content = blocks.into_iter().enumerate().flat_map(|(index, (start, deltas))| block(index, &start, deltas));
    let end = json!({ "stop_reason": reason(answer.end), "stop_sequence": null });
    let closing = vec![
        event(&json!({ "type": "message_delta", "delta": end, "usage": usage(OUTPUT) })),
        event(&json!({ "type": "message_stop" })),
    ];
    Stream { opening, content: content.collect(), closing }
}

fn block(index: usize, start: &Value, deltas: Vec<Value>) -> Vec<Event> {
    let first = event(&json!({ "type": "content_block_start", "index": index, "content_block": start }));
    let deltas = deltas
        .into_iter()
        .map(|delta| event(&json!({ "type": "content_block_delta", "index": index, "delta": delta })));
    let last = event(&json!({ "type": "content_block_stop", "index": index }));
    std::iter::once(first).chain(deltas).chain([last]).collect()
}

pub(super) fn event(value: &Value) -> Event {
    (value.clone(), crate::speech::event(value).into_bytes())
}

fn reason(end: End) -> &'static str {
    match end {
        End::Whole => "end_turn",
        End::Calls => "tool_use",
        End::Limit => "max_tokens",
        End::Filter => "refusal",
    }
}

fn usage(output: u64) -> Value {
    json!({
        "input_tokens": INPUT - CACHED - WRITTEN, "cache_read_input_tokens": CACHED,
        "cache_creation_input_tokens": WRITTEN, "output_tokens": output,
        "output_tokens_details": { "thinking_tokens": if output == OUTPUT { REASONING } else { 0 } },
    })
}
