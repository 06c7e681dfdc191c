//! Completions, which preceded chat.

use integration::caller::Call;
use integration::document::KEY;
use integration::reply::Reply;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::speech::{ANSWER, INPUT, OUTPUT, PIECES, PROMPT};
use integration::stage::{Stage, stage};
use serde_json::{Value, json};

/// A request for a completion.
fn completion(stage: &Stage, model: &str, stream: bool) -> Call {
    Call::new(stage.gateway, "POST", "/v1/completions")
        .header("authorization", &format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .json(&json!({ "model": model, "prompt": PROMPT, "max_tokens": 20, "stream": stream }))
}

fn piece(text: &str, finish: Option<&str>) -> Value {
    json!({ "id": "cmpl-up", "object": "text_completion", "created": 1_700_000_000, "model": "up-model",
        "choices": [{ "text": text, "index": 0, "logprobs": null, "finish_reason": finish }] })
}

/// What a server of completions answers.
fn good(stream: bool) -> Reply {
    let usage = json!({ "prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT });
    let with = |mut piece: Value, usage: Value| {
        piece["usage"] = usage;
        piece
    };
    if !stream {
        return Reply::json(200, &with(piece(ANSWER, Some("stop")), usage));
    }
    let mut last = with(piece("", None), usage);
    last["choices"] = json!([]);
    let pieces = PIECES.iter().map(|text| piece(text, None)).chain([piece("", Some("stop")), last]);
    let events = pieces.map(|piece| format!("data: {piece}\n\n")).chain(["data: [DONE]\n\n".to_owned()]);
    Reply::stream(events.collect::<Vec<_>>()).end()
}

/// The text, the last reason, and whether usage was told.
fn told(answer: &integration::caller::Answer, stream: bool) -> (String, String, bool) {
    let pieces = if stream { answer.chunks() } else { vec![answer.json()] };
    assert!(pieces.iter().all(|piece| piece["object"] == "text_completion"), "{}", answer.text());
    let text = pieces.iter().filter_map(|piece| piece["choices"][0]["text"].as_str()).collect();
    let finish = pieces.iter().rev().find_map(|piece| piece["choices"][0]["finish_reason"].as_str());
    (text, finish.unwrap_or_default().to_owned(), pieces.iter().any(|piece| piece["usage"].is_object()))
}

#[tokio::test]
async fn completions_pass_to_servers_that_have_them_and_are_translated_for_others() {
    let play = stage();
    for (speech, family, path) in [(OpenAi, "o", "/v1/completions"), (Anthropic, "a", "/v1/messages")] {
        for (stream, include_usage) in [(false, true), (true, false), (true, true)] {
            let model = play.model(family);
            if speech == OpenAi {
                play.o.on(&model, good(stream));
            }
            let call = completion(&play, &model, stream);
            let call =
                if stream { call.field("stream_options", json!({ "include_usage": include_usage })) } else { call };
            let answer = call.send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(told(&answer, stream), (ANSWER.into(), "stop".into(), include_usage), "{}", answer.text());
            assert_eq!(answer.done(), stream);
            let seen = play.provider(speech).one(&model).await;
            assert_eq!(seen.head.word(1), path);
            let prompt = if speech == OpenAi { &seen.json()["prompt"] } else { &seen.json()["messages"][0]["content"] };
            assert!(prompt.to_string().contains(PROMPT), "{}", seen.json());
            let record = play.records.of_model(&model).await;
            assert_eq!((&record["usage"]["input"], &record["usage"]["output"]), (&json!(INPUT), &json!(OUTPUT)));
            assert_eq!((&record["surface"], &record["outcome"]), (&json!("completions"), &json!("completed")));
        }
    }
}

#[tokio::test]
async fn a_completion_goes_on_to_a_server_of_another_api() {
    let play = stage();
    for stream in [false, true] {
        let model = play.model("oa");
        play.o.on(&model, Reply::json(503, &OpenAi.failure("overloaded")));
        let answer = completion(&play, &model, stream).send().await;
        assert_eq!(answer.served().1, "2", "{}", answer.text());
        assert_eq!(told(&answer, stream).0, ANSWER);
    }
}

#[tokio::test]
async fn what_a_conversation_cannot_give_is_refused_where_it_would_have_to_be_one() {
    let play = stage();
    let (o, a) = (play.model("o"), play.model("a"));
    play.o.on(&o, good(false));
    for (field, value) in
        [("prompt", json!(["a", "b"])), ("prompt", json!([1, 2])), ("suffix", json!("s")), ("echo", json!(true))]
    {
        let answer = completion(&play, &a, false).field(field, value.clone()).send().await;
        assert_eq!((answer.status, &answer.json()["error"]["param"]), (400, &json!(field)), "{}", answer.text());
        assert_eq!(completion(&play, &o, false).field(field, value).send().await.status, 200, "{field}");
    }
    assert!(play.a.seen(&a).is_empty());
    assert_eq!(completion(&play, "nothing", false).send().await.code(), "model_not_found");
}

#[tokio::test]
async fn a_completion_that_breaks_off_is_told_in_band() {
    let play = stage();
    let model = play.model("o");
    let pieces =
        [format!("data: {}\n\n", piece("half", None)), "data: {\"error\":{\"message\":\"No.\"}}\n\n".to_owned()];
    play.o.on(&model, Reply::stream(pieces).end());
    let answer = completion(&play, &model, true).send().await;
    assert!(answer.text().contains("half") && !answer.done(), "{}", answer.text());
    assert_eq!(answer.chunks().last().unwrap()["error"]["message"], "No.");
}
