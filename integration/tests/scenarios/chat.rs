//! Chat completions, plain and streamed, over both APIs.

use integration::reply::Reply;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::speech::{ANSWER, PIECES, PROMPT, Speech};
use integration::stage::stage;
use serde_json::{Value, json};

fn family(speech: Speech) -> &'static str {
    if speech == OpenAi { "o" } else { "a" }
}

fn tools() -> Value {
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    json!([{ "type": "function", "function": { "name": "weather", "description": "Tells", "parameters": parameters } }])
}

#[tokio::test]
async fn the_same_format_in_and_out_passes_every_field_as_it_is_written() {
    let play = stage();
    let model = play.model("o");
    // Spaces, unknown fields, numbers and escapes as nobody would write them, in an order of their own.
    let fields = [
        format!(r#""messages":[ {{"role":"user", "content":"h\u00e9 {PROMPT}"}} ]"#),
        r#""temperature":1.0e0"#.to_owned(),
        format!(r#""model":"{model}""#),
        r#""unknown":{ "a":[1,2.50, null] }"#.to_owned(),
        r#""seed":12345678901234567890"#.to_owned(),
    ];
    let reply = OpenAi.answer(ANSWER).to_string().replace("\"id\"", " \"id\"");
    play.o.on(&model, Reply::new(200).header("content-type", "application/json").body(&reply));
    let answer = play.chat(&model).body(format!("{{ {} }}", fields.join(" ,\n"))).send().await;
    assert_eq!(answer.text(), reply);
    assert_eq!(String::from_utf8_lossy(&play.o.one(&model).await.body), format!("{{{}}}", fields.join(",")));
}

#[tokio::test]
async fn a_stream_of_the_same_format_passes_every_event() {
    let play = stage();
    let model = play.model("o");
    let answer = play.chat(&model).stream(true).field("stream_options", json!({ "include_usage": true })).send().await;
    assert_eq!(answer.text(), OpenAi.events(&PIECES).concat());
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!((answer.header("cache-control"), answer.header("x-accel-buffering")), (Some("no-cache"), Some("no")));
}

#[tokio::test]
async fn anthropic_is_asked_in_its_own_words() {
    let play = stage();
    let model = play.model("a");
    let messages = json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": PROMPT },
        { "role": "assistant", "content": null, "tool_calls": [
            { "id": "call_1", "type": "function", "function": { "name": "weather", "arguments": "{\"city\":\"Oslo\"}" } },
        ]},
        { "role": "tool", "tool_call_id": "call_1", "content": "rain" },
    ]);
    let call = play.chat(&model).field("messages", messages).field("tools", tools()).field("max_tokens", 99);
    let answer = call.send().await;
    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER));
    let seen = play.a.one(&model).await;
    assert_eq!((seen.head.word(0), seen.head.word(1)), ("POST", "/v1/messages"));
    let body = seen.json();
    assert_eq!((&body["model"], &body["max_tokens"]), (&json!(model), &json!(99)));
    assert!(body["system"].to_string().contains("Be brief."), "{body}");
    assert_eq!(body["tools"][0]["name"], "weather");
    let call = &body["messages"][1]["content"][0];
    assert_eq!(
        (&call["type"], &call["id"], &call["input"]),
        (&json!("tool_use"), &json!("call_1"), &json!({ "city": "Oslo" }))
    );
    assert_eq!(body["messages"][2]["content"][0]["type"], "tool_result");
}

#[tokio::test]
async fn a_call_of_a_tool_comes_back_whole() {
    let play = stage();
    let arguments = json!({ "city": "Zürich" });
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        play.provider(speech).on(&model, Reply::json(200, &speech.call(&arguments)));
        let answer = play.chat(&model).field("tools", tools()).send().await.json();
        let choice = &answer["choices"][0];
        let call = &choice["message"]["tool_calls"][0];
        assert_eq!((&choice["finish_reason"], &call["id"]), (&json!("tool_calls"), &json!("call_up")), "{answer}");
        let said: Value = serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
        assert_eq!((said, &call["function"]["name"]), (arguments.clone(), &json!("weather")));
        assert_eq!(play.records.of_model(&model).await["finish_reason"], "tool_calls");
    }
}

#[tokio::test]
async fn a_streamed_call_of_a_tool_comes_back_whole() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let events = speech.call_events(&["{\"ci", "ty\":", "\"Z\u{fc}rich\"}"]);
        play.provider(speech).on(&model, Reply::stream(events).end());
        let answer = play.chat(&model).field("tools", tools()).stream(true).send().await;
        let deltas: Vec<_> =
            answer.chunks().iter().map(|c| c["choices"][0]["delta"]["tool_calls"][0].clone()).collect();
        let arguments: String = deltas.iter().filter_map(|d| d["function"]["arguments"].as_str()).collect();
        assert_eq!(
            serde_json::from_str::<Value>(&arguments).unwrap(),
            json!({ "city": "Zürich" }),
            "{}",
            answer.text()
        );
        let names: Vec<_> = deltas.iter().filter_map(|d| d["function"]["name"].as_str()).collect();
        assert_eq!((names, answer.done()), (vec!["weather"], true));
        assert!(answer.chunks().iter().any(|c| c["choices"][0]["finish_reason"] == "tool_calls"));
    }
}

#[tokio::test]
async fn tools_survive_a_change_of_provider_in_both_directions() {
    let play = stage();
    for (from, family, second) in [(OpenAi, "oa", Anthropic), (Anthropic, "ao", OpenAi)] {
        for stream in [false, true] {
            let model = play.model(family);
            play.provider(from).on(&model, Reply::json(503, &from.failure("overloaded_error")));
            let good = Reply::stream(second.call_events(&["{}"])).end();
            let reply = if stream { good } else { Reply::json(200, &second.call(&json!({}))) };
            play.provider(second).on(&model, reply);
            let answer = play.chat(&model).field("tools", tools()).stream(stream).send().await;
            assert_eq!((answer.status, answer.served().1.as_str()), (200, "2"), "{}", answer.text());
            assert!(answer.text().contains("\"tool_calls\"") && answer.text().contains("weather"), "{}", answer.text());
            for provider in [&play.o, &play.a] {
                let tools = provider.one(&model).await.json()["tools"].to_string();
                assert!(tools.contains("weather"), "{tools}");
            }
        }
    }
}

#[tokio::test]
async fn fields_that_a_provider_has_no_word_for_are_told() {
    let play = stage();
    let model = play.model("a");
    let answer = play.chat(&model).field("seed", 7).field("logit_bias", json!({ "1": 2 })).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let dropped = answer.header("x-tollhouse-dropped").unwrap_or_default();
    assert!(dropped.contains("seed") && dropped.contains("logit_bias"), "{dropped}");
}

#[tokio::test]
async fn thirty_streams_at_once_do_not_mix() {
    let play = stage();
    let calls: tokio::task::JoinSet<_> = (0..30)
        .map(|number| {
            let speech = if number % 2 == 0 { OpenAi } else { Anthropic };
            let model = play.model(family(speech));
            let mine = format!("mine-{number};");
            let events = speech.events(&[&*mine; 20]);
            let reply = events.iter().fold(Reply::stream::<&str>([]), |reply, event| {
                reply.chunks([event]).pause(std::time::Duration::from_millis(3))
            });
            play.provider(speech).on(&model, reply.end());
            let call = play.chat(&model).stream(true);
            async move { (call.send().await, mine.repeat(20)) }
        })
        .collect();
    for (answer, expected) in calls.join_all().await {
        assert_eq!((answer.content(), answer.done()), (expected, true));
    }
}
