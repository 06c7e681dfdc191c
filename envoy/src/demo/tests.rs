use super::*;

fn ask(script: &Script, body: &str) -> Request<'static> {
    let body: &'static Value = Box::leak(Box::new(serde_json::from_str(body).unwrap()));
    read(script, body).unwrap()
}

fn data(events: &[String]) -> Vec<Value> {
    let lines = events.iter().flat_map(|e| e.lines()).filter_map(|l| l.strip_prefix("data: "));
    lines.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

const HELLO: &str = r#"{"model": "m", "messages": [{"role": "user", "content": "hello you"}]}"#;

#[test]
fn an_openai_stream_has_role_words_reason_and_end() {
    let events = (openai::SCRIPT.stream)(&ask(&openai::SCRIPT, HELLO));
    assert_eq!(events.last().unwrap(), "data: [DONE]\n\n");
    let chunks = data(&events);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
    assert!(chunks.iter().all(|c| c.get("usage").is_none() && c["id"] == chunks[0]["id"]));
    let text: String = chunks.iter().filter_map(|c| c["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, "The demonstration's OpenAI-like provider answers: you said \"hello you\".");
}

#[test]
fn openai_usage_comes_last_to_who_asked_for_it() {
    let body = r#"{"model": "m", "messages": [], "stream_options": {"include_usage": true}}"#;
    let chunks = data(&(openai::SCRIPT.stream)(&ask(&openai::SCRIPT, body)));
    let (last, others) = chunks.split_last().unwrap();
    assert!(others.iter().all(|c| c["usage"].is_null() && c.get("usage").is_some()));
    assert_eq!(last["choices"], serde_json::json!([]));
    assert_eq!(last["usage"]["completion_tokens"], others.len() - 2);
}

#[test]
fn an_anthropic_stream_has_the_documented_order() {
    let body = r#"{"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}"#;
    let chunks = data(&(anthropic::SCRIPT.stream)(&ask(&anthropic::SCRIPT, body)));
    let mut kinds: Vec<_> = chunks.iter().map(|c| c["type"].as_str().unwrap()).collect();
    kinds.dedup();
    let order = ["message_start", "content_block_start", "ping", "content_block_delta", "content_block_stop"];
    assert_eq!(kinds, [&order[..], &["message_delta", "message_stop"]].concat());
    assert_eq!(chunks[0]["message"]["usage"]["input_tokens"], 5);
    let text: String = chunks.iter().filter_map(|c| c["delta"]["text"].as_str()).collect();
    assert!(text.ends_with("you said \"hi\"."), "{text}");
}

#[tokio::test]
async fn a_provider_can_be_knocked_over_and_raised() {
    let demo = Demo::start().await.unwrap();
    let url = demo.anthropic.url();
    let status = move |path: &'static str, body: &'static str| {
        let url = format!("{url}{path}");
        tokio::task::spawn_blocking(move || {
            let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
            agent.post(url).send(body).unwrap().status().as_u16()
        })
    };
    assert_eq!(status("/v1/messages", HELLO).await.unwrap(), 200);
    assert_eq!(status("/v1/messages", "{}").await.unwrap(), 400);
    assert_eq!(status("/down", "").await.unwrap(), 200);
    assert_eq!(status("/v1/messages", HELLO).await.unwrap(), 503);
    assert_eq!(status("/up", "").await.unwrap(), 200);
    assert_eq!(status("/v1/messages", HELLO).await.unwrap(), 200);
}
