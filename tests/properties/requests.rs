//! Chat requests in every form that callers use, and what is sent to providers of them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use tollhouse_filter::dialects::{ChatFormat, DIALECTS, Dialect, anthropic::Anthropic, openai::OpenAi};
use tollhouse_filter::json::Object;
use tollhouse_filter::surfaces::{ChatSurface, Surface, chat::Chat};
use tollhouse_filter::wire::Wire;

use super::{config, name, text, words};

/// Schemas as they stand in requests: with white space and numbers that no writer of ours would write so.
const SCHEMAS: &[&str] = &[
    r#"{ "type":"object",  "properties" : { "city":{"type":"string","minLength":1.0} } }"#,
    r#"{"type":"object","properties":{"a":{"type":"array","items":{"enum":["\u00e9",1e2]}}},"additionalProperties" :false}"#,
    r#"{"$defs":{"x":{"type":"integer","maximum":1.50}},"type":"object","required":[ ]}"#,
];
const MODELS: &[&str] = &[
    "claude-3-haiku-20240307",
    "claude-3-7-sonnet-latest",
    "claude-sonnet-4-5",
    "claude-opus-4-7",
    "claude-opus-5",
    "other",
];

/// One round of a conversation.
#[derive(Clone, Debug)]
enum Round {
    System(String),
    User(Value),
    Assistant(String),
    /// Calls with their results, what the assistant says before them, and what the user says between the results.
    Calls(String, Vec<(String, String, String)>, Option<String>),
}

fn parts() -> impl Strategy<Value = Value> {
    let part = prop_oneof![
        3 => text().prop_map(|text| json!({ "type": "text", "text": text })),
        1 => Just(json!({ "type": "text", "text": "cached", "cache_control": { "type": "ephemeral" } })),
        1 => Just(json!({ "type": "image_url", "image_url": { "url": "https://example.com/a.png", "detail": "low" } })),
        1 => Just(json!({ "type": "image_url", "image_url": { "url": "data:image/JPG;base64,aGk=" } })),
        1 => Just(json!({ "type": "file", "file": { "file_data": "data:application/pdf;base64,aGk=", "filename": "a.pdf" } })),
        1 => Just(json!({ "type": "file", "file": { "file_data": "data:text/plain,a%20b" } })),
    ];
    prop_oneof![text().prop_map(Value::from), prop::collection::vec(part, 0..4).prop_map(Value::from)]
}

fn round() -> impl Strategy<Value = Round> {
    let call = (prop_oneof![name(), "[a-z.:/ é]{1,8}"], name(), text());
    prop_oneof![
        1 => text().prop_map(Round::System),
        3 => parts().prop_map(Round::User),
        2 => text().prop_map(Round::Assistant),
        2 => (text(), prop::collection::vec(call, 1..4), prop::option::of(text()))
            .prop_map(|(text, calls, between)| Round::Calls(text, calls, between)),
    ]
}

fn messages(rounds: &[Round]) -> Vec<Value> {
    let mut out = vec![json!({ "role": "user", "content": "begin" })];
    for (at, round) in rounds.iter().enumerate() {
        match round {
            Round::System(text) => out.push(json!({ "role": "system", "content": text })),
            Round::User(content) => out.push(json!({ "role": "user", "content": content })),
            Round::Assistant(text) => out.push(json!({ "role": "assistant", "content": text })),
            Round::Calls(text, calls, between) => {
                let id = |own: &str, index: usize| format!("{own}_{at}_{index}");
                let calls = calls.iter().enumerate();
                let made: Vec<_> = calls
                    .clone()
                    .map(|(index, (own, name, argument))| {
                        let arguments = json!({ "a": argument }).to_string();
                        json!({ "id": id(own, index), "type": "function", "function": { "name": name, "arguments": arguments } })
                    })
                    .collect();
                out.push(json!({ "role": "assistant", "content": text, "tool_calls": made }));
                for (index, (own, _, result)) in calls {
                    out.extend(between.iter().map(|said| json!({ "role": "user", "content": said })));
                    out.push(json!({ "role": "tool", "tool_call_id": id(own, index), "content": result }));
                }
            }
        }
    }
    out
}

