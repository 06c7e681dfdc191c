//! Images, sound and moderations, as OpenAI has them. All sound is [`sound`].

#![allow(dead_code, reason = "what is not looked at is still read, and must be what it should be")]

use serde::Deserialize;
use serde_json::json;

use super::form::Form;
use super::{Fault, INPUT, OUTPUT, parse, require};
use crate::provider::Seen;
use crate::reply::Reply;

/// Every byte in its turn.
fn sound() -> impl Iterator<Item = u8> {
    (0..=u8::MAX).cycle()
}

/// The length of sound that is made.
const LENGTH: usize = 256 * 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    model: String,
    prompt: String,
    n: Option<u64>,
    size: Option<String>,
    quality: Option<String>,
}

/// The data of an image is its prompt.
///
/// <https://platform.openai.com/docs/api-reference/images/create>
pub(super) fn image(seen: &Seen) -> Result<Reply, Fault> {
    let asked: Image = parse(&seen.body)?;
    let usage = json!({
        "input_tokens": INPUT, "output_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
        "input_tokens_details": { "text_tokens": INPUT, "image_tokens": 0 },
    });
    let one = json!({ "b64_json": tollhouse_filter::base64::encode(asked.prompt.as_bytes()) });
    let data: Vec<_> = (0..asked.n.unwrap_or(1)).map(|_| &one).collect();
    Ok(Reply::json(200, &json!({ "created": 1_700_000_000, "data": data, "usage": usage })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Speech {
    model: String,
    input: String,
    voice: String,
    response_format: Option<String>,
}

/// <https://platform.openai.com/docs/api-reference/audio/createSpeech>
pub(super) fn speech(seen: &Seen) -> Result<Reply, Fault> {
    let _: Speech = parse(&seen.body)?;
    let bytes: Vec<u8> = sound().take(LENGTH).collect();
    Ok(Reply::new(200).header("content-type", "audio/mpeg").chunks(bytes.chunks(10_000)).end())
}

/// Tells what came, if it is [`sound`].
///
/// <https://platform.openai.com/docs/api-reference/audio/createTranscription>
pub(super) fn transcription(seen: &Seen) -> Result<Reply, Fault> {
    let form = Form::read(seen, &["file", "model", "language"])?;
    let (name, bytes) = form.file("file")?;
    require(sound().zip(bytes).all(|(good, byte)| good == *byte), || format!("{name} is not what it was"))?;
    let text = format!("{name} of {} bytes in {}", bytes.len(), form.text("language")?);
    form.text("model")?;
    let usage =
        json!({ "type": "tokens", "input_tokens": INPUT, "output_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT });
    Ok(Reply::json(200, &json!({ "text": text, "usage": usage })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moderation {
    model: String,
    input: Vec<String>,
}

/// Whatever is `bad` is violent.
///
/// <https://platform.openai.com/docs/api-reference/moderations/create>
pub(super) fn moderation(seen: &Seen) -> Result<Reply, Fault> {
    let asked: Moderation = parse(&seen.body)?;
    let judge = |text: &String| {
        let bad = text == "bad";
        json!({
            "flagged": bad, "categories": { "violence": bad }, "category_scores": { "violence": f64::from(u8::from(bad)) },
            "category_applied_input_types": { "violence": ["text"] },
        })
    };
    let results: Vec<_> = asked.input.iter().map(judge).collect();
    Ok(Reply::json(200, &json!({ "id": "modr-up", "model": asked.model, "results": results })))
}
