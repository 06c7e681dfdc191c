//! Embeddings, by `InvokeModel`: each maker's models have a form of their own.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html>,
//! <https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html>

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error;
use crate::dialects::cohere::embeddings as cohere;
use crate::dialects::{EmbeddingFormat, Format, Outbound, embedding};
use crate::errors::ApiError;
use crate::hub::embeddings::{EmbeddingAnswer, EmbeddingRequest, Purpose, Truncate};
use crate::wire::Wire;

/// Where Bedrock counts the tokens of models that do not count them themselves.
const COUNT: &str = "x-amzn-bedrock-input-token-count";

/// The formats of embeddings.
#[derive(Clone, Copy, Debug)]
pub(in crate::dialects) struct Embeddings;

/// Whose model it is.
enum Maker {
    Titan,
    Cohere,
    Nova,
}

impl Maker {
    /// Ids of inference profiles have a region before the model's.
    fn of(model: &str) -> Result<Self, ApiError> {
        let is = |name| model.contains(name);
        match () {
            () if is("amazon.titan-embed") => Ok(Self::Titan),
            () if is("cohere.embed") => Ok(Self::Cohere),
            () if is("amazon.nova") && is("embed") => Ok(Self::Nova),
            () => Err(ApiError::invalid("This model of Bedrock is none of embeddings that the gateway knows.")
                .code("unsupported_operation")
                .param("model")),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Titan<'a> {
    input_text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Nova<'a> {
    task_type: &'static str,
    single_embedding_params: Single<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Single<'a> {
    embedding_purpose: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_dimension: Option<u64>,
    text: Text<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Text<'a> {
    /// Must be said; without a word of the caller a text that is too long is refused, as OpenAI does.
    truncation_mode: &'static str,
    value: &'a str,
}

fn titan<'a>(wanted: &'a EmbeddingRequest<'_>, model: &str) -> Result<Titan<'a>, ApiError> {
    // The first version makes vectors of one length, and refuses the member.
    let dimensions = wanted.dimensions.filter(|dimensions| *dimensions != 1536 || !model.contains("embed-text-v1"));
    Ok(Titan { input_text: &embedding::single(wanted)?.text, dimensions })
}

fn nova<'a>(wanted: &'a EmbeddingRequest<'_>) -> Result<Nova<'a>, ApiError> {
    let input = embedding::single(wanted)?;
    let embedding_purpose = match input.purpose {
        None | Some(Purpose::Document | Purpose::Similarity) => "GENERIC_INDEX",
        Some(Purpose::Query | Purpose::Question | Purpose::Fact | Purpose::Code) => "GENERIC_RETRIEVAL",
        Some(Purpose::Classification) => "CLASSIFICATION",
        Some(Purpose::Clustering) => "CLUSTERING",
    };
    let truncation_mode = match wanted.truncate {
        None | Some(Truncate::Never) => "NONE",
        Some(Truncate::Start) => "START",
        Some(Truncate::End) => "END",
    };
    let text = Text { truncation_mode, value: &input.text };
    let single_embedding_params = Single { embedding_purpose, embedding_dimension: wanted.dimensions, text };
    Ok(Nova { task_type: "SINGLE_EMBEDDING", single_embedding_params })
}

/// What all of them answer: Titan one vector, Cohere a list of them, by type where several types were asked for, Nova a
/// list of objects.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow, default)]
    embedding: Option<&'a RawValue>,
    #[serde(default)]
    input_text_token_count: Option<u64>,
    #[serde(borrow, default)]
    embeddings: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ByType<'a> {
    #[serde(borrow)]
    float: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Made<'a> {
    #[serde(borrow)]
    embedding: &'a RawValue,
}

/// The vectors of a list or of an object.
fn vectors(embeddings: &RawValue) -> Option<Vec<&RawValue>> {
    let text = embeddings.get();
    if text.starts_with('{') {
        return serde_json::from_str::<ByType<'_>>(text).ok().map(|typed| typed.float);
    }
    let list: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    list.into_iter().map(vector).collect()
}

fn vector(item: &RawValue) -> Option<&RawValue> {
    if item.get().starts_with('{') {
        return serde_json::from_str::<Made<'_>>(item.get()).ok().map(|made| made.embedding);
    }
    Some(item)
}

fn not_an_answer() -> ApiError {
    ApiError::new(502, "the provider's answer is not one of Bedrock's models of embeddings")
}

impl Format for Embeddings {
    fn wire(&self) -> Wire {
        Wire::BedrockEmbed
    }

    fn error(&self, status: u16, body: &[u8], header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body, header)
    }
}

impl EmbeddingFormat for Embeddings {
    fn request(&self, wanted: &EmbeddingRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        Ok(match Maker::of(model)? {
            Maker::Titan => Outbound::json(&titan(wanted, model)?, wanted.others_than(&[])),
            Maker::Cohere => {
                Outbound::json(&cohere::Request::new(wanted, model)?, wanted.others_than(cohere::EXTENSIONS))
            }
            Maker::Nova => Outbound::json(&nova(wanted)?, wanted.others_than(cohere::EXTENSIONS)),
        })
    }

    fn answer<'a>(
        &self,
        body: &'a [u8],
        header: &dyn Fn(&str) -> Option<String>,
    ) -> Result<EmbeddingAnswer<'a>, ApiError> {
        let answer: Answer<'a> = serde_json::from_slice(body).map_err(|_| not_an_answer())?;
        let all = answer.embedding.map(|vector| vec![vector]).or_else(|| vectors(answer.embeddings?));
        let count = answer.input_text_token_count.or_else(|| header(COUNT)?.parse().ok());
        Ok(all.and_then(EmbeddingAnswer::new).ok_or_else(not_an_answer)?.counted(count))
    }
}
