use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn parse(json: &str) -> ChatRequest<'_> {
    ChatRequest::parse(&Object::parse(json.as_bytes()).unwrap()).unwrap()
}

fn refusal(json: &str) -> (String, String) {
    let error = ChatRequest::parse(&Object::parse(json.as_bytes()).unwrap()).unwrap_err();
    (error.path, error.reason)
}

#[test]
fn a_request_with_every_field_is_read() {
    let chat = parse(
        r#"{"model":"m","messages":[{"role":"user","content":"hi","name":"bo"}],"max_tokens":5,"temperature":0.5,
        "top_p":1,"top_k":40,"stop":["a","b"],"stream":true,"stream_options":{"include_usage":true},
        "parallel_tool_calls":false,"reasoning_effort":"low","thinking":{"type":"enabled"},"user":"u",
        "service_tier":"auto","cache_control":{"type":"ephemeral"},"seed":7,"logprobs":null,"metadata":{}}"#,
    );
    assert_eq!((chat.max_tokens, chat.temperature, chat.top_p, chat.top_k), (Some(5), Some(0.5), Some(1.0), Some(40)));
    assert_eq!(chat.stop, ["a", "b"]);
    assert!(chat.stream && chat.parallel_tool_calls == Some(false) && !chat.legacy_functions);
    assert_eq!(chat.reasoning_effort.as_deref(), Some("low"));
    assert_eq!(chat.thinking.unwrap().get(), r#"{"type":"enabled"}"#);
    assert_eq!((chat.user.as_deref(), chat.service_tier.as_deref()), (Some("u"), Some("auto")));
    assert_eq!(chat.others, ["seed", "metadata"], "null counts as absent");
    assert_eq!(chat.messages[0].name.as_deref(), Some("bo"));
}

#[test]
fn the_newer_limit_of_tokens_wins_over_the_older() {
    assert_eq!(parse(r#"{"max_tokens":1,"max_completion_tokens":2}"#).max_tokens, Some(2));
    assert_eq!(parse(r#"{"max_tokens":1,"max_completion_tokens":null}"#).max_tokens, Some(1));
}

#[test]
fn the_safety_identifier_stands_in_for_the_user() {
    assert_eq!(parse(r#"{"safety_identifier":"s"}"#).user.as_deref(), Some("s"));
    assert_eq!(parse(r#"{"safety_identifier":"s","user":"u"}"#).user.as_deref(), Some("u"));
}

#[test]
fn one_stop_sequence_may_come_without_a_list() {
    assert_eq!(parse(r#"{"stop":"END"}"#).stop, ["END"]);
    assert!(parse(r#"{"stop":null}"#).stop.is_empty());
}

#[test]
fn text_and_data_are_borrowed_from_the_body() {
    let chat = parse(
        r#"{"stop":["x"],"messages":[{"role":"user","content":"plain"},{"role":"user","content":[
        {"type":"text","text":"t"},{"type":"image_url","image_url":{"detail":"low","url":"data:x"}},
        {"type":"file","file":{"file_data":"data:y","filename":"f"}}]},
        {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"0"}}]}]}"#,
    );
    assert!(matches!(chat.stop.as_slice(), [Cow::Borrowed("x")]));
    assert!(matches!(chat.messages[0].content, Content::Text(Cow::Borrowed("plain"))));
    let Content::Parts(parts) = &chat.messages[1].content else { panic!("a list") };
    assert!(matches!(parts[0].kind, PartKind::Text(Cow::Borrowed("t"))));
    assert!(matches!(parts[1].kind, PartKind::ImageUrl(Cow::Borrowed("data:x"))));
    let PartKind::File(file) = &parts[2].kind else { panic!("a file") };
    assert!(matches!(file.file_data, Some(Cow::Borrowed("data:y"))));
    let call = &chat.messages[2].tool_calls[0];
    assert!(matches!((&call.id, &call.function.arguments), (Cow::Borrowed("c"), Cow::Borrowed("0"))));
}

#[test]
fn a_part_is_read_whatever_the_order_of_its_members() {
    let chat = parse(
        r#"{"messages":[{"role":"user","content":[{"cache_control":{"type":"ephemeral"},"text":"é\n","type":"text"},
        {"image_url":"https://x/y.png","type":"image_url"},{"type":"input_audio","input_audio":{"data":"AA"}},
        {"type":"refusal","refusal":"no"},{"type":"strange","text":{"not":"text"}}]}]}"#,
    );
    let Content::Parts(parts) = &chat.messages[0].content else { panic!("a list") };
    assert_eq!(parts[0].cache_control.unwrap().get(), r#"{"type":"ephemeral"}"#);
    let words: Vec<String> = parts
        .iter()
        .map(|part| match &part.kind {
            PartKind::Text(t) => format!("text {t}"),
            PartKind::ImageUrl(t) => format!("image {t}"),
            PartKind::Refusal(t) => format!("refusal {t}"),
            PartKind::Other(t) => format!("other {t}"),
            PartKind::File(_) => "file".to_owned(),
        })
        .collect();
    assert_eq!(words, ["text é\n", "image https://x/y.png", "other input_audio", "refusal no", "other strange"]);
}

#[test]
fn an_assistant_turn_keeps_its_calls_thinking_and_refusal() {
    let chat = parse(
        r#"{"messages":[{"role":"assistant","content":null,"refusal":"no","reasoning_content":"hm",
        "thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"s"}],"function_call":null,
        "tool_calls":[{"id":null,"type":"function","function":{"name":"f","arguments":null}}]},
        {"role":"tool","tool_call_id":"c","content":"","is_error":true},
        {"role":"assistant","tool_calls":null,"function_call":{"name":"g","arguments":"{}"}},
        {"role":"function","name":"g","content":"1"}]}"#,
    );
    let turn = &chat.messages[0];
    assert!(matches!(turn.content, Content::None));
    assert_eq!(turn.thinking_blocks[0].get(), r#"{"type":"thinking","thinking":"hm","signature":"s"}"#);
    assert_eq!((turn.refusal.as_deref(), turn.reasoning_content.as_deref()), (Some("no"), Some("hm")));
    assert_eq!((turn.tool_calls[0].id.as_ref(), turn.tool_calls[0].function.arguments.as_ref()), ("", ""));
    assert_eq!((chat.messages[1].role, chat.messages[1].is_error), (Role::Tool, Some(true)));
    assert_eq!(chat.messages[2].function_call.as_ref().unwrap().name, "g");
    assert_eq!(chat.messages[3].role, Role::Function);
}

