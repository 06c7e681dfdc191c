//! What happens when a provider fails before its first content: the next one answers.

use std::time::Duration;

use integration::caller::Line;
use integration::reply::Reply;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::speech::{ANSWER, PIECES, Speech};
use integration::stage::{Stage, stage};
use serde_json::json;
use tokio::task::JoinSet;

/// A way to fail, and whether it needs impatient clocks to be seen.
type Failure = (&'static str, bool, Reply);

/// Failures that look the same whatever was asked for.
fn failures(speech: Speech) -> Vec<Failure> {
    let status = |status: u16| Reply::json(status, &speech.failure("server_error"));
    let page = "<html><body>Bad gateway</body></html>";
    let compressed = Reply::new(200).header("content-type", "application/json").header("content-encoding", "gzip");
    let json_head = Reply::new(200).header("content-type", "application/json");
    vec![
        ("reset", false, Reply::nothing().reset()),
        ("closed", false, Reply::nothing().close()),
        ("not HTTP", false, Reply::nothing().bytes("hello\r\n\r\n").close()),
        ("408", false, status(408)),
        ("429", false, status(429)),
        ("500", false, status(500)),
        ("502 page", false, Reply::new(502).header("content-type", "text/html").body(page)),
        ("503", false, status(503)),
        ("503 without body", false, Reply::new(503).body("")),
        ("529", false, status(529)),
        ("529 in chunks", false, Reply::new(529).chunks(["{\"error\":", "{}}"]).end()),
        ("error cut off", false, Reply::new(500).cut_body(100, "{").close()),
        ("redirect", false, Reply::new(302).header("location", "http://elsewhere.invalid/").body("")),
        ("empty 200", false, Reply::new(200).header("content-type", "application/json").body("")),
        ("204", false, Reply::new(204).bare()),
        ("page", false, Reply::new(200).header("content-type", "text/html").body(page)),
        ("wrong type", false, Reply::new(200).header("content-type", "text/plain").body("{}")),
        ("cut JSON", false, Reply::new(200).header("content-type", "application/json").body("{\"id\":\"x\",")),
        ("answer cut off", false, json_head.clone().cut_body(100, "{\"id\":").close()),
        ("answer reset", false, json_head.clone().cut_body(100, "{").pause(TICK).reset()),
        ("answer stalls", true, json_head.clone().cut_body(100, "{").hang()),
        ("error stalls", true, Reply::new(500).cut_body(100, "{").hang()),
        ("endless error", false, Reply::new(500).chunks(vec![" ".repeat(100_000); 40]).hang()),
        ("large headers", false, json_head.clone().header("x-large", &"x".repeat(100_000)).body("{}")),
        ("error in a 200", false, Reply::json(200, &speech.failure("overloaded_error"))),
        ("other JSON", false, Reply::json(200, &json!({ "hello": "world" }))),
        ("gzip", false, compressed.body(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")),
        ("never answers", true, Reply::nothing().hang()),
    ]
}

/// Failures of streams.
fn stream_failures(speech: Speech) -> Vec<Failure> {
    let stream = |events: &[String]| Reply::stream(events);
    let opening = speech.opening();
    let closing = speech.closing();
    let end = closing.last().cloned().into_iter().collect::<Vec<_>>();
    let pings = stream(&opening).forever(&speech.ping(), Duration::from_millis(100));
    vec![
        ("silence", true, stream(&[]).hang()),
        ("role, silence", true, stream(&opening).hang()),
        ("role, pings", true, pings),
        ("error event", false, stream(&[speech.failure_event()]).end()),
        ("role, error event", false, stream(&[opening.clone(), vec![speech.failure_event()]].concat()).end()),
        ("no event", false, stream(&[]).end()),
        ("role only", false, stream(&opening).end()),
        ("role, cut off", false, stream(&opening).close()),
        ("role, reset", false, stream(&opening).pause(Duration::from_millis(50)).reset()),
        ("event cut off", false, stream(&["data: {\"id\":".to_owned()]).close()),
        ("no UTF-8", false, Reply::stream([b"data: \xff\xfe\n\n"]).end()),
        ("end marker only", false, stream(&end).end()),
        ("no JSON", false, stream(&["data: hello\n\n".to_owned()]).end()),
    ]
}

/// The first target fails, the second answers: what the caller sees, and what both are sent.
async fn falls_over(stage: &'static Stage, from: Speech, stream: bool, failure: Failure) {
    let (name, impatient, reply) = failure;
    let (first, second) = order(stage, from);
    let model = stage.model(&format!("{}{}", family(from), if impatient { "-fast" } else { "" }));
    first.on(&model, reply);
    let answer = stage.chat(&model).stream(stream).send().await;
    let case = format!("{name}, from {from}, stream: {stream}: {} {}", answer.status, answer.text());
    assert_eq!((answer.status, answer.whole, answer.content().as_str()), (200, true, ANSWER), "{case}");
    assert_eq!(answer.done(), stream, "{case}");
    assert_eq!(answer.served(), (target(from, &model), "2".to_owned()), "{case}");
    assert_eq!((first.seen(&model).len(), second.seen(&model).len()), (1, 1), "{case}");
    let record = stage.records.of_model(&model).await;
    assert_eq!((&record["outcome"], &record["usage_source"]), (&json!("completed"), &json!("provider")), "{case}");
    assert_eq!(record["attempts"].as_array().map(Vec::len), Some(2), "{case}");
    assert_eq!(record["attempts"][1]["outcome"], "answered", "{case}");
}

fn order(
    stage: &'static Stage,
    from: Speech,
) -> (&'static integration::provider::Provider, &'static integration::provider::Provider) {
    match from {
        OpenAi => (&stage.o, &stage.a),
        Anthropic => (&stage.a, &stage.o),
    }
}

fn family(from: Speech) -> &'static str {
    if from == OpenAi { "oa" } else { "ao" }
}

/// The second target.
fn target(from: Speech, model: &str) -> String {
    format!("{}/{model}", if from == OpenAi { "a" } else { "o" })
}

/// Many at a time: most only wait.
async fn all(plays: impl IntoIterator<Item = impl Future<Output = ()> + Send + 'static>) {
    let mut set: JoinSet<()> = plays.into_iter().collect();
    let mut failed = Vec::new();
    while let Some(result) = set.join_next().await {
        if let Err(panic) = result {
            let panic = panic.into_panic();
            failed.push(panic.downcast_ref::<String>().cloned().unwrap_or_default());
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test]
async fn every_failure_of_a_plain_answer_goes_to_the_next_target() {
    let play = stage();
    let cases = [OpenAi, Anthropic].into_iter().flat_map(|from| failures(from).into_iter().map(move |f| (from, f)));
    all(cases.map(|(from, failure)| falls_over(play.stage(), from, false, failure))).await;
}

#[tokio::test]
async fn every_failure_of_a_stream_before_its_content_goes_to_the_next_target() {
    let play = stage();
    let of = |from| failures(from).into_iter().chain(stream_failures(from)).map(move |failure| (from, failure));
    let cases = [OpenAi, Anthropic].into_iter().flat_map(of);
    all(cases.map(|(from, failure)| falls_over(play.stage(), from, true, failure))).await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_is_passed_over() {
    let play = stage();
    let mut plays = Vec::new();
    for way in ["refused", "nowhere", "hole"] {
        for (order, second) in [("oa", "a"), ("ao", "o")] {
            for stream in [false, true] {
                plays.push(unreachable_first(play.stage(), format!("{way}-{order}"), second, stream));
            }
        }
    }
    all(plays).await;
}

async fn unreachable_first(stage: &'static Stage, family: String, second: &'static str, stream: bool) {
    let model = stage.model(&family);
    let answer = stage.chat(&model).stream(stream).send().await;
    let case = format!("{family}, stream: {stream}: {}", answer.text());
    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{case}");
    assert_eq!(answer.served(), (format!("{second}/{model}"), "2".to_owned()), "{case}");
    assert!(answer.took < Duration::from_secs(20), "{case}: {:?}", answer.took);
}

#[tokio::test]
async fn large_bodies_arrive_whole_at_the_next_target() {
    let play = stage();
    for (from, size) in [(OpenAi, 200 << 10), (Anthropic, 200 << 10), (OpenAi, 20 << 20), (Anthropic, 20 << 20)] {
        let (first, second) = order(play.stage(), from);
        let model = play.model(family(from));
        first.on(&model, Reply::json(503, &from.failure("overloaded_error")));
        let call = play.chat(&model).prompt(size);
        let answer = call.send().await;
        assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{from} {size}");
        assert_eq!(answer.served(), (target(from, &model), "2".to_owned()));
        for provider in [first, second] {
            let seen = provider.one(&model).await;
            let body = seen.json();
            let content = &body["messages"][0]["content"];
            let text = content.as_str().or(content[0]["text"].as_str()).unwrap();
            assert_eq!(text.len(), size, "{from}");
            assert!(call.bytes().ends_with(format!("{text}\"}}]}}").as_bytes()), "{from} {size}");
            assert_eq!(seen.head.get("content-length"), Some(&*seen.body.len().to_string()));
        }
    }
}

#[tokio::test]
async fn a_provider_that_fails_before_it_has_read_the_request_is_passed_over() {
    let play = stage();
    for size in [1000, 200 << 10, 4 << 20] {
        for stream in [false, true] {
            let model = play.model("hasty-oa");
            let answer = play.chat(&model).prompt(size).stream(stream).send().await;
            assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{size}: {}", answer.text());
            assert_eq!(answer.served(), (format!("a/{model}"), "2".to_owned()));
            assert!(play.a.one(&model).await.body.len() > size);
        }
    }
}

#[tokio::test]
async fn a_request_may_come_in_chunks_of_any_size() {
    let play = stage();
    for size in [1, 7, 1000, 60_000] {
        let model = play.model("oa");
        play.o.on(&model, Reply::nothing().reset());
        let answer = play.chat(&model).prompt(if size == 1 { 100 } else { 150_000 }).chunked(size).send().await;
        assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{size}");
    }
}

#[tokio::test]
async fn the_callers_fault_is_told_and_tried_nowhere_else() {
    let play = stage();
    for (from, status, kind) in [
        (OpenAi, 400, "invalid_request_error"),
        (OpenAi, 401, "invalid_api_key"),
        (OpenAi, 403, "permission_denied"),
        (OpenAi, 404, "model_not_found"),
        (OpenAi, 413, "request_too_large"),
        (OpenAi, 422, "invalid_request_error"),
        (OpenAi, 400, "context_length_exceeded"),
        (Anthropic, 400, "invalid_request_error"),
        (Anthropic, 401, "authentication_error"),
        (Anthropic, 403, "permission_error"),
        (Anthropic, 404, "not_found_error"),
        (Anthropic, 413, "request_too_large"),
    ] {
        for stream in [false, true] {
            let (first, second) = order(play.stage(), from);
            let model = play.model(family(from));
            first.on(&model, Reply::json(status, &from.failure(kind)));
            let answer = play.chat(&model).stream(stream).send().await;
            assert_eq!(answer.status, status, "{from} {kind}: {}", answer.text());
            assert_eq!(answer.json()["error"]["message"], "No.", "{from} {kind}");
            assert_eq!(answer.header("content-type"), Some("application/json"), "{from} {kind}");
            assert_eq!((first.seen(&model).len(), second.seen(&model).len()), (1, 0), "{from} {kind}");
            // Nor does it cool the target.
            first.on(&model, from.good(stream));
            let answer = play.chat(&model).stream(stream).send().await;
            assert_eq!((answer.status, answer.served().1.as_str()), (200, "1"), "{from} {kind}");
        }
    }
}

#[tokio::test]
async fn a_model_can_ask_for_more_failover() {
    let play = stage();
    for (family, status, kind) in [("longer", 400, "context_length_exceeded"), ("keyless", 401, "invalid_api_key")] {
        let model = play.model(family);
        play.o.on(&model, Reply::json(status, &OpenAi.failure(kind)));
        let answer = play.chat(&model).send().await;
        assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{family}: {}", answer.text());
        let model = play.model(family);
        play.o.on(&model, Reply::json(400, &OpenAi.failure("invalid_request_error")));
        assert_eq!(play.chat(&model).send().await.status, 400, "{family}: no more than asked for");
    }
}

#[tokio::test]
async fn three_targets_are_three_attempts() {
    let play = stage();
    let model = play.model("oab");
    play.o.on(&model, Reply::nothing().reset());
    play.a.on(&model, Reply::json(529, &Anthropic.failure("overloaded_error")));
    let answer = play.chat(&model).send().await;
    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER));
    assert_eq!(answer.served(), (format!("b/{model}"), "3".to_owned()));
    let record = play.records.of_model(&model).await;
    let outcomes: Vec<_> = record["attempts"].as_array().unwrap().iter().map(|a| &a["outcome"]).collect();
    assert_eq!(outcomes, ["unanswered", "failed", "answered"]);
}

#[tokio::test]
async fn the_last_failure_is_the_callers_when_no_target_is_left() {
    let play = stage();
    for stream in [false, true] {
        let model = play.model("oa");
        play.o.on(&model, Reply::nothing().reset());
        play.a.on(&model, Reply::json(529, &Anthropic.failure("overloaded_error")));
        let answer = play.chat(&model).stream(stream).send().await;
        assert_eq!(
            (answer.status, answer.json()["error"]["message"].as_str()),
            (529, Some("No.")),
            "{}",
            answer.text()
        );
        assert_eq!(answer.served(), (format!("a/{model}"), "2".to_owned()));

        let model = play.model("ao");
        play.a.on(&model, Reply::json(529, &Anthropic.failure("overloaded_error")));
        play.o.on(&model, Reply::nothing().reset());
        let answer = play.chat(&model).stream(stream).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "no_healthy_target"), "{}", answer.text());
        assert!(answer.text().contains(&format!("a/{model}, o/{model}")), "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.whole);
    }
    for family in ["refused", "nowhere", "lost"] {
        let model = play.model(family);
        let answer = play.chat(&model).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "no_healthy_target"), "{family}: {}", answer.text());
        let record = play.records.of_model(&model).await;
        assert_eq!((&record["outcome"], &record["status"]), (&json!("failed"), &json!(503)), "{record}");
    }
}

