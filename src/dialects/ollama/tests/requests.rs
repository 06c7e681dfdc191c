use serde_json::{Value, json};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::dialects::{Address, Dialect, Settings};
use crate::stream::Framing;
use crate::surfaces::Asked;
use crate::wire::Wire;

const TOOLS: &str = r#""tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,
    "parameters":{ "z":1.0 }}},{"type":"function","function":{"name":"g"}}]"#;

#[test]
fn the_dialect_is_a_server_on_this_host_that_writes_lines() {
    let settings = Settings::default();
    let to = Address { wire: Wire::OllamaChat, model: "m", stream: false, settings: &settings };
    assert_eq!((Ollama.endpoint(), Ollama.path(&to).as_str()), ("http://localhost:11434", "/api/chat"));
    assert_eq!(Ollama.credential("k"), ("authorization", "Bearer k".to_owned()));
    assert!(Ollama.framing() == Framing::Lines && Framing::Lines.media_type() == "application/x-ndjson");
}

#[test]
fn whether_to_stream_is_always_said() {
    let wanted =
        |stream: bool| json!({"model": "qwen3", "messages": [{"role": "user", "content": "hi"}], "stream": stream});
    assert_eq!(with(r#""user":"u","store":true"#), (wanted(false), Vec::new()));
    assert_eq!(with(r#""stream":true,"stream_options":{"include_usage":true}"#), (wanted(true), Vec::new()));
}

#[test]
fn sampling_goes_among_the_options() {
    let (body, dropped) = with(
        r#""max_completion_tokens":9,"temperature":1.5,"top_p":0.5,"top_k":4,"seed":-7,"presence_penalty":-1,
        "frequency_penalty":2,"stop":"END""#,
    );
    let options = json!({
        "num_predict": 9, "temperature": 1.5, "top_p": 0.5, "top_k": 4, "seed": -7, "presence_penalty": -1.0,
        "frequency_penalty": 2.0, "stop": ["END"],
    });
    assert_eq!((&body["options"], dropped), (&options, Vec::new()));
    for one in [r#""seed":1"#, r#""top_k":1"#, r#""stop":"x""#, r#""max_tokens":1"#, r#""top_p":1"#] {
        assert!(with(one).0.get("options").is_some(), "{one}");
    }
}

#[test]
fn what_ollama_has_no_word_for_is_left_out_and_told() {
    let (body, dropped) =
        with(&format!(r#""n":2,"service_tier":"flex","parallel_tool_calls":false,"tool_choice":"required",{TOOLS}"#));
    assert_eq!(dropped, ["parallel_tool_calls", "service_tier", "n", "tool_choice"]);
    for name in &dropped {
        assert!(body.get(name).is_none(), "{name}");
    }
    let asked = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"audio":{"voice":"alloy"}}"#;
    assert_eq!(write(asked).unwrap_err().param.as_deref(), Some("audio"));
}

#[test]
fn tools_keep_their_bytes_and_only_allowed_ones_are_sent() {
    let asked = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{TOOLS}}}"#);
    let body = String::from_utf8(write(&asked).unwrap().body).unwrap();
    let wanted = r#""tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{ "z":1.0 }}},{"type":"function","function":{"name":"g"}}]"#;
    assert!(body.contains(wanted), "{body}");
    assert_eq!(with(&format!(r#""tool_choice":"none",{TOOLS}"#)).0.get("tools"), None);
    let allowed = |mode: &str| {
        let one = r#"{"type":"function","function":{"name":"g"}}"#;
        let choice = format!(r#"{{"type":"allowed_tools","allowed_tools":{{"mode":"{mode}","tools":[{one}]}}}}"#);
        let (body, dropped) = with(&format!(r#""tool_choice":{choice},{TOOLS}"#));
        assert_eq!(body["tools"], json!([{"type": "function", "function": {"name": "g"}}]));
        dropped
    };
    assert_eq!(allowed("auto"), [""; 0]);
    assert_eq!(allowed("required"), ["tool_choice"]);
}

#[test]
fn json_is_asked_for_by_a_word_or_a_schema() {
    let format = |members: &str| with(members).0["format"].take();
    assert_eq!(format(r#""response_format":{"type":"text"}"#), Value::Null);
    assert_eq!(format(r#""response_format":{"type":"json_object"}"#), json!("json"));
    let schema = r#""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"a":1}}}"#;
    assert_eq!(format(schema), json!({"a": 1}));
}

#[test]
fn thinking_is_a_switch_or_a_level() {
    let think = |members: &str| with(members).0["think"].take();
    assert_eq!(think(r#""reasoning_effort":"none""#), json!(false));
    assert_eq!(think(r#""reasoning_effort":"minimal""#), json!("low"));
    assert_eq!(think(r#""reasoning_effort":"medium""#), json!("medium"));
    assert_eq!(think(r#""reasoning_effort":"max""#), json!("high"));
    assert_eq!(think(r#""reasoning_effort":"low","thinking":{"type":"adaptive"}"#), json!(true));
    assert_eq!(think(r#""thinking":{"type":"disabled"}"#), json!(false));
    assert_eq!(with(r#""thinking":{}"#).1, ["thinking"]);
}

#[test]
fn turns_are_plain_text_with_images_beside_it() {
    let wanted = json!([
        {"role": "system", "content": "a"},
        {"role": "user", "content": "see\nthis", "images": ["iVBO", "AAAA"]},
        {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": [
            {"id": "c1", "function": {"name": "f", "arguments": {"a": 1.0}}},
            {"function": {"name": "g", "arguments": {}}}]},
        {"role": "tool", "content": "7", "tool_name": "f", "tool_call_id": "c1"},
        {"role": "tool", "content": "8", "tool_name": "g"},
        {"role": "assistant", "content": "no"},
    ]);
    let given = messages(
        r#"{"role":"developer","content":"a"},
        {"role":"user","content":[{"type":"text","text":"see"},{"type":"text","text":"this"},
            {"type":"image_url","image_url":{"url":"data:image/png;x=y;base64,iVBO"}},
            {"type":"image_url","image_url":{"url":"DATA:;BASE64,AAAA"}}]},
        {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
            {"id":"c1","type":"function","function":{"name":"f","arguments":" {\"a\":1.0} "}},
            {"function":{"name":"g","arguments":""}}]},
        {"role":"tool","tool_call_id":"c1","content":"7"},{"role":"function","name":"g","content":"8"},
        {"role":"assistant","content":""},{"role":"assistant","refusal":"no"}"#,
    );
    assert_eq!(given.unwrap(), wanted);
}

#[test]
fn what_ollama_cannot_take_is_refused_with_its_place() {
    let image = |url: &str| format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#);
    let file = r#"{"type":"file","file":{"file_id":"x"}}"#.to_owned();
    let sound = r#"{"type":"input_audio","input_audio":{}}"#.to_owned();
    for part in [image("https://x/y.png"), image("data:image/png;base64"), image("data:,x"), image(""), file, sound] {
        let error = messages(&format!(r#"{{"role":"user","content":[{part}]}}"#)).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some("messages[0].content[0]")), "{part}");
    }
    for arguments in ["[1]", "{", "text"] {
        let error = messages(&format!(
            r#"{{"role":"assistant","tool_calls":[{{"function":{{"name":"f","arguments":"{arguments}"}}}}]}}"#
        ));
        let wanted = Some("messages[0].tool_calls[0].function.arguments");
        assert_eq!(error.unwrap_err().param.as_deref(), wanted, "{arguments}");
    }
    assert_eq!(messages("").unwrap_err().param.as_deref(), Some("messages"));
}

#[test]
fn a_request_of_the_same_format_passes_with_our_model() {
    let body = Object::parse(br#"{"model":"theirs","keep_alive":"5m"}"#).unwrap();
    let asked = Asked { model: "theirs".into(), stream: true, ..Asked::default() };
    assert_eq!(Ollama.pass_request(&body, &asked, "ours").body, br#"{"model":"ours","keep_alive":"5m"}"#);
}
