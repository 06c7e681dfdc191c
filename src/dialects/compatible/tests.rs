use std::borrow::Cow;

use serde_json::{Value, json};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::dialects::{DIALECTS, Settings};
use crate::surfaces::{ChatSurface, Surface, chat::Chat};

const ALL: [&Compatible; 11] =
    [&CEREBRAS, &DEEPSEEK, &FIREWORKS, &GROQ, &HUGGINGFACE, &MISTRAL, &OPENROUTER, &PERPLEXITY, &TOGETHER, &XAI, &ZAI];

/// The request of a chat caller, as it passes, and what was left out of it.
fn sent(provider: &Compatible, body: &str) -> (String, Vec<Cow<'static, str>>) {
    let object = Object::parse(body.as_bytes()).unwrap();
    let asked = Chat.asked(&object).unwrap();
    let outbound = provider.tasks()[0].chat().unwrap().pass_request(&object, &asked, "ours");
    (String::from_utf8(outbound.body).unwrap(), outbound.dropped)
}

fn passed(provider: &Compatible, body: &str) -> String {
    sent(provider, body).0
}

/// The same, written anew.
fn written(provider: &Compatible, body: &str) -> Value {
    let object = Object::parse(body.as_bytes()).unwrap();
    let outbound = provider.tasks()[0].chat().unwrap().request(&Chat.request(&object).unwrap(), "ours").unwrap();
    serde_json::from_slice(&outbound.body).unwrap()
}

#[test]
fn every_provider_is_a_dialect_with_its_own_address_and_openai_s_path() {
    let settings = Settings::default();
    let to = Address { wire: Wire::OpenAiChat, model: "m", stream: true, settings: &settings };
    for provider in ALL {
        assert!(DIALECTS.iter().any(|dialect| dialect.name() == provider.name()), "{}", provider.name());
        assert!(provider.endpoint().starts_with("https://") && !provider.endpoint().ends_with('/'));
        assert_eq!(provider.path(&to), "/chat/completions");
        assert_eq!(provider.credential("k"), ("authorization", "Bearer k".to_owned()));
        assert_eq!(provider.tasks()[0].chat().unwrap().wire(), Wire::OpenAiChat);
    }
}

#[test]
fn a_request_without_differences_keeps_its_bytes() {
    let body = r#"{"model":"ours","messages":[ {"role":"user", "content":"hi"} ],"temperature":1.50,"x_y":[ ]}"#;
    for provider in ALL {
        assert_eq!(passed(provider, body), body, "{}", provider.name());
    }
}

#[test]
fn mistral_gets_no_fields_that_it_refuses_and_its_own_names_for_others() {
    let body = r#"{"model":"m","messages":[{"role":"developer","content":"a"},{"role":"user","content":"hi"}],
        "stream":true,"stream_options":{"include_usage":true},"store":true,"user":"u","seed":7,"random_seed":1,
        "max_completion_tokens":9,"tool_choice":"required","logit_bias":{},"safe_prompt":true}"#;
    let wanted = json!({
        "model": "ours", "messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "hi"}],
        "stream": true, "random_seed": 7, "max_tokens": 9, "tool_choice": "any", "safe_prompt": true,
    });
    let (body, dropped) = sent(&MISTRAL, body);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), wanted);
    assert_eq!(dropped, ["logit_bias", "store", "user"], "what the gateway itself asks for is no loss");
    let auto = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"tool_choice":"auto"}"#;
    assert!(passed(&MISTRAL, auto).contains(r#""tool_choice":"auto""#));
}

#[test]
fn what_is_left_out_is_told_unless_nothing_was_said() {
    let body = r#"{"model":"m","messages":[{"role":"user","name":"bo","content":"hi"},
        {"role":"user","name":"al","content":"hi"}],"logprobs":true,"top_logprobs":null,"store":true}"#;
    assert_eq!(sent(&GROQ, body).1, ["logprobs", "messages[].name"]);
    assert_eq!(sent(&OPENROUTER, body).1, Vec::<String>::new());
    let object = Object::parse(br#"{"messages":[{"role":"user","content":"hi"}],"top_k":3,"user":"u"}"#).unwrap();
    let written = MISTRAL.tasks()[0].chat().unwrap().request(&Chat.request(&object).unwrap(), "ours").unwrap();
    assert_eq!(written.dropped, ["top_k", "user"]);
}

