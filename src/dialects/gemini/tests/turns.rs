use serde_json::json;

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn talk(messages: Value) -> Value {
    json!({ "model": "m", "messages": messages })
}

fn contents(messages: Value) -> Value {
    body(&talk(messages))["contents"].take()
}

fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
}

fn calling(calls: Vec<Value>) -> Value {
    json!({ "role": "assistant", "content": null, "tool_calls": calls })
}

fn result(id: &str, content: &str) -> Value {
    json!({ "role": "tool", "tool_call_id": id, "content": content })
}

#[test]
fn instructions_have_a_place_of_their_own() {
    let body = body(&talk(json!([
        { "role": "system", "content": "one" }, { "role": "user", "content": "hi" },
        { "role": "developer", "content": [{ "type": "text", "text": "two" }] },
    ])));
    assert_eq!(body["systemInstruction"], json!({ "parts": [{ "text": "one" }, { "text": "two" }] }));
    assert_eq!(body["contents"], json!([{ "role": "user", "parts": [{ "text": "hi" }] }]));
}

#[test]
fn instructions_alone_are_the_users_turn() {
    let body = body(&talk(json!([{ "role": "system", "content": "be brief" }])));
    assert_eq!(body["contents"], json!([{ "role": "user", "parts": [{ "text": "be brief" }] }]));
    assert!(body.get("systemInstruction").is_none());
    assert_eq!(refused(&talk(json!([{ "role": "system", "content": "" }]))), "messages");
}

#[test]
fn empty_text_is_skipped_and_an_empty_turn_of_the_user_is_a_space() {
    let turns = contents(json!([
        { "role": "user", "content": "" }, { "role": "assistant", "content": "" },
        { "role": "user", "content": [{ "type": "text", "text": "" }, { "type": "text", "text": "x" }] },
    ]));
    let user = |text: &str| json!({ "role": "user", "parts": [{ "text": text }] });
    assert_eq!(turns, json!([user(" "), user("x")]));
}

#[test]
fn results_follow_their_calls_in_one_turn_and_in_their_order() {
    let turns = contents(json!([
        { "role": "user", "content": "weather?" },
        calling(vec![call("1", "look", "{\"c\":\"A\"}"), call("2", "look", "")]),
        result("2", "{\"t\": 2}"), result("1", "one"),
        { "role": "user", "content": "thanks" },
    ]));
    let expected = json!([
        { "role": "user", "parts": [{ "text": "weather?" }] },
        { "role": "model", "parts": [
            { "functionCall": { "name": "look", "args": { "c": "A" } } },
            { "functionCall": { "name": "look", "args": {} } },
        ] },
        { "role": "user", "parts": [
            { "functionResponse": { "name": "look", "response": { "result": "one" } } },
            { "functionResponse": { "name": "look", "response": { "t": 2 } } },
        ] },
        { "role": "user", "parts": [{ "text": "thanks" }] },
    ]);
    assert_eq!(turns, expected);
}

#[test]
fn results_that_come_late_go_to_the_turn_that_waits_for_them() {
    let turns = contents(json!([
        calling(vec![call("1", "a", "{}"), call("2", "b", "{}")]),
        result("1", "x"), { "role": "user", "content": "well?" }, result("2", "y"),
    ]));
    assert_eq!(turns[1]["parts"].as_array().unwrap().len(), 2);
    assert_eq!(turns[2]["parts"], json!([{ "text": "well?" }]));
}

#[test]
fn failures_and_lists_are_wrapped_and_empty_results_are_still_objects() {
    let response = |message: Value| {
        contents(json!([calling(vec![call("1", "a", "{}")]), message]))[1]["parts"][0]["functionResponse"]["response"]
            .take()
    };
    let failed = |content: &str| json!({ "role": "tool", "tool_call_id": "1", "content": content, "is_error": true });
    assert_eq!(response(failed("gone")), json!({ "error": "gone" }));
    assert_eq!(response(failed("{\"code\":1}")), json!({ "error": { "code": 1 } }));
    assert_eq!(response(result("1", "[1]")), json!({ "result": "[1]" }));
    assert_eq!(response(result("1", "")), json!({ "result": "" }));
    let parts = json!([{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }]);
    assert_eq!(response(json!({ "role": "tool", "tool_call_id": "1", "content": parts })), json!({ "result": "ab" }));
}

#[test]
fn the_form_that_preceded_tools_is_matched_by_name() {
    let turns = contents(json!([
        { "role": "assistant", "content": null, "function_call": { "name": "f", "arguments": "{}" } },
        { "role": "function", "name": "f", "content": "x" },
    ]));
    assert_eq!(turns[1]["parts"][0]["functionResponse"], json!({ "name": "f", "response": { "result": "x" } }));
}

