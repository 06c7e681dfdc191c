use std::borrow::Cow;

use super::*;
use crate::hub::request::{Content, Message, Part, PartKind, ResponseFormat, ToolChoice};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn request(json: &str) -> ChatRequest<'_> {
    let object: Object<'_> = Object::parse(json.as_bytes()).unwrap();
    Messages.request(&object).unwrap()
}

fn refusal(json: &str) -> (String, String) {
    let error = Messages.request(&Object::parse(json.as_bytes()).unwrap()).unwrap_err();
    (error.param.unwrap(), error.message)
}

/// A turn in short: who says what.
fn turn(message: &Message<'_>) -> String {
    let part = |part: &Part<'_>| {
        let hint = if part.cache_control.is_some() { "*" } else { "" };
        match &part.kind {
            PartKind::Text(text) => format!("{text}{hint}"),
            PartKind::ImageUrl(url) => format!("<{url}>{hint}"),
            PartKind::File(file) => format!("[{:?} {:?} {:?}]{hint}", file.file_data, file.file_id, file.filename),
            PartKind::Refusal(text) | PartKind::Other(text) => format!("?{text}"),
        }
    };
    let said = match &message.content {
        Content::None => "-".to_owned(),
        Content::Text(text) => text.to_string(),
        Content::Parts(parts) => parts.iter().map(part).collect::<Vec<_>>().join(" "),
    };
    format!("{:?}: {said}", message.role)
}

fn turns(json: &str) -> Vec<String> {
    request(json).messages.iter().map(turn).collect()
}

#[test]
fn every_field_has_its_place() {
    let chat = request(
        r#"{"model":"m","max_tokens":7,"messages":[{"role":"user","content":"u"}],"system":"s","temperature":0.5,
        "top_p":0.9,"top_k":3,"stop_sequences":["a","b"],"stream":true,"metadata":{"user_id":"me"},
        "service_tier":"standard_only","cache_control":{"type":"ephemeral"},"thinking":{"type":"adaptive"},
        "output_config":{"effort":"max","format":{"type":"json_schema","schema":{ "z":1 }}},
        "tools":[{"name":"f","description":"d","input_schema":{ "b":1.0, "a":[ ]},"strict":true,"cache_control":{}}],
        "tool_choice":{"type":"any","disable_parallel_tool_use":true},"container":"c","mcp_servers":null}"#,
    );
    assert_eq!(chat.messages.iter().map(turn).collect::<Vec<_>>(), ["System: s", "User: u"]);
    assert_eq!((chat.max_tokens, chat.temperature, chat.top_p, chat.top_k), (Some(7), Some(0.5), Some(0.9), Some(3)));
    assert_eq!((chat.stop, chat.stream), (vec![Cow::Borrowed("a"), Cow::Borrowed("b")], true));
    assert_eq!((chat.user.as_deref(), chat.service_tier.as_deref()), (Some("me"), Some("default")));
    assert!(chat.cache_control.is_some() && chat.thinking.is_some());
    assert_eq!(chat.reasoning_effort.as_deref(), Some("max"));
    let Some(ResponseFormat::JsonSchema(schema)) = chat.response_format else { panic!("a schema") };
    assert_eq!(schema.schema.unwrap().get(), r#"{ "z":1 }"#);
    let tool = &chat.tools[0];
    assert_eq!((tool.function.name.as_ref(), tool.function.strict), ("f", Some(true)));
    assert_eq!(tool.function.parameters.unwrap().get(), r#"{ "b":1.0, "a":[ ]}"#, "schemas keep their bytes");
    assert!(tool.cache_control.is_some());
    assert_eq!((chat.tool_choice, chat.parallel_tool_calls), (Some(ToolChoice::Required), Some(false)));
    assert_eq!(chat.others, ["container"]);
}

#[test]
fn blocks_become_parts_with_their_hints() {
    let json = r#"{"system":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{}}],
        "messages":[{"role":"user","content":[{"type":"text","text":"one"}]},
        {"role":"user","content":[{"type":"text","text":"t","cache_control":{}},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},
            {"cache_control":{},"source":{"url":"https://x/y","type":"url"},"type":"image"},
            {"type":"document","title":"d.pdf","source":{"type":"base64","media_type":"application/pdf","data":"BB"}},
            {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"CC"}},
            {"type":"document","source":{"type":"file","file_id":"f"}},
            {"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"plain"}},
            {"type":"document","source":{"type":"content","content":[{"type":"text","text":"c"}]}},
            {"type":"search_result","title":"R","source":"http://r","content":[{"type":"text","text":"found"}]},
            {"type":"text","text":""},{"type":"new"}]}]}"#;
    let expected = [
        "System: a b*",
        "User: one",
        "User: t* <data:image/png;base64,AA==> <https://x/y>* \
         [Some(\"data:application/pdf;base64,BB\") None Some(\"d.pdf\")] \
         [Some(\"data:application/pdf;base64,CC\") None Some(\"document.pdf\")] [None Some(\"f\") None] \
         T\n\nplain c R\nhttp://r\n\nfound ?new",
    ];
    assert_eq!(turns(json), expected);
}

