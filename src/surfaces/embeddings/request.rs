//! What callers ask.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings/create>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::errors::ApiError;
use crate::hub::embeddings::{EmbeddingRequest, Encoding, Input, Purpose, Truncate};
use crate::json::{Object, Text};
use crate::surfaces::chat;

/// Members that are told in the hub's words, or change nothing in the answer.
const KNOWN: &[&str] = &["dimensions", "encoding_format", "input", "model", "user"];

/// A text with what Google's API says of it.
///
/// <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api#request_body>
#[derive(Deserialize)]
struct Instance<'a> {
    #[serde(borrow)]
    content: Text<'a>,
    #[serde(borrow, default)]
    task_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
}

/// What is said beside the input, for all of it.
struct Common<'a> {
    purpose: Option<Purpose>,
    title: Option<Cow<'a, str>>,
}

/// Reads a request in the hub's words.
pub(super) fn read<'a>(body: &Object<'a>) -> Result<EmbeddingRequest<'a>, ApiError> {
    if let Some(word) = word(body, "encoding_format")? {
        Encoding::of(&word).ok_or_else(|| unknown("encoding_format", "`float` or `base64`"))?;
    }
    let common =
        Common { purpose: purpose(body, "input_type")?.or(purpose(body, "task_type")?), title: word(body, "title")? };
    let inputs = inputs(body.get("input").ok_or_else(|| chat::missing("input"))?, &common)?;
    let others = others(body, &common, &inputs);
    let dimensions = body.read("dimensions").map_err(chat::refused)?;
    Ok(EmbeddingRequest { inputs, dimensions, truncate: truncate(body)?, others })
}

/// Names of members that only some providers know.
fn others<'a>(body: &Object<'a>, common: &Common<'a>, inputs: &[Input<'a>]) -> Vec<Cow<'a, str>> {
    let unknown = body.names().map(|(name, _)| name).filter(|name| !KNOWN.contains(&name.as_ref()));
    let mut others: Vec<_> = unknown.cloned().collect();
    // A text may have them of its own.
    if common.purpose.is_none() && inputs.iter().any(|input| input.purpose.is_some()) {
        others.push(Cow::Borrowed("task_type"));
    }
    if common.title.is_none() && inputs.iter().any(|input| input.title.is_some()) {
        others.push(Cow::Borrowed("title"));
    }
    others
}

/// A text or a list of them. Tokens are those of OpenAI's models: nobody else could read them.
fn inputs<'a>(raw: &'a RawValue, common: &Common<'a>) -> Result<Vec<Input<'a>>, ApiError> {
    if !raw.get().starts_with('[') {
        return Ok(vec![input(raw, "input", common)?]);
    }
    let list: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    if list.is_empty() {
        return Err(chat::empty("input", "a text or a list with at least one"));
    }
    list.into_iter().enumerate().map(|(at, raw)| input(raw, &format!("input[{at}]"), common)).collect()
}

fn input<'a>(raw: &'a RawValue, path: &str, common: &Common<'a>) -> Result<Input<'a>, ApiError> {
    let instance = if raw.get().starts_with('{') {
        serde_json::from_str::<Instance<'a>>(raw.get()).ok()
    } else {
        let text = serde_json::from_str(raw.get()).ok();
        text.map(|content| Instance { content, task_type: None, title: None })
    };
    let Some(Instance { content: Text(text), task_type, title }) = instance else {
        let message = format!("Invalid `{path}`: expected a text; only OpenAI's own models read tokens.");
        return Err(ApiError::invalid(message).param(path).code("unsupported_value"));
    };
    let own = task_type.map(|word| known_purpose(&word.0, &format!("{path}.task_type"))).transpose()?;
    let title = title.map(|title| title.0).or_else(|| common.title.clone());
    Ok(Input { text, purpose: own.or(common.purpose), title })
}

fn word<'a>(body: &Object<'a>, name: &str) -> Result<Option<Cow<'a, str>>, ApiError> {
    Ok(body.read::<Text<'a>>(name).map_err(chat::refused)?.map(|text| text.0))
}

fn purpose(body: &Object<'_>, name: &str) -> Result<Option<Purpose>, ApiError> {
    word(body, name)?.map(|word| known_purpose(&word, name)).transpose()
}