#[tokio::test]
async fn a_lone_target_gets_another_chance_when_its_connection_breaks() {
    let play = stage();
    let model = play.model("o");
    play.o.script(&model, |_, number| if number == 0 { Reply::nothing().reset() } else { OpenAi.good(false) });
    let answer = play.chat(&model).send().await;
    assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER));
    assert_eq!(answer.served(), (format!("o/{model}"), "2".to_owned()));
}

#[tokio::test]
async fn under_load_every_failure_finds_the_next_target() {
    let play = stage();
    let model = play.model("oa");
    // Without an advice to wait the target cools for a while; a wait of nothing keeps it in the first place.
    play.o.on(&model, Reply::new(503).header("retry-after-ms", "0").body("{}"));
    let connections = (0..16).map(|number| {
        let (stage, model) = (play.stage(), model.clone());
        async move {
            let mut line = Line::open(stage.gateway).await;
            for round in 0..50 {
                let stream = (number + round) % 2 == 0;
                let answer = line.send(&stage.chat(&model).stream(stream)).await;
                assert_eq!((answer.status, answer.content().as_str()), (200, ANSWER), "{number} {round}");
                assert_eq!(answer.served().0, format!("a/{model}"), "{number} {round}");
            }
        }
    });
    all(connections).await;
    assert_eq!(play.a.seen(&model).len(), 800);
    // Clocks of workers differ by a moment, in which a wait of nothing is a wait.
    assert!(play.o.seen(&model).len() > 700, "{}", play.o.seen(&model).len());
}