#[test]
fn text_and_input_are_borrowed_from_the_body() {
    let chat = request(
        r#"{"messages":[{"role":"user","content":"plain"},{"role":"assistant","content":[{"type":"tool_use","id":"c",
        "name":"f","input":{ "n":1.0 }}]}]}"#,
    );
    assert!(matches!(chat.messages[0].content, Content::Text(Cow::Borrowed("plain"))));
    let call = &chat.messages[1].tool_calls[0];
    assert!(matches!((&call.id, &call.function.name), (Cow::Borrowed("c"), Cow::Borrowed("f"))));
    assert!(matches!(call.function.arguments, Cow::Borrowed(r#"{ "n":1.0 }"#)));
}

#[test]
fn results_come_first_and_keep_what_they_say() {
    let json = r#"{"messages":[{"role":"user","content":[{"type":"text","text":"so?"},
        {"type":"tool_result","tool_use_id":"a","content":"1","is_error":true,"cache_control":{}},
        {"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"t"},
            {"type":"image","source":{"type":"url","url":"https://i"}}]},
        {"type":"tool_result","tool_use_id":"c"}]}]}"#;
    assert_eq!(turns(json), ["Tool: 1", "Tool: t <https://i>", "Tool: -", "User: so?"]);
    let chat = request(json);
    assert_eq!((chat.messages[0].is_error, chat.messages[0].tool_call_id.as_deref()), (Some(true), Some("a")));
    assert!(chat.messages[0].cache_control.is_some());
}

#[test]
fn thinking_goes_back_byte_for_byte() {
    let chat = request(
        r#"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"hm", "signature":"s"},
        {"type":"redacted_thinking","data":"d"},{"type":"text","text":"t"}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"s"}]}]}"#,
    );
    let blocks: Vec<_> = chat.messages[0].thinking_blocks.iter().map(|raw| raw.get()).collect();
    let expected =
        [r#"{"type":"thinking","thinking":"hm", "signature":"s"}"#, r#"{"type":"redacted_thinking","data":"d"}"#];
    assert_eq!(blocks, expected);
    assert_eq!(chat.messages[0].reasoning_content.as_deref(), Some("hm"));
    assert_eq!(turn(&chat.messages[1]), "Assistant: ", "a turn cannot be nothing");
}

