//! Embeddings: [`vector`] of each text, in the words of four APIs.

#![allow(dead_code, reason = "what is not looked at is still read, and must be what it should be")]

use serde::Deserialize;
use serde_json::{Value, json};
use tollhouse_filter::base64;

use super::{Fault, INPUT, parse, require};
use crate::provider::Seen;
use crate::reply::Reply;

/// What stands for a text: its length, and numbers that are the same with four bytes and with eight.
fn vector(text: &str, dimensions: Option<usize>) -> Vec<f32> {
    [text.len() as f32, -2.5, 0.25].into_iter().cycle().take(dimensions.unwrap_or(3)).collect()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn vectors(&self, dimensions: Option<usize>) -> Vec<Vec<f32>> {
        let texts = match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        };
        texts.iter().map(|text| vector(text, dimensions)).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenAi {
    model: String,
    input: Texts,
    #[serde(default)]
    encoding_format: Encoding,
    dimensions: Option<usize>,
    user: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    Base64,
}

/// <https://platform.openai.com/docs/api-reference/embeddings/create>
pub(super) fn openai(seen: &Seen) -> Result<Reply, Fault> {
    let asked: OpenAi = parse(&seen.body)?;
    let written = |vector: &[f32]| match asked.encoding_format {
        Encoding::Float => json!(vector),
        Encoding::Base64 => {
            let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
            json!(base64::encode(&bytes))
        }
    };
    let vectors = asked.input.vectors(asked.dimensions);
    let data: Vec<Value> = vectors
        .iter()
        .enumerate()
        .map(|(index, vector)| json!({ "object": "embedding", "index": index, "embedding": written(vector) }))
        .collect();
    let usage = json!({ "prompt_tokens": INPUT, "total_tokens": INPUT });
    Ok(Reply::json(200, &json!({ "object": "list", "data": data, "model": "up-model", "usage": usage })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cohere {
    model: String,
    texts: Vec<String>,
    input_type: Purpose,
    embedding_types: [Numbers; 1],
    output_dimension: Option<usize>,
    truncate: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Purpose {
    SearchDocument,
    SearchQuery,
    Classification,
    Clustering,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Numbers {
    Float,
}

/// <https://docs.cohere.com/reference/embed>
pub(super) fn cohere(seen: &Seen) -> Result<Reply, Fault> {
    let asked: Cohere = parse(&seen.body)?;
    let vectors: Vec<_> = asked.texts.iter().map(|text| vector(text, asked.output_dimension)).collect();
    let meta = json!({ "api_version": { "version": "2" }, "billed_units": { "input_tokens": INPUT } });
    let answer = json!({ "id": "up", "embeddings": { "float": vectors }, "texts": asked.texts, "meta": meta });
    Ok(Reply::json(200, &answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gemini {
    requests: Vec<One>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct One {
    model: String,
    content: Content,
    task_type: Option<String>,
    title: Option<String>,
    output_dimensionality: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    parts: [Part; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    text: String,
}

/// <https://ai.google.dev/api/embeddings#method:-models.batchembedcontents>
pub(super) fn gemini(seen: &Seen) -> Result<Reply, Fault> {
    let Gemini { requests } = parse(&seen.body)?;
    let same = requests.iter().all(|one| one.model == format!("models/{}", seen.model));
    require(same, || "models of a batch are that of the path".to_owned())?;
    let values = |one: &One| json!({ "values": vector(&one.content.parts[0].text, one.output_dimensionality) });
    let embeddings: Vec<_> = requests.iter().map(values).collect();
    Ok(Reply::json(200, &json!({ "embeddings": embeddings, "usageMetadata": { "promptTokenCount": INPUT } })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ollama {
    model: String,
    input: Texts,
    dimensions: Option<usize>,
    truncate: Option<bool>,
}

/// <https://docs.ollama.com/api/embed>
pub(super) fn ollama(seen: &Seen) -> Result<Reply, Fault> {
    let asked: Ollama = parse(&seen.body)?;
    let vectors = asked.input.vectors(asked.dimensions);
    let answer =
        json!({ "model": asked.model, "embeddings": vectors, "total_duration": 7, "prompt_eval_count": INPUT });
    Ok(Reply::json(200, &answer))
}
