//! Embeddings, as OpenAI's API says them, with what other providers need beside.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings>

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::usage::Usage;

mod encoding;

pub use encoding::Encoding;

/// What a caller wants to be embedded.
#[derive(Debug)]
pub struct EmbeddingRequest<'a> {
    /// In their order, at least one.
    pub inputs: Vec<Input<'a>>,
    /// How long each vector shall be.
    pub dimensions: Option<u64>,
    /// What becomes of inputs that are too long; an extension.
    pub truncate: Option<Truncate>,
    /// Names of members that only some providers know, extensions that are told above included.
    pub others: Vec<Cow<'a, str>>,
}

impl EmbeddingRequest<'_> {
    /// Names of members that a provider has no word for which knows these extensions.
    pub fn others_than(&self, known: &[&str]) -> Vec<Cow<'static, str>> {
        let unknown = self.others.iter().filter(|name| !known.contains(&name.as_ref()));
        unknown.map(|name| Cow::Owned(name.to_string())).collect()
    }
}

/// One text.
#[derive(Debug, PartialEq, Eq)]
pub struct Input<'a> {
    pub text: Cow<'a, str>,
    /// What its vector is for; an extension.
    pub purpose: Option<Purpose>,
    /// The title of the document that the text is; an extension.
    pub title: Option<Cow<'a, str>>,
}

/// What a vector is for. Providers that ask make other vectors of questions than of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To search with.
    Query,
    /// To be found.
    Document,
    Classification,
    Clustering,
    /// To be compared with others of its kind.
    Similarity,
    /// To find the document that answers a question.
    Question,
    /// To find documents that tell whether a statement is true.
    Fact,
    /// To search code with.
    Code,
}

impl Purpose {
    /// The purpose that Cohere, Google, Voyage or NVIDIA call so.
    ///
    /// <https://docs.cohere.com/docs/embeddings#the-input_type-parameter>,
    /// <https://ai.google.dev/gemini-api/docs/embeddings#supported-task-types>
    pub fn of(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "search_query" | "retrieval_query" | "query" => Self::Query,
            "search_document" | "retrieval_document" | "document" | "passage" => Self::Document,
            "classification" => Self::Classification,
            "clustering" => Self::Clustering,
            "semantic_similarity" => Self::Similarity,
            "question_answering" => Self::Question,
            "fact_verification" => Self::Fact,
            "code_retrieval_query" => Self::Code,
            _ => return None,
        })
    }
}

/// What becomes of an input that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncate {
    /// It is refused.
    Never,
    /// Its start is cut off.
    Start,
    /// Its end is cut off.
    End,
}

/// What a provider answers.
#[derive(Debug, Default)]
pub struct EmbeddingAnswer<'a> {
    /// Each a list of numbers, in the order of the inputs.
    pub vectors: Vec<&'a RawValue>,
    /// The model that really answers, if the provider says.
    pub model: Option<Cow<'a, str>>,
    /// The tokens, if the provider counts them.
    pub usage: Option<Usage>,
}

impl<'a> EmbeddingAnswer<'a> {
    /// An answer with these vectors. `None` if there are none, or one is no list.
    pub fn new(vectors: Vec<&'a RawValue>) -> Option<Self> {
        let good = !vectors.is_empty() && vectors.iter().all(|vector| vector.get().starts_with('['));
        good.then_some(Self { vectors, ..Self::default() })
    }

    /// The same with this many tokens read.
    #[must_use]
    pub fn counted(self, tokens: Option<u64>) -> Self {
        Self { usage: tokens.map(|input| Usage { input, ..Usage::default() }), ..self }
    }
}
