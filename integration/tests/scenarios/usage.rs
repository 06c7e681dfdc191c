//! What is counted, however the answer comes and ends.

use std::time::Duration;

use integration::reply::{Gate, Reply};
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::speech::{ANSWER, INPUT, OUTPUT, PIECES, Speech};
use integration::stage::{Stage, stage};
use serde_json::{Value, json};

fn family(speech: Speech) -> &'static str {
    if speech == OpenAi { "o" } else { "a" }
}

/// The record of the only request for a model, whose numbers must be the provider's.
async fn exact(stage: &Stage, model: &str) -> Value {
    let record = stage.records.of_model(model).await;
    assert_eq!((&record["usage"]["input"], &record["usage"]["output"]), (&json!(INPUT), &json!(OUTPUT)), "{record}");
    assert_eq!((&record["usage_source"], &record["outcome"]), (&json!("provider"), &json!("completed")), "{record}");
    record
}

#[tokio::test]
async fn a_plain_answer_tells_its_usage() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let answer = play.chat(&model).send().await.json();
        let usage = &answer["usage"];
        let told = ["prompt_tokens", "completion_tokens", "total_tokens"].map(|field| usage[field].as_u64().unwrap());
        assert_eq!(told, [INPUT, OUTPUT, INPUT + OUTPUT], "{answer}");
        exact(&play, &model).await;
    }
}

#[tokio::test]
async fn the_usage_chunk_is_for_those_who_ask_and_counted_for_all() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        for (options, asked) in [
            (Value::Null, false),
            (json!({ "include_usage": false }), false),
            (json!({ "include_obfuscation": false }), false),
            (json!({ "include_usage": true }), true),
        ] {
            let model = play.model(family(speech));
            let answer = play.chat(&model).stream(true).field("stream_options", options.clone()).send().await;
            let case = format!("{speech} {options}: {}", answer.text());
            assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, true), "{case}");
            let usage: Vec<_> = answer.chunks().into_iter().filter(|c| c["usage"].is_object()).collect();
            assert_eq!(usage.len(), usize::from(asked), "{case}");
            if let Some(last) = usage.first() {
                assert_eq!((&last["choices"], &last["usage"]["total_tokens"]), (&json!([]), &json!(INPUT + OUTPUT)));
            }
            assert!(answer.chunks().iter().filter(|c| c["choices"] == json!([])).count() == usage.len(), "{case}");
            if speech == OpenAi {
                assert_eq!(play.o.one(&model).await.json()["stream_options"]["include_usage"], true, "{case}");
            }
            exact(&play, &model).await;
        }
    }
}

#[tokio::test]
async fn usage_is_exact_however_a_stream_is_cut() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        for size in [1, 2, 7, 100, 1000, 100_000] {
            let model = play.model(family(speech));
            let bytes = speech.events(&["ä€", "😀", "\u{7f}ü"]).concat().into_bytes();
            let chunks: Vec<_> = bytes.chunks(size).collect();
            play.provider(speech).on(&model, Reply::stream(chunks).end());
            let answer = play.chat(&model).stream(true).send().await;
            assert_eq!((answer.content().as_str(), answer.done()), ("ä€😀\u{7f}ü", true), "{speech} {size}");
            exact(&play, &model).await;
        }
    }
}

#[tokio::test]
async fn usage_is_exact_when_the_answer_is_whole_although_a_stream_was_asked_for() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        play.provider(speech).on(&model, speech.good(false));
        let answer = play.chat(&model).stream(true).send().await;
        assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, true), "{}", answer.text());
        exact(&play, &model).await;
    }
}

#[tokio::test]
async fn a_provider_that_ends_with_trailers_or_with_its_connection_is_understood() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let events = speech.events(&PIECES);
        let closed = Reply::new(200).header("content-type", "text/event-stream").bare().bytes(events.concat()).close();
        let plain = Reply::new(200).header("content-type", "application/json");
        for (name, stream, reply) in [
            ("stream, trailer", true, Reply::stream(&events).end_with_trailer("x-checksum", "1")),
            ("stream, close", true, closed),
            (
                "plain, trailer",
                false,
                plain.clone().chunks([speech.answer(ANSWER).to_string()]).end_with_trailer("a", "b"),
            ),
            ("plain, close", false, plain.bare().bytes(speech.answer(ANSWER).to_string()).close()),
        ] {
            let model = play.model(family(speech));
            play.provider(speech).on(&model, reply);
            let answer = play.chat(&model).stream(stream).send().await;
            let case = format!("{speech}, {name}: {} {}", answer.status, answer.text());
            assert_eq!((answer.status, answer.whole), (200, true), "{case}");
            assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, stream), "{case}");
            exact(&play, &model).await;
        }
    }
}

