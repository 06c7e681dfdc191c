//! Counting the tokens of a request: there are always [`INPUT`].

use serde_json::{Map, Value, json};

use super::anthropic::{Messages, Place};
use super::gemini::Gemini;
use super::{Api, Fault, INPUT, InPath, parse, require};
use crate::provider::Seen;
use crate::reply::Reply;

const NOWHERE: InPath = InPath { model: None, stream: None };

/// A request of Messages without what concerns the answer.
///
/// <https://docs.anthropic.com/en/api/messages-count-tokens>
pub(super) fn anthropic(seen: &Seen) -> Result<Reply, Fault> {
    let mut body: Map<String, Value> = parse(&seen.body)?;
    let other =
        ["max_tokens", "stream", "temperature", "stop_sequences"].into_iter().find(|name| body.contains_key(*name));
    require(other.is_none(), || format!("{other:?} in what is only counted"))?;
    body.insert("max_tokens".to_owned(), json!(1));
    Messages(Place::Direct).read(Value::Object(body).to_string().as_bytes(), &NOWHERE)?;
    Ok(Reply::json(200, &json!({ "input_tokens": INPUT })))
}

/// A whole request to generate, which names its model again.
///
/// <https://ai.google.dev/api/tokens#method:-models.counttokens>
pub(super) fn gemini(seen: &Seen) -> Result<Reply, Fault> {
    let mut body: Map<String, Value> = parse(&seen.body)?;
    let request = body.remove("generateContentRequest");
    let Some(Value::Object(mut request)) = request.filter(|_| body.is_empty()) else {
        return Err("something other than generateContentRequest".to_owned());
    };
    let model = request.remove("model");
    require(model == Some(json!(format!("models/{}", seen.model))), || format!("model {model:?}"))?;
    Gemini.read(Value::Object(request).to_string().as_bytes(), &NOWHERE)?;
    let details = json!([{ "modality": "TEXT", "tokenCount": INPUT }]);
    Ok(Reply::json(200, &json!({ "totalTokens": INPUT, "promptTokensDetails": details })))
}
