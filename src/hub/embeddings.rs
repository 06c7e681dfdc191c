//! Embeddings, as OpenAI's API says them, with what other providers need beside.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings>

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::base64;
use crate::json::Text;
use crate::usage::Usage;

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

/// How a vector is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// A list of numbers.
    #[default]
    Float,
    /// A text: the numbers as 32-bit floats, low byte first, in base64.
    Base64,
}

impl Encoding {
    /// The encoding that OpenAI calls so.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "float" => Some(Self::Float),
            "base64" => Some(Self::Base64),
            _ => None,
        }
    }

    /// A vector in this encoding; `None` if it has it already, or is no vector.
    pub fn apply(self, vector: &RawValue) -> Option<Box<RawValue>> {
        let written = match self {
            Self::Float => {
                let bytes = base64::decode(&serde_json::from_str::<Text<'_>>(vector.get()).ok()?.0)?;
                let (numbers, rest) = bytes.as_chunks::<4>();
                let numbers: Vec<_> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
                serde_json::to_string(&numbers).ok().filter(|_| rest.is_empty())?
            }
            Self::Base64 => {
                let numbers: Vec<f32> = serde_json::from_str(vector.get()).ok()?;
                let bytes: Vec<_> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                serde_json::to_string(&base64::encode(&bytes)).ok()?
            }
        };
        RawValue::from_string(written).ok()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn applied(encoding: Encoding, vector: &str) -> Option<String> {
        encoding.apply(serde_json::from_str(vector).unwrap()).map(|written| written.get().to_owned())
    }

    #[test]
    fn vectors_go_from_floats_to_base64_and_back() {
        // 1.0 is 0x3f800000 and -2.5 is 0xc0200000.
        assert_eq!(applied(Encoding::Base64, "[1, -2.5e0]").as_deref(), Some(r#""AACAPwAAIMA=""#));
        assert_eq!(applied(Encoding::Float, r#""AACAPwAAIMA=""#).as_deref(), Some("[1.0,-2.5]"));
    }

    #[test]
    fn what_has_the_encoding_or_is_no_vector_is_left_alone() {
        assert_eq!(applied(Encoding::Float, "[1]"), None);
        assert_eq!(applied(Encoding::Base64, r#""AACAPw==""#), None);
        for odd in [r#""AACA""#, r#""*""#, "7", r#"[null]"#] {
            assert_eq!((applied(Encoding::Float, odd), applied(Encoding::Base64, odd)), (None, None), "{odd}");
        }
    }
}
