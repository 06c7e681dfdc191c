use serde_json::{Value, json};

use super::*;
use crate::dialects::{DIALECTS, Progress, Settings, find};
use crate::hub::FinishReason;
use crate::stream::sse;
use crate::surfaces::{ChatSurface, chat::Chat};
use crate::usage::{ServiceTier, Usage};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod requests;

fn event(data: &Value) -> sse::Event {
    sse::Event { name: data["type"].as_str().unwrap_or_default().to_owned(), data: data.to_string() }
}

/// What a stream said before it failed, and how it did.
type Broken = Box<(Vec<Event<'static>>, ApiError)>;

/// Reads a stream of these events.
fn read(stream: &[Value]) -> Result<Vec<Event<'static>>, Broken> {
    let (mut reader, mut out) = (Responses.stream(), Vec::new());
    for data in stream {
        match reader.read(&event(data), &mut out) {
            Ok(Progress::Open | Progress::Unread) => {}
            Ok(Progress::Done) => return Ok(out),
            Err(error) => return Err(Box::new((out, error))),
        }
    }
    match reader.end(&mut out) {
        Ok(()) => Ok(out),
        Err(error) => Err(Box::new((out, error))),
    }
}

fn created() -> Value {
    json!({"type": "response.created", "response": {"id": "resp_1", "model": "real", "created_at": 5}})
}

fn completed() -> Value {
    json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed",
        "usage": {"input_tokens": 3, "output_tokens": 2}}})
}

fn added(at: u64, id: &str) -> Value {
    json!({"type": "response.output_item.added", "output_index": at, "item": {"type": "function_call",
        "id": format!("fc_{at}"), "call_id": id, "name": "f", "arguments": ""}})
}

fn delta(kind: &str, at: u64, text: &str) -> Value {
    json!({"type": format!("response.{kind}.delta"), "output_index": at, "delta": text})
}

fn start() -> Event<'static> {
    Event::Start { id: Some("resp_1".into()), model: Some("real".into()), created: Some(5) }
}

fn call(index: u32, id: &'static str) -> Event<'static> {
    Event::ToolCall { choice: 0, index, id: Some(id.into()), name: "f".into() }
}

fn argued(index: u32, fragment: &'static str) -> Event<'static> {
    Event::Arguments { choice: 0, index, fragment: fragment.into() }
}

/// The end that [`completed`] tells.
fn end(reason: FinishReason) -> [Event<'static>; 2] {
    [Event::Finish { choice: 0, reason }, Event::Usage(Usage { input: 3, output: 2, ..Usage::default() })]
}

#[test]
fn the_dialect_is_known_and_speaks_nothing_else() {
    let dialect = find("openai-responses").unwrap();
    assert!(DIALECTS.iter().any(|d| d.name() == "openai-responses"));
    let settings = Settings::default();
    let path = |wire| dialect.path(&Address { wire, model: "m", stream: true, settings: &settings });
    let paths: Vec<_> = dialect.tasks().iter().map(|task| path(task.format().wire())).collect();
    assert_eq!(paths, ["/responses"]);
    assert_eq!(dialect.endpoint(), "https://api.openai.com/v1");
    assert_eq!(dialect.credential("k"), ("authorization", "Bearer k".to_owned()));
}

#[test]
fn text_refusals_and_thinking_are_read_from_their_deltas() {
    let stream = [
        created(),
        delta("reasoning_summary_text", 0, "hm"),
        delta("output_text", 1, "Hel"),
        delta("output_text", 1, "lo"),
        delta("refusal", 1, "no"),
        json!({"type": "response.output_text.done", "output_index": 1, "text": "Hello"}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": {"type": "message",
            "content": [{"type": "output_text", "text": "Hello"}]}}),
        completed(),
    ];
    let [finish, usage] = end(FinishReason::Stop);
    let expected = [
        start(),
        Event::Reasoning { choice: 0, text: "hm".into() },
        Event::Text { choice: 0, text: "Hel".into() },
        Event::Text { choice: 0, text: "lo".into() },
        Event::Refusal { choice: 0, text: "no".into() },
        finish,
        usage,
    ];
    assert_eq!(read(&stream).unwrap(), expected);
}

#[test]
fn thinking_is_told_once_where_it_comes_with_its_summary() {
    let stream =
        [created(), delta("reasoning_text", 0, "long"), delta("reasoning_summary_text", 0, "short"), completed()];
    let told = read(&stream).unwrap();
    assert!(told.contains(&Event::Reasoning { choice: 0, text: "long".into() }));
    assert_eq!(told.len(), 4);
}

#[test]
fn calls_are_found_by_their_place_and_called_by_their_call_id() {
    let stream = [
        created(),
        added(1, "call_a"),
        added(2, "call_b"),
        delta("function_call_arguments", 2, "{\"x\":"),
        delta("function_call_arguments", 1, "{}"),
        delta("function_call_arguments", 2, "1}"),
        delta("function_call_arguments", 7, "lost"),
        completed(),
    ];
    let [finish, usage] = end(FinishReason::ToolCalls);
    let expected = [
        start(),
        call(0, "call_a"),
        call(1, "call_b"),
        argued(1, "{\"x\":"),
        argued(0, "{}"),
        argued(1, "1}"),
        finish,
        usage,
    ];
    assert_eq!(read(&stream).unwrap(), expected);
}

