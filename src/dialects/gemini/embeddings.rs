//! Embeddings.
//!
//! <https://ai.google.dev/api/embeddings>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::answer::not_an_answer;
use super::error;
use super::usage::Counts;
use crate::dialects::{EmbeddingFormat, Format, Outbound, embedding};
use crate::errors::ApiError;
use crate::hub::embeddings::{EmbeddingAnswer, EmbeddingRequest, Input, Purpose};
use crate::json::lenient;
use crate::usage::Usage;
use crate::wire::Wire;

/// The format in AI Studio: one call for any number of texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Embeddings;

/// The formats in Vertex: one of all models, and one of those since Gemini Embedding 2.
#[derive(Clone, Copy, Debug)]
pub(super) struct VertexEmbeddings;

/// Does Vertex serve this model by `embedContent`, which takes one text a call?
///
/// <https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-multimodal-embeddings>
pub(super) fn is_single(model: &str) -> bool {
    model.contains("gemini-embedding-") && !model.contains("gemini-embedding-001")
}

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<Request<'a>>,
}

/// One text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_truncate: Option<bool>,
}

#[derive(Serialize)]
struct Content<'a> {
    parts: [Part<'a>; 1],
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
}

impl<'a> Request<'a> {
    fn new(input: &'a Input<'_>, dimensions: Option<u64>) -> Self {
        Self {
            model: None,
            content: Content { parts: [Part { text: &input.text }] },
            task_type: input.purpose.map(task_type),
            title: input.title.as_deref(),
            output_dimensionality: dimensions,
            auto_truncate: None,
        }
    }
}

/// The request of Vertex's `predict`.
#[derive(Serialize)]
struct Prediction<'a> {
    instances: Vec<Instance<'a>>,
    parameters: Parameters,
}

#[derive(Serialize)]
struct Instance<'a> {
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_truncate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u64>,
}

/// <https://ai.google.dev/api/embeddings#TaskType>
fn task_type(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Query => "RETRIEVAL_QUERY",
        Purpose::Document => "RETRIEVAL_DOCUMENT",
        Purpose::Classification => "CLASSIFICATION",
        Purpose::Clustering => "CLUSTERING",
        Purpose::Similarity => "SEMANTIC_SIMILARITY",
        Purpose::Question => "QUESTION_ANSWERING",
        Purpose::Fact => "FACT_VERIFICATION",
        Purpose::Code => "CODE_RETRIEVAL_QUERY",
    }
}

/// What all of the formats answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow, default)]
    embeddings: Vec<Embedding<'a>>,
    #[serde(borrow, default)]
    embedding: Option<Embedding<'a>>,
    #[serde(borrow, default)]
    predictions: Vec<Predicted<'a>>,
    #[serde(borrow, default)]
    usage_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Predicted<'a> {
    #[serde(borrow)]
    embeddings: Embedding<'a>,
}

#[derive(Deserialize)]
struct Embedding<'a> {
    #[serde(borrow)]
    values: &'a RawValue,
    #[serde(default)]
    statistics: Option<Statistics>,
}

/// Vertex's numbers may be written as fractions.
#[derive(Deserialize)]
struct Statistics {
    #[serde(default)]
    token_count: Option<f64>,
}

fn read(body: &[u8]) -> Result<EmbeddingAnswer<'_>, ApiError> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|_| not_an_answer())?;
    if let Some(failure) = answer.error {
        return Err(error::inside(failure));
    }
    let predicted = answer.predictions.into_iter().map(|predicted| predicted.embeddings);
    let all: Vec<_> = answer.embeddings.into_iter().chain(answer.embedding).chain(predicted).collect();
    let counts = all.iter().filter_map(|embedding| embedding.statistics.as_ref()?.token_count);
    let counted = counts.map(|count| count.max(0.0) as u64).reduce(u64::saturating_add);
    let usage = counted.map(|input| Usage { input, ..Usage::default() });
    let told =
        EmbeddingAnswer::new(all.iter().map(|embedding| embedding.values).collect()).ok_or_else(not_an_answer)?;
    Ok(EmbeddingAnswer { usage: lenient::<Counts<'_>>(answer.usage_metadata).usage().or(usage), ..told })
}

impl Format for Embeddings {
    fn wire(&self) -> Wire {
        Wire::GeminiEmbed
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl EmbeddingFormat for Embeddings {
    fn request(&self, wanted: &EmbeddingRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        let model = if model.contains('/') { model.to_owned() } else { format!("models/{model}") };
        let requests = wanted
            .inputs
            .iter()
            .map(|input| Request { model: Some(model.clone()), ..Request::new(input, wanted.dimensions) });
        let dropped = wanted.others_than(&["input_type", "task_type", "title"]);
        Ok(Outbound::json(&Batch { requests: requests.collect() }, dropped))
    }

    fn answer<'a>(
        &self,
        body: &'a [u8],
        _header: &dyn Fn(&str) -> Option<String>,
    ) -> Result<EmbeddingAnswer<'a>, ApiError> {
        read(body)
    }
}

impl Format for VertexEmbeddings {
    fn wire(&self) -> Wire {
        Wire::VertexEmbed
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl EmbeddingFormat for VertexEmbeddings {
    fn request(&self, wanted: &EmbeddingRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        let output_dimensionality = wanted.dimensions;
        let auto_truncate = embedding::cuts_end(wanted)?;
        let dropped = wanted.others_than(&["auto_truncate", "input_type", "task_type", "title", "truncate"]);
        if is_single(model) {
            let request = Request { auto_truncate, ..Request::new(embedding::single(wanted)?, output_dimensionality) };
            return Ok(Outbound::json(&request, dropped));
        }
        let instances = wanted.inputs.iter().map(|input| Instance {
            content: &input.text,
            task_type: input.purpose.map(task_type),
            title: input.title.as_deref(),
        });
        let parameters = Parameters { auto_truncate, output_dimensionality };
        Ok(Outbound::json(&Prediction { instances: instances.collect(), parameters }, dropped))
    }

    fn answer<'a>(
        &self,
        body: &'a [u8],
        _header: &dyn Fn(&str) -> Option<String>,
    ) -> Result<EmbeddingAnswer<'a>, ApiError> {
        read(body)
    }
}