#[test]
fn requests_of_other_surfaces_are_mended_too() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":9,"stream":true,"user":"u"}"#;
    let wanted = json!({
        "model": "ours", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9, "stream": true,
    });
    assert_eq!(written(&MISTRAL, body), wanted);
    let deepseek = written(&DEEPSEEK, body);
    assert_eq!((&deepseek["max_tokens"], &deepseek["stream_options"]), (&json!(9), &json!({"include_usage": true})));
    assert_eq!(written(&GROQ, body)["max_completion_tokens"], 9);
}

#[test]
fn the_older_limit_stays_unless_the_newer_one_is_said() {
    let limits = |members: &str| {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{members}}}"#);
        let request: Value = serde_json::from_str(&passed(&TOGETHER, &body)).unwrap();
        (request["max_tokens"].clone(), request.get("max_completion_tokens").cloned())
    };
    assert_eq!(limits(r#""max_tokens":1"#), (json!(1), None));
    assert_eq!(limits(r#""max_tokens":1,"max_completion_tokens":null"#), (json!(1), None));
    assert_eq!(limits(r#""max_completion_tokens":2,"max_tokens":1"#), (json!(2), None));
}

#[test]
fn groq_is_told_no_names_but_those_of_functions() {
    let body = r#"{"model":"ours","messages":[{"role":"user","name":"bo","content":"\u00e9"},
        {"role":"function","name":"f","content":"1"},{"role":"developer","content":"a"}]}"#;
    let wanted = concat!(
        r#"{"model":"ours","messages":[{"role":"user","content":"\u00e9"},"#,
        r#"{"role":"function","name":"f","content":"1"},{"role":"system","content":"a"}]}"#
    );
    assert_eq!(passed(&GROQ, body), wanted);
    assert!(passed(&OPENROUTER, body).contains(r#""role":"developer""#), "it knows all that OpenAI knows");
}

#[test]
fn mistral_s_embeddings_have_its_own_name_for_dimensions() {
    let body = Object::parse(br#"{"model":"m","input":"a","dimensions":8,"user":"u"}"#).unwrap();
    let embeds = |task: &&Task| task.format().wire() == Wire::OpenAiEmbeddings;
    let Some(Task::Pass(format)) = MISTRAL.tasks().iter().find(embeds) else { panic!("no embeddings") };
    let sent = format.pass_request(&body, &Asked::default(), "ours");
    assert_eq!(sent.body, br#"{"model":"ours","input":"a","output_dimension":8}"#);
    assert_eq!(sent.dropped, ["user"]);
}

#[test]
fn servers_older_than_thinking_get_the_words_that_they_know() {
    let body =
        r#"{"model":"ours","messages":[{"role":"developer","name":"n","content":"a"}],"max_completion_tokens":9}"#;
    let huggingface = r#"{"model":"ours","messages":[{"role":"system","name":"n","content":"a"}],"max_tokens":9}"#;
    assert_eq!(passed(&HUGGINGFACE, body), huggingface);
    let zai = (huggingface.replace(r#""name":"n","#, ""), vec![Cow::Borrowed("messages[].name")]);
    assert_eq!(sent(&ZAI, body), zai);
}

#[test]
fn mistral_gets_ids_of_nine_letters_and_digits_alike_for_calls_and_results() {
    let body = |ids: [&str; 2]| {
        let [first, second] = ids;
        format!(
            concat!(
                r#"{{"model":"ours","messages":[{{"role":"assistant","content":null,"tool_calls":["#,
                r#"{{"id":"{first}","type":"function","function":{{"name":"f","arguments":"{{ }}"}}}},"#,
                r#"{{"id":"{second}","type":"function","function":{{"name":"f","arguments":"{{ }}"}}}}]}},"#,
                r#"{{"role":"tool","tool_call_id":"{second}","content":"\u00e9"}},"#,
                r#"{{"role":"tool","tool_call_id":"{first}","content":"1"}}]}}"#
            ),
            first = first,
            second = second
        )
    };
    let theirs = ids::fit("call_abc");
    assert!(theirs.len() == 9 && theirs.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{theirs}");
    assert_ne!(theirs, ids::fit("call_abd"));
    assert_eq!(passed(&MISTRAL, &body(["call_abc", "aB3456789"])), body([&theirs, "aB3456789"]));
    assert_eq!(passed(&MISTRAL, &body(["aB3456789", "123456789"])), body(["aB3456789", "123456789"]));
    assert_eq!(passed(&TOGETHER, &body(["call_abc", "x"])), body(["call_abc", "x"]), "nobody else wants that");
}
