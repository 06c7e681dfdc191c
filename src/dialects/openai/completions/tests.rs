#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::hub::FinishReason;

const STREAM: &[&str] = &[
    r#"{"id":"cmpl-1","object":"text_completion","created":7,"choices":[{"text":"One","index":0,"finish_reason":null}],"model":"m","usage":null}"#,
    r#"{"id":"cmpl-1","object":"text_completion","created":7,"choices":[{"text":" two","index":0,"finish_reason":"length"}],"model":"m","usage":null}"#,
    r#"{"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#,
];

fn asked(include_usage: bool) -> Asked {
    Asked { model: "tier".into(), stream: true, include_usage, ..Asked::default() }
}

/// What passes of these events, what they say, and how the last of them went.
fn pass(data: &[&str], include_usage: bool) -> (String, Vec<Event<'static>>, Result<Progress, ApiError>) {
    let mut passer = Completions.pass_stream(&asked(include_usage));
    let (mut events, mut out, mut last) = (Vec::new(), Vec::new(), Ok(Progress::Open));
    for data in data {
        let event = sse::Event { name: String::new(), data: (*data).to_owned() };
        last = passer.pass(&event, &mut events, &mut out);
    }
    if last == Ok(Progress::Open) {
        last = passer.end(&mut events, &mut out).map(|()| Progress::Done);
    }
    (String::from_utf8(out).unwrap(), events, last)
}

#[test]
fn the_model_is_ours_and_streams_are_asked_for_usage() {
    let body = Object::parse(b"{\"prompt\":[\"a\" ,\"b\"],\"model\":\"tier\",\"best_of\":3}").unwrap();
    let sent = Completions.pass_request(&body, &Asked { stream: false, ..asked(false) }, "instruct").body;
    assert_eq!(sent, b"{\"prompt\":[\"a\" ,\"b\"],\"model\":\"instruct\",\"best_of\":3}");
    let sent = String::from_utf8(Completions.pass_request(&body, &asked(false), "instruct").body).unwrap();
    assert!(sent.ends_with(",\"stream_options\":{\"include_usage\":true}}"), "{sent}");
}

#[test]
fn models_of_conversations_are_told_by_openais_names() {
    for model in
        ["gpt-3.5-turbo-instruct", "babbage-002", "ft:davinci-002:acme", "Qwen/Qwen3-32B", "gpt-oss-20b", "opt"]
    {
        assert!(Completions.serves(model), "{model}");
    }
    for model in ["gpt-5-mini", "gpt-4o", "gpt-3.5-turbo", "o3", "o4-mini", "chatgpt-4o-latest", "ft:gpt-4o-mini:acme"]
    {
        assert!(!Completions.serves(model), "{model}");
    }
}

#[test]
fn texts_of_a_whole_answer_are_told_by_their_choice() {
    let body = br#"{"id":"cmpl-1","object":"text_completion","model":"m","choices":[
        {"text":"a","index":0,"logprobs":null,"finish_reason":"stop"},
        {"text":"b","index":1,"logprobs":null,"finish_reason":"length"}],
        "usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}}"#;
    let events = Completions.answer(body).unwrap();
    assert!(events.contains(&Event::Text { choice: 1, text: "b".into() }), "{events:?}");
    assert!(events.contains(&Event::Finish { choice: 0, reason: FinishReason::Stop }), "{events:?}");
    assert!(matches!(events.last(), Some(Event::Usage(usage)) if (usage.input, usage.output) == (4, 2)), "{events:?}");
    assert_eq!(Completions.pass_answer(body).unwrap().mended, None);
    assert!(Completions.answer(b"{}").is_err());
}

#[test]
fn pieces_pass_as_they_came_and_usage_is_hidden_unless_asked_for() {
    for include_usage in [true, false] {
        let (out, events, last) = pass(&[STREAM, &["[DONE]"]].concat(), include_usage);
        let shown = if include_usage { STREAM } else { &STREAM[..2] };
        let expected: String = shown.iter().chain(&["[DONE]"]).map(|data| format!("data: {data}\n\n")).collect();
        assert_eq!((out, last), (expected, Ok(Progress::Done)));
        assert!(events.contains(&Event::Text { choice: 0, text: "One".into() }));
        assert!(matches!(events.last(), Some(Event::Usage(usage)) if usage.total() == 5), "{events:?}");
    }
}

#[test]
fn usage_beside_a_text_is_taken_out_of_its_piece() {
    let piece = r#"{"id":"c","choices":[{"text":"x","index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#;
    let (out, _, _) = pass(&[piece], false);
    let shown = r#"{"id":"c","choices":[{"text":"x","index":0,"finish_reason":"stop"}]}"#;
    assert_eq!(out, format!("data: {shown}\n\ndata: [DONE]\n\n"), "a whole answer gets the end marker that it lacks");
}

#[test]
fn a_stream_that_stops_early_or_tells_a_failure_is_one() {
    assert!(pass(&STREAM[..1], false).2.is_err());
    assert!(pass(&["[DONE]"], false).2.is_err(), "nothing came before the end");
    let (out, _, last) = pass(&[STREAM[0], r#"{"error":{"message":"no more","code":"oops"}}"#], false);
    assert_eq!(last.unwrap_err().code.as_deref(), Some("oops"));
    assert_eq!(out, format!("data: {}\n\n", STREAM[0]));
}
