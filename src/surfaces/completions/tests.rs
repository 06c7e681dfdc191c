#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::*;
use crate::hub::FinishReason;
use crate::hub::request::{Content, Role};
use crate::usage::Usage;

fn context(include_usage: bool) -> AnswerContext {
    AnswerContext { id: "made".into(), created: 9, model: "m".into(), include_usage, legacy_functions: false }
}

/// What a request with these members beside `model` is in the hub's words: its prompt, and what was left out.
fn read(members: &Value) -> Result<(String, Vec<String>), ApiError> {
    let mut body = members.clone();
    body["model"] = json!("m");
    let text = body.to_string();
    let object = Object::parse(text.as_bytes()).unwrap();
    Completions.asked(&object)?;
    let chat = Completions.request(&object)?;
    let [message] = chat.messages.as_slice() else { panic!("{:?}", chat.messages) };
    let Content::Text(prompt) = &message.content else { panic!("{message:?}") };
    assert_eq!((message.role, chat.tools.len()), (Role::User, 0));
    Ok((prompt.to_string(), chat.others.iter().map(ToString::to_string).collect()))
}

fn answer() -> Vec<Event<'static>> {
    vec![
        Event::Start { id: None, model: Some("real".into()), created: None },
        Event::Reasoning { choice: 0, text: "hm".into() },
        Event::Text { choice: 0, text: "One".into() },
        Event::Text { choice: 1, text: "Uno".into() },
        Event::Text { choice: 0, text: " two".into() },
        Event::Finish { choice: 0, reason: FinishReason::Stop },
        Event::Finish { choice: 1, reason: FinishReason::Length },
        Event::Usage(Usage { input: 3, output: 2, ..Usage::default() }),
    ]
}

#[test]
fn a_prompt_is_a_users_turn() {
    assert_eq!(read(&json!({"prompt": "Say \"one\""})).unwrap(), ("Say \"one\"".into(), vec![]));
    assert_eq!(read(&json!({"prompt": ["only"]})).unwrap().0, "only");
    let body = br#"{"model":"m","prompt":"p","max_tokens":5,"temperature":0.5,"stop":["a","b"],"n":2,"user":"u"}"#;
    let object = Object::parse(body).unwrap();
    let chat = Completions.request(&object).unwrap();
    assert_eq!((chat.max_tokens, chat.temperature, chat.n), (Some(5), Some(0.5), Some(2)));
    assert_eq!((chat.stop.len(), chat.user.as_deref()), (2, Some("u")));
}

#[test]
fn what_no_conversation_can_give_is_refused_by_name() {
    for (members, field) in [
        (json!({"prompt": ["a", "b"]}), "prompt"),
        (json!({"prompt": [1, 2]}), "prompt"),
        (json!({"prompt": [[1], [2]]}), "prompt"),
        (json!({"prompt": []}), "prompt"),
        (json!({"prompt": 7}), "prompt"),
        (json!({}), "prompt"),
        (json!({"prompt": "p", "echo": true}), "echo"),
        (json!({"prompt": "p", "suffix": "s"}), "suffix"),
        (json!({"prompt": "p", "best_of": "x"}), "best_of"),
        (json!({"prompt": "p", "stream": 1}), "stream"),
    ] {
        let error = read(&members).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(field)), "{members}");
    }
}

#[test]
fn what_changes_nothing_is_ignored_and_the_rest_is_named() {
    let harmless = json!({"prompt": "p", "echo": false, "suffix": "", "best_of": 1, "logprobs": null});
    assert_eq!(read(&harmless).unwrap().1, Vec::<String>::new());
    let odd = json!({"prompt": "p", "best_of": 4, "logprobs": 2, "logit_bias": {"1": 2}, "messages": [],
        "tools": [{"type": "function", "function": {"name": "f"}}]});
    assert_eq!(read(&odd).unwrap().1, ["best_of", "tools", "logprobs", "logit_bias"]);
}

#[test]
fn a_whole_answer_is_a_text_completion() {
    let written: Value = serde_json::from_slice(&Completions.answer(&answer(), &context(false))).unwrap();
    let choice = |text: &str, index: u32, finish: &str| json!({"text": text, "index": index, "logprobs": null, "finish_reason": finish});
    assert_eq!(written["choices"], json!([choice("One two", 0, "stop"), choice("Uno", 1, "length")]));
    assert_eq!((&written["id"], &written["object"]), (&json!("cmpl-made"), &json!("text_completion")));
    assert_eq!((&written["model"], &written["created"]), (&json!("real"), &json!(9)));
    assert_eq!(written["usage"]["total_tokens"], 5);
}

#[test]
fn a_stream_has_a_piece_for_each_text_and_usage_only_if_asked_for() {
    for include_usage in [false, true] {
        let (mut writer, mut out) = (Completions.stream(context(include_usage)), Vec::new());
        answer().iter().for_each(|event| writer.write(event, &mut out));
        writer.write(&Event::Finish { choice: 0, reason: FinishReason::Stop }, &mut out);
        writer.end(&mut out);
        let out = String::from_utf8(out).unwrap();
        let mut data: Vec<_> =
            out.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
        assert_eq!(data.pop(), Some("[DONE]"));
        let pieces: Vec<Value> = data.iter().map(|data| serde_json::from_str(data).unwrap()).collect();
        assert!(pieces.iter().all(|piece| piece["id"] == "cmpl-made" && piece["object"] == "text_completion"));
        let told: Vec<_> = pieces.iter().map(|piece| piece["choices"][0]["text"].as_str().unwrap_or("-")).collect();
        let expected = ["One", "Uno", " two", "", "", "-"];
        assert_eq!(told, if include_usage { &expected } else { &expected[..5] });
        assert_eq!(pieces[3]["choices"][0]["finish_reason"], "stop");
        assert_eq!(pieces[0]["choices"][0]["finish_reason"], Value::Null);
        assert_eq!(pieces.last().unwrap()["usage"]["prompt_tokens"].as_u64(), include_usage.then_some(3));
    }
}

#[test]
fn calls_are_no_reason_to_end_and_a_refusal_is_the_text() {
    let events = [
        Event::Refusal { choice: 0, text: "I would rather not.".into() },
        Event::Finish { choice: 0, reason: FinishReason::ToolCalls },
    ];
    let written: Value = serde_json::from_slice(&Completions.answer(&events, &context(false))).unwrap();
    assert_eq!(written["choices"][0]["text"], "I would rather not.");
    assert_eq!(written["choices"][0]["finish_reason"], "stop");
}

#[test]
fn failures_have_openais_form() {
    let error = ApiError::new(429, "slow down");
    let body: Value = serde_json::from_slice(&Completions.error(&error)).unwrap();
    assert_eq!(body["error"]["type"], "rate_limit_error");
    assert!(Completions.stream_error(&error).starts_with(b"data: {\"error\":"));
}
