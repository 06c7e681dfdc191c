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
