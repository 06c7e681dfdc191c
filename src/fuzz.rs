//! What must hold for any bytes at all: the bodies of the fuzz targets, called by `tests/fuzzing.rs` and by
//! `fuzz/`. A target fails by a panic.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::dialects::anthropic::Anthropic;
use crate::dialects::bedrock::BedrockConverse;
use crate::dialects::cohere::Cohere;
use crate::dialects::gemini::Gemini;
use crate::dialects::ollama::Ollama;
use crate::dialects::openai::OpenAi;
use crate::dialects::openai::responses::Responses as OpenAiResponses;
use crate::errors::ApiError;
use crate::json::Object;
use crate::stream::{Framing, sse};
use crate::surfaces::chat::Chat;
use crate::surfaces::completions::Completions;
use crate::surfaces::messages::Messages;
use crate::surfaces::responses::Responses;
use crate::surfaces::{AnswerContext, Asked, Surface};

mod answers;
mod codecs;
mod embeddings;
mod order;
mod requests;
mod roles;

pub use codecs::{event_stream, json, lines, multipart, sse};
pub use embeddings::{embeddings_answer, embeddings_request};
pub use order::check as check_order;
pub use requests::{chat_request, completions_request, messages_request, responses_request};
pub use roles::{gateway_request, provider_answer};

/// What takes the bytes of one input.
pub type Target = fn(&[u8]);

/// Every target by its name; `fuzz/fuzz_targets` has one file for each.
pub static TARGETS: &[(&str, Target)] = &[
    ("anthropic_answer", anthropic_answer),
    ("anthropic_stream", anthropic_stream),
    ("bedrock_answer", bedrock_answer),
    ("bedrock_stream", bedrock_stream),
    ("chat_request", chat_request),
    ("cohere_answer", cohere_answer),
    ("cohere_stream", cohere_stream),
    ("completions_request", completions_request),
    ("config", config),
    ("embeddings_answer", embeddings_answer),
    ("embeddings_request", embeddings_request),
    ("event_stream", event_stream),
    ("gateway_request", gateway_request),
    ("gemini_answer", gemini_answer),
    ("gemini_stream", gemini_stream),
    ("json", json),
    ("lines", lines),
    ("messages_request", messages_request),
    ("multipart", multipart),
    ("ollama_answer", ollama_answer),
    ("ollama_stream", ollama_stream),
    ("openai_answer", openai_answer),
    ("openai_stream", openai_stream),
    ("provider_answer", provider_answer),
    ("responses_answer", responses_answer),
    ("responses_request", responses_request),
    ("responses_stream", responses_stream),
    ("sse", sse),
];

/// Every surface that chats: what is said in one way can be told in each.
const SURFACES: [&dyn Surface; 4] = [&Chat, &Completions, &Messages, &Responses];

/// Longest event that the targets read.
const MAX_EVENT: usize = 1 << 20;

/// All events of a stream that comes in these pieces.
fn events<'a>(framing: Framing, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<sse::Event> {
    let mut decoder = framing.decoder(MAX_EVENT);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        while let Ok(Some(event)) = decoder.next() {
            events.push(event);
        }
    }
    events
}

/// The bytes in two pieces, cut at a place that depends on them.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let sum = data.iter().fold(data.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    data.split_at_checked(sum.checked_rem(data.len()).unwrap_or(0)).unwrap_or((data, &[]))
}

/// A failure has a status of failure, and its body is an object with a message.
fn check_failure(error: &ApiError) {
    assert!((400..600).contains(&error.status), "{error:?}");
    for body in SURFACES.map(|surface| surface.error(error)) {
        let told = serde_json::from_slice::<Failure>(&body);
        let says = told.is_ok_and(|told| !told.error.message.trim().is_empty());
        assert!(says, "{}", String::from_utf8_lossy(&body));
    }
}

fn parsed(body: &[u8]) -> Object<'_> {
    let object = Object::parse(body);
    assert!(object.is_ok(), "{:?}: {}", object.err(), String::from_utf8_lossy(body));
    object.unwrap_or_default()
}

/// What SDKs read of a failure.
#[derive(Deserialize)]
struct Failure {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    message: String,
}

/// A provider's bytes that pass are an object; twice the same name, halves of characters and bytes that are none are
/// its own business.
fn check_object(body: &[u8]) {
    let text = String::from_utf8_lossy(body);
    let value = serde_json::from_str::<&RawValue>(&text);
    let is_object = value.as_ref().is_ok_and(|value| value.get().starts_with('{'));
    assert!(is_object, "{:?}: {text}", value.err());
}

fn context(include_usage: bool) -> AnswerContext {
    let (id, model) = ("made".to_owned(), "model".to_owned());
    AnswerContext { id, created: 1, model, include_usage, legacy_functions: false }
}

fn asked(include_usage: bool) -> Asked {
    Asked { model: "model".to_owned(), stream: true, include_usage, ..Asked::default() }
}

/// The targets of a dialect: its whole answers, and its streams.
macro_rules! dialects {
    ($($format:expr => $answer:ident, $stream:ident;)*) => {$(
        #[doc = concat!("A whole answer in the form of [`", stringify!($format), "`], or a failure.")]
        pub fn $answer(data: &[u8]) {
            answers::whole(&$format, data);
        }

        #[doc = concat!("A streamed answer in the form of [`", stringify!($format), "`].")]
        pub fn $stream(data: &[u8]) {
            answers::streamed(&$format, data);
        }
    )*};
}

dialects! {
    Anthropic => anthropic_answer, anthropic_stream;
    BedrockConverse => bedrock_answer, bedrock_stream;
    Cohere => cohere_answer, cohere_stream;
    Gemini => gemini_answer, gemini_stream;
    Ollama => ollama_answer, ollama_stream;
    OpenAi => openai_answer, openai_stream;
    OpenAiResponses => responses_answer, responses_stream;
}

/// A document is valid, or refused with a reason; one that is valid stays so when it is written again.
pub fn config(data: &[u8]) {
    let env = |name: &str| (!name.is_empty()).then(|| "sk-up".to_owned());
    match Config::parse(data, &env) {
        Ok(_) => {
            let document = crate::config::document(data).map(|document| serde_json::to_vec(&document));
            let again = document.ok().and_then(Result::ok).map(|json| Config::parse(&json, &env).map(drop));
            assert_eq!(again, Some(Ok(())));
        }
        Err(error) => assert!(!error.reason.is_empty()),
    }
}
