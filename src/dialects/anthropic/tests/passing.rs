use super::*;
use crate::dialects::anthropic::count::Count;
use crate::dialects::anthropic::host::Host;
use crate::dialects::{Address, Dialect, PassFormat, Settings};
use crate::json::Object;
use crate::surfaces::Asked;
use crate::wire::Wire;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn asked() -> Asked {
    Asked { model: "alias".to_owned(), stream: true, ..Asked::default() }
}

#[test]
fn requests_pass_with_nothing_changed_but_the_model() {
    let body =
        br#"{"model":"alias","max_tokens":5,"messages":[ {"role":"user", "content":"\u00e9"} ],"new":{"b":1,"a":2}}"#;
    let sent = Anthropic.pass_request(&Object::parse(body).unwrap(), &asked(), "claude-x").body;
    let expected =
        r#"{"model":"claude-x","max_tokens":5,"messages":[ {"role":"user", "content":"\u00e9"} ],"new":{"b":1,"a":2}}"#;
    assert_eq!(String::from_utf8(sent).unwrap(), expected);
}

#[test]
fn thinking_of_other_providers_does_not_pass() {
    let pass = |body: &str| Anthropic.pass_request(&Object::parse(body.as_bytes()).unwrap(), &asked(), "m");
    let turn = |blocks: &str| format!(r#"{{"role":"assistant","content":[{blocks}]}}"#);
    let body = |turns: &str| format!(r#"{{"model":"m","thinking":{{"type":"adaptive"}},"messages":[{turns}]}}"#);
    let own = r#"{"type":"thinking","thinking":"\u00e9","signature":"s1g" },{"type":"redacted_thinking","data":"A="}"#;
    let call = r#"{"type":"tool_use","id":"c","name":"f","input":{ }}"#;
    let same = body(&turn(&format!("{own},{call}")));
    assert_eq!(pass(&same), Outbound::whole(same.into_bytes()));
    let foreign = r#"{"type":"thinking","thinking":"x","signature":""},{"type":"redacted_thinking","data":"call:0:x"}"#;
    let mixed = body(&[turn(&format!("{foreign},{call}")), turn(foreign), turn(&format!("{own},{foreign}"))].join(","));
    assert_eq!(pass(&mixed), Outbound::whole(body(&[turn(call), turn(own)].join(",")).into_bytes()));
    let waiting = pass(&body(&turn(&format!("{foreign},{call}"))));
    let wanted = format!(r#"{{"model":"m","messages":[{}]}}"#, turn(call));
    assert_eq!(String::from_utf8(waiting.body).unwrap(), wanted, "it would have to begin with thinking");
    assert_eq!(waiting.dropped, ["thinking"]);
}

#[test]
fn what_is_counted_is_what_would_be_sent() {
    let body = r#"{"model":"alias","messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"text:x"},{"type":"text","text":"a"}]}]}"#;
    let turns = r#""messages":[{"role":"assistant","content":[{"type":"text","text":"a"}]}]"#;
    let object = Object::parse(body.as_bytes()).unwrap();
    let betas = vec!["context-1m-2025-08-07".to_owned(), "claude-code-20250219".to_owned()];
    let count = |host| Count(host).pass_request(&object, &Asked { betas: betas.clone(), ..Asked::default() }, "m");
    assert_eq!(count(Host::Direct), Outbound::whole(format!(r#"{{"model":"m",{turns}}}"#).into_bytes()));
    let vertex = count(Host::Vertex);
    let expected = format!(r#"{{"model":"m",{turns},"anthropic_version":"vertex-2023-10-16"}}"#);
    assert_eq!(String::from_utf8(vertex.body).unwrap(), expected);
    assert_eq!(vertex.dropped, ["anthropic-beta:claude-code-20250219"]);
    assert_eq!(vertex.headers, [("anthropic-beta", "context-1m-2025-08-07".to_owned())]);
}

#[test]
fn events_pass_unchanged_and_are_metered() {
    let mut passer = Anthropic.pass_stream(&asked());
    let (mut events, mut out) = (Vec::new(), Vec::new());
    let mut pass = |name: &str, data: &str| {
        let event = sse::Event { name: name.to_owned(), data: data.to_owned() };
        passer.pass(&event, &mut events, &mut out)
    };
    let usage = r#"{"type":"message_start","message":{"usage":{"input_tokens":2}}  }"#;
    assert_eq!(pass("message_start", usage), Ok(Progress::Open));
    assert_eq!(pass("brand_new", r#"{"index":"one"}"#), Ok(Progress::Open));
    assert_eq!(pass("content_block_delta", "not json"), Ok(Progress::Unread), "an SDK would trip over it");
    assert_eq!(pass("", r#"{"type":"message_stop"}"#), Ok(Progress::Done));
    assert_eq!(pass("late", "x"), Ok(Progress::Done));
    let expected = format!(
        "event: message_start\ndata: {usage}\n\nevent: brand_new\ndata: {{\"index\":\"one\"}}\n\ndata: {{\"type\":\"message_stop\"}}\n\n"
    );
    assert_eq!(passer.end(&mut events, &mut out), Ok(()));
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    assert!(events.iter().any(|event| matches!(event, Event::Usage(usage) if usage.input == 2)));
}

#[test]
fn a_failure_is_told_by_the_caller_of_the_passer() {
    let mut passer = Anthropic.pass_stream(&asked());
    let mut out = Vec::new();
    let data = r#"{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}"#;
    let event = sse::Event { name: "error".to_owned(), data: data.to_owned() };
    assert_eq!(passer.pass(&event, &mut Vec::new(), &mut out).unwrap_err().status, 529);
    assert_eq!(passer.end(&mut Vec::new(), &mut out).unwrap_err().status, 502);
    assert!(out.is_empty());
}

#[test]
fn whole_answers_pass_as_they_are() {
    let body = br#"{"type":"message","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{}}"#;
    assert_eq!(Anthropic.pass_answer(body).unwrap().mended, None);
}

#[test]
fn the_dialect_says_where_and_how_it_is_reached() {
    let settings = Settings::default();
    let to = Address { wire: Wire::AnthropicMessages, model: "m", stream: true, settings: &settings };
    assert_eq!(crate::dialects::find("anthropic").unwrap().path(&to), "/messages");
    assert_eq!(Anthropic.endpoint(), "https://api.anthropic.com/v1");
    assert_eq!(Anthropic.credential("k"), ("x-api-key", "k".to_owned()));
    assert_eq!(Anthropic.headers(), [("anthropic-version", "2023-06-01")]);
    assert_eq!(Anthropic.caller_headers(), ["anthropic-beta"]);
}
