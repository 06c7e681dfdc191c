//! What is told about requests: access-log records and stats.

use std::time::{Duration, Instant};

use integration::document::KEY;
use integration::reply::Reply;
use integration::speech::Speech::{Anthropic, OpenAi};
use integration::speech::{INPUT, OUTPUT};
use integration::stage::{Stage, stage};
use serde_json::{Value, json};

fn fields(record: &Value) -> Vec<&str> {
    let mut names: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_record_tells_all_about_a_request() {
    let play = stage();
    let model = play.model("oa");
    play.o.on(&model, Reply::json(503, &OpenAi.failure("overloaded")));
    assert_eq!(play.chat(&model).stream(true).send().await.status, 200);
    let record = play.records.of_model(&model).await;
    let expected = [
        "attempts",
        "client",
        "duration_ms",
        "finish_reason",
        "model",
        "outcome",
        "request_id",
        "status",
        "stream",
        "surface",
        "target",
        "team",
        "time_ms",
        "ttft_ms",
        "unpriced",
        "usage",
        "usage_source",
    ];
    assert_eq!(fields(&record), expected, "{record}");
    let told = json!({
        "client": record["client"], "team": record["team"], "surface": record["surface"], "target": record["target"],
        "stream": record["stream"], "status": record["status"], "outcome": record["outcome"],
        "finish_reason": record["finish_reason"], "usage_source": record["usage_source"],
    });
    let right = json!({
        "client": "main", "team": "main-team", "surface": "chat", "target": format!("a/{model}"),
        "stream": true, "status": 200, "outcome": "completed", "finish_reason": "stop", "usage_source": "provider",
    });
    assert_eq!(told, right);
    let attempts = json!([
        { "target": format!("o/{model}"), "outcome": "failed", "status": 503, "reason": "overloaded" },
        { "target": format!("a/{model}"), "outcome": "answered" },
    ]);
    assert_eq!(record["attempts"], attempts);
    assert_eq!((&record["usage"]["input"], &record["usage"]["output"]), (&json!(INPUT), &json!(OUTPUT)));
    let since = |field: &str| record[field].as_u64().unwrap();
    assert!(since("time_ms") > 1_700_000_000_000 && since("ttft_ms") <= since("duration_ms"), "{record}");
}

#[tokio::test]
async fn a_refusal_leaves_a_record_too() {
    let play = stage();
    let answer = play.chat("no-such-model-of-mine").send().await;
    let record = play.records.of_request(answer.header("x-request-id").unwrap()).await;
    assert_eq!((&record["outcome"], &record["error"]), (&json!("refused"), &json!("model_not_found")), "{record}");
    assert_eq!((&record["client"], &record["status"]), (&json!("main"), &json!(404)));
    // What a caller makes up is not kept.
    assert!(!record.to_string().contains("no-such-model-of-mine"), "{record}");
}

/// The value of the only metric with these labels.
fn metric(stage: &Stage, name: &str, labels: &[&str]) -> u64 {
    let lines = stage.admin.metrics(name);
    let ours: Vec<_> = lines.iter().filter(|line| labels.iter().all(|label| line.contains(label))).collect();
    assert_eq!(ours.len(), 1, "{name} {labels:?}: {ours:?} of {} lines", lines.len());
    ours[0].rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[tokio::test]
async fn metrics_have_labels() {
    let play = stage();
    let model = play.model("ao");
    let name = format!("model=\"{model}\"");
    play.a.script(&model, |seen, _| match seen.json()["stream"] == true {
        true => Anthropic.good(true),
        false => Reply::json(500, &Anthropic.failure("api_error")),
    });
    for stream in [true, true, false] {
        assert_eq!(play.chat(&model).stream(stream).send().await.status, 200);
    }
    play.records.wait(3, &format!("\"model\":\"{model}\"")).await;
    let first = format!("target=\"a/{model}\"");
    let second = format!("target=\"o/{model}\"");
    let of = |metric_name: &str, labels: &[&str]| {
        metric(&play, &format!("tollhouse_{metric_name}{{"), &[labels, &[&*name]].concat())
    };
    let done = ["client=\"main\"", "team=\"main-team\"", "status=\"200\"", "outcome=\"completed\""];
    assert_eq!(of("requests", &[&done[..], &[&*first]].concat()), 2);
    assert_eq!(of("requests", &[&done[..], &[&*second]].concat()), 1);
    assert_eq!(of("tokens", &["kind=\"input\"", &first]), 2 * INPUT);
    assert_eq!(of("tokens", &["kind=\"output\"", &second]), OUTPUT);
    assert_eq!(of("failures", &["reason=\"500\"", &first]), 1);
    assert_eq!(of("failovers", &[&second]), 1);
    // Envoy adds histograms up every five seconds.
    let end = Instant::now() + Duration::from_secs(60);
    while of("duration_ms_count", &[&first]) < 2 {
        assert!(Instant::now() < end, "no histograms");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((of("duration_ms_count", &[&first]), of("ttft_ms_count", &[&first])), (2, 2));
    assert!(play.admin.metrics("tollhouse_duration_ms").iter().all(|line| !line.contains("client=")));
}

#[tokio::test]
async fn callers_cannot_make_labels() {
    let play = stage();
    for number in 0..20 {
        let made_up = format!("o/made-up-{number}");
        assert_eq!(play.chat(&made_up).send().await.status, 200);
        assert_eq!(play.chat(&format!("made-up-{number}")).send().await.status, 404);
        let odd = integration::caller::Call::new(play.gateway, "POST", &format!("/made-up-{number}"))
            .header("x-api-key", KEY);
        assert_eq!(odd.send().await.status, 404);
    }
    play.records.wait(20, "\"model\":\"o/made-up-").await;
    let all = play.admin.get("/stats/prometheus");
    assert!(!all.contains("made-up"));
    assert!(all.contains("target=\"o/*\""));
}

#[tokio::test]
async fn the_checks_look_at_something() {
    let play = stage();
    // Were these names wrong, nobody would notice a crash.
    assert_eq!(play.chat(&play.model("o")).send().await.status, 200);
    let stats = play.admin.stats("wasm|retry_or_shadow_abandoned");
    for name in [
        "wasm.envoy.wasm.runtime.v8.active",
        "wasm.tollhouse_gateway.vm_reload",
        "wasm.tollhouse_provider.vm_reload",
        "retry_or_shadow_abandoned",
    ] {
        assert!(stats.iter().any(|(stat, _)| stat.contains(name)), "{name}: {stats:?}");
    }
    assert!(play.admin.sum("wasm.envoy.wasm.runtime.v8.active") > 0, "{stats:?}");
}
