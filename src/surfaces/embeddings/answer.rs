//! What callers are answered.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings/object>

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::hub::embeddings::{EmbeddingAnswer, Encoding};

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Embedding<'a>>,
    model: &'a str,
    usage: Usage,
}

#[derive(Serialize)]
struct Embedding<'a> {
    object: &'static str,
    index: usize,
    embedding: Cow<'a, RawValue>,
}

/// SDKs want it; what the provider does not count is 0.
#[derive(Serialize)]
struct Usage {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// Writes an answer. Numbers keep their bytes where they are not encoded.
pub(super) fn write(answer: &EmbeddingAnswer<'_>, encoding: Encoding, model: &str) -> Vec<u8> {
    let usage = answer.usage.unwrap_or_default();
    let list = List {
        object: "list",
        data: answer.vectors.iter().enumerate().map(|(index, vector)| embedding(index, vector, encoding)).collect(),
        model: answer.model.as_deref().unwrap_or(model),
        usage: Usage { prompt_tokens: usage.input, total_tokens: usage.total() },
    };
    // Strings, numbers and what was JSON before always serialize.
    serde_json::to_vec(&list).unwrap_or_default()
}

fn embedding(index: usize, vector: &RawValue, encoding: Encoding) -> Embedding<'_> {
    let embedding = encoding.apply(vector).map_or(Cow::Borrowed(vector), Cow::Owned);
    Embedding { object: "embedding", index, embedding }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::usage;

    fn written(encoding: Encoding, answer: &EmbeddingAnswer<'_>) -> String {
        String::from_utf8(write(answer, encoding, "target")).unwrap()
    }

    #[test]
    fn vectors_keep_their_bytes_and_count_from_0() {
        let vectors = vec![serde_json::from_str("[0.10, -1e-3]").unwrap(), serde_json::from_str("[2]").unwrap()];
        let answer = EmbeddingAnswer::new(vectors).unwrap().counted(Some(9));
        assert_eq!(
            written(Encoding::Float, &answer),
            concat!(
                r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10, -1e-3]},"#,
                r#"{"object":"embedding","index":1,"embedding":[2]}],"model":"target","#,
                r#""usage":{"prompt_tokens":9,"total_tokens":9}}"#
            )
        );
    }

    #[test]
    fn vectors_are_encoded_where_that_is_asked_for() {
        let vectors = vec![serde_json::from_str("[1]").unwrap()];
        let usage = Some(usage::Usage { input: 1, ..usage::Usage::default() });
        let answer = EmbeddingAnswer { vectors, model: Some("real".into()), usage };
        let text = written(Encoding::Base64, &answer);
        assert!(text.contains(r#""embedding":"AACAPw==""#) && text.contains(r#""model":"real""#), "{text}");
    }
}
