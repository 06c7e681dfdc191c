use serde_json::{Value, json};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::dialects::gemini::embeddings::{Embeddings, VertexEmbeddings};
use crate::dialects::gemini::{Gemini, VertexGemini};
use crate::dialects::{Address, Dialect, EmbeddingFormat, Format, Settings};
use crate::errors::ApiError;
use crate::hub::embeddings::{EmbeddingRequest, Input, Purpose, Truncate};

fn wanted(texts: &[&'static str]) -> EmbeddingRequest<'static> {
    let (purpose, title) = (Some(Purpose::Document), Some("T".into()));
    let input = |text: &&'static str| Input { text: (*text).into(), purpose, title: title.clone() };
    let others = ["task_type", "title", "auto_truncate", "x"].map(Into::into).into();
    let truncate = Some(Truncate::End);
    EmbeddingRequest { inputs: texts.iter().map(input).collect(), dimensions: Some(8), truncate, others }
}

/// The request, and what is left out.
fn written(format: &dyn EmbeddingFormat, texts: &[&'static str], model: &str) -> Result<(Value, String), ApiError> {
    let outbound = format.request(&wanted(texts), model)?;
    Ok((serde_json::from_slice(&outbound.body).unwrap(), outbound.dropped.join(",")))
}

#[test]
fn studio_takes_all_texts_in_one_call() {
    let one = |text| {
        json!({ "model": "models/g", "content": { "parts": [{ "text": text }] }, "taskType": "RETRIEVAL_DOCUMENT",
            "title": "T", "outputDimensionality": 8 })
    };
    let (body, dropped) = written(&Embeddings, &["a", "b"], "g").unwrap();
    assert_eq!(body, json!({ "requests": [one("a"), one("b")] }));
    assert_eq!(dropped, "auto_truncate,x");
}

#[test]
fn vertex_takes_all_texts_but_for_models_that_take_one() {
    let one = |text| json!({ "content": text, "task_type": "RETRIEVAL_DOCUMENT", "title": "T" });
    let (body, dropped) = written(&VertexEmbeddings, &["a", "b"], "text-embedding-005").unwrap();
    let parameters = json!({ "autoTruncate": true, "outputDimensionality": 8 });
    assert_eq!(body, json!({ "instances": [one("a"), one("b")], "parameters": parameters }));
    assert_eq!(dropped, "x");
    let (body, _) = written(&VertexEmbeddings, &["a"], "gemini-embedding-2-preview").unwrap();
    assert_eq!(
        body,
        json!({ "content": { "parts": [{ "text": "a" }] }, "taskType": "RETRIEVAL_DOCUMENT", "title": "T",
            "outputDimensionality": 8, "autoTruncate": true })
    );
    let error = written(&VertexEmbeddings, &["a", "b"], "gemini-embedding-2-preview").unwrap_err();
    assert_eq!((error.status, error.param.as_deref()), (400, Some("input")));
}

#[test]
fn each_has_its_path() {
    let settings = Settings { project: Some("p".to_owned()), ..Settings::default() };
    let path = |dialect: &dyn Dialect, format: &dyn Format, model| {
        dialect.path(&Address { wire: format.wire(), model, stream: false, settings: &settings })
    };
    assert_eq!(path(&Gemini, &Embeddings, "g"), "/models/g:batchEmbedContents");
    for (model, method) in
        [("text-embedding-005", "predict"), ("gemini-embedding-001", "predict"), ("gemini-embedding-2", "embedContent")]
    {
        let path = path(&VertexGemini, &VertexEmbeddings, model);
        assert!(path.ends_with(&format!("/models/{model}:{method}")), "{path}");
    }
}

#[test]
fn all_forms_of_answers_are_read_with_their_counts_if_they_tell_them() {
    for (body, count) in [
        (r#"{"embeddings":[{"values":[0.10]},{"values":[2]}]}"#, None),
        (r#"{"embeddings":[{"values":[0.10]},{"values":[2]}],"usageMetadata":{"promptTokenCount":6}}"#, Some(6)),
        (
            r#"{"predictions":[{"embeddings":{"values":[0.10],"statistics":{"token_count":4.0,"truncated":false}}},
            {"embeddings":{"values":[2],"statistics":{"token_count":1}}}]}"#,
            Some(5),
        ),
    ] {
        let answer = VertexEmbeddings.answer(body.as_bytes(), &|_| None).unwrap();
        assert_eq!(answer.vectors.iter().map(|vector| vector.get()).collect::<Vec<_>>(), ["[0.10]", "[2]"]);
        assert_eq!(answer.usage.map(|usage| usage.input), count, "{body}");
    }
    let single = br#"{"embedding":{"values":[1]},"usageMetadata":{"promptTokenCount":3}}"#;
    assert_eq!(VertexEmbeddings.answer(single, &|_| None).unwrap().usage.unwrap().input, 3);
    for body in ["{}", "[]", r#"{"embeddings":[{}]}"#, r#"{"error":{"message":"no","code":503}}"#] {
        assert!(Embeddings.answer(body.as_bytes(), &|_| None).unwrap_err().status >= 502, "{body}");
    }
}