/// The members beside the messages.
fn members() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let some = |name: &'static str, values: Vec<Value>| {
        prop::option::of(prop::sample::select(values)).prop_map(move |value| value.map(|value| (name, value)))
    };
    let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
    let forms = vec![
        json!({ "type": "text" }),
        json!({ "type": "json_object" }),
        json!({ "type": "json_schema", "json_schema": { "name": "r", "schema": { "type": "object", "properties": {} } } }),
    ];
    let list = [
        some("max_tokens", vec![json!(1), json!(1024), json!(1025), json!(64_000)]),
        some("max_completion_tokens", vec![json!(1), json!(2000)]),
        some("temperature", vec![json!(0), json!(0.5), json!(2)]),
        some("top_p", vec![json!(0.1), json!(0.99)]),
        some("stop", vec![json!("x"), json!([]), json!([" ", "y"]), json!(["\n"])]),
        some("stream", vec![json!(true), json!(false), Value::Null]),
        some("parallel_tool_calls", vec![json!(true), json!(false)]),
        some("reasoning_effort", efforts.map(Value::from).to_vec()),
        some("response_format", forms),
        some("user", vec![json!("u")]),
        some("seed", vec![json!(7)]),
        some("service_tier", vec![json!("auto"), json!("flex")]),
    ];
    list.to_vec().prop_map(|list| list.into_iter().flatten().collect())
}

#[derive(Clone, Debug)]
struct Request {
    body: String,
    stream: bool,
    schemas: Vec<&'static str>,
}

