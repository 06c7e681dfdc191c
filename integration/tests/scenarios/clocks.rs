//! Four clocks: connecting, first content, between pieces of content, everything.
//!
//! Callers of HTTP/1 see the end of an answer that Envoy breaks off a second late: so long Envoy waits for them to
//! close first (`delayed_close_timeout`).

use std::time::Duration;

use integration::reply::Reply;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::speech::{ANSWER, PIECES, Speech};
use integration::stage::stage;
use serde_json::json;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// The beginning of a stream, with some content.
fn begun(speech: Speech) -> Reply {
    Reply::stream([speech.opening(), vec![speech.piece(PIECES[0])]].concat())
}

#[tokio::test]
async fn a_connection_that_is_not_taken_up_is_given_up_in_time() {
    let play = stage();
    let model = play.model("hole-oa");
    let answer = play.chat(&model).send().await;
    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER));
    assert!(answer.took >= MS(1900) && answer.took < MS(20_000), "{:?}", answer.took);
}

#[tokio::test]
async fn the_first_content_must_come_in_time_whatever_comes_before() {
    let play = stage();
    for from in [OpenAi, Anthropic] {
        let model = play.model(if from == OpenAi { "oa-fast" } else { "ao-fast" });
        let provider = play.provider(from);
        provider.on(&model, Reply::stream(from.opening()).forever(&from.ping(), MS(50)));
        let answer = play.chat(&model).stream(true).send().await;
        assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{from}");
        assert!(answer.took >= MS(2900), "{from} {:?}", answer.took);
        // The first provider is not kept busy.
        provider.one(&model).await.gone().await;
    }
}

#[tokio::test]
async fn a_slow_stream_is_as_good_as_a_fast_one() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(if speech == OpenAi { "oa-fast" } else { "ao-fast" });
        // Longer than the first-content clock altogether, and never longer than the idle clock.
        let events = speech.events(&["a", "b", "c", "d", "e", "f"]);
        let reply = events.iter().fold(Reply::stream::<&str>([]), |reply, e| reply.chunks([e]).pause(MS(600)));
        play.provider(speech).on(&model, reply.end());
        let answer = play.chat(&model).stream(true).send().await;
        assert_eq!((answer.content().as_str(), answer.done(), answer.served().1.as_str()), ("abcdef", true, "1"));
        assert!(answer.took > MS(3500), "{:?}", answer.took);
    }
}

#[tokio::test]
async fn pings_do_not_keep_a_stream_alive() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(if speech == OpenAi { "o-fast" } else { "a-fast" });
        let provider = play.provider(speech);
        provider.on(&model, begun(speech).forever(&speech.ping(), MS(100)));
        let answer = play.chat(&model).stream(true).send().await;
        let case = format!("{speech}: {}", answer.text());
        assert_eq!((answer.status, answer.done(), answer.code().as_str()), (200, false, "idle_timeout"), "{case}");
        assert_eq!(answer.content(), PIECES[0], "{case}");
        assert!(answer.took >= MS(2900), "{case}: {:?}", answer.took);
        provider.one(&model).await.gone().await;
        let record = play.records.of_model(&model).await;
        assert_eq!((&record["outcome"], &record["usage_source"]), (&json!("failed"), &json!("partial")), "{record}");
        assert_eq!(record["error"], "idle_timeout", "{record}");
    }
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_told_in_band() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(if speech == OpenAi { "o-fast" } else { "a-fast" });
        let provider = play.provider(speech);
        provider.on(&model, begun(speech).hang());
        let answer = play.chat(&model).stream(true).send().await;
        assert_eq!((answer.status, answer.whole, answer.done()), (200, false, false), "{}", answer.text());
        assert_eq!((answer.content().as_str(), answer.code().as_str()), (PIECES[0], "idle_timeout"));
        assert!(answer.took >= MS(3900), "{:?}", answer.took);
        provider.one(&model).await.gone().await;
        let record = play.records.of_model(&model).await;
        assert_eq!((&record["outcome"], &record["usage_source"]), (&json!("failed"), &json!("partial")), "{record}");
        assert_eq!(record["error"], "idle_timeout", "{record}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_end_after_its_end_marker_keeps_nobody() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(if speech == OpenAi { "o-fast" } else { "a-fast" });
        let provider = play.provider(speech);
        provider.on(&model, Reply::stream(speech.events(&PIECES)).hang());
        let answer = play.chat(&model).stream(true).send().await;
        assert!(answer.took < MS(11_000), "{speech}: {:?}", answer.took);
        assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, true), "{}", answer.text());
        provider.one(&model).await.gone().await;
        let record = play.records.of_model(&model).await;
        assert_eq!(
            (&record["outcome"], &record["usage_source"]),
            (&json!("completed"), &json!("provider")),
            "{record}"
        );
    }
}

#[tokio::test]
async fn everything_together_must_end_in_time() {
    let play = stage();
    // Content that never stops coming, so that only the clock of everything can end it.
    let model = play.model("o-fast");
    play.o.on(&model, begun(OpenAi).forever(&OpenAi.piece("x"), MS(100)));
    let answer = play.chat(&model).stream(true).send().await;
    assert_eq!((answer.status, answer.done()), (200, false));
    assert_eq!(answer.code(), "timeout");
    assert!(answer.took >= MS(11_900), "{:?}", answer.took);
    let record = play.records.of_model(&model).await;
    assert_eq!((&record["outcome"], &record["usage_source"]), (&json!("failed"), &json!("partial")), "{record}");
    assert_eq!(record["error"], "timeout", "{record}");
    play.o.one(&model).await.gone().await;
}

#[tokio::test]
async fn no_answer_of_any_target_in_time_is_a_timeout() {
    let play = stage();
    for stream in [false, true] {
        let model = play.model("oa-fast");
        play.o.on(&model, Reply::nothing().hang());
        play.a.on(&model, Reply::nothing().hang());
        let answer = play.chat(&model).stream(stream).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (504, "timeout"), "{}", answer.text());
        assert_eq!(answer.json()["error"]["type"], "timeout_error");
        assert!(answer.took >= MS(5900), "{:?}", answer.took);
        assert_eq!((play.o.seen(&model).len(), play.a.seen(&model).len()), (1, 1));
        let record = play.records.of_model(&model).await;
        assert_eq!((&record["outcome"], &record["status"]), (&json!("failed"), &json!(504)), "{record}");
        assert!(record["usage"].is_null(), "{record}");
    }
}
