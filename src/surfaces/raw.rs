//! APIs that pass but for the model: what callers send and get is between them and a provider of the same API.

use super::chat::{self, Chat};
use super::{Asked, Surface};
use crate::errors::ApiError;
use crate::json::Object;
use crate::multipart::{Form, Malformed};
use crate::wire::Wire;

/// One of them.
pub struct Raw {
    name: &'static str,
    wire: Wire,
    /// The model that is meant where none is named.
    model: Option<&'static str>,
    /// May a body be a form?
    forms: bool,
}

const fn raw(name: &'static str, wire: Wire) -> Raw {
    Raw { name, wire, model: None, forms: false }
}

const fn form(name: &'static str, wire: Wire) -> Raw {
    Raw { forms: true, ..raw(name, wire) }
}

/// `POST /v1/rerank`: Cohere's first version, and everybody else's.
///
/// <https://docs.cohere.com/v1/reference/rerank>, <https://docs.vllm.ai/en/latest/serving/openai_compatible_server/#re-rank-api>
pub static RERANK_V1: Raw = raw("rerank", Wire::CohereRerankV1);

/// `POST /v2/rerank`.
///
/// <https://docs.cohere.com/reference/rerank>
pub static RERANK: Raw = raw("rerank", Wire::CohereRerank);

/// `POST /v1/images/generations`.
///
/// <https://platform.openai.com/docs/api-reference/images/create>
pub static IMAGE_GENERATIONS: Raw = raw("image_generations", Wire::OpenAiImageGenerations);

/// `POST /v1/images/edits`.
///
/// <https://platform.openai.com/docs/api-reference/images/createEdit>
pub static IMAGE_EDITS: Raw = form("image_edits", Wire::OpenAiImageEdits);

/// `POST /v1/images/variations`.
///
/// <https://platform.openai.com/docs/api-reference/images/createVariation>
pub static IMAGE_VARIATIONS: Raw = form("image_variations", Wire::OpenAiImageVariations);

/// `POST /v1/audio/speech`.
///
/// <https://platform.openai.com/docs/api-reference/audio/createSpeech>
pub static SPEECH: Raw = raw("speech", Wire::OpenAiSpeech);

/// `POST /v1/audio/transcriptions`.
///
/// <https://platform.openai.com/docs/api-reference/audio/createTranscription>
pub static TRANSCRIPTIONS: Raw = form("transcriptions", Wire::OpenAiTranscriptions);

/// `POST /v1/audio/translations`.
///
/// <https://platform.openai.com/docs/api-reference/audio/createTranslation>
pub static TRANSLATIONS: Raw = form("translations", Wire::OpenAiTranslations);

/// `POST /v1/moderations`.
///
/// <https://platform.openai.com/docs/api-reference/moderations/create>
pub static MODERATIONS: Raw =
    Raw { model: Some("omni-moderation-latest"), ..raw("moderations", Wire::OpenAiModerations) };

impl Surface for Raw {
    fn name(&self) -> &'static str {
        self.name
    }

    fn wire(&self) -> Wire {
        self.wire
    }

    fn asked(&self, body: &Object<'_>) -> Result<Asked, ApiError> {
        match self.model {
            Some(meant) if body.get("model").is_none() => Ok(asked(meant.to_owned())),
            _ => chat::model(body).map(asked),
        }
    }

    fn takes_forms(&self) -> bool {
        self.forms
    }

    fn asked_by_form(&self, form: &Form<'_>) -> Result<Asked, ApiError> {
        let malformed = |Malformed(why)| ApiError::invalid(format!("Invalid `model`: {why}.")).param("model");
        let model = form.text("model").map_err(malformed)?.ok_or_else(|| chat::missing("model"))?;
        if model.trim().is_empty() {
            return Err(chat::empty("model", "the name of a model"));
        }
        Ok(asked(model.to_owned()))
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        Chat.error(error)
    }
}

/// Whether such an answer is streamed is nobody's business: it passes as it comes.
fn asked(model: String) -> Asked {
    Asked { model, ..Asked::default() }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn model(surface: &Raw, body: &str) -> Result<String, ApiError> {
        surface.asked(&Object::parse(body.as_bytes()).unwrap()).map(|asked| asked.model)
    }

    fn of_form(parts: &str) -> Result<String, ApiError> {
        let body = format!("{parts}--XX--");
        let form = Form::parse("multipart/form-data; boundary=XX", body.as_bytes()).unwrap();
        TRANSCRIPTIONS.asked_by_form(&form).map(|asked| asked.model)
    }

    const MODEL: &str = "--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n";

    #[test]
    fn only_moderations_have_a_model_where_none_is_named() {
        assert_eq!(model(&MODERATIONS, "{\"input\":\"x\"}").unwrap(), "omni-moderation-latest");
        assert_eq!(model(&MODERATIONS, "{\"model\":\"m\"}").unwrap(), "m");
        assert_eq!(model(&SPEECH, "{}").unwrap_err().param.as_deref(), Some("model"));
        assert_eq!(model(&SPEECH, "{\"model\":\" \"}").unwrap_err().code.as_deref(), Some("invalid_value"));
        assert_eq!(model(&RERANK, "{\"model\":\"m\",\"stream\":7}").unwrap(), "m", "the rest is not looked at");
    }

    #[test]
    fn a_form_names_its_model_once_and_as_text() {
        assert_eq!(of_form(MODEL).unwrap(), "m");
        for parts in [
            String::new(),
            MODEL.repeat(2),
            MODEL.replace("\r\nm\r\n", "\r\n\r\n"),
            MODEL.replace("el\"", "el\"; filename=\"f\""),
        ] {
            assert_eq!(of_form(&parts).unwrap_err().param.as_deref(), Some("model"), "{parts}");
        }
    }
}
