//! What requests cost, and where it is told.

use integration::reply::Reply;
use integration::speech::Speech::{self, Anthropic, OpenAi};
use integration::speech::{INPUT, OUTPUT};
use integration::stage::{Stage, stage};
use serde_json::{Value, json};

/// What a scripted answer costs at three dollars for a million tokens read and fifteen for a million written.
const NANO_USD: u64 = 3_000 * INPUT + 15_000 * OUTPUT;

fn family(speech: Speech) -> &'static str {
    if speech == OpenAi { "priced-o" } else { "priced-a" }
}

fn counted(stage: &Stage, metric: &str, model: &str) -> u64 {
    let lines = stage.admin.metrics(&format!("tollhouse_{metric}{{"));
    let ours = lines.iter().filter(|line| line.contains(&format!("model=\"{model}\"")));
    ours.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}

#[tokio::test]
async fn plain_and_streamed_answers_are_priced() {
    let play = stage();
    for speech in [OpenAi, Anthropic] {
        let model = play.model(family(speech));
        let dollars = format!("0.{NANO_USD:09}");
        let plain = play.chat(&model).send().await;
        assert_eq!(plain.header("x-tollhouse-cost-usd"), Some(dollars.as_str()), "{speech}");
        let streamed = play.chat(&model).stream(true).send().await;
        assert_eq!((streamed.status, streamed.header("x-tollhouse-cost-usd")), (200, None), "{speech}");
        for record in play.records.wait(2, &format!("\"model\":\"{model}\"")).await {
            assert_eq!(record["cost_usd"], serde_json::from_str::<Value>(&dollars).unwrap(), "{record}");
            assert_eq!(record["price_version"] == "document", speech == OpenAi, "{record}");
            assert_eq!(record.get("unpriced"), None, "{record}");
        }
        assert_eq!(counted(&play, "cost_nanousd", &model), 2 * NANO_USD, "{speech}");
        assert_eq!(counted(&play, "unpriced", &model), 0, "{speech}");
    }
}

#[tokio::test]
async fn what_has_no_price_is_not_free() {
    let play = stage();
    let model = play.model("o");
    let plain = play.chat(&model).send().await;
    assert_eq!((plain.status, plain.header("x-tollhouse-cost-usd")), (200, None));
    let record = play.records.of_model(&model).await;
    assert_eq!((&record["unpriced"], record.get("cost_usd")), (&json!(true), None), "{record}");
    assert_eq!((counted(&play, "unpriced", &model), counted(&play, "cost_nanousd", &model)), (1, 0));
}

#[tokio::test]
async fn what_is_estimated_is_priced_and_said_to_be_an_estimate() {
    let play = stage();
    let model = play.model("priced-o");
    let mut answer = OpenAi.answer(&"x".repeat(400));
    answer.as_object_mut().unwrap().remove("usage");
    play.o.on(&model, Reply::json(200, &answer));
    assert!(play.chat(&model).send().await.header("x-tollhouse-cost-usd").is_some());
    let record = play.records.of_model(&model).await;
    let nano = 3_000 * record["usage"]["input"].as_u64().unwrap() + 15_000 * 100;
    let dollars: Value = serde_json::from_str(&format!("0.{nano:09}")).unwrap();
    assert_eq!((&record["usage_source"], &record["cost_usd"]), (&json!("estimated"), &dollars), "{record}");
}