#[tokio::test]
async fn early_hints_of_a_provider_are_no_answer() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        for stream in [false, true] {
            let model = play.model(family(speech));
            let hints = Reply::nothing().bytes("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
            play.provider(speech).on(&model, hints.chain(speech.good(stream)));
            let answer = play.chat(&model).stream(stream).send().await;
            assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{}", answer.text());
            exact(&play, &model).await;
        }
    }
}

#[tokio::test]
async fn a_large_plain_answer_arrives_whole() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        for size in [1 << 20, 20 << 20] {
            let model = play.model(family(speech));
            let text = "0123456789abcdef".repeat(size / 16);
            play.provider(speech).on(&model, Reply::json(200, &speech.answer(&text)));
            let answer = play.chat(&model).send().await;
            assert!(answer.status == 200 && answer.content() == text, "{speech} {size} {:.200}", answer.text());
            exact(&play, &model).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_nobody_can_hold_goes_to_the_next_target() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(if speech == OpenAi { "oa" } else { "ao" });
        let text = "0123456789abcdef".repeat((40 << 20) / 16);
        play.provider(speech).on(&model, Reply::json(200, &speech.answer(&text)));
        let answer = play.chat(&model).send().await;
        assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{:.300}", answer.text());
        let record = play.records.of_model(&model).await;
        assert_eq!(record["attempts"][0]["reason"], "answer_too_long", "{record}");
    }
}

#[tokio::test]
async fn a_caller_that_reads_slowly_gets_everything() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let text = "0123456789abcdef".repeat(1 << 12);
        play.provider(speech).on(&model, Reply::stream(speech.events(&vec![&*text; 64])).end());
        let mut live = play.chat(&model).stream(true).open().await;
        // Long enough for all buffers on the way to be full.
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(live.piece().await.unwrap());
        }
        let answer = live.finish().await;
        assert!(answer.content() == text.repeat(64) && answer.done(), "{speech} {}", answer.body.len());
        exact(&play, &model).await;
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_pays_for_what_it_saw() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let gate = Gate::default();
        let pieces = [speech.opening(), vec![speech.piece(&"word ".repeat(40)); 10]].concat();
        let provider = play.provider(speech);
        provider.on(&model, Reply::stream(pieces).gate(&gate).end());
        let mut live = play.chat(&model).prompt(4000).stream(true).open().await;
        for _ in 0..10 {
            live.until("word").await;
        }
        while live.body().matches("word ").count() < 400 {
            live.piece().await.unwrap().unwrap();
        }
        drop(live);
        // The provider need not go on for nobody.
        provider.one(&model).await.gone().await;
        let record = play.records.of_model(&model).await;
        assert_eq!((&record["usage_source"], &record["outcome"]), (&json!("partial"), &json!("abandoned")), "{record}");
        assert_eq!(record["usage"]["output"], json!(2000 / 4), "{record}");
        let input = record["usage"]["input"].as_u64().unwrap();
        // Anthropic has told its input by then.
        assert!(if speech == OpenAi { input >= 1000 } else { input == INPUT }, "{record}");
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_before_the_first_content_pays_nothing() {
    let play = stage();
    let model = play.model("oa");
    play.o.on(&model, Reply::stream(OpenAi.opening()).hang());
    let call = play.chat(&model).stream(true);
    let waiting = tokio::spawn(async move { call.send().await });
    let seen = play.o.one(&model).await;
    waiting.abort();
    drop(waiting.await);
    seen.gone().await;
    let record = play.records.of_model(&model).await;
    assert_eq!((&record["outcome"], &record["status"]), (&json!("abandoned"), &json!(0)), "{record}");
    assert!(record["usage"].is_null(), "{record}");
    assert_eq!(play.a.seen(&model).len(), 0);
    // It is not the provider's fault.
    play.o.on(&model, OpenAi.good(false));
    assert_eq!(play.chat(&model).send().await.served().0, format!("o/{model}"));
}

#[tokio::test]
async fn an_answer_without_usage_is_estimated() {
    let play = stage();
    let model = play.model("o");
    let mut answer = OpenAi.answer(&"x".repeat(400));
    answer.as_object_mut().unwrap().remove("usage");
    play.o.on(&model, Reply::json(200, &answer));
    assert_eq!(play.chat(&model).send().await.status, 200);
    let record = play.records.of_model(&model).await;
    assert_eq!((&record["usage_source"], &record["usage"]["output"]), (&json!("estimated"), &json!(100)), "{record}");
}

#[tokio::test]
async fn a_cut_plain_answer_is_no_answer() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let body = speech.answer(ANSWER).to_string();
        let cut = Reply::new(200).header("content-type", "application/json").cut_body(body.len() + 1, &body);
        play.provider(speech).on(&model, cut.pause(Duration::from_millis(50)).close());
        let answer = play.chat(&model).send().await;
        assert_eq!(answer.status, 503, "{}", answer.text());
        let record = play.records.of_model(&model).await;
        assert!(record["usage"].is_null(), "{record}");
    }
}