#[test]
fn what_anthropic_runs_itself_is_left_out_and_told() {
    let chat = request(
        r#"{"tools":[{"type":"web_search_20250305","name":"web_search"},{"type":"custom","name":"f"}],
        "messages":[{"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}},
        {"type":"web_search_tool_result","tool_use_id":"s","content":[]},{"type":"text","text":"t"}]},
        {"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"x","input":{}}]}]}"#,
    );
    assert_eq!(chat.messages.iter().map(turn).collect::<Vec<_>>(), ["Assistant: t"]);
    assert_eq!(chat.tools.len(), 1);
    assert_eq!(chat.others, ["server_tool_use", "web_search_tool_result", "web_search_20250305"]);
    let none = request(r#"{"tools":[{"type":"bash_20250124","name":"bash"}],"tool_choice":{"type":"any"}}"#);
    assert!(none.tools.is_empty() && none.tool_choice.is_none(), "nothing is left to choose from");
}

#[test]
fn a_choice_of_tools_has_four_forms() {
    let choice = |json: &str| {
        request(&format!(r#"{{"tools":[{{"name":"f"}}],"tool_choice":{json}}}"#)).tool_choice.map(|c| format!("{c:?}"))
    };
    assert_eq!(choice(r#"{"type":"auto"}"#).unwrap(), "Auto");
    assert_eq!(choice(r#"{"type":"any"}"#).unwrap(), "Required");
    assert_eq!(choice(r#"{"type":"none"}"#).unwrap(), "None");
    assert_eq!(choice(r#"{"type":"tool","name":"f"}"#).unwrap(), r#"Function("f")"#);
    assert_eq!(choice("null"), None);
}

#[test]
fn a_budget_of_thinking_is_an_effort() {
    let effort = |json: &str| request(json).reasoning_effort.map(Cow::into_owned);
    let budget = |tokens: u32| effort(&format!(r#"{{"thinking":{{"type":"enabled","budget_tokens":{tokens}}}}}"#));
    assert_eq!(budget(1024).unwrap(), "low");
    assert_eq!(budget(2048).unwrap(), "medium");
    assert_eq!(budget(8192).unwrap(), "high");
    assert_eq!(effort(r#"{"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}}"#).unwrap(), "low");
    assert_eq!(effort(r#"{"thinking":{"type":"adaptive"}}"#), None);
    assert_eq!(effort(r#"{"thinking":{"type":"disabled"}}"#), None);
}

#[test]
fn an_error_tells_the_path_what_was_found_and_what_was_expected() {
    let cases = [
        (r#"{"messages":[{"content":"x"}]}"#, "messages[0].role", "Field required"),
        (r#"{"messages":[{"role":"tool","content":"x"}]}"#, "messages[0].role", "`assistant`"),
        (r#"{"messages":[{"role":"user","content":5}]}"#, "messages[0].content", "a string or a list"),
        (r#"{"messages":["x"]}"#, "messages[0]", "a JSON object"),
        (r#"{"messages":{}}"#, "messages", "a sequence"),
        (r#"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "messages[0].content[0].text", "required"),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]}"#,
            "messages[0].content[0].source.type",
            "`file`",
        ),
        (
            r#"{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"c","input":{}}]}]}"#,
            "messages[0].content[0].name",
            "Field required",
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"tool_result"}]}]}"#,
            "messages[0].content[0].tool_use_id",
            "Field required",
        ),
        (r#"{"system":7}"#, "system", "a string or a list"),
        (r#"{"temperature":"hot"}"#, "temperature", "expected f64"),
        (r#"{"stop_sequences":"x"}"#, "stop_sequences", "a sequence"),
        (r#"{"tools":[{"description":"d"}]}"#, "tools[0].name", "Field required"),
        (r#"{"tool_choice":{"type":"always"}}"#, "tool_choice.type", "`any`"),
        (r#"{"tool_choice":{"type":"tool"}}"#, "tool_choice.name", "Field required"),
        (r#"{"thinking":{"type":"enabled","budget_tokens":"x"}}"#, "thinking.budget_tokens", "u64"),
        (r#"{"metadata":{"user_id":1}}"#, "metadata.user_id", "a string"),
        (r#"{"output_config":{"format":{"type":"xml"}}}"#, "output_config.format.type", "`json_schema`"),
    ];
    for (json, path, reason) in cases {
        let (found, message) = refusal(json);
        assert_eq!(found, path, "{json}");
        assert!(message.starts_with(path) && message.contains(reason), "{json}: {message}");
    }
}
