//! What other gateways were seen to do wrong.

use std::time::{Duration, Instant};

use integration::caller::{Call, Line};
use integration::reply::{Gate, Reply};
use integration::speech::ANSWER;
use integration::speech::Speech::{self, Anthropic, OpenAi};
use integration::stage::{Stage, stage};

/// Shorter than the timers that hold answers back: 40 ms of delayed acknowledgements, 25 ms before a stream.
const SOON: Duration = Duration::from_millis(20);

/// A loaded machine is late as well, but not always.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tries until it went without a timer once.
async fn once_soon<F: Future<Output = Duration>>(what: &str, mut measure: impl FnMut() -> F) {
    let end = Instant::now() + PATIENCE;
    let mut best = Duration::MAX;
    while best >= SOON {
        assert!(Instant::now() < end, "{what} takes {best:?} at least");
        best = best.min(measure().await);
    }
}

fn family(speech: Speech) -> &'static str {
    if speech == OpenAi { "o" } else { "a" }
}

/// One that is answered, on a connection that is kept, in headers and body apart.
async fn plain(line: &mut Line, call: &Call) -> Duration {
    let began = Instant::now();
    assert_eq!(line.send(call).await.content(), ANSWER);
    began.elapsed()
}

#[tokio::test]
async fn no_plain_answer_waits_for_a_timer() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let body = speech.answer(ANSWER).to_string();
        let head = Reply::new(200).header("content-type", "application/json");
        play.provider(speech).on(&model, head.cut_body(body.len(), "").bytes(body));
        let (mut line, call) = (Line::open(play.gateway).await, play.chat(&model));
        plain(&mut line, &call).await;
        let mut best = Duration::MAX;
        let end = Instant::now() + PATIENCE;
        while best >= SOON {
            assert!(Instant::now() < end, "{speech}: {best:?} at least");
            best = best.min(plain(&mut line, &call).await);
        }
    }
}

/// From the provider's next event to the caller's.
async fn gap(stage: &Stage, speech: Speech, model: &str) -> Duration {
    let gate = Gate::default();
    let begun = [speech.opening(), vec![speech.piece("early")]].concat();
    let rest = [vec![speech.piece("late")], speech.closing()].concat();
    stage.provider(speech).on(model, Reply::stream(begun).gate(&gate).chunks(rest).end());
    let mut live = stage.chat(model).stream(true).open().await;
    live.until("early").await;
    let began = Instant::now();
    gate.open();
    live.until("late").await;
    let gap = began.elapsed();
    assert!(live.finish().await.done(), "the end marker is passed on");
    gap
}

/// From a caller's request to the first token.
async fn first(stage: &Stage, model: &str) -> Duration {
    let began = Instant::now();
    let mut live = stage.chat(model).stream(true).open().await;
    live.until("answer-").await;
    let took = began.elapsed();
    assert!(live.finish().await.done(), "the end marker is passed on");
    took
}

#[tokio::test]
async fn no_event_of_a_stream_waits_for_a_timer() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        once_soon("the first token", || first(&play, &model)).await;
        once_soon("the next token", || gap(&play, speech, &model)).await;
    }
}

#[tokio::test]
async fn answers_in_no_time_are_counted_as_well() {
    let play = stage();
    let model = play.model("o");
    let (mut line, call) = (Line::open(play.gateway).await, play.chat(&model));
    for number in 0..200 {
        assert_eq!(line.send(&call.clone().stream(number % 2 == 0)).await.content(), ANSWER);
    }
    let records = play.records.wait(200, &format!("\"model\":\"{model}\"")).await;
    assert!(records.iter().all(|record| record["duration_ms"].is_u64() && record["usage_source"] == "provider"));
}
