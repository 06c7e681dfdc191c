//! A client of Anthropic's messages that is stricter than any SDK: it refuses whatever one of them trips over.

use serde_json::{Value, json};

use super::outcome::{Call, Choice, Outcome, Tokens};

/// Reads a plain answer.
pub fn read_answer(body: &[u8]) -> Outcome {
    let answer: Value = serde_json::from_slice(body).unwrap();
    assert_eq!((&answer["type"], &answer["role"]), (&json!("message"), &json!("assistant")));
    assert!(is_said(&answer["id"]) && is_said(&answer["model"]), "{answer}");
    assert_eq!(answer["stop_sequence"], Value::Null, "nobody tells it");
    let mut choice = Choice { finish: Some(finish(&answer["stop_reason"])), ..Choice::default() };
    for block in answer["content"].as_array().unwrap() {
        read_block(&mut choice, block);
    }
    Outcome { choices: vec![choice], usage: Some(tokens(&answer["usage"])), failure: None }
}

fn read_block(choice: &mut Choice, block: &Value) {
    match block["type"].as_str().unwrap() {
        "text" => {
            assert!(is_said(&block["text"]), "no block of text is empty: {block}");
            choice.text += block["text"].as_str().unwrap();
        }
        "thinking" => {
            assert!(block["signature"].is_string(), "{block}");
            choice.reasoning += block["thinking"].as_str().unwrap();
        }
        "redacted_thinking" => assert!(is_said(&block["data"]), "{block}"),
        "tool_use" => {
            assert!(block["input"].is_object(), "{block}");
            choice.calls.push(call(block, block["input"].to_string()));
        }
        other => panic!("a block that nobody asked for: {other}"),
    }
}

fn call(block: &Value, arguments: String) -> Call {
    assert!(is_said(&block["id"]) && is_said(&block["name"]), "{block}");
    let word = |name: &str| block[name].as_str().unwrap().to_owned();
    Call { id: Some(word("id")), name: word("name"), arguments }
}

fn is_said(text: &Value) -> bool {
    text.as_str().is_some_and(|text| !text.is_empty())
}

/// The reason in OpenAI's words.
fn finish(reason: &Value) -> String {
    let word = match reason.as_str().expect("an answer ends for a reason") {
        "end_turn" | "stop_sequence" => "stop",
        "max_tokens" => "length",
        "tool_use" => "tool_calls",
        "refusal" => "content_filter",
        other => panic!("{other}"),
    };
    word.to_owned()
}

/// Usage in OpenAI's sense.
fn tokens(usage: &Value) -> Tokens {
    let number = |name: &str| usage[name].as_u64().unwrap_or_else(|| panic!("{name}: {usage}"));
    let (cached, cache_write) = (number("cache_read_input_tokens"), number("cache_creation_input_tokens"));
    Tokens {
        prompt: number("input_tokens") + cached + cache_write,
        completion: number("output_tokens"),
        cached,
        cache_write,
        reasoning: usage["output_tokens_details"]["thinking_tokens"].as_u64().unwrap_or(0),
    }
}

/// The message of a failure.
pub fn read_failure(body: &[u8]) -> (String, String) {
    let error: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(error["type"], "error", "{error}");
    let word = |name: &str| error["error"][name].as_str().filter(|text| !text.is_empty()).unwrap().to_owned();
    (word("type"), word("message"))
}

/// Reads a stream.
pub fn read_stream(bytes: &[u8]) -> Outcome {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut reading = Reading::default();
    for frame in text.split_terminator("\n\n") {
        reading.frame(frame);
    }
    let broken = reading.failure.is_some();
    assert!(broken || reading.stopped, "a whole answer ends with message_stop");
    let choices = if reading.started { vec![reading.choice] } else { Vec::new() };
    Outcome { choices, usage: reading.usage, failure: reading.failure }
}

#[derive(Default)]
struct Reading {
    started: bool,
    /// The open block, and what has come of it.
    open: Option<(Value, String, bool)>,
    blocks: u64,
    choice: Choice,
    usage: Option<Tokens>,
    failure: Option<String>,
    stopped: bool,
}