fn known_purpose(word: &str, path: &str) -> Result<Purpose, ApiError> {
    Purpose::of(word).ok_or_else(|| unknown(path, "a purpose such as `search_query` or `RETRIEVAL_DOCUMENT`"))
}

/// Cohere's words, or whether to cut off the end, as Google and Ollama ask.
fn truncate(body: &Object<'_>) -> Result<Option<Truncate>, ApiError> {
    let Some(raw) = body.get("truncate").or(body.get("auto_truncate")) else { return Ok(None) };
    match raw.get().to_ascii_uppercase().as_str() {
        "FALSE" | "\"NONE\"" => Ok(Some(Truncate::Never)),
        "\"START\"" => Ok(Some(Truncate::Start)),
        "TRUE" | "\"END\"" => Ok(Some(Truncate::End)),
        _ => Err(unknown("truncate", "`NONE`, `START` or `END`")),
    }
}

fn unknown(path: &str, expected: &str) -> ApiError {
    ApiError::invalid(format!("Invalid `{path}`: expected {expected}.")).param(path).code("invalid_value")
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn asked(members: &str) -> String {
        format!("{{\"model\":\"m\",{members}}}")
    }

    /// The parameter that is to blame.
    fn blamed(members: &str) -> String {
        let text = asked(members);
        read(&Object::parse(text.as_bytes()).unwrap()).unwrap_err().param.unwrap()
    }

    #[test]
    fn a_text_and_a_list_of_texts_are_inputs() {
        for (members, texts) in [(r#""input":"a\n""#, vec!["a\n"]), (r#""input":["a","b"]"#, vec!["a", "b"])] {
            let text = asked(members);
            let request = read(&Object::parse(text.as_bytes()).unwrap()).unwrap();
            assert_eq!(request.inputs.iter().map(|input| input.text.as_ref()).collect::<Vec<_>>(), texts);
        }
    }

    #[test]
    fn extensions_are_read_in_the_words_of_every_provider_for_all_texts_or_for_one() {
        let text = asked(
            r#""input":[{"content":"a","task_type":"RETRIEVAL_QUERY"},{"content":"b","title":"B"}],"title":"T",
            "input_type":"search_document","dimensions":4,"auto_truncate":true,"user":"u","encoding_format":"base64""#,
        );
        let request = read(&Object::parse(text.as_bytes()).unwrap()).unwrap();
        let (query, document) = (Some(Purpose::Query), Some(Purpose::Document));
        assert_eq!(
            request.inputs,
            [
                Input { text: "a".into(), purpose: query, title: Some("T".into()) },
                Input { text: "b".into(), purpose: document, title: Some("B".into()) },
            ]
        );
        assert_eq!((request.dimensions, request.truncate), (Some(4), Some(Truncate::End)));
        assert_eq!(request.others_than(&["auto_truncate"]), ["title", "input_type"]);
    }

    #[test]
    fn extensions_of_one_text_are_named_where_they_are_left_out() {
        let text = asked(r#""input":{"content":"a","task_type":"CLUSTERING","title":"A"},"x":1"#);
        let request = read(&Object::parse(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(request.others_than(&[]), ["x", "task_type", "title"]);
    }

    #[test]
    fn what_only_openai_reads_or_nobody_is_refused_by_its_path() {
        assert_eq!(blamed(r#""input":[1,2]"#), "input[0]");
        assert_eq!(blamed(r#""input":["a",[1]]"#), "input[1]");
        assert_eq!(blamed(r#""input":[]"#), "input");
        assert_eq!(blamed(r#""input":{"task_type":"CLUSTERING"}"#), "input");
        assert_eq!(blamed(r#""input":{"content":"a","task_type":"x"}"#), "input.task_type");
        assert_eq!(blamed(r#""input":"a","input_type":"image""#), "input_type");
        assert_eq!(blamed(r#""input":"a","encoding_format":"hex""#), "encoding_format");
        assert_eq!(blamed(r#""input":"a","dimensions":-1"#), "dimensions");
        assert_eq!(blamed(r#""input":"a","truncate":"middle""#), "truncate");
    }
}
