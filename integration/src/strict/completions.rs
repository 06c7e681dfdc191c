//! Completions, which preceded chat.
//!
//! <https://platform.openai.com/docs/api-reference/completions/create>

#![allow(dead_code, reason = "what is not looked at is still read, and must be what it should be")]

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fault, INPUT, OUTPUT, parse, pieces, require};
use crate::provider::Seen;
use crate::reply::Reply;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    model: String,
    prompt: String,
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    #[serde(default)]
    stream: bool,
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamOptions {
    include_usage: bool,
}

/// Says the prompt again, whole or streamed.
pub(super) fn openai(seen: &Seen) -> Result<Reply, Fault> {
    let asked: Request = parse(&seen.body)?;
    require(asked.stream || asked.stream_options.is_none(), || "stream_options without a stream".to_owned())?;
    let answer = format!("You said: {}", asked.prompt);
    if !asked.stream {
        let mut whole = part(&answer, Some("stop"));
        whole["usage"] = usage();
        return Ok(Reply::json(200, &whole));
    }
    let mut parts: Vec<_> = pieces(&answer).into_iter().map(|piece| part(piece, None)).collect();
    parts.push(part("", Some("stop")));
    if asked.stream_options.is_some_and(|options| options.include_usage) {
        let mut last = part("", None);
        (last["choices"], last["usage"]) = (json!([]), usage());
        parts.push(last);
    }
    let events = parts.iter().map(|part| format!("data: {part}\n\n")).chain(["data: [DONE]\n\n".to_owned()]);
    Ok(Reply::stream(events.collect::<Vec<_>>()).end())
}

fn part(text: &str, reason: Option<&str>) -> Value {
    json!({
        "id": "cmpl-up", "object": "text_completion", "created": 1_700_000_000, "model": "up-model",
        "choices": [{ "text": text, "index": 0, "logprobs": null, "finish_reason": reason }],
    })
}

fn usage() -> Value {
    json!({ "prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT })
}