impl Reading {
    fn frame(&mut self, frame: &str) {
        assert!(!self.stopped && self.failure.is_none(), "nothing follows the end: {frame}");
        let (name, data) = frame.split_once('\n').unwrap_or_else(|| panic!("two lines: {frame:?}"));
        let name = name.strip_prefix("event: ").unwrap_or_else(|| panic!("an event has a name: {frame:?}"));
        let data = data.strip_prefix("data: ").unwrap_or_else(|| panic!("one data line: {frame:?}"));
        assert!(!data.contains(['\n', '\r']), "one data line: {frame:?}");
        if name == "error" {
            self.failure = Some(read_failure(data.as_bytes()).1);
            self.keep();
            return;
        }
        let event: Value = serde_json::from_str(data).unwrap();
        assert_eq!(event["type"], name, "{frame}");
        assert_eq!(self.started, name != "message_start", "one message_start, and first: {frame}");
        match name {
            "message_start" => self.start(&event["message"]),
            "content_block_start" => self.open(&event),
            "content_block_delta" => self.delta(&event),
            "content_block_stop" => self.close(&event),
            "message_delta" => self.finish(&event),
            "message_stop" => {
                assert!(self.choice.finish.is_some(), "message_delta comes before message_stop");
                self.stopped = true;
            }
            other => panic!("{other}"),
        }
    }

    fn start(&mut self, message: &Value) {
        assert_eq!((&message["type"], &message["role"]), (&json!("message"), &json!("assistant")));
        assert_eq!((&message["content"], &message["stop_reason"]), (&json!([]), &Value::Null));
        assert!(is_said(&message["id"]) && is_said(&message["model"]), "{message}");
        let _ = tokens(&message["usage"]);
        self.started = true;
    }

    fn open(&mut self, event: &Value) {
        assert!(self.open.is_none() && self.choice.finish.is_none(), "one block at a time: {event}");
        assert_eq!(event["index"], self.blocks, "blocks count from 0");
        let block = &event["content_block"];
        match block["type"].as_str().unwrap() {
            "text" => assert_eq!(block["text"], ""),
            "thinking" => assert_eq!((&block["thinking"], &block["signature"]), (&json!(""), &json!(""))),
            "redacted_thinking" => assert!(is_said(&block["data"]), "{block}"),
            "tool_use" => assert_eq!(block["input"], json!({})),
            other => panic!("a block that nobody asked for: {other}"),
        }
        self.open = Some((block.clone(), String::new(), false));
    }

    fn delta(&mut self, event: &Value) {
        assert_eq!(event["index"], self.blocks, "{event}");
        let (block, said, signed) = self.open.as_mut().expect("a delta is one of a block");
        let delta = &event["delta"];
        let (kind, text) = match delta["type"].as_str().unwrap() {
            "text_delta" => ("text", &delta["text"]),
            "thinking_delta" => ("thinking", &delta["thinking"]),
            "input_json_delta" => ("tool_use", &delta["partial_json"]),
            "signature_delta" => ("thinking", &delta["signature"]),
            other => panic!("{other}"),
        };
        assert!(block["type"] == kind && is_said(text), "{block} {event}");
        assert!(!*signed, "the signature comes last: {event}");
        *signed = delta["type"] == "signature_delta";
        if !*signed {
            *said += text.as_str().unwrap();
        }
    }

    fn close(&mut self, event: &Value) {
        assert_eq!(event["index"], self.blocks, "{event}");
        assert!(self.open.is_some(), "a block ends once: {event}");
        self.blocks += 1;
        self.keep();
    }

    /// What the open block says is the caller's, also when the answer breaks off.
    fn keep(&mut self) {
        let Some((block, said, _)) = self.open.take() else { return };
        match block["type"].as_str().unwrap() {
            "text" => {
                assert!(!said.is_empty(), "no block of text is empty");
                self.choice.text += &said;
            }
            "thinking" => self.choice.reasoning += &said,
            "tool_use" => {
                let arguments = if said.is_empty() { "{}".to_owned() } else { said };
                self.choice.calls.push(call(&block, arguments));
            }
            _ => {}
        }
    }

    fn finish(&mut self, event: &Value) {
        assert!(self.open.is_none() && self.choice.finish.is_none(), "message_delta comes last and once: {event}");
        assert_eq!(event["delta"]["stop_sequence"], Value::Null);
        self.choice.finish = Some(finish(&event["delta"]["stop_reason"]));
        self.usage = Some(tokens(&event["usage"]));
    }
}
