//! Embeddings, version 2.
//!
//! <https://docs.cohere.com/reference/embed>

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{error, usage};
use crate::dialects::{EmbeddingFormat, Format, Outbound, embedding};
use crate::errors::ApiError;
use crate::hub::embeddings::{EmbeddingAnswer, EmbeddingRequest, Purpose, Truncate};
use crate::wire::Wire;

/// The format of embeddings.
#[derive(Clone, Copy, Debug)]
pub(in crate::dialects) struct Embeddings;

/// What Cohere is asked, at its own host and at Bedrock.
#[derive(Serialize)]
pub(in crate::dialects) struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    texts: Vec<&'a str>,
    /// Models need to know it from version 3 on.
    input_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_types: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<&'static str>,
}

impl<'a> Request<'a> {
    /// The request for Bedrock, where the model stands in the path, and floats are what it answers.
    ///
    /// # Errors
    /// The texts are for several purposes.
    pub(in crate::dialects) fn new(wanted: &'a EmbeddingRequest<'_>, model: &str) -> Result<Self, ApiError> {
        Ok(Self {
            model: None,
            texts: wanted.inputs.iter().map(|input| input.text.as_ref()).collect(),
            input_type: input_type(embedding::purpose(wanted)?),
            embedding_types: None,
            output_dimension: wanted.dimensions.filter(|dimensions| native(model) != Some(*dimensions)),
            truncate: wanted.truncate.map(|truncate| match truncate {
                Truncate::Never => "NONE",
                Truncate::Start => "START",
                Truncate::End => "END",
            }),
        })
    }
}

/// Texts whose purpose nobody says are taken for documents, of which there are more than of queries.
fn input_type(purpose: Option<Purpose>) -> &'static str {
    match purpose {
        None | Some(Purpose::Document) => "search_document",
        Some(Purpose::Query | Purpose::Question | Purpose::Fact | Purpose::Code) => "search_query",
        Some(Purpose::Classification) => "classification",
        Some(Purpose::Clustering | Purpose::Similarity) => "clustering",
    }
}

/// The length of the vectors of a model of version 3, which makes no others and refuses to be asked for one.
///
/// <https://docs.cohere.com/docs/models#embed>
fn native(model: &str) -> Option<u64> {
    let version_3 = ["embed-english", "embed-multilingual"].iter().any(|name| model.contains(name));
    version_3.then_some(if model.contains("light") { 384 } else { 1024 })
}

/// Extensions that Cohere has a word for.
pub(in crate::dialects) const EXTENSIONS: &[&str] = &["input_type", "task_type", "truncate", "auto_truncate"];

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    embeddings: Option<Typed<'a>>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
}

/// Vectors by the type of their numbers.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, default)]
    float: Vec<&'a RawValue>,
}

impl Format for Embeddings {
    fn wire(&self) -> Wire {
        Wire::CohereEmbed
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl EmbeddingFormat for Embeddings {
    fn request(&self, wanted: &EmbeddingRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        let request = Request { model: Some(model), embedding_types: Some(["float"]), ..Request::new(wanted, model)? };
        Ok(Outbound::json(&request, wanted.others_than(EXTENSIONS)))
    }

    fn answer<'a>(
        &self,
        body: &'a [u8],
        _header: &dyn Fn(&str) -> Option<String>,
    ) -> Result<EmbeddingAnswer<'a>, ApiError> {
        let answer: Answer<'a> = serde_json::from_slice(body).map_err(|_| error::not_an_answer())?;
        let vectors = answer.embeddings.map(|typed| typed.float).unwrap_or_default();
        let told = EmbeddingAnswer::new(vectors).ok_or_else(error::not_an_answer)?;
        Ok(EmbeddingAnswer { usage: usage::read(answer.meta), ..told })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::dialects::{Address, Dialect, Settings, cohere::Cohere};
    use crate::hub::embeddings::Input;

    fn wanted(texts: &[(&'static str, Option<Purpose>)]) -> EmbeddingRequest<'static> {
        let input = |(text, purpose): &(&'static str, Option<Purpose>)| Input {
            text: (*text).into(),
            purpose: *purpose,
            title: None,
        };
        let others = vec!["input_type".into(), "title".into(), "x".into()];
        EmbeddingRequest { inputs: texts.iter().map(input).collect(), dimensions: Some(1024), truncate: None, others }
    }

    fn written(wanted: &EmbeddingRequest<'_>, model: &str) -> String {
        String::from_utf8(Embeddings.request(wanted, model).unwrap().body).unwrap()
    }

    #[test]
    fn texts_are_documents_unless_their_purpose_is_said() {
        let text = written(&wanted(&[("a", None), ("b", None)]), "embed-v4.0");
        let expected = concat!(
            r#"{"model":"embed-v4.0","texts":["a","b"],"input_type":"search_document","#,
            r#""embedding_types":["float"],"output_dimension":1024}"#
        );
        assert_eq!(text, expected);
        let text = written(&wanted(&[("a", Some(Purpose::Question))]), "embed-v4.0");
        assert!(text.contains(r#""input_type":"search_query""#), "{text}");
        let mixed = wanted(&[("a", Some(Purpose::Query)), ("b", None)]);
        assert_eq!(Embeddings.request(&mixed, "m").unwrap_err().param.as_deref(), Some("input[1].task_type"));
    }

    #[test]
    fn models_of_version_3_are_not_asked_for_the_only_length_that_they_have() {
        let wanted = wanted(&[("a", None)]);
        assert!(!written(&wanted, "embed-english-v3.0").contains("output_dimension"));
        // It is for Cohere to say that this one has another.
        assert!(written(&wanted, "embed-english-light-v3.0").contains(r#""output_dimension":1024"#));
    }

    #[test]
    fn what_cohere_has_no_word_for_is_named_and_the_end_of_texts_is_cut_as_asked() {
        let wanted = EmbeddingRequest { truncate: Some(Truncate::Start), ..wanted(&[("a", None)]) };
        assert_eq!(Embeddings.request(&wanted, "m").unwrap().dropped, ["title", "x"]);
        assert!(written(&wanted, "m").contains(r#""truncate":"START""#));
    }

    #[test]
    fn vectors_and_billed_tokens_are_read() {
        let body = br#"{"id":"x","embeddings":{"float":[[0.10],[2]]},"texts":["a","b"],
            "meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":5}}}"#;
        let answer = Embeddings.answer(body, &|_| None).unwrap();
        assert_eq!(answer.vectors.iter().map(|vector| vector.get()).collect::<Vec<_>>(), ["[0.10]", "[2]"]);
        assert_eq!(answer.usage.unwrap().input, 5);
        for body in ["{}", "[]", r#"{"embeddings":{"int8":[[1]]}}"#, r#"{"embeddings":{"float":["x"]}}"#] {
            assert_eq!(Embeddings.answer(body.as_bytes(), &|_| None).unwrap_err().status, 502, "{body}");
        }
    }

    #[test]
    fn the_path_is_one_of_its_own() {
        let settings = Settings::default();
        let to = Address { wire: Embeddings.wire(), model: "m", stream: false, settings: &settings };
        assert_eq!(Cohere.path(&to), "/v2/embed");
    }
}