#[test]
fn schemas_of_tools_keep_their_bytes() {
    let chat = parse(
        r#"{"tools":[{"type":"function","cache_control":{},"function":{"name":"f","description":"d","strict":true,
        "parameters":{ "z":1.0, "a":[ ] }}},{"type":"function","function":{"name":"g"}}]}"#,
    );
    assert_eq!(chat.tools[0].function.parameters.unwrap().get(), r#"{ "z":1.0, "a":[ ] }"#);
    assert_eq!((chat.tools[0].function.strict, chat.tools[1].function.strict), (Some(true), None));
    assert!(chat.tools[0].cache_control.is_some() && chat.tools[1].function.parameters.is_none());
}

#[test]
fn functions_and_function_call_become_tools_and_tool_choice() {
    let chat = parse(r#"{"functions":[{"name":"f","parameters":{}}],"function_call":{"name":"f"}}"#);
    assert!(chat.legacy_functions);
    assert_eq!(chat.tools[0].function.name, "f");
    assert_eq!(chat.tool_choice, Some(ToolChoice::Function("f".into())));
    assert_eq!(parse(r#"{"function_call":"none"}"#).tool_choice, Some(ToolChoice::None));
}

#[test]
fn tool_choice_is_a_word_or_an_object() {
    let choice = |json: &str| parse(&format!(r#"{{"tool_choice":{json}}}"#)).tool_choice.map(|c| format!("{c:?}"));
    assert_eq!(choice(r#""auto""#).unwrap(), "Auto");
    assert_eq!(choice(r#""none""#).unwrap(), "None");
    assert_eq!(choice(r#""required""#).unwrap(), "Required");
    assert_eq!(choice(r#"{"type":"function","function":{"name":"f"}}"#).unwrap(), r#"Function("f")"#);
    let allowed = r#"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":
        [{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]}}"#;
    assert_eq!(choice(allowed).unwrap(), r#"Allowed { required: true, names: ["f", "g"] }"#);
    assert_eq!(choice("null"), None);
}

#[test]
fn a_tool_choice_that_means_nothing_is_refused_with_what_would_mean_something() {
    let (path, reason) = refusal(r#"{"tool_choice":"always"}"#);
    assert_eq!(path, "tool_choice");
    assert!(reason.contains("always") && reason.contains("`required`"), "{reason}");
    for wrong in ["7", r#"{"type":"function"}"#, r#"{"type":"custom"}"#, r#"{"type":"allowed_tools"}"#, "{}", "[]"] {
        let (path, _) = refusal(&format!(r#"{{"tool_choice":{wrong}}}"#));
        assert!(path.starts_with("tool_choice"), "{wrong}: {path}");
    }
    let (path, reason) = refusal(r#"{"tool_choice":{"type":"function","function":{"name":5}}}"#);
    assert_eq!(path, "tool_choice.function.name");
    assert!(reason.contains("integer `5`") && reason.contains("string"), "{reason}");
}

#[test]
fn response_format_is_text_or_json_with_or_without_a_schema() {
    assert!(matches!(parse(r#"{"response_format":{"type":"text"}}"#).response_format, Some(ResponseFormat::Text)));
    let chat = parse(r#"{"response_format":{"type":"json_object"}}"#);
    assert!(matches!(chat.response_format, Some(ResponseFormat::JsonObject)));
    let chat = parse(
        r#"{"response_format":{"json_schema":{"name":"n","strict":true,"schema":{ "a" :1}},"type":"json_schema"}}"#,
    );
    let Some(ResponseFormat::JsonSchema(schema)) = chat.response_format else { panic!("a schema") };
    assert_eq!((schema.name.as_ref(), schema.strict, schema.schema.unwrap().get()), ("n", Some(true), r#"{ "a" :1}"#));
    assert_eq!(refusal(r#"{"response_format":{"type":"json_schema"}}"#).1, "missing field `json_schema`");
    assert!(refusal(r#"{"response_format":{"type":"xml"}}"#).1.contains("xml"));
}

#[test]
fn an_error_tells_the_path_what_was_found_and_what_was_expected() {
    let cases = [
        (r#"{"messages":[{"role":"user","content":5}]}"#, "messages[0].content", "a string or a list"),
        (r#"{"messages":[{"role":"user"},{"role":"chef"}]}"#, "messages[1].role", "`developer`"),
        (r#"{"messages":[{"content":"x"}]}"#, "messages[0]", "missing field `role`"),
        (r#"{"messages":{}}"#, "messages", "a sequence"),
        (r#"{"messages":[{"role":"user","content":["x"]}]}"#, "messages[0].content[0]", "string \"x\""),
        (r#"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "messages[0].content[0]", "field `text`"),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}"#,
            "messages[0].content[0]",
            "field `image_url.url`",
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":1}]}]}"#,
            "messages[0].content[0]",
            "`text`: invalid type: integer `1`, expected a string",
        ),
        (r#"{"temperature":"hot"}"#, "temperature", "string \"hot\", expected f64"),
        (r#"{"max_tokens":-1}"#, "max_tokens", "`-1`, expected u64"),
        (r#"{"stop":[1]}"#, "stop[0]", "integer `1`, expected"),
        (r#"{"tools":[{"type":"custom","custom":{}}]}"#, "tools[0]", "missing field `function`"),
    ];
    for (json, path, reason) in cases {
        let (found_path, found_reason) = refusal(json);
        assert_eq!(found_path, path, "{json}");
        assert!(found_reason.contains(reason), "{json}: {found_reason}");
    }
}

#[test]
fn sound_is_a_file_that_says_its_type() {
    let part = |audio: &str| {
        let part = format!(r#"{{"type":"input_audio","input_audio":{audio}}}"#);
        let body = format!(r#"{{"messages":[{{"role":"user","content":[{part}]}}]}}"#);
        let chat = parse(&body);
        let Content::Parts(parts) = &chat.messages[0].content else { panic!("a list") };
        if let PartKind::File(file) = &parts[0].kind { file.file_data.as_deref().map(str::to_owned) } else { None }
    };
    assert_eq!(part(r#"{"data":"AAAA","format":"mp3"}"#).as_deref(), Some("data:audio/mp3;base64,AAAA"));
    for other in ["{}", r#"{"data":"AAAA"}"#, r#"{"data":"AAAA","format":"a;b"}"#] {
        assert_eq!(part(other), None, "{other}");
    }
}

#[test]
fn a_call_brings_its_signature_back_whatever_else_its_extension_says() {
    let signature = |extra: &str| {
        let call = format!(r#"{{"id":"a","function":{{"name":"f","arguments":""}},"extra_content":{extra}}}"#);
        let body = format!(r#"{{"messages":[{{"role":"assistant","tool_calls":[{call}]}}]}}"#);
        parse(&body).messages[0].tool_calls[0].signature.as_deref().map(str::to_owned)
    };
    assert_eq!(signature(r#"{"x":1,"google":{"y":[],"thought_signature":"s=="}}"#).as_deref(), Some("s=="));
    for other in ["null", "7", "{}", r#"{"google":"x"}"#, r#"{"google":{"thought_signature":7}}"#] {
        assert_eq!(signature(other), None, "{other}");
    }
}

#[test]
fn what_few_providers_take_is_read_and_told_as_other() {
    let chat = parse(r#"{"messages":[],"n":2,"seed":-7,"presence_penalty":0.5,"frequency_penalty":1}"#);
    assert_eq!((chat.n, chat.seed), (Some(2), Some(-7)));
    assert_eq!((chat.presence_penalty, chat.frequency_penalty), (Some(0.5), Some(1.0)));
    assert_eq!(chat.others, ["n", "seed", "presence_penalty", "frequency_penalty"]);
}
