use serde_json::json;

use super::*;
use crate::hub::request::File;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn turns(messages: Vec<Message<'static>>) -> Value {
    body(&chat(messages))["messages"].take()
}

fn part(kind: PartKind<'static>) -> Value {
    turns(vec![message(Role::User, parts(vec![kind]))])[0]["content"][0].take()
}

fn refused_part(kind: PartKind<'static>) -> ApiError {
    let kinds = vec![PartKind::Text("x".into()), kind];
    refused(&chat(vec![user("first"), message(Role::User, parts(kinds))]))
}

fn file(data: &'static str, name: Option<&'static str>) -> PartKind<'static> {
    PartKind::File(File { file_data: Some(data.into()), file_id: None, filename: name.map(Cow::Borrowed) })
}

fn says(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

#[test]
fn system_and_developer_messages_become_the_system_prompt_in_their_order() {
    let developer = message(Role::Developer, parts(vec![PartKind::Text("c".into())]));
    let body = body(&chat(vec![system("a"), user("u"), system(""), system("b"), developer]));
    assert_eq!(body["system"], json!([says("a"), says("b"), says("c")]));
    assert_eq!(body["messages"], json!([{ "role": "user", "content": [says("u")] }]));
}

#[test]
fn one_plain_system_text_is_a_string() {
    assert_eq!(body(&chat(vec![system("a"), user("u")]))["system"], "a");
}

#[test]
fn a_request_of_system_messages_only_sends_them_as_the_user() {
    let body = body(&chat(vec![system("do"), system("this")]));
    assert_eq!(body["messages"], json!([{ "role": "user", "content": [says("do"), says("this")] }]));
    assert!(body.get("system").is_none());
}

#[test]
fn a_request_that_says_nothing_is_refused() {
    for messages in [vec![], vec![assistant("")], vec![system("")]] {
        assert_eq!(refused(&chat(messages)).param.as_deref(), Some("messages"));
    }
}

#[test]
fn neighbours_of_one_role_share_a_turn() {
    let turns = turns(vec![user("a"), user("b"), assistant("c"), assistant("d"), user("e")]);
    assert_eq!(
        turns,
        json!([
            { "role": "user", "content": [says("a"), says("b")] },
            { "role": "assistant", "content": [says("c"), says("d")] },
            { "role": "user", "content": [says("e")] },
        ])
    );
}

#[test]
fn empty_texts_are_left_out_and_an_empty_user_says_a_dot() {
    assert_eq!(turns(vec![user("")]), json!([{ "role": "user", "content": [says(".")] }]));
    assert_eq!(turns(vec![message(Role::User, Content::None)])[0]["content"], json!([says(".")]));
    let some = parts(vec![PartKind::Text("".into()), PartKind::Text("x".into())]);
    assert_eq!(
        turns(vec![user("a"), assistant(""), message(Role::User, some)])[0]["content"],
        json!([says("a"), says("x")])
    );
}

#[test]
fn space_at_the_end_of_an_answer_to_continue_is_cut() {
    assert_eq!(turns(vec![user("a"), assistant("so \n")])[1]["content"], json!([says("so")]));
    assert_eq!(turns(vec![user("a"), assistant(" \n")]).as_array().unwrap().len(), 1);
    assert_eq!(turns(vec![user("a"), assistant("so "), user("b")])[1]["content"], json!([says("so ")]));
}

#[test]
fn results_come_first_in_one_turn_with_what_the_user_says() {
    let mut calls = calling("c1", "a", "{}");
    calls.tool_calls.extend(calling("c2", "b", r#"{"x":1}"#).tool_calls);
    calls.content = text("\n\n");
    let turns = turns(vec![user("go"), calls, result("c1", "one"), user("and?"), result("c2", "two")]);
    assert_eq!(
        turns[1]["content"],
        json!([
            { "type": "tool_use", "id": "c1", "name": "a", "input": {} },
            { "type": "tool_use", "id": "c2", "name": "b", "input": { "x": 1 } },
        ])
    );
    assert_eq!(
        turns[2],
        json!({ "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "c1", "content": "one" },
            { "type": "tool_result", "tool_use_id": "c2", "content": "two" },
            { "type": "text", "text": "and?" },
        ]})
    );
}

#[test]
fn text_and_refusals_come_before_calls() {
    let turn = Message { content: text("let me see"), refusal: Some("no".into()), ..calling("c", "a", "") };
    let turns = turns(vec![user("go"), turn, result("c", "")]);
    assert_eq!(
        turns[1]["content"],
        json!([
            says("let me see"),
            says("no"),
            { "type": "tool_use", "id": "c", "name": "a", "input": {} },
        ])
    );
    assert_eq!(turns[2]["content"], json!([{ "type": "tool_result", "tool_use_id": "c" }]));
}

#[test]
fn results_can_be_parts_and_can_be_failures() {
    let shown = PartKind::ImageUrl("https://example.com/a.png".into());
    let failed = Message {
        is_error: Some(true),
        content: parts(vec![PartKind::Text("broken".into()), shown]),
        ..result("c", "")
    };
    let turns = turns(vec![user("go"), calling("c", "a", "{}"), failed]);
    assert_eq!(
        turns[2]["content"],
        json!([{
            "type": "tool_result", "tool_use_id": "c", "is_error": true, "content": [
                says("broken"),
                { "type": "image", "source": { "type": "url", "url": "https://example.com/a.png" } },
            ],
        }])
    );
}

#[test]
fn arguments_keep_their_bytes() {
    let written = written(&chat(vec![user("go"), calling("c", "a", r#" { "b" : 1.0, "a":[ ] } "#)]));
    assert!(written.contains(r#""input":{ "b" : 1.0, "a":[ ] }"#), "{written}");
}

#[test]
fn arguments_that_are_no_object_are_refused_by_their_place() {
    for arguments in ["{", "[]", "null", "\"x\"", "{} {}"] {
        let error = refused(&chat(vec![user("go"), calling("c", "a", arguments)]));
        let path = "messages[1].tool_calls[0].function.arguments";
        assert_eq!((error.status, error.param.as_deref()), (400, Some(path)), "{arguments}");
        assert!(error.message.contains(path));
    }
}

#[test]
fn a_called_name_that_cannot_be_sent_is_refused_by_its_place() {
    let error = refused(&chat(vec![user("go"), calling("c", "a.b", "{}")]));
    assert_eq!(error.param.as_deref(), Some("messages[1].tool_calls[0].function.name"));
}

#[test]
fn foreign_ids_are_rewritten_the_same_way_for_call_and_result() {
    let id = "call:1/ü";
    let turns = turns(vec![user("go"), calling(id, "a", "{}"), result(id, "x")]);
    let sent = turns[1]["content"][0]["id"].as_str().unwrap();
    assert_eq!(turns[2]["content"][0]["tool_use_id"], sent);
    assert!(sent.starts_with("call_1_") && sent.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)));
    let other = body(&chat(vec![user("go"), calling("call/1/ü", "a", "{}")]));
    assert_ne!(other["messages"][1]["content"][0]["id"], sent, "different ids stay different");
}

#[test]
fn legacy_functions_get_ids_by_their_place() {
    let call =
        Message { function_call: Some(function_call("look", r#"{"a":1}"#)), ..message(Role::Assistant, Content::None) };
    let answer = Message { name: Some("look".into()), ..message(Role::Function, text("seen")) };
    let turns = turns(vec![user("go"), call, answer]);
    assert_eq!(
        turns[1]["content"],
        json!([
            { "type": "tool_use", "id": "call_1_0", "name": "look", "input": { "a": 1 } },
        ])
    );
    assert_eq!(
        turns[2]["content"],
        json!([
            { "type": "tool_result", "tool_use_id": "call_1_0", "content": "seen" },
        ])
    );
}

#[test]
fn results_without_ids_go_to_the_calls_without_ids() {
    let mut calls = calling("", "a", "{}");
    calls.tool_calls.extend(calling("", "b", "{}").tool_calls);
    let of_b = Message { name: Some("b".into()), ..message(Role::Tool, text("2")) };
    let turns = turns(vec![user("go"), calls, of_b, message(Role::Tool, text("1"))]);
    assert_eq!(turns[2]["content"][0]["tool_use_id"], "call_1_1");
    assert_eq!(turns[2]["content"][1]["tool_use_id"], "call_1_0");
}

#[test]
fn a_result_that_answers_nothing_is_refused_by_its_place() {
    let error = refused(&chat(vec![user("go"), message(Role::Function, text("x"))]));
    assert_eq!(error.param.as_deref(), Some("messages[1].tool_call_id"));
}

#[test]
fn cache_hints_move_to_the_block_made_from_their_owner() {
    let hint = Some(raw(r#"{"type":"ephemeral"}"#));
    let own = Some(raw(r#"{"type":"ephemeral","ttl":"1h"}"#));
    let two = Content::Parts(vec![
        Part { kind: PartKind::Text("a".into()), cache_control: own },
        Part { kind: PartKind::Text("".into()), cache_control: own },
        Part { kind: PartKind::Text("b".into()), cache_control: None },
    ]);
    let mut called = calling("c", "t", "{}");
    called.tool_calls[0].cache_control = own;
    let body = body(&chat(vec![
        Message { cache_control: hint, ..system("s") },
        Message { cache_control: hint, ..message(Role::User, two) },
        called,
        Message { cache_control: hint, ..result("c", "r") },
        Message { cache_control: hint, ..user("") },
    ]));
    let short = json!({ "type": "ephemeral" });
    let long = json!({ "type": "ephemeral", "ttl": "1h" });
    assert_eq!(body["system"], json!([{ "type": "text", "text": "s", "cache_control": short }]));
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            { "type": "text", "text": "a", "cache_control": long },
            { "type": "text", "text": "b", "cache_control": short },
        ])
    );
    assert_eq!(body["messages"][1]["content"][0]["cache_control"], long);
    assert_eq!(body["messages"][2]["content"][0]["cache_control"], short);
    assert_eq!(body["messages"][2]["content"].as_array().unwrap().len(), 1);
}

#[test]
fn thinking_never_carries_a_cache_hint() {
    let sealed = r#"{"type":"redacted_thinking","data":"x"}"#;
    let turn = Message {
        thinking_blocks: thoughts([sealed]),
        cache_control: Some(raw(r#"{"type":"ephemeral"}"#)),
        ..message(Role::Assistant, Content::None)
    };
    assert!(written(&chat(vec![user("a"), turn, user("b")])).contains(&format!("[{sealed}]")));
}

#[test]
fn images_become_sources() {
    let image = |url: &'static str| part(PartKind::ImageUrl(url.into()))["source"].take();
    let inline = |kind: &str| json!({ "type": "base64", "media_type": kind, "data": "iVBO" });
    assert_eq!(image("data:image/png;base64,iVBO"), inline("image/png"));
    assert_eq!(image("data:image/jpg;base64,iVBO"), inline("image/jpeg"));
    assert_eq!(image("DATA:IMAGE/WebP;name=a.webp;charset=x;BASE64,iVBO"), inline("image/webp"));
    assert_eq!(image("HTTPS://example.com/a"), json!({ "type": "url", "url": "HTTPS://example.com/a" }));
}

#[test]
fn documents_become_sources_with_their_title() {
    assert_eq!(
        part(file("data:application/pdf;base64,JVBE", Some("report.pdf"))),
        json!({
            "type": "document", "title": "report.pdf",
            "source": { "type": "base64", "media_type": "application/pdf", "data": "JVBE" },
        })
    );
    let plain = json!({ "type": "text", "media_type": "text/plain", "data": "hé" });
    assert_eq!(part(file("data:text/plain;base64,aMOp", None))["source"], plain);
    assert_eq!(part(file("data:,h%C3%A9", None))["source"], plain);
    assert_eq!(part(file("https://example.com/a.pdf", None))["source"]["type"], "url");
    assert_eq!(part(file("data:image/gif;base64,R0lG", None))["type"], "image");
}

#[test]
fn files_by_id_ask_for_the_files_beta() {
    let by_id = PartKind::File(File { file_id: Some("file_1".into()), ..File::default() });
    let chat = chat(vec![message(Role::User, parts(vec![by_id]))]);
    let source = json!({ "type": "file", "file_id": "file_1" });
    assert_eq!(body(&chat)["messages"][0]["content"][0]["source"], source);
    let headers = outbound(&chat, MODEL).headers;
    assert_eq!(headers.len(), 1);
    assert_eq!(headers[0].0, "anthropic-beta");
}

#[test]
fn content_that_cannot_be_sent_is_refused_by_its_place() {
    for kind in [
        PartKind::Other("input_audio".into()),
        PartKind::ImageUrl("gs://bucket/a".into()),
        PartKind::ImageUrl("data:image/png;base64".into()),
        PartKind::ImageUrl("data:image/svg+xml,%3Csvg%3E".into()),
        PartKind::File(File::default()),
        file("JVBERi0=", None),
        file("data:audio/wav;base64,AAAA", None),
        file("data:text/plain;base64,/w==", None),
    ] {
        let error = refused_part(kind);
        assert_eq!((error.status, error.param.as_deref()), (400, Some("messages[1].content[1]")), "{error:?}");
    }
    assert!(refused_part(PartKind::Other("input_audio".into())).message.contains("input_audio"));
}