#[test]
fn arguments_without_deltas_are_told_at_once_and_only_once() {
    let done = json!({"type": "response.function_call_arguments.done", "output_index": 0, "arguments": "{\"a\":1}"});
    let item = json!({"type": "response.output_item.done", "output_index": 0, "item": {"type": "function_call",
        "call_id": "call_a", "name": "f", "arguments": "{\"a\":1}"}});
    let [finish, usage] = end(FinishReason::ToolCalls);
    let expected = [start(), call(0, "call_a"), argued(0, "{\"a\":1}"), finish, usage];
    for middle in [
        vec![added(0, "call_a"), done.clone()],
        vec![added(0, "call_a"), done, item.clone()],
        vec![added(0, "call_a"), item.clone()],
        vec![item],
    ] {
        let stream: Vec<_> = [created()].into_iter().chain(middle).chain([completed()]).collect();
        assert_eq!(read(&stream).unwrap(), expected);
    }
}

#[test]
fn a_call_that_says_nothing_has_empty_arguments() {
    let [finish, usage] = end(FinishReason::ToolCalls);
    let told = read(&[created(), added(0, "call_a"), completed()]).unwrap();
    assert_eq!(told, [start(), call(0, "call_a"), argued(0, "{}"), finish, usage]);
}

#[test]
fn a_call_at_the_place_of_a_text_keeps_its_arguments() {
    let text = delta("output_text", 0, "hm");
    let said = read(&[created(), text, added(0, "c1"), completed()]).unwrap();
    assert_eq!(said[2..4], [call(0, "c1"), argued(0, "{}")]);
}

#[test]
fn unknown_events_and_items_say_nothing() {
    let stream = [
        json!({"type": "response.queued", "response": {"id": "resp_1", "model": "real", "created_at": 5}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "web_search_call"}}),
        json!({"type": "response.web_search_call.searching", "output_index": 0}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": {"type": "web_search_call"}}),
        json!({"type": "keepalive"}),
        json!("text"),
        completed(),
    ];
    let [finish, usage] = end(FinishReason::Stop);
    assert_eq!(read(&stream).unwrap(), [start(), finish, usage]);
}

#[test]
fn a_stream_of_nothing_but_its_end_says_what_the_end_says() {
    let mut whole = completed();
    whole["response"]["output"] = json!([{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]);
    assert!(read(&[created(), whole]).unwrap().contains(&Event::Text { choice: 0, text: "Hi".into() }));
}

#[test]
fn the_service_tier_that_was_granted_comes_with_the_usage() {
    let mut whole = completed();
    whole["response"]["service_tier"] = "flex".into();
    let told = read(&[created(), whole]).unwrap();
    let expected = Usage { input: 3, output: 2, service_tier: ServiceTier::Flex, ..Usage::default() };
    assert_eq!(told.last(), Some(&Event::Usage(expected)));
}

#[test]
fn an_incomplete_response_says_why() {
    for (reason, expected) in
        [("max_output_tokens", FinishReason::Length), ("content_filter", FinishReason::ContentFilter)]
    {
        let end = json!({"type": "response.incomplete", "response": {"incomplete_details": {"reason": reason}}});
        let told = read(&[created(), delta("output_text", 0, "a"), end]).unwrap();
        assert_eq!(told.last(), Some(&Event::Finish { choice: 0, reason: expected }));
    }
}

#[test]
fn failures_inside_a_stream_have_the_status_of_their_code() {
    let quota = json!({"code": "insufficient_quota", "message": "Out of money."});
    let error =
        json!({"type": "error", "error": {"type": "x", "code": "insufficient_quota", "message": "Out of money."}});
    let flat = json!({"type": "error", "code": "insufficient_quota", "message": "Out of money.", "param": null});
    let failed = json!({"type": "response.failed", "response": {"error": quota, "usage": {"input_tokens": 1}}});
    for last in [error, flat, failed.clone()] {
        let (_, error) = *read(&[created(), last]).unwrap_err();
        assert_eq!((error.status, error.code.as_deref()), (429, Some("insufficient_quota")));
        assert_eq!(error.message, "Out of money.");
    }
    let (told, _) = *read(&[created(), failed]).unwrap_err();
    assert_eq!(told.last(), Some(&Event::Usage(Usage { input: 1, ..Usage::default() })));
    let (_, error) = *read(&[created(), json!({"type": "response.failed", "response": {}})]).unwrap_err();
    assert_eq!(error.status, 502);
}

#[test]
fn a_stream_without_its_end_was_cut_off() {
    let (told, error) = *read(&[created(), delta("output_text", 0, "a")]).unwrap_err();
    assert_eq!((told.len(), error.status), (2, 502));
}

#[test]
fn a_plain_answer_says_the_same_as_a_stream() {
    let body = json!({"id": "resp_1", "model": "real", "created_at": 5, "status": "completed", "error": null,
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}],
                "content": [{"type": "reasoning_text", "text": "long"}]},
            {"type": "mcp_call", "arguments": "{}"},
            {"type": "message", "content": [{"type": "output_text", "text": "Hi"}, {"type": "refusal", "refusal": "no"}]},
            {"type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "f", "arguments": ""},
        ],
        "usage": {"input_tokens": 3, "output_tokens": 2}})
    .to_string();
    let [finish, usage] = end(FinishReason::ToolCalls);
    let expected = [
        start(),
        Event::Reasoning { choice: 0, text: "hm".into() },
        Event::Text { choice: 0, text: "Hi".into() },
        Event::Refusal { choice: 0, text: "no".into() },
        call(0, "call_a"),
        argued(0, "{}"),
        finish,
        usage,
    ];
    assert_eq!(Responses.answer(body.as_bytes()).unwrap(), expected);
}

