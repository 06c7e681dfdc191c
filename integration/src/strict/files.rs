//! Files and batches, as OpenAI keeps them: one of each.
//!
//! <https://platform.openai.com/docs/api-reference/files>, <https://platform.openai.com/docs/api-reference/batch>

use serde::Deserialize;
use serde_json::{Value, json};

use super::form::Form;
use super::{Fault, parse, require};
use crate::provider::Seen;
use crate::reply::Reply;

const LINES: &str = "{\"custom_id\":\"1\"}\n";

fn file() -> Value {
    json!({
        "id": "file-up", "object": "file", "bytes": LINES.len(), "created_at": 1_700_000_000, "filename": "lines.jsonl",
        "purpose": "batch", "status": "processed",
    })
}

pub(super) fn create(seen: &Seen) -> Result<Reply, Fault> {
    let form = Form::read(seen, &["file", "purpose"])?;
    let sent = (form.text("purpose")?, form.file("file")?);
    require(sent == ("batch", ("lines.jsonl", LINES.as_bytes())), || format!("other files than ours: {sent:?}"))?;
    Ok(Reply::json(200, &file()))
}

pub(super) fn retrieve(_seen: &Seen) -> Result<Reply, Fault> {
    Ok(Reply::json(200, &file()))
}

pub(super) fn content(_seen: &Seen) -> Result<Reply, Fault> {
    Ok(Reply::new(200).header("content-type", "application/octet-stream").body(LINES))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    input_file_id: String,
    endpoint: String,
    completion_window: String,
}

pub(super) fn batch(seen: &Seen) -> Result<Reply, Fault> {
    let asked: Batch = parse(&seen.body)?;
    require(asked.input_file_id == "file-up", || format!("no file {}", asked.input_file_id))?;
    let batch = json!({
        "id": "batch_up", "object": "batch", "endpoint": asked.endpoint, "input_file_id": asked.input_file_id,
        "completion_window": asked.completion_window, "status": "validating", "created_at": 1_700_000_000,
    });
    Ok(Reply::json(200, &batch))
}
