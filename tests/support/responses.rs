//! A client of OpenAI's Responses that is stricter than any SDK: it refuses events out of their documented order,
//! and ends that do not repeat what the deltas said.

use serde_json::{Value, json};

use super::outcome::{Call, Choice, Outcome, Tokens};

/// Reads a plain answer.
pub fn read_answer(body: &[u8]) -> Outcome {
    outcome(&serde_json::from_slice(body).unwrap())
}

/// Reads a whole response.
fn outcome(response: &Value) -> Outcome {
    assert_eq!(response["object"], "response");
    assert!(response["id"].as_str().unwrap().starts_with("resp_"), "{response}");
    assert!(response["created_at"].is_u64() && response["model"].is_string(), "{response}");
    for required in ["parallel_tool_calls", "tool_choice", "tools", "error", "incomplete_details"] {
        assert!(response.get(required).is_some(), "{required} is required: {response}");
    }
    let mut choice = Choice::default();
    response["output"].as_array().unwrap().iter().for_each(|item| read_item(&mut choice, item));
    choice.finish = Some(finish(response, !choice.calls.is_empty()).to_owned());
    let usage = tokens(&response["usage"]);
    Outcome { choices: vec![choice], usage: Some(usage), failure: None }
}

fn tokens(usage: &Value) -> Tokens {
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("a number: {usage}"));
    let (input, output) = (number(&usage["input_tokens"]), number(&usage["output_tokens"]));
    assert_eq!(number(&usage["total_tokens"]), input + output);
    Tokens {
        prompt: input,
        completion: output,
        cached: number(&usage["input_tokens_details"]["cached_tokens"]),
        cache_write: number(&usage["input_tokens_details"]["cache_write_tokens"]),
        reasoning: number(&usage["output_tokens_details"]["reasoning_tokens"]),
    }
}

fn finish(response: &Value, called: bool) -> &'static str {
    let reason = response["incomplete_details"]["reason"].as_str();
    match (response["status"].as_str().unwrap(), reason) {
        ("completed", None) if called => "tool_calls",
        ("completed", None) => "stop",
        ("incomplete", Some("max_output_tokens")) => "length",
        ("incomplete", Some("content_filter")) => "content_filter",
        other => panic!("a status and its reason: {other:?}"),
    }
}

fn read_item(choice: &mut Choice, item: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("a text: {item}")).to_owned();
    let id = text(&item["id"]);
    assert!(id.len() <= 64, "{id}");
    match item["type"].as_str().unwrap() {
        "reasoning" => {
            assert!(id.starts_with("rs_"), "{id}");
            for part in item["summary"].as_array().unwrap() {
                assert_eq!(part["type"], "summary_text");
                choice.reasoning += &text(&part["text"]);
            }
        }
        "message" => {
            assert!(id.starts_with("msg_") && item["role"] == "assistant", "{item}");
            for part in item["content"].as_array().unwrap() {
                match part["type"].as_str().unwrap() {
                    "output_text" => {
                        assert!(part["annotations"].is_array(), "{item}");
                        choice.text += &text(&part["text"]);
                    }
                    "refusal" => choice.refusal += &text(&part["refusal"]),
                    other => panic!("a part of type {other}"),
                }
            }
        }
        "function_call" => {
            assert!(id.starts_with("fc_") && !text(&item["call_id"]).is_empty(), "{item}");
            let arguments = text(&item["arguments"]);
            assert!(!arguments.is_empty(), "{item}");
            choice.calls.push(Call { id: Some(text(&item["call_id"])), name: text(&item["name"]), arguments });
        }
        other => panic!("an item of type {other}"),
    }
}

/// Reads a stream.
pub fn read_stream(bytes: &[u8]) -> Outcome {
    let mut reading = Reading::default();
    for frame in std::str::from_utf8(bytes).unwrap().split_terminator("\n\n") {
        reading.frame(frame);
    }
    reading.over.unwrap_or_else(|| panic!("the stream has no end"))
}

#[derive(Default)]
struct Reading {
    count: u64,
    /// What the first event says of the response.
    head: Option<[Value; 3]>,
    /// Items as they add up, and whether they are done.
    items: Vec<(Value, bool)>,
    /// The part that is being written: its item, its text, and whether its text is done.
    part: Option<(usize, String, bool)>,
    over: Option<Outcome>,
}

impl Reading {
    fn frame(&mut self, frame: &str) {
        assert!(self.over.is_none(), "nothing follows the end: {frame}");
        let (name, data) = frame.split_once('\n').unwrap_or_else(|| panic!("two lines: {frame:?}"));
        let name = name.strip_prefix("event: ").unwrap();
        let event: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(event["type"], name, "the event has the name of its type");
        if name == "error" {
            assert!(event["sequence_number"].is_u64() && event["error"]["code"].is_string(), "{event}");
            let failure = Some(event["error"]["message"].as_str().unwrap().to_owned());
            assert_eq!(event["message"], event["error"]["message"]);
            self.over = Some(Outcome { failure, ..Outcome::default() });
            return;
        }
        assert_eq!(event["sequence_number"], self.count, "{event}");
        self.count += 1;
        match (self.count, name) {
            (1, "response.created") | (2, "response.in_progress") => self.begin(&event["response"]),
            (1 | 2, _) => panic!("first created, then in progress: {event}"),
            (_, "response.completed" | "response.incomplete") => self.end(name, &event["response"]),
            (_, "response.output_item.added") => self.added(&event),
            (_, "response.output_item.done") => self.item_done(&event),
            (_, "response.function_call_arguments.delta") => self.argued(&event),
            (_, "response.function_call_arguments.done") => {
                assert_eq!(self.item(&event).0["arguments"], event["arguments"]);
            }
            (_, name) => self.part_event(name, &event),
        }
    }

