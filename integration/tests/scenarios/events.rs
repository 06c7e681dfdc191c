//! Event streams in every form that the standard allows, and some that it does not.

use std::time::Duration;

use integration::reply::Reply;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::speech::{ANSWER, PIECES, Speech};
use integration::stage::stage;

fn family(speech: Speech) -> &'static str {
    if speech == OpenAi { "o" } else { "a" }
}

/// The stream in another form.
fn forms(speech: Speech) -> Vec<(&'static str, String)> {
    let plain = speech.events(&PIECES).concat();
    let comments = plain.replace("data: ", ": a comment\n:\ndata: ");
    // A line of JSON may be divided wherever a space may be.
    let divided = plain.replace("\"index\":0,", "\"index\":0,\ndata: ");
    vec![
        ("LF", plain.clone()),
        ("CRLF", plain.replace('\n', "\r\n")),
        ("CR", plain.replace('\n', "\r")),
        ("no space", plain.replace("data: ", "data:").replace("event: ", "event:")),
        ("comments", comments),
        ("BOM", format!("\u{feff}{plain}")),
        ("ids and retries", plain.replace("data: ", "id: 7\nretry: 10\nunknown: x\ndata: ")),
        ("data in lines", divided),
        ("empty events", plain.replace("\n\n", "\n\n\n\n\nevent: ping\n\n")),
    ]
}

#[tokio::test]
async fn streams_are_read_in_every_legal_form() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        for (name, bytes) in forms(speech) {
            for size in [3, 100_000] {
                let model = play.model(family(speech));
                let chunks: Vec<_> = bytes.as_bytes().chunks(size).collect();
                play.provider(speech).on(&model, Reply::stream(chunks).end());
                let answer = play.chat(&model).stream(true).send().await;
                let case = format!("{speech}, {name}, by {size}: {}", answer.text());
                assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, true), "{case}");
                let record = play.records.of_model(&model).await;
                assert_eq!(record["usage_source"], "provider", "{case}");
            }
        }
    }
}

#[tokio::test]
async fn an_event_of_five_mebibytes_arrives_whole() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let text = "0123456789abcdef".repeat((5 << 20) / 16);
        play.provider(speech).on(&model, Reply::stream(speech.events(&["a", &text, "z"])).end());
        let answer = play.chat(&model).stream(true).send().await;
        assert!(answer.content() == format!("a{text}z") && answer.done(), "{speech} {}", answer.body.len());
    }
}

#[tokio::test]
async fn an_event_that_is_too_long_is_a_clean_failure() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let text = "0123456789abcdef".repeat((9 << 20) / 16);
        // Before any content: the other target answers.
        let model = play.model(if speech == OpenAi { "oa" } else { "ao" });
        play.provider(speech).on(&model, Reply::stream(speech.events(&[&text])).end());
        let answer = play.chat(&model).stream(true).send().await;
        assert_eq!((answer.content().as_str(), answer.served().1.as_str()), (ANSWER, "2"), "{speech}");
        // After it: told in band.
        let model = play.model(family(speech));
        let begun = [speech.opening(), vec![speech.piece("a")]].concat();
        let reply = Reply::stream(begun).pause(Duration::from_millis(100)).chunks([speech.piece(&text)]).end();
        play.provider(speech).on(&model, reply);
        let answer = play.chat(&model).stream(true).send().await;
        let case = format!("{speech}: {:.300}", answer.text());
        assert_eq!((answer.content().as_str(), answer.code().as_str()), ("a", "event_too_long"), "{case}");
        assert!(!answer.done(), "{case}");
    }
}

#[tokio::test]
async fn what_follows_the_end_marker_is_not_passed_on() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let events = [speech.events(&PIECES), vec![speech.piece("more"), speech.failure_event()]].concat();
        play.provider(speech).on(&model, Reply::stream(events).end());
        let answer = play.chat(&model).stream(true).send().await;
        assert_eq!((answer.content().as_str(), answer.done()), (ANSWER, true), "{}", answer.text());
    }
}

#[tokio::test]
async fn content_reaches_the_caller_as_it_comes() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let gate = integration::reply::Gate::default();
        let begun = [speech.opening(), vec![speech.piece("early")]].concat();
        let rest = [vec![speech.piece("late")], speech.closing()].concat();
        play.provider(speech).on(&model, Reply::stream(begun).gate(&gate).chunks(rest).end());
        let mut live = play.chat(&model).stream(true).open().await;
        live.until("early").await;
        gate.open();
        let answer = live.finish().await;
        assert_eq!((answer.content().as_str(), answer.done()), ("earlylate", true));
    }
}
