//! Callers of Responses.

use integration::strict::{Counts, End};
use serde_json::{Value, json};

use super::surface::{
    Call, Event, Failure, SYSTEM, Surface, TEMPERATURE, Talk, Then, Told, count, parameters, push, text,
};

pub(super) struct Responses;

impl Surface for Responses {
    fn path(&self) -> &'static str {
        "/v1/responses"
    }

    fn name(&self) -> &'static str {
        "responses"
    }

    /// There is nothing that ends an answer.
    fn body(&self, model: &str, talk: &Talk) -> Value {
        let said = json!([{ "type": "input_text", "text": talk.user }]);
        let mut input = vec![json!({ "type": "message", "role": "user", "content": said })];
        if let Some(Then { turn, results }) = &talk.then {
            input.extend(turn.iter().cloned());
            let result = |(id, text): &(String, String)| json!({ "type": "function_call_output", "call_id": id, "output": text });
            input.extend(results.iter().map(result));
        }
        let mut body = json!({
            "model": model, "instructions": SYSTEM, "input": input, "max_output_tokens": talk.limit(), "store": false,
        });
        if talk.tool {
            let tool = json!({ "type": "function", "name": "weather", "description": "Tells", "parameters": parameters(), "strict": true });
            body["tools"] = json!([tool]);
            body["reasoning"] = json!({ "effort": "medium", "summary": "auto" });
            body["include"] = json!(["reasoning.encrypted_content"]);
        } else {
            body["temperature"] = json!(TEMPERATURE);
        }
        if talk.stream {
            body["stream"] = json!(true);
        }
        body
    }

    fn whole(&self, body: &Value) -> Told {
        assert_eq!(body["object"], "response", "{body}");
        assert!(text(&body["id"]).starts_with("resp_") && body["model"].is_string(), "{body}");
        let mut told = Told { usage: Some(usage(&body["usage"])), ..Told::default() };
        told.turn = body["output"].as_array().expect("items").clone();
        for item in &told.turn {
            match item["type"].as_str() {
                Some("message") => told.text.push_str(&text(&item["content"][0]["text"])),
                Some("reasoning") => push(&mut told.thought, &item["summary"][0]["text"]),
                Some("function_call") => {
                    let (id, name) = (text(&item["call_id"]), text(&item["name"]));
                    told.calls.push(Call { id, name, arguments: text(&item["arguments"]) });
                }
                _ => panic!("{item}"),
            }
        }
        told.end = Some(end(body, &told));
        told
    }

    /// <https://platform.openai.com/docs/api-reference/responses-streaming>
    fn streamed(&self, events: &[Event]) -> Told {
        let (mut items, mut failure): (Vec<Value>, _) = (Vec::new(), None);
        let (mut open, mut deltas, mut said) = (None, String::new(), String::new());
        for (number, (name, data)) in events.iter().enumerate() {
            let event: Value = serde_json::from_str(data).expect("JSON");
            let kind = text(&event["type"]);
            assert_eq!(name.as_ref(), Some(&kind), "{event}");
            if kind == "error" {
                assert_eq!(number, events.len() - 1, "after a failure");
                failure = Some(Failure { kind: String::new(), message: text(&event["message"]) });
                continue;
            }
            assert_eq!(event["sequence_number"], number, "{event}");
            match kind.as_str() {
                "response.created" | "response.in_progress" => {
                    assert_eq!(number, usize::from(kind == "response.in_progress"), "{event}");
                    assert_eq!(event["response"]["status"], "in_progress", "{event}");
                }
                "response.output_item.added" => {
                    assert_eq!((&open, &event["output_index"]), (&None, &json!(items.len())), "{event}");
                    open = Some(text(&event["item"]["id"]));
                    deltas.clear();
                }
                "response.output_item.done" => {
                    let item = &event["item"];
                    assert_eq!(
                        (open.take(), &event["output_index"]),
                        (Some(text(&item["id"])), &json!(items.len())),
                        "{event}"
                    );
                    let whole = [&item["content"][0]["text"], &item["summary"][0]["text"], &item["arguments"]];
                    assert_eq!(whole.into_iter().find_map(Value::as_str).unwrap_or_default(), deltas, "{event}");
                    items.push(item.clone());
                }
                "response.completed" | "response.incomplete" => {
                    assert_eq!(number, events.len() - 1, "after the end");
                    assert_eq!((&event["response"]["output"], &open), (&json!(items), &None), "{event}");
                    assert_eq!(kind, format!("response.{}", text(&event["response"]["status"])));
                    return self.whole(&event["response"]);
                }
                _ => {
                    assert_eq!(open.as_deref(), event["item_id"].as_str(), "{event}");
                    if kind.ends_with(".delta") {
                        deltas.push_str(&text(&event["delta"]));
                    }
                    if kind == "response.output_text.delta" {
                        said.push_str(&text(&event["delta"]));
                    }
                }
            }
        }
        assert!(failure.is_some(), "an end, or a failure: {events:?}");
        Told { failure, text: said, ..Told::default() }
    }

    fn failure(&self, body: &Value) -> Failure {
        Failure::of(&body["error"])
    }

    fn kind(&self, status: u16) -> &'static str {
        super::chat::Chat.kind(status)
    }
}

fn end(body: &Value, told: &Told) -> End {
    match (body["status"].as_str(), body["incomplete_details"]["reason"].as_str()) {
        (Some("completed"), None) if told.calls.is_empty() => End::Whole,
        (Some("completed"), None) => End::Calls,
        (Some("incomplete"), Some("max_output_tokens")) => End::Limit,
        (Some("incomplete"), Some("content_filter")) => End::Filter,
        status => panic!("{status:?}"),
    }
}

fn usage(usage: &Value) -> (u64, u64, Counts) {
    let (input, output) = (count(&usage["input_tokens"]), count(&usage["output_tokens"]));
    assert_eq!(count(&usage["total_tokens"]), input + output, "{usage}");
    let counts = Counts {
        cached: count(&usage["input_tokens_details"]["cached_tokens"]),
        written: count(&usage["input_tokens_details"]["cache_write_tokens"]),
        reasoning: count(&usage["output_tokens_details"]["reasoning_tokens"]),
    };
    (input, output, counts)
}
