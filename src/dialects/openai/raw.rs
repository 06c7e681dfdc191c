//! What passes to OpenAI and to servers of its API beside conversations.

use super::error;
use crate::dialects::raw::Raw;
use crate::wire::Wire;

const fn raw(wire: Wire) -> Raw {
    Raw { wire, error: error::read }
}

/// <https://platform.openai.com/docs/api-reference/files>
pub static FILES: Raw = raw(Wire::OpenAiFiles);

/// <https://platform.openai.com/docs/api-reference/images/createEdit>
pub static IMAGE_EDITS: Raw = raw(Wire::OpenAiImageEdits);

/// <https://platform.openai.com/docs/api-reference/images/create>
pub static IMAGE_GENERATIONS: Raw = raw(Wire::OpenAiImageGenerations);

/// <https://platform.openai.com/docs/api-reference/images/createVariation>
pub static IMAGE_VARIATIONS: Raw = raw(Wire::OpenAiImageVariations);

/// <https://platform.openai.com/docs/api-reference/moderations/create>
pub static MODERATIONS: Raw = raw(Wire::OpenAiModerations);

/// OpenAI has none; servers of its API have Cohere's.
///
/// <https://docs.vllm.ai/en/latest/serving/openai_compatible_server/#re-rank-api>
pub static RERANK: Raw = raw(Wire::CohereRerank);

/// The same for callers of the first version.
pub static RERANK_V1: Raw = raw(Wire::CohereRerankV1);

/// <https://platform.openai.com/docs/api-reference/audio/createSpeech>
pub static SPEECH: Raw = raw(Wire::OpenAiSpeech);

/// <https://platform.openai.com/docs/api-reference/audio/createTranscription>
pub static TRANSCRIPTIONS: Raw = raw(Wire::OpenAiTranscriptions);

/// <https://platform.openai.com/docs/api-reference/audio/createTranslation>
pub static TRANSLATIONS: Raw = raw(Wire::OpenAiTranslations);
