//! Vectors, from providers of different APIs.

use integration::caller::{Answer, Call};
use integration::document::KEY;
use integration::reply::Reply;
use integration::speech::Speech::OpenAi;
use integration::stage::{Stage, stage};
use serde_json::{Value, json};
use tollhouse_filter::base64;

const VECTORS: [[f32; 2]; 2] = [[1.0, -2.5], [0.25, 3e-4]];

/// What OpenAI's SDKs ask, which take base64 for themselves and give floats to their callers.
async fn embed(stage: &Stage, model: &str) -> Answer {
    Call::new(stage.gateway, "POST", "/v1/embeddings")
        .header("authorization", &format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .json(&json!({ "model": model, "input": ["hi", "there"], "encoding_format": "base64" }))
        .send()
        .await
}

/// The vectors as the SDKs read them.
fn vectors(answer: &Value) -> Vec<Vec<f32>> {
    let read = |item: &Value| {
        let bytes = base64::decode(item["embedding"].as_str().expect("base64")).expect("base64");
        bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    answer["data"].as_array().expect("a list").iter().map(read).collect()
}

/// An answer of a server of OpenAI's API that knows floats only.
fn openai() -> Reply {
    let item = |(at, vector): (usize, &[f32; 2])| json!({ "object": "embedding", "index": at, "embedding": vector });
    let data: Vec<_> = VECTORS.iter().enumerate().map(item).collect();
    Reply::json(200, &json!({ "object": "list", "data": data, "usage": { "prompt_tokens": 7, "total_tokens": 7 } }))
}

fn cohere() -> Reply {
    let meta = json!({ "billed_units": { "input_tokens": 7 } });
    Reply::json(200, &json!({ "id": "x", "embeddings": { "float": VECTORS }, "texts": ["hi", "there"], "meta": meta }))
}

/// The second target's answer, whatever the first speaks.
async fn falls_over(stage: &Stage, family: &str) -> String {
    let model = stage.model(family);
    let failure = Reply::json(503, &json!({ "message": "busy" }));
    let from_openai = family == "oc";
    stage.o.on(&model, if from_openai { failure.clone() } else { openai() });
    stage.p.on(&model, if from_openai { cohere() } else { failure });
    let answer = embed(stage, &model).await;
    assert_eq!((answer.status, answer.whole), (200, true), "{family}: {}", answer.text());
    assert_eq!(vectors(&answer.json()), VECTORS, "{family}");
    assert_eq!(answer.json()["usage"], json!({ "prompt_tokens": 7, "total_tokens": 7 }), "{family}");
    let second = if from_openai { "c" } else { "o" };
    assert_eq!(answer.served(), (format!("{second}/{model}"), "2".to_owned()), "{family}");
    let record = stage.records.of_model(&model).await;
    assert_eq!((&record["outcome"], &record["usage_source"]), (&json!("completed"), &json!("provider")), "{record}");
    assert_eq!((&record["surface"], &record["usage"]["input"]), (&json!("embeddings"), &json!(7)), "{record}");
    model
}

#[tokio::test]
async fn embeddings_go_to_the_next_target_whatever_it_speaks() {
    let play = stage();
    for family in ["oc", "co"] {
        let model = falls_over(&play, family).await;
        let (openai, cohere) = (play.o.one(&model).await, play.p.one(&model).await);
        assert_eq!(openai.json()["encoding_format"], "base64");
        assert_eq!(openai.json()["input"], json!(["hi", "there"]));
        assert!(cohere.head.line.contains("/v2/embed "), "{}", cohere.head.line);
        let (texts, kind) = (json!(["hi", "there"]), json!("search_document"));
        assert_eq!((&cohere.json()["texts"], &cohere.json()["input_type"]), (&texts, &kind));
    }
}

#[tokio::test]
async fn a_target_without_embeddings_is_no_attempt() {
    let play = stage();
    let model = play.model("ao");
    play.provider(OpenAi).on(&model, openai());
    let answer = embed(&play, &model).await;
    assert_eq!(vectors(&answer.json()), VECTORS);
    assert_eq!(answer.served(), (format!("o/{model}"), "1".to_owned()));
    assert!(play.a.seen(&model).is_empty());
    let model = play.model("a");
    let answer = embed(&play, &model).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "unsupported_operation"), "{}", answer.text());
}
