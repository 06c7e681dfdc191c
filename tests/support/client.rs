//! A client of chat completions that is stricter than any SDK: it refuses whatever one of them trips over.

use serde_json::Value;

use super::outcome::{Call, Choice, Outcome, Tokens};

/// Reads a plain answer.
pub fn read_answer(body: &[u8]) -> Outcome {
    let answer: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(answer["object"], "chat.completion");
    let mut outcome = Outcome::default();
    for choice in answer["choices"].as_array().unwrap() {
        let message = &choice["message"];
        assert_eq!(message["role"], "assistant");
        let calls: Vec<Call> = items(&message["tool_calls"]).iter().map(whole_call).collect();
        outcome.choices.push(Choice {
            index: choice["index"].as_u64().unwrap(),
            text: text(&message["content"]),
            reasoning: reasoning(message),
            refusal: text(&message["refusal"]),
            calls,
            finish: Some(finish(&choice["finish_reason"]).expect("a plain answer is over")),
        });
    }
    outcome.usage = answer.get("usage").filter(|usage| !usage.is_null()).map(Tokens::of);
    outcome
}

fn whole_call(call: &Value) -> Call {
    assert_eq!(call["type"], "function", "{call}");
    let id = call["id"].as_str().filter(|id| !id.is_empty()).expect("every call has an id");
    let function = &call["function"];
    let word = |name: &str| function[name].as_str().filter(|text| !text.is_empty()).unwrap().to_owned();
    Call { id: Some(id.to_owned()), name: word("name"), arguments: word("arguments") }
}

/// Reads a stream; `include_usage` is what the client asked.
pub fn read_stream(bytes: &[u8], include_usage: bool) -> Outcome {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut reading = Reading { include_usage, ..Reading::default() };
    for frame in text.split_terminator("\n\n") {
        reading.frame(frame);
    }
    if reading.outcome.failure.is_none() {
        assert!(reading.done, "a whole answer ends with [DONE]");
        assert!(reading.outcome.choices.iter().all(|choice| choice.finish.is_some()), "every choice ends");
    }
    reading.outcome
}

#[derive(Default)]
struct Reading {
    include_usage: bool,
    outcome: Outcome,
    /// `id`, `created` and `model`, which never change.
    head: Option<[Value; 2]>,
    done: bool,
}

impl Reading {
    fn frame(&mut self, frame: &str) {
        assert!(!self.done && self.outcome.failure.is_none(), "nothing follows the end: {frame}");
        let data = frame.strip_prefix("data: ").unwrap_or_else(|| panic!("one data line: {frame:?}"));
        assert!(!data.contains(['\n', '\r']), "one data line: {frame:?}");
        if data == "[DONE]" {
            self.done = true;
            return;
        }
        let chunk: Value = serde_json::from_str(data).unwrap();
        if let Some(error) = chunk.get("error") {
            self.outcome.failure = Some(error["message"].as_str().unwrap().to_owned());
            return;
        }
        self.chunk(&chunk);
    }

    fn chunk(&mut self, chunk: &Value) {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert!(chunk.get("obfuscation").is_none() && chunk.get("p").is_none(), "padding: {chunk}");
        let head = [chunk["id"].clone(), chunk["model"].clone()];
        assert_eq!(self.head.get_or_insert_with(|| head.clone()), &head, "the answer has one id and model");
        let choices = chunk["choices"].as_array().unwrap_or_else(|| panic!("choices is a list: {chunk}"));
        if let Some(usage) = chunk.get("usage").filter(|usage| !usage.is_null()) {
            assert!(self.include_usage, "usage was not asked for: {chunk}");
            self.outcome.usage = Some(Tokens::of(usage));
        } else {
            assert!(!choices.is_empty(), "a chunk that says nothing: {chunk}");
        }
        for choice in choices {
            let index = choice["index"].as_u64().unwrap();
            let first = !self.outcome.choices.iter().any(|known| known.index == index);
            let known = self.outcome.choice(index);
            assert!(known.finish.is_none(), "a choice that was over goes on: {chunk}");
            assert!(!first || choice["delta"]["role"] == "assistant", "the first delta says who speaks: {chunk}");
            read_delta(known, &choice["delta"]);
            known.finish = finish(choice.get("finish_reason").expect("finish_reason is always there"));
        }
    }
}

fn read_delta(choice: &mut Choice, delta: &Value) {
    assert!(delta.is_object(), "delta is an object: {delta}");
    choice.text.push_str(&text(&delta["content"]));
    choice.reasoning.push_str(&reasoning(delta));
    choice.refusal.push_str(&text(&delta["refusal"]));
    for call in items(&delta["tool_calls"]) {
        let index = usize::try_from(call["index"].as_u64().expect("every piece has an index")).unwrap();
        let function = &call["function"];
        if index == choice.calls.len() {
            assert_eq!(call["type"], "function", "{call}");
            let id = call["id"].as_str().filter(|id| !id.is_empty()).expect("the first piece has the id");
            choice.calls.push(Call { id: Some(id.to_owned()), ..Call::default() });
        } else {
            assert!(index < choice.calls.len(), "calls count from 0: {call}");
            assert!(call.get("id").is_none_or(Value::is_null), "the id comes once: {call}");
        }
        let known = &mut choice.calls[index];
        if let Some(name) = function["name"].as_str() {
            assert!(known.name.is_empty() && !name.is_empty(), "the name comes once: {call}");
            name.clone_into(&mut known.name);
        }
        known.arguments.push_str(&text(&function["arguments"]));
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A string, or null for none; nothing else.
fn text(value: &Value) -> String {
    assert!(value.is_string() || value.is_null(), "a string or null: {value}");
    value.as_str().unwrap_or_default().to_owned()
}

/// Thinking, under either of the names that clients know.
fn reasoning(said: &Value) -> String {
    let named = text(&said["reasoning_content"]);
    if named.is_empty() { text(&said["reasoning"]) } else { named }
}

fn finish(value: &Value) -> Option<String> {
    const WORDS: &[&str] = &["stop", "length", "tool_calls", "content_filter", "function_call"];
    let word = value.as_str();
    assert!(value.is_null() || word.is_some_and(|word| WORDS.contains(&word)), "finish_reason {value}");
    word.map(str::to_owned)
}
