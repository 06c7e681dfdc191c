#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::dialects::Progress;
use crate::hub::{Event, FinishReason};
use crate::stream::sse;
use crate::surfaces::Asked;
use crate::usage::Usage;

fn start() -> Event<'static> {
    Event::Start { id: None, model: Some("qwen3".into()), created: None }
}

fn text(text: &'static str) -> Event<'static> {
    Event::Text { choice: 0, text: text.into() }
}

fn finish(reason: FinishReason) -> Event<'static> {
    Event::Finish { choice: 0, reason }
}

fn call(index: u32, id: Option<&'static str>, arguments: &'static str) -> [Event<'static>; 2] {
    let call = Event::ToolCall { choice: 0, index, id: id.map(Into::into), name: "f".into() };
    [call, Event::Arguments { choice: 0, index, fragment: arguments.into() }]
}

fn line(data: &str) -> sse::Event {
    sse::Event { name: String::new(), data: data.to_owned() }
}

fn stream(lines: &[&str]) -> (Vec<Event<'static>>, Option<ApiError>) {
    let (mut reader, mut out) = (Ollama.stream(), Vec::new());
    for data in lines {
        match reader.read(&line(data), &mut out) {
            Ok(Progress::Open | Progress::Unread) => {}
            Ok(Progress::Done) => return (out, None),
            Err(error) => return (out, Some(error)),
        }
    }
    let end = reader.end(&mut out);
    (out, end.err())
}

