use serde_json::{Value, json};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::dialects::{Address, Dialect, Settings};
use crate::surfaces::Asked;
use crate::wire::Wire;

const TOOLS: &str = r#""tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,
    "parameters":{ "z":1.0 }}},{"type":"function","function":{"name":"g"}}]"#;

#[test]
fn the_dialect_has_cohere_s_address_and_a_bearer_s_key() {
    let settings = Settings::default();
    let to = Address { wire: Wire::CohereChat, model: "m", stream: false, settings: &settings };
    assert_eq!((Cohere.endpoint(), Cohere.path(&to).as_str()), ("https://api.cohere.com", "/v2/chat"));
    assert_eq!(Cohere.credential("k"), ("authorization", "Bearer k".to_owned()));
}

#[test]
fn a_plain_request_says_that_it_does_not_stream() {
    let wanted = json!({"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": false});
    assert_eq!(with(r#""store":true,"user":"u","metadata":{}"#), (wanted, Vec::new()));
}

#[test]
fn sampling_has_cohere_s_names_and_ranges() {
    let (body, dropped) = with(
        r#""stream":true,"max_tokens":9,"temperature":1.5,"top_p":1,"top_k":900,"seed":7,"presence_penalty":-1,
        "frequency_penalty":0.5,"stop":["a","b","c","d","e","f"]"#,
    );
    let wanted = json!({
        "model": MODEL, "messages": [{"role": "user", "content": "hi"}], "stream": true, "max_tokens": 9,
        "temperature": 1.0, "p": 0.99, "k": 500, "seed": 7, "presence_penalty": 0.0, "frequency_penalty": 0.5,
        "stop_sequences": ["a", "b", "c", "d", "e"],
    });
    assert_eq!((body, dropped), (wanted, vec!["stop".to_owned()]));
}

#[test]
fn what_cohere_has_no_word_for_is_left_out_and_told() {
    let members = format!(r#""n":2,"logit_bias":{{}},"service_tier":"flex","parallel_tool_calls":false,{TOOLS}"#);
    let (body, dropped) = with(&members);
    assert_eq!(dropped, ["parallel_tool_calls", "service_tier", "n", "logit_bias"]);
    for name in &dropped {
        assert!(body.get(name).is_none(), "{name}");
    }
    assert_eq!(with(r#""service_tier":"auto","parallel_tool_calls":false"#).1, [""; 0], "they change nothing");
}

#[test]
fn asking_for_sound_is_refused() {
    let asked = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"audio":{"voice":"alloy"}}"#;
    let error = write_for(MODEL, asked).unwrap_err();
    assert_eq!((error.status, error.param.as_deref()), (400, Some("audio")));
}

#[test]
fn schemas_of_tools_keep_their_bytes_and_one_without_gets_the_empty_one() {
    let asked = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{TOOLS}}}"#);
    let body = String::from_utf8(write_for(MODEL, &asked).unwrap().body).unwrap();
    assert!(body.contains(r#""function":{"name":"f","description":"d","parameters":{ "z":1.0 }}"#), "{body}");
    assert!(body.contains(r#"{"name":"g","parameters":{"type":"object","properties":{}}}"#), "{body}");
}

#[test]
fn the_choice_of_tools_is_a_word_and_the_tools_that_are_left() {
    let chosen = |choice: &str| {
        let (body, dropped) = with(&format!(r#""tool_choice":{choice},{TOOLS}"#));
        assert!(dropped.is_empty());
        let tools = body["tools"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> = tools.iter().map(|tool| tool["function"]["name"].to_string()).collect();
        (body["tool_choice"].clone(), names.join(""))
    };
    let all = "\"f\"\"g\"".to_owned();
    assert_eq!(chosen(r#""auto""#), (Value::Null, all.clone()));
    assert_eq!(chosen(r#""none""#), (json!("NONE"), all.clone()));
    assert_eq!(chosen(r#""required""#), (json!("REQUIRED"), all));
    let one = r#"{"type":"function","function":{"name":"g"}}"#;
    assert_eq!(chosen(one), (json!("REQUIRED"), "\"g\"".to_owned()));
    let allowed =
        |mode: &str| format!(r#"{{"type":"allowed_tools","allowed_tools":{{"mode":"{mode}","tools":[{one}]}}}}"#);
    assert_eq!(chosen(&allowed("auto")), (Value::Null, "\"g\"".to_owned()));
    assert_eq!(chosen(&allowed("required")), (json!("REQUIRED"), "\"g\"".to_owned()));
}

#[test]
fn a_choice_without_tools_is_left_out_or_refused() {
    assert_eq!(with(r#""tool_choice":"none""#).0.get("tool_choice"), None);
    let unknown = r#""tool_choice":{"type":"function","function":{"name":"h"}}"#;
    for choice in [r#""tool_choice":"required""#.to_owned(), format!("{unknown},{TOOLS}")] {
        let asked = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{choice}}}"#);
        assert_eq!(write_for(MODEL, &asked).unwrap_err().param.as_deref(), Some("tool_choice"), "{choice}");
    }
}

#[test]
fn json_is_asked_for_by_the_api_or_beside_tools_in_words() {
    let format = |members: &str| with(members).0["response_format"].take();
    assert_eq!(format(r#""response_format":{"type":"text"}"#), Value::Null);
    assert_eq!(format(r#""response_format":{"type":"json_object"}"#), json!({"type": "json_object"}));
    let schema = r#""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"a":1}}}"#;
    assert_eq!(format(schema), json!({"type": "json_object", "json_schema": {"a": 1}}));
    let (body, _) = with(&format!("{schema},{TOOLS}"));
    assert_eq!(body.get("response_format"), None);
    assert_eq!(body["messages"][0]["role"], "system");
    assert!(body["messages"][0]["content"].as_str().unwrap().ends_with("JSON Schema:\n{\"a\":1}"), "{body}");
}

#[test]
fn thinking_is_asked_for_with_a_budget_if_the_model_can() {
    let thinking = |members: &str| with(members).0["thinking"].take();
    assert_eq!(thinking(r#""reasoning_effort":"none""#), json!({"type": "disabled"}));
    assert_eq!(thinking(r#""reasoning_effort":"low""#), json!({"type": "enabled", "token_budget": 2048}));
    assert_eq!(thinking(r#""reasoning_effort":"high""#), json!({"type": "enabled"}));
    let wish = r#""reasoning_effort":"low","thinking":{"type":"enabled","budget_tokens":5000}"#;
    assert_eq!(thinking(wish), json!({"type": "enabled", "token_budget": 5000}));
    assert_eq!(thinking(r#""thinking":{"type":"disabled"}"#), json!({"type": "disabled"}));
    assert_eq!(with(r#""reasoning_effort":"huge""#).1, ["reasoning_effort"]);
    for (effort, dropped) in [("low", vec!["reasoning_effort"]), ("none", Vec::new())] {
        let asked =
            format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],"reasoning_effort":"{effort}"}}"#);
        let outbound = write_for("command-r7b-12-2024", &asked).unwrap();
        assert!(!String::from_utf8(outbound.body).unwrap().contains("thinking"));
        assert_eq!(outbound.dropped, dropped);
    }
}

#[test]
fn turns_keep_their_roles_parts_and_ids() {
    let wanted = json!([
        {"role": "system", "content": "a"},
        {"role": "system", "content": [{"type": "text", "text": "b"}]},
        {"role": "user", "content": [{"type": "text", "text": "see"},
            {"type": "image_url", "image_url": {"url": "https://x/y.png"}}]},
        {"role": "assistant", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "content": "7", "tool_call_id": "c1"},
        {"role": "assistant", "content": "no"},
    ]);
    let given = messages(
        r#"{"role":"developer","content":"a"},{"role":"system","content":[{"type":"text","text":"b"}]},
        {"role":"user","content":[{"type":"text","text":"see"},{"type":"text","text":""},
            {"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}}]},
        {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
            {"id":"c1","type":"function","function":{"name":"f","arguments":""}}]},
        {"role":"tool","tool_call_id":"c1","content":"7"},
        {"role":"assistant","content":""},{"role":"assistant","refusal":"no"}"#,
    );
    assert_eq!(given.unwrap(), wanted);
}

#[test]
fn calls_without_ids_get_some_that_their_results_share() {
    let given = messages(
        r#"{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},
        {"role":"assistant","tool_calls":[{"function":{"name":"g","arguments":"{}"}}]},
        {"role":"function","name":"g","content":"1"},{"role":"function","name":"f","content":"2"}"#,
    )
    .unwrap();
    let ids: Vec<_> = [&given[0]["tool_calls"][0]["id"], &given[1]["tool_calls"][0]["id"]].into();
    assert_eq!((&given[3]["tool_call_id"], &given[2]["tool_call_id"]), (ids[0], ids[1]));
    assert!(ids[0].is_string() && ids[0] != ids[1]);
    let error = messages(r#"{"role":"user","content":"x"},{"role":"function","name":"f","content":"2"}"#).unwrap_err();
    assert_eq!(error.param.as_deref(), Some("messages[1].tool_call_id"));
}

#[test]
fn content_that_cohere_cannot_take_is_refused_with_its_place() {
    for part in [r#"{"type":"file","file":{"file_id":"x"}}"#, r#"{"type":"input_audio","input_audio":{}}"#] {
        let error = messages(&format!(r#"{{"role":"user","content":[{{"type":"text","text":"a"}},{part}]}}"#));
        assert_eq!(error.unwrap_err().param.as_deref(), Some("messages[0].content[1]"), "{part}");
    }
    let image = r#"{"role":"tool","tool_call_id":"c","content":[{"type":"image_url","image_url":{"url":"u"}}]}"#;
    assert_eq!(messages(image).unwrap_err().param.as_deref(), Some("messages[0].content[0]"));
    assert_eq!(messages("").unwrap_err().param.as_deref(), Some("messages"));
}

#[test]
fn a_request_of_the_same_format_passes_with_our_model() {
    let body = Object::parse(br#"{"model":"theirs","documents":[ 1.50 ]}"#).unwrap();
    let asked = Asked { model: "theirs".into(), stream: false, ..Asked::default() };
    assert_eq!(Cohere.pass_request(&body, &asked, "ours").body, br#"{"model":"ours","documents":[ 1.50 ]}"#);
}

#[test]
fn a_user_who_says_nothing_says_a_dot() {
    let asked = r#"{"model":"m","messages":[{"role":"user","content":""},{"role":"user","content":[]}]}"#;
    let body: Value = serde_json::from_slice(&write_for(MODEL, asked).unwrap().body).unwrap();
    let dot = json!({"role": "user", "content": "."});
    assert_eq!(body["messages"], json!([dot, dot]));
}