#[tokio::test]
async fn after_the_first_content_nothing_is_tried_again() {
    let play = stage();
    for from in [OpenAi, Anthropic] {
        let opening = [from.opening(), vec![from.piece(PIECES[0])]].concat();
        let failures = [
            ("error event", Reply::stream(&opening).pause(TICK).chunks([from.failure_event()]).end()),
            ("clean end without an end marker", Reply::stream(&opening).pause(TICK).end()),
            ("error at once", Reply::stream(&opening).chunks([from.failure_event()]).end()),
            ("no JSON", Reply::stream(&opening).pause(TICK).chunks(["event: x\ndata: {\n\n"]).end()),
        ];
        for (name, reply) in failures {
            let (first, second) = order(play.stage(), from);
            let model = play.model(family(from));
            first.on(&model, reply);
            let answer = play.chat(&model).stream(true).send().await;
            let case = format!("{name}, {from}: {}", answer.text());
            assert_eq!((answer.status, answer.whole, answer.done()), (200, true, false), "{case}");
            assert_eq!(answer.content(), PIECES[0], "{case}");
            assert!(answer.chunks().last().is_some_and(|last| last["error"]["message"].is_string()), "{case}");
            assert_eq!((first.seen(&model).len(), second.seen(&model).len()), (1, 0), "{case}");
            let record = play.records.of_model(&model).await;
            assert_eq!((&record["outcome"], &record["usage_source"]), (&json!("failed"), &json!("partial")), "{case}");
        }
    }
}

/// Long enough that what follows comes by itself.
const TICK: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_stream_that_is_reset_after_its_first_content_is_told_in_band() {
    let play = stage();
    for from in [OpenAi, Anthropic] {
        let (first, second) = order(play.stage(), from);
        let model = play.model(family(from));
        let begun = [from.opening(), vec![from.piece(PIECES[0])]].concat();
        first.on(&model, Reply::stream(begun).pause(TICK).reset());
        let answer = play.chat(&model).stream(true).send().await;
        assert_eq!((answer.status, answer.whole, answer.done()), (200, false, false), "{}", answer.text());
        assert_eq!((answer.content().as_str(), answer.code().as_str()), (PIECES[0], "provider_reset"));
        assert_eq!(second.seen(&model).len(), 0);
        let record = play.records.of_model(&model).await;
        assert_eq!((&record["outcome"], &record["usage_source"]), (&json!("failed"), &json!("partial")), "{record}");
        assert_eq!(record["error"], "provider_reset", "{record}");
        assert!(record["usage"]["output"].as_u64().unwrap() > 0, "{record}");
    }
}
