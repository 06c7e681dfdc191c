//! Answers of the Responses API.
//!
//! <https://platform.openai.com/docs/api-reference/responses-streaming>

use serde_json::{Value, json};

use super::super::{
    Answer, CACHED, End, INPUT, OUTPUT, REASONING, SIGNATURE, Said, Stream, THOUGHT, WRITTEN, id, pieces,
};

pub(super) fn whole(answer: &Answer) -> Value {
    response(answer.end, &items(answer), true)
}

/// The items of an answer, whole.
fn items(answer: &Answer) -> Vec<Value> {
    let mut items = Vec::new();
    if answer.thinking {
        let summary = json!([{ "type": "summary_text", "text": THOUGHT }]);
        items.push(json!({ "id": "rs_up", "type": "reasoning", "summary": summary, "encrypted_content": SIGNATURE }));
    }
    match &answer.said {
        Said::Text(text) => items.push(json!({
            "id": "msg_up", "type": "message", "role": "assistant", "status": "completed",
            "content": [{ "type": "output_text", "text": text, "annotations": [], "logprobs": [] }],
        })),
        Said::Calls(tool, calls) => items.extend(calls.iter().enumerate().map(|(number, arguments)| {
            json!({
                "id": format!("fc_up_{number}"), "type": "function_call", "status": "completed", "call_id": id(number),
                "name": tool, "arguments": arguments.to_string(),
            })
        })),
    }
    items
}

fn response(end: End, items: &[Value], over: bool) -> Value {
    let (status, reason) = match end {
        _ if !over => ("in_progress", None),
        End::Limit => ("incomplete", Some("max_output_tokens")),
        End::Filter => ("incomplete", Some("content_filter")),
        End::Whole | End::Calls => ("completed", None),
    };
    json!({
        "id": "resp_up", "object": "response", "created_at": 1_700_000_000, "status": status, "model": "up-model",
        "background": false, "error": null, "instructions": null, "max_output_tokens": null,
        "incomplete_details": reason.map(|reason| json!({ "reason": reason })),
        "output": items, "parallel_tool_calls": true, "previous_response_id": null,
        "reasoning": { "effort": null, "summary": null }, "store": false, "temperature": 1.0,
        "text": { "format": { "type": "text" } }, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "truncation": "disabled", "usage": over.then(usage), "user": null, "metadata": {},
    })
}

fn usage() -> Value {
    json!({
        "input_tokens": INPUT, "output_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
        "input_tokens_details": { "cached_tokens": CACHED, "cache_write_tokens": WRITTEN },
        "output_tokens_details": { "reasoning_tokens": REASONING },
    })
}

pub(super) fn stream(answer: &Answer) -> Stream {
    let mut count = 0;
    let mut numbered = |mut event: Value| {
        event["sequence_number"] = json!(count);
        count += 1;
        crate::speech::event(&event).into_bytes()
    };
    let bare = response(answer.end, &[], false);
    let opening = ["response.created", "response.in_progress"].map(|kind| json!({ "type": kind, "response": bare }));
    let items = items(answer);
    let content: Vec<_> = items.iter().enumerate().flat_map(|(index, item)| told(index, item)).collect();
    let over =
        if matches!(answer.end, End::Limit | End::Filter) { "response.incomplete" } else { "response.completed" };
    let closing = json!({ "type": over, "response": response(answer.end, &items, true) });
    Stream {
        opening: opening.into_iter().map(&mut numbered).collect(),
        content: content.into_iter().map(&mut numbered).collect(),
        closing: vec![numbered(closing)],
    }
}

/// The events of an item.
fn told(index: usize, item: &Value) -> Vec<Value> {
    let mut empty = item.clone();
    let between = match item["type"].as_str().unwrap_or_default() {
        "reasoning" => {
            empty["summary"] = json!([]);
            let part = |text: &str| json!({ "type": "summary_text", "text": text });
            part_told(["reasoning_summary_text", "reasoning_summary_part"], "summary_index", THOUGHT, part)
        }
        "message" => {
            (empty["content"], empty["status"]) = (json!([]), json!("in_progress"));
            let part = |text: &str| json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] });
            let text = item["content"][0]["text"].as_str().unwrap_or_default();
            part_told(["output_text", "content_part"], "content_index", text, part)
        }
        _ => {
            (empty["arguments"], empty["status"]) = (json!(""), json!("in_progress"));
            call_told(item)
        }
    };
    let of_item = |mut event: Value| {
        (event["item_id"], event["output_index"]) = (item["id"].clone(), json!(index));
        event
    };
    let added = json!({ "type": "response.output_item.added", "output_index": index, "item": empty });
    let done = json!({ "type": "response.output_item.done", "output_index": index, "item": item });
    std::iter::once(added).chain(between.into_iter().map(of_item)).chain([done]).collect()
}

/// The events of a text, named so, and of the part that it is.
fn part_told([text, part]: [&str; 2], place: &str, said: &str, whole: impl Fn(&str) -> Value) -> Vec<Value> {
    let event = |name: &str, kind: &str, member: &str, value: Value| json!({ "type": format!("response.{name}.{kind}"), place: 0, "logprobs": [], member: value });
    let added = event(part, "added", "part", whole(""));
    let deltas = pieces(said).into_iter().map(|piece| event(text, "delta", "delta", json!(piece)));
    let done = [event(text, "done", "text", json!(said)), event(part, "done", "part", whole(said))];
    std::iter::once(added).chain(deltas).chain(done).collect()
}

fn call_told(item: &Value) -> Vec<Value> {
    let arguments = item["arguments"].as_str().unwrap_or_default();
    let delta = |piece| json!({ "type": "response.function_call_arguments.delta", "delta": piece });
    let done = json!({
        "type": "response.function_call_arguments.done", "arguments": arguments, "name": item["name"],
    });
    pieces(arguments).into_iter().map(delta).chain([done]).collect()
}