fn request() -> impl Strategy<Value = Request> {
    let tools = prop::collection::vec((name(), prop::sample::select(SCHEMAS)), 0..3);
    let choice = prop::option::of(prop::sample::select(vec!["\"auto\"", "\"none\"", "\"required\"", "first"]));
    (prop::collection::vec(round(), 0..8), members(), tools, choice).prop_map(|(rounds, members, tools, choice)| {
        let mut body = json!({ "model": "tier", "messages": messages(&rounds) });
        let stream = members.contains(&("stream", json!(true)));
        members.into_iter().for_each(|(name, value)| body[name] = value);
        let mut body = body.to_string();
        body.pop();
        if let Some((first, _)) = tools.first() {
            let written = tools.iter().map(|(name, schema)| {
                format!(r#"{{"type":"function","function":{{"name":"{name}","parameters":{schema}}}}}"#)
            });
            body += &format!(r#","tools":[{}]"#, written.collect::<Vec<_>>().join(","));
            let first = format!(r#"{{"type":"function","function":{{"name":"{first}"}}}}"#);
            body += &choice.map_or_else(String::new, |choice| {
                format!(r#","tool_choice":{}"#, if choice == "first" { first.as_str() } else { choice })
            });
        }
        Request { body: body + "}", stream, schemas: tools.iter().map(|(_, schema)| *schema).collect() }
    })
}

/// What Anthropic would refuse.
fn check_anthropic(body: &Value) {
    let limit = body["max_tokens"].as_u64().unwrap();
    assert!(limit >= 1);
    if let Some(budget) = body["thinking"]["budget_tokens"].as_u64() {
        assert!((1024..limit).contains(&budget), "{budget} of {limit}");
        assert!(body.get("temperature").is_none() && body.get("top_k").is_none(), "thinking excludes sampling");
        assert!(
            !matches!(body["tool_choice"]["type"].as_str(), Some("any" | "tool")),
            "thinking excludes a forced call"
        );
    }
    for stop in body["stop_sequences"].as_array().into_iter().flatten() {
        assert!(!stop.as_str().unwrap().trim().is_empty());
    }
    if body.get("tool_choice").is_some() {
        assert!(body["tools"].as_array().is_some_and(|tools| !tools.is_empty()));
    }
    let turns = body["messages"].as_array().unwrap();
    assert!(!turns.is_empty());
    let mut open = BTreeSet::new();
    for (at, turn) in turns.iter().enumerate() {
        assert_eq!(
            turn["role"],
            if at % 2 == 0 { "user" } else { "assistant" },
            "turns alternate from the user: {body}"
        );
        open = check_turn(turn, &open);
    }
}

/// Checks a turn against the calls that wait for their results; tells those that it makes.
fn check_turn(turn: &Value, open: &BTreeSet<String>) -> BTreeSet<String> {
    let content = turn["content"].as_array().unwrap();
    assert!(!content.is_empty(), "{turn}");
    let (mut made, mut answered, mut others) = (BTreeSet::new(), BTreeSet::new(), 0);
    for block in content {
        let text = |name: &str| block[name].as_str().unwrap().to_owned();
        match block["type"].as_str().unwrap() {
            "text" => assert!(!text("text").trim().is_empty(), "{turn}"),
            "tool_use" => {
                assert!(text("id").chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)), "{block}");
                assert!(block["input"].is_object(), "{block}");
                assert!(made.insert(text("id")), "ids are different: {turn}");
            }
            "tool_result" => {
                assert_eq!(others, 0, "results come first: {turn}");
                assert!(answered.insert(text("tool_use_id")), "one result for each call: {turn}");
            }
            "image" | "document" => assert!(block["source"]["type"].is_string()),
            other => panic!("{other}"),
        }
        others += usize::from(block["type"] != "tool_result");
    }
    assert_eq!(&answered, open, "every call has its result in the next turn");
    made
}

/// Providers that refuse some of what OpenAI takes.
const NEARLY_OPENAI: &[&str] =
    &["cerebras", "deepseek", "fireworks", "groq", "huggingface", "mistral", "perplexity", "together", "xai", "zai"];

/// What is said in another way for some of them.
const MENDED: &[&str] = &["max_completion_tokens", "max_tokens", "messages", "seed", "tool_choice"];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_sent_to_anthropic_is_what_it_takes(request in request(), model in prop::sample::select(MODELS)) {
        let object = Object::parse(request.body.as_bytes()).unwrap();
        let chat = Chat.request(&object).unwrap();
        let sent = Anthropic.request(&chat, model).unwrap().body;
        let text = String::from_utf8(sent).unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&body["model"], model);
        prop_assert_eq!(body["stream"] == true, request.stream);
        for schema in &request.schemas {
            prop_assert!(text.contains(&format!("\"input_schema\":{schema}")), "schemas keep their bytes");
        }
        check_anthropic(&body);
    }

    #[test]
    fn what_is_sent_to_openai_says_what_was_asked(request in request()) {
        let object = Object::parse(request.body.as_bytes()).unwrap();
        let chat = Chat.request(&object).unwrap();
        let sent = OpenAi.request(&chat, "model").unwrap().body;
        let again_object = Object::parse(&sent).unwrap();
        let again = Chat.request(&again_object).unwrap();
        // OpenAI caches by itself and has no hints.
        let asked = format!("{:?}", chat.messages).replace(r#"Some(RawValue({"type":"ephemeral"}))"#, "None");
        prop_assert_eq!(format!("{:?}", again.messages), asked);
        prop_assert_eq!(format!("{:?}", again.tools), format!("{:?}", chat.tools));
        prop_assert_eq!((&again.tool_choice, again.stream, again.max_tokens), (&chat.tool_choice, chat.stream, chat.max_tokens));
        prop_assert_eq!((again.temperature, again.top_p, &again.stop), (chat.temperature, chat.top_p, &chat.stop));
    }

    #[test]
    fn what_passes_changes_only_what_is_ours(request in request()) {
        let object = Object::parse(request.body.as_bytes()).unwrap();
        let asked = Chat.asked(&object).unwrap();
        prop_assert_eq!(asked.stream, request.stream);
        let formats = |dialect: &'static dyn Dialect| dialect.tasks().iter().filter_map(move |task| Some((dialect, task.chat()?)));
        for (dialect, format) in DIALECTS.iter().copied().flat_map(formats) {
            let outbound = format.pass_request(&object, &asked, "model");
            let sent = Object::parse(&outbound.body).unwrap();
            // Where the path says the model, it may say whether to stream too.
            let in_path = format.wire() == Wire::Gemini || sent.get("model").is_none();
            prop_assert!(in_path || sent.get("model").unwrap().get() == "\"model\"");
            let mended = if NEARLY_OPENAI.contains(&dialect.name()) { MENDED } else { &[] };
            let ours = |name: &str| {
                ["model", "stream_options"].contains(&name) || in_path && name == "stream" || mended.contains(&name)
            };
            let told = |name: &str| outbound.dropped.iter().any(|dropped| dropped == name);
            for (name, value) in object.members().filter(|(name, _)| !ours(name)) {
                let left = sent.members().find(|(n, _)| *n == name).map(|(_, v)| v.get());
                prop_assert_eq!(left, Some(value.get()).filter(|_| !told(name)));
            }
        }
    }

    #[test]
    fn a_name_that_no_tool_may_have_is_refused_by_its_path(bad in "[a-z]{0,3}[ .é/][a-z]{0,3}", said in words()) {
        let body = json!({
            "model": "m", "messages": [{ "role": "user", "content": said }],
            "tools": [{ "type": "function", "function": { "name": bad } }],
        });
        let body = body.to_string();
        let object = Object::parse(body.as_bytes()).unwrap();
        let error = Anthropic.request(&Chat.request(&object).unwrap(), "claude").unwrap_err();
        prop_assert_eq!((error.status, error.param.as_deref()), (400, Some("tools[0].function.name")));
    }
}