    fn begin(&mut self, response: &Value) {
        let head = [response["id"].clone(), response["model"].clone(), response["created_at"].clone()];
        assert_eq!(self.head.get_or_insert_with(|| head.clone()), &head, "the response has one head");
        assert!(response["status"] == "in_progress" && response["output"] == json!([]), "{response}");
    }

    fn end(&mut self, name: &str, response: &Value) {
        let head = [response["id"].clone(), response["model"].clone(), response["created_at"].clone()];
        assert_eq!(self.head.as_ref(), Some(&head), "the response has one head");
        assert!(self.items.iter().all(|(_, done)| *done), "every item is done: {response}");
        let items: Vec<_> = self.items.iter().map(|(item, _)| item.clone()).collect();
        assert_eq!(response["output"], Value::Array(items), "the end repeats the items");
        assert_eq!(name, format!("response.{}", response["status"].as_str().unwrap()));
        self.over = Some(outcome(response));
    }

    fn added(&mut self, event: &Value) {
        assert_eq!(event["output_index"], self.items.len(), "items count from 0: {event}");
        let others = self.items.iter().filter(|(_, done)| !done);
        assert!(
            others.clone().all(|(item, _)| item["type"] == "function_call"),
            "only calls are side by side: {event}"
        );
        let item = &event["item"];
        match item["type"].as_str().unwrap() {
            "reasoning" => assert_eq!(item["summary"], json!([])),
            "message" => assert!(item["content"] == json!([]) && item["status"] == "in_progress", "{item}"),
            "function_call" => assert!(item["arguments"] == "" && item["status"] == "in_progress", "{item}"),
            other => panic!("an item of type {other}"),
        }
        self.items.push((item.clone(), false));
    }

    /// The open item that an event is about.
    fn item(&mut self, event: &Value) -> &mut (Value, bool) {
        let at = usize::try_from(event["output_index"].as_u64().unwrap()).unwrap();
        let item = self.items.get_mut(at).unwrap_or_else(|| panic!("no such item: {event}"));
        let id = if event["item_id"].is_null() { &event["item"]["id"] } else { &event["item_id"] };
        assert!(!item.1 && item.0["id"] == *id, "an open item with this id: {event}");
        item
    }

    fn item_done(&mut self, event: &Value) {
        assert!(self.part.is_none(), "every part is done: {event}");
        let (item, done) = self.item(event);
        let mut expected = item.clone();
        if !expected["status"].is_null() {
            let status = &event["item"]["status"];
            assert!(status == "completed" || status == "incomplete", "{event}");
            expected["status"] = status.clone();
        }
        // What comes back in the next turn is known in the end only.
        if expected["type"] == "reasoning" {
            expected["encrypted_content"] = event["item"]["encrypted_content"].clone();
            assert!(expected["encrypted_content"].is_string(), "{event}");
        }
        assert_eq!(event["item"], expected, "the end repeats the deltas");
        *item = expected;
        *done = true;
    }

    fn argued(&mut self, event: &Value) {
        let (item, _) = self.item(event);
        let arguments = item["arguments"].as_str().unwrap().to_owned() + delta(event);
        item["arguments"] = arguments.into();
    }

    fn part_event(&mut self, name: &str, event: &Value) {
        let reasoning = name.starts_with("response.reasoning_summary");
        let (list, index) = if reasoning { ("summary", "summary_index") } else { ("content", "content_index") };
        let field = if name.starts_with("response.refusal") { "refusal" } else { "text" };
        let at = usize::try_from(event["output_index"].as_u64().unwrap()).unwrap();
        let (item, _) = self.item(event);
        let count = item[list].as_array().unwrap().len();
        if name.ends_with("part.added") {
            assert_eq!(event[index], count, "{event}");
            item[list].as_array_mut().unwrap().push(event["part"].clone());
            assert!(self.part.replace((at, String::new(), false)).is_none(), "one part at a time: {event}");
            return;
        }
        assert_eq!(event[index], count - 1, "{event}");
        let part = &mut self.items[at].0[list][count - 1];
        let (open, text, done) = self.part.as_mut().unwrap_or_else(|| panic!("a part is open: {event}"));
        assert_eq!(*open, at, "{event}");
        if name.ends_with(".delta") {
            assert!(!*done, "{event}");
            text.push_str(delta(event));
        } else if name.ends_with("part.done") {
            let field = if part["type"] == "refusal" { "refusal" } else { "text" };
            part[field] = text.clone().into();
            assert!(*done && event["part"] == *part, "the end repeats the deltas: {event}");
            self.part = None;
        } else {
            assert_eq!(event[field], *text, "the end repeats the deltas: {event}");
            assert!(!std::mem::replace(done, true), "{event}");
        }
    }
}

fn delta(event: &Value) -> &str {
    event["delta"].as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("a delta: {event}"))
}
