#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::dialects::bedrock::{BedrockConverse, embeddings::Embeddings};
use crate::dialects::{Address, Dialect, EmbeddingFormat, Format, Outbound, Settings};
use crate::errors::ApiError;
use crate::hub::embeddings::{EmbeddingRequest, Input, Purpose};

fn written(texts: &[&'static str], dimensions: Option<u64>, model: &str) -> Result<Outbound, ApiError> {
    let input = |text: &&'static str| Input { text: (*text).into(), purpose: Some(Purpose::Query), title: None };
    let others = vec!["task_type".into()];
    let inputs = texts.iter().map(input).collect();
    Embeddings.request(&EmbeddingRequest { inputs, dimensions, truncate: None, others }, model)
}

fn body(texts: &[&'static str], dimensions: Option<u64>, model: &str) -> String {
    String::from_utf8(written(texts, dimensions, model).unwrap().body).unwrap()
}

#[test]
fn every_maker_is_asked_in_its_own_form() {
    let titan = "amazon.titan-embed-text-v2:0";
    assert_eq!(body(&["a"], Some(256), titan), r#"{"inputText":"a","dimensions":256}"#);
    assert_eq!(written(&["a"], None, titan).unwrap().dropped, ["task_type"]);
    assert_eq!(body(&["a"], Some(1536), "amazon.titan-embed-text-v1"), r#"{"inputText":"a"}"#);
    assert_eq!(
        body(&["a", "b"], Some(256), "eu.cohere.embed-v4:0"),
        r#"{"texts":["a","b"],"input_type":"search_query","output_dimension":256}"#
    );
    assert_eq!(
        body(&["a"], Some(256), "amazon.nova-2-multimodal-embeddings-v1:0"),
        concat!(
            r#"{"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"embeddingPurpose":"GENERIC_RETRIEVAL","#,
            r#""embeddingDimension":256,"text":{"truncationMode":"NONE","value":"a"}}}"#
        )
    );
}

#[test]
fn several_texts_and_unknown_models_are_refused_by_name() {
    for model in ["amazon.titan-embed-text-v2:0", "amazon.nova-2-multimodal-embeddings-v1:0"] {
        assert_eq!(written(&["a", "b"], None, model).unwrap_err().param.as_deref(), Some("input"));
    }
    let error = written(&["a"], None, "anthropic.claude-sonnet-4-5").unwrap_err();
    assert_eq!((error.code.as_deref(), error.param.as_deref()), (Some("unsupported_operation"), Some("model")));
}

#[test]
fn every_maker_s_answer_is_read_and_counted_by_itself_or_by_bedrock() {
    let header = |name: &str| (name == "x-amzn-bedrock-input-token-count").then(|| "7".to_owned());
    for (body, vectors, count) in [
        (r#"{"embedding":[0.10],"inputTextTokenCount":5}"#, vec!["[0.10]"], 5),
        (r#"{"embeddings":[[0.10],[2]],"response_type":"embeddings_floats"}"#, vec!["[0.10]", "[2]"], 7),
        (r#"{"embeddings":{"float":[[0.10]]},"response_type":"embeddings_by_type"}"#, vec!["[0.10]"], 7),
        (r#"{"embeddings":[{"embeddingType":"TEXT","embedding":[0.10]}]}"#, vec!["[0.10]"], 7),
    ] {
        let answer = Embeddings.answer(body.as_bytes(), &header).unwrap();
        assert_eq!(answer.vectors.iter().map(|vector| vector.get()).collect::<Vec<_>>(), vectors);
        assert_eq!(answer.usage.unwrap().input, count, "{body}");
    }
    assert_eq!(Embeddings.answer(br#"{"embedding":[1]}"#, &|_| None).unwrap().usage, None);
    for body in ["{}", "[]", r#"{"embeddings":[]}"#, r#"{"embeddings":[{}]}"#, r#"{"embeddings":"x"}"#] {
        assert_eq!(Embeddings.answer(body.as_bytes(), &header).unwrap_err().status, 502, "{body}");
    }
}

#[test]
fn models_are_invoked() {
    let settings = Settings::default();
    let model = "amazon.titan-embed-text-v2:0";
    let to = Address { wire: Embeddings.wire(), model, stream: false, settings: &settings };
    assert_eq!(BedrockConverse.path(&to), "/model/amazon.titan-embed-text-v2%3A0/invoke");
}