#[test]
fn an_answer_is_read_in_the_order_of_its_parts() {
    let body = br#"{"model":"qwen3","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"hi",
        "thinking":"hm","tool_calls":[{"id":"c1","function":{"index":0,"name":"f","arguments":{"a": 1}}},
        {"function":{"name":"f"}},{"id":"","function":{"name":"f","arguments":"{\"b\":2}"}}]},
        "done":true,"done_reason":"stop","prompt_eval_count":10,"eval_count":20,"total_duration":5}"#;
    let mut wanted = vec![start(), Event::Reasoning { choice: 0, text: "hm".into() }, text("hi")];
    wanted.extend(call(0, Some("c1"), r#"{"a": 1}"#));
    wanted.extend(call(1, None, "{}"));
    wanted.extend(call(2, None, r#"{"b":2}"#));
    let usage = Usage { input: 10, output: 20, ..Usage::default() };
    wanted.extend([finish(FinishReason::ToolCalls), Event::Usage(usage)]);
    assert_eq!(Ollama.answer(body).unwrap(), wanted);
}

#[test]
fn every_reason_to_be_done_has_its_word() {
    let reasons = [
        (r#""stop""#, FinishReason::Stop),
        (r#""load""#, FinishReason::Stop),
        (r#""unload""#, FinishReason::Stop),
        (r#""newer""#, FinishReason::Stop),
        ("null", FinishReason::Stop),
        (r#""length""#, FinishReason::Length),
    ];
    for (reason, wanted) in reasons {
        let body = format!(r#"{{"model":"qwen3","message":{{}},"done":true,"done_reason":{reason}}}"#);
        assert_eq!(Ollama.answer(body.as_bytes()).unwrap(), [start(), finish(wanted)], "{reason}");
    }
}

#[test]
fn a_prompt_that_is_wholly_cached_counts_nothing() {
    let body = br#"{"model":"qwen3","message":{"content":""},"done":true,"eval_count":3}"#;
    let usage = Usage { output: 3, ..Usage::default() };
    assert_eq!(Ollama.answer(body).unwrap(), [start(), finish(FinishReason::Stop), Event::Usage(usage)]);
}

#[test]
fn what_is_no_whole_answer_is_a_failure_of_the_provider() {
    let unfinished = r#"{"model":"qwen3","message":{"content":"hi"},"done":false}"#;
    for body in ["", "[]", "{}", "<html>", r#"{"done":true}"#, unfinished, r#"{"error":"it broke"}"#] {
        assert_eq!(Ollama.answer(body.as_bytes()).unwrap_err().status, 502, "{body}");
    }
    assert_eq!(Ollama.answer(br#"{"error":"it broke"}"#).unwrap_err().message, "it broke");
}

#[test]
fn a_stream_is_read_line_by_line() {
    let (events, error) = stream(&[
        r#"{"model":"qwen3","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#,
        "not json",
        r#"{"model":"qwen3","message":{"role":"assistant","content":"hi"},"done":false}"#,
        r#"{"model":"qwen3","message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]}}"#,
        r#"{"model":"qwen3","message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]}}"#,
        r#"{"model":"qwen3","message":{"content":""},"done":true,"done_reason":"length","prompt_eval_count":1}"#,
        r#"{"model":"qwen3","message":{"content":"late"}}"#,
    ]);
    let mut wanted = vec![start(), Event::Reasoning { choice: 0, text: "hm".into() }, text("hi")];
    wanted.extend(call(0, None, "{}"));
    wanted.extend(call(1, None, r#"{"a":1}"#));
    wanted.extend([finish(FinishReason::ToolCalls), Event::Usage(Usage { input: 1, ..Usage::default() })]);
    assert_eq!((events, error), (wanted, None));
}

#[test]
fn a_stream_that_fails_or_stops_is_told() {
    let piece = r#"{"model":"qwen3","message":{"content":"hi"},"done":false}"#;
    let (events, error) = stream(&[piece, r#"{"error":"it broke"}"#]);
    assert_eq!(events, [start(), text("hi")]);
    assert_eq!((error.clone().unwrap().status, error.unwrap().message.as_str()), (502, "it broke"));
    assert_eq!(stream(&[r#"{"error":{"message":"it broke"}}"#]).1.unwrap().message, "it broke");
    assert_eq!(stream(&[piece]).1.unwrap().status, 502);
    assert_eq!(stream(&[]).1.unwrap().status, 502);
}

#[test]
fn lines_pass_and_are_metered() {
    let asked = Asked { model: "m".into(), stream: true, ..Asked::default() };
    let (mut passer, mut events, mut out) = (Ollama.pass_stream(&asked), Vec::new(), Vec::new());
    let lines = [r#"{"model":"qwen3","message":{"content":"hi"}}"#, r#"{"done":true}"#];
    assert_eq!(passer.pass(&line(lines[0]), &mut events, &mut out).unwrap(), Progress::Open);
    assert!(passer.end(&mut events, &mut out).is_err(), "it is not over");
    assert_eq!(passer.pass(&line(lines[1]), &mut events, &mut out).unwrap(), Progress::Done);
    assert!(passer.end(&mut events, &mut out).is_ok());
    assert_eq!(events, [start(), text("hi"), finish(FinishReason::Stop)]);
    assert_eq!(String::from_utf8(out).unwrap(), format!("{}\n{}\n", lines[0], lines[1]));
}

#[test]
fn failures_keep_their_status_and_message() {
    let error = |status, body: &str| Ollama.error(status, body.as_bytes(), &|_| None);
    let told = error(404, r#"{"error":"model 'x' not found"}"#);
    assert_eq!((told.status, told.message.as_str()), (404, "model 'x' not found"));
    assert_eq!(told.code.as_deref(), Some("model_not_found"));
    let long = error(400, r#"{"error":"prompt too long; exceeded max context length by 5 tokens"}"#);
    assert_eq!(long.code.as_deref(), Some("context_length_exceeded"));
    assert_eq!(error(401, r#"{"error":{"message":"no key","code":1}}"#).message, "no key");
    assert_eq!(error(401, r#"{"error":{"why":1}}"#).message, r#"{"why":1}"#);
    assert_eq!(error(502, "bad gateway").message, "bad gateway");
    assert!(error(500, "").message.contains("500"));
}