#[test]
fn what_cannot_be_said_is_refused_by_its_path() {
    for (messages, param) in [
        (json!([result("1", "x")]), "messages[0].tool_call_id"),
        (json!([calling(vec![call("1", "a b", "{}")])]), "messages[0].tool_calls[0].function.name"),
        (json!([calling(vec![call("1", "a", "[1]")])]), "messages[0].tool_calls[0].function.arguments"),
        (json!([calling(vec![call("1", "a", "{")])]), "messages[0].tool_calls[0].function.arguments"),
        (json!([{ "role": "user", "content": [{ "type": "hologram" }] }]), "messages[0].content[0]"),
        (
            json!([{ "role": "user", "content": [{ "type": "image_url", "image_url": { "url": "x" } }] }]),
            "messages[0].content[0]",
        ),
        (
            json!([{ "role": "user", "content": [{ "type": "file", "file": { "file_id": "f" } }] }]),
            "messages[0].content[0]",
        ),
    ] {
        assert_eq!(refused(&talk(messages)), param);
    }
}

#[test]
fn media_come_as_data_or_by_their_address() {
    let part = |kind: &str, value: Value| {
        contents(json!([{ "role": "user", "content": [{ "type": kind, kind: value }] }]))[0]["parts"][0].take()
    };
    let image = |url: &str| part("image_url", json!({ "url": url }));
    assert_eq!(
        image("data:image/jpg;name=x;base64,AAAA"),
        json!({ "inlineData": { "mimeType": "image/jpeg", "data": "AAAA" } })
    );
    assert_eq!(
        image("https://x.example/a.PNG?b=c.pdf"),
        json!({ "fileData": { "mimeType": "image/png", "fileUri": "https://x.example/a.PNG?b=c.pdf" } })
    );
    assert_eq!(image("gs://bucket/thing"), json!({ "fileData": { "fileUri": "gs://bucket/thing" } }));
    let pdf = json!({ "file_data": "data:application/pdf;base64,BBBB", "filename": "a.pdf" });
    assert_eq!(part("file", pdf), json!({ "inlineData": { "mimeType": "application/pdf", "data": "BBBB" } }));
    let sound = json!({ "data": "CCCC", "format": "wav" });
    assert_eq!(part("input_audio", sound), json!({ "inlineData": { "mimeType": "audio/wav", "data": "CCCC" } }));
    let named = json!({ "file_id": "https://generativelanguage.googleapis.com/v1beta/files/x", "filename": "a.pdf" });
    assert_eq!(part("file", named)["fileData"]["mimeType"], "application/pdf");
}

#[test]
fn signatures_go_back_with_their_calls_and_with_the_providers_own_ids() {
    let mut signed = call("fc1", "a", "{}");
    signed["extra_content"] = json!({ "google": { "thought_signature": "S==" }, "other": 1 });
    let made = crate::hub::ids::call_id("x", 0, 1);
    let messages = json!([calling(vec![signed, call(&made, "b", "{}")]), result("fc1", "x"), result(&made, "y")]);
    for model in ["gemini-2.5-pro", "gemini-3-pro-preview"] {
        let turns = body_for(&talk(messages.clone()), model)["contents"].take();
        let first = json!({ "functionCall": { "id": "fc1", "name": "a", "args": {} }, "thoughtSignature": "S==" });
        assert_eq!(turns[0]["parts"], json!([first, { "functionCall": { "name": "b", "args": {} } }]));
        assert_eq!(turns[1]["parts"][0]["functionResponse"]["id"], "fc1");
        assert!(turns[1]["parts"][1]["functionResponse"].get("id").is_none());
    }
}

#[test]
fn sealed_signatures_go_back_to_the_part_that_they_came_with() {
    let sealed = |data: &str| json!({ "type": "redacted_thinking", "data": data });
    let mut turn = calling(vec![call("1", "a", "{}"), call("2", "b", "{}")]);
    turn["content"] = json!("I look.");
    turn["thinking_blocks"] = json!([sealed("text:T=="), sealed("call:0:C=="), sealed("call:9:x"), sealed("EqQB")]);
    let parts = body_for(&talk(json!([turn])), "gemini-3-pro-preview")["contents"][0]["parts"].take();
    let expected = json!([
        { "text": "I look.", "thoughtSignature": "T==" },
        { "functionCall": { "id": "1", "name": "a", "args": {} }, "thoughtSignature": "C==" },
        { "functionCall": { "id": "2", "name": "b", "args": {} } },
    ]);
    assert_eq!(parts, expected);
    let bare = json!({ "role": "assistant", "content": "", "thinking_blocks": [sealed("text:T==")] });
    assert_eq!(contents(json!([bare]))[0]["parts"], json!([{ "text": "", "thoughtSignature": "T==" }]));
}

#[test]
fn models_that_want_signatures_get_a_filler_on_the_first_call_of_a_turn() {
    let messages =
        json!([calling(vec![call("1", "a", "{}"), call("2", "b", "{}")]), result("1", "x"), result("2", "y")]);
    let signatures = |model: &str| {
        let turns = body_for(&talk(messages.clone()), model)["contents"].take();
        [0, 1].map(|at| turns[0]["parts"][at]["thoughtSignature"].as_str().map(str::to_owned))
    };
    assert_eq!(signatures("gemini-3-pro-preview"), [Some("skip_thought_signature_validator".to_owned()), None]);
    assert_eq!(signatures("gemini-2.5-pro"), [None, None]);
}
