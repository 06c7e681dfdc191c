use serde_json::json;

use super::*;
use crate::hub::request::ToolChoice;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SIGNED: &str = r#"{ "type":"thinking", "thinking":"hm \u00e9", "signature":"s1g", "extra":1 }"#;
const SEALED: &str = r#"{"type":"redacted_thinking","data":"AAAA"}"#;

fn asking(effort: &'static str) -> ChatRequest<'static> {
    ChatRequest { reasoning_effort: Some(effort.into()), ..hello() }
}

fn given(thinking: &'static str) -> ChatRequest<'static> {
    ChatRequest { thinking: Some(raw(thinking)), ..hello() }
}

fn budget(chat: &ChatRequest<'_>) -> (Value, Value) {
    let mut body = body(chat);
    (body["max_tokens"].take(), body["thinking"]["budget_tokens"].take())
}

#[test]
fn efforts_are_budgets_on_top_of_the_default() {
    let expected = [("minimal", 1024), ("low", 2048), ("medium", 8192), ("high", 16_384), ("xhigh", 24_576)];
    for (effort, tokens) in expected {
        assert_eq!(budget(&asking(effort)), (json!(4096 + tokens), json!(tokens)));
        assert_eq!(body(&asking(effort))["thinking"]["type"], "enabled");
    }
    assert!(body(&asking("none")).get("thinking").is_none());
    assert!(outbound(&asking("none"), MODEL).dropped.is_empty());
}

#[test]
fn a_budget_stays_below_the_callers_limit() {
    let limited = |limit| ChatRequest { max_tokens: Some(limit), ..asking("high") };
    assert_eq!(budget(&limited(100_000)), (json!(100_000), json!(16_384)));
    assert_eq!(budget(&limited(4000)), (json!(4000), json!(3000)));
    assert_eq!(budget(&limited(1025)), (json!(1025), json!(1024)));
    assert!(body(&limited(1024)).get("thinking").is_none());
    assert_eq!(outbound(&limited(1024), MODEL).dropped, ["reasoning_effort"]);
}

#[test]
fn newer_models_get_the_effort_itself() {
    let sent = |effort, model| {
        let mut body = body_for(&asking(effort), model);
        assert_eq!(body["thinking"], json!({ "type": "adaptive" }));
        assert_eq!(body["max_tokens"], 4096);
        body["output_config"]["effort"].take()
    };
    assert_eq!(sent("minimal", "claude-opus-4-6"), "low");
    assert_eq!(sent("medium", "claude-sonnet-4-6"), "medium");
    assert_eq!(sent("max", "claude-sonnet-4-6"), "high");
    assert_eq!(sent("xhigh", "claude-opus-4-6"), "max");
    assert_eq!(sent("xhigh", "claude-opus-4-7"), "xhigh");
    assert_eq!(sent("max", "claude-sonnet-5"), "max");
    assert!(body_for(&asking("none"), "claude-opus-4-6").get("output_config").is_none());
}

#[test]
fn models_that_cannot_think_are_not_asked_to() {
    let out = outbound(&asking("high"), "claude-3-5-haiku-latest");
    assert_eq!(out.dropped, ["reasoning_effort"]);
    assert!(body_for(&asking("high"), "claude-3-5-haiku-latest").get("thinking").is_none());
}

#[test]
fn an_effort_that_nobody_knows_is_refused() {
    assert_eq!(refused(&asking("enormous")).param.as_deref(), Some("reasoning_effort"));
}

#[test]
fn the_callers_own_thinking_wins_as_it_is() {
    let own = r#"{ "type":"enabled","budget_tokens":5000, "display":"x" }"#;
    let chat = ChatRequest { reasoning_effort: Some("low".into()), ..given(own) };
    assert!(written(&chat).contains(own));
    assert_eq!(body(&chat)["max_tokens"], 9096, "the default leaves room for the answer");
    assert_eq!(outbound(&chat, MODEL).dropped, ["reasoning_effort"]);
    let adaptive = ChatRequest { reasoning_effort: Some("low".into()), ..given(r#"{"type":"adaptive"}"#) };
    assert_eq!(body_for(&adaptive, "claude-opus-4-6")["output_config"]["effort"], "low");
    assert!(outbound(&adaptive, "claude-opus-4-6").dropped.is_empty());
}

#[test]
fn thinking_without_a_budget_gets_one() {
    let bare = || given(r#"{"type":"enabled"}"#);
    assert_eq!(budget(&bare()), budget(&asking("medium")));
    let low = ChatRequest { reasoning_effort: Some("low".into()), ..bare() };
    assert_eq!(budget(&low), budget(&asking("low")));
    assert!(outbound(&low, MODEL).dropped.is_empty());
    assert_eq!(body_for(&bare(), "claude-opus-4-6")["thinking"], json!({ "type": "adaptive" }));
    assert_eq!(outbound(&bare(), "claude-3-5-haiku-latest").dropped, ["thinking"]);
}

#[test]
fn thinking_excludes_sampling_and_forced_calls() {
    let wishes = |chat| ChatRequest {
        temperature: Some(0.2),
        top_p: Some(0.5),
        top_k: Some(5),
        tools: vec![tool("a", None)],
        tool_choice: Some(ToolChoice::Required),
        ..chat
    };
    let thinking = wishes(asking("low"));
    let body = body(&thinking);
    for name in ["temperature", "top_p", "top_k"] {
        assert!(body.get(name).is_none(), "{name}");
    }
    assert_eq!(body["tool_choice"], json!({ "type": "auto" }));
    assert_eq!(outbound(&thinking, MODEL).dropped, ["tool_choice", "temperature", "top_p", "top_k"]);
    let off = wishes(given(r#"{"type":"disabled"}"#));
    assert_eq!(super::body(&off)["tool_choice"], json!({ "type": "any" }));
    assert_eq!(super::body(&off)["temperature"], json!(0.2));
}

#[test]
fn what_thinking_allows_of_sampling_stays() {
    let chat = ChatRequest { temperature: Some(1.0), top_p: Some(0.97), ..asking("low") };
    let out = outbound(&chat, "claude-sonnet-4");
    assert!(out.dropped.is_empty(), "a temperature of 1 is what thinking has anyway");
    assert_eq!(body_for(&chat, "claude-sonnet-4")["top_p"], json!(0.97));
}

#[test]
fn signed_and_sealed_thinking_comes_back_first_and_byte_for_byte() {
    let turn =
        Message { content: text("I look."), thinking_blocks: thoughts([SIGNED, SEALED]), ..calling("c", "a", "{}") };
    let written = written(&chat(vec![user("go"), turn, result("c", "x")]));
    let expected = format!(r#""content":[{SIGNED},{SEALED},{{"type":"text","text":"I look."}},{{"type":"tool_use""#);
    assert!(written.contains(&expected), "{written}");
}

#[test]
fn unsigned_thinking_is_never_sent() {
    let turn = Message {
        reasoning_content: Some("secret".into()),
        thinking_blocks: thoughts([
            r#"{"type":"thinking","thinking":"secret"}"#,
            r#"{"type":"thinking","thinking":"secret","signature":""}"#,
            r#"{"type":"redacted_thinking","data":"call:0:secret"}"#,
            r#"{"type":"reasoning.text","text":"secret"}"#,
            "7",
        ]),
        ..assistant("said")
    };
    assert!(!written(&chat(vec![user("a"), turn, user("b")])).contains("secret"));
}

#[test]
fn thinking_is_off_while_calls_come_without_their_thinking() {
    let with = |blocks, chat| ChatRequest {
        messages: vec![user("go"), Message { thinking_blocks: blocks, ..calling("c", "a", "{}") }, result("c", "x")],
        ..chat
    };
    let bare = with(vec![], ChatRequest { temperature: Some(0.5), ..asking("high") });
    assert!(body(&bare).get("thinking").is_none());
    assert_eq!(body(&bare)["temperature"], json!(0.5));
    assert_eq!(outbound(&bare, MODEL).dropped, ["reasoning_effort"]);
    let own = with(vec![], given(r#"{"type":"enabled","budget_tokens":2000}"#));
    assert!(body(&own).get("thinking").is_none());
    assert_eq!(outbound(&own, MODEL).dropped, ["thinking"]);
    let signed = with(thoughts([SIGNED]), asking("high"));
    assert_eq!(body(&signed)["thinking"]["type"], "enabled");
}