#[test]
fn a_plain_answer_that_failed_is_an_error() {
    let failed =
        json!({"status": "failed", "output": [], "error": {"code": "rate_limit_exceeded", "message": "Slow."}});
    let error = Responses.answer(failed.to_string().as_bytes()).unwrap_err();
    assert_eq!((error.status, error.message.as_str()), (429, "Slow."));
    for body in ["{}", "[]", "<html>", r#"{"output":null}"#, r#"{"status":"cancelled","output":[]}"#] {
        assert_eq!(Responses.answer(body.as_bytes()).unwrap_err().status, 502, "{body}");
    }
}

#[test]
fn an_answer_that_is_still_being_made_has_no_end() {
    let body = json!({"id": "resp_1", "model": "real", "created_at": 5, "status": "queued", "output": []}).to_string();
    assert_eq!(Responses.answer(body.as_bytes()).unwrap(), [start()]);
}

#[test]
fn an_answer_that_has_begun_ends_whatever_its_status_says() {
    let call = json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"});
    let body = json!({"id": "resp_1", "model": "real", "created_at": 5, "status": "queued", "output": [call]});
    let body = body.to_string();
    let events = Responses.answer(body.as_bytes()).unwrap();
    assert_eq!(events.last(), Some(&Event::Finish { choice: 0, reason: FinishReason::ToolCalls }));
}

#[test]
fn events_pass_with_their_names_until_the_last() {
    let asked = Asked { model: "m".into(), stream: true, include_usage: true, ..Asked::default() };
    let mut passer = Responses.pass_stream(&asked);
    let (mut events, mut out) = (Vec::new(), Vec::new());
    assert_eq!(passer.pass(&event(&created()), &mut events, &mut out), Ok(Progress::Open));
    assert_eq!(passer.pass(&event(&completed()), &mut events, &mut out), Ok(Progress::Done));
    assert_eq!(passer.pass(&event(&completed()), &mut events, &mut out), Ok(Progress::Done));
    let expected =
        format!("event: response.created\ndata: {}\n\nevent: response.completed\ndata: {}\n\n", created(), completed());
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    assert_eq!(events.len(), 3);
    let mut cut = Responses.pass_stream(&asked);
    assert_eq!(cut.end(&mut Vec::new(), &mut Vec::new()).unwrap_err().status, 502);
}

#[test]
fn a_request_passes_with_nothing_but_its_model_changed() {
    let body = r#"{"model":"a","input":"hi","store":true,"previous_response_id":"resp_1","x": 1.50}"#;
    let asked = Asked { model: "a".into(), stream: false, include_usage: true, ..Asked::default() };
    let passed = Responses.pass_request(&Object::parse(body.as_bytes()).unwrap(), &asked, "b").body;
    assert_eq!(String::from_utf8(passed).unwrap(), body.replace(r#""a""#, r#""b""#).replace("x\": 1", "x\":1"));
}

#[test]
fn reasoning_of_other_providers_does_not_pass() {
    let sent = |items: &[&str]| {
        let body = format!(r#"{{"input":[{}]}}"#, items.join(","));
        let sent = Responses.pass_request(&Object::parse(body.as_bytes()).unwrap(), &Asked::default(), "b");
        assert!(sent.dropped.is_empty());
        String::from_utf8(sent.body).unwrap()
    };
    let own = r#"{"type":"reasoning", "id":"rs_1","summary":[],"encrypted_content":"gAAA"}"#;
    let other = r#"{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"{\"type\":\"thinking\"}"}"#;
    let call = r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\": 1}"}"#;
    assert_eq!(sent(&[own, other, call]), format!(r#"{{"input":[{own},{call}],"model":"b"}}"#));
    assert_eq!(sent(&[own, call]), format!(r#"{{"input":[{own},{call}],"model":"b"}}"#));
}
