//! What must hold for any bytes at all: the bodies of the fuzz targets, called by `tests/fuzzing.rs` and by
//! `fuzz/`. A target fails by a panic.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::dialects;
use crate::dialects::anthropic::Anthropic;
use crate::dialects::gemini::Gemini;
use crate::dialects::openai::OpenAi;
use crate::json::{self, Object};
use crate::multipart::Form;
use crate::stream::sse;
use crate::surfaces::chat::Chat;
use crate::surfaces::completions::Completions;
use crate::surfaces::messages::Messages;
use crate::surfaces::{AnswerContext, Asked, ChatSurface, Surface};

mod answers;
mod embeddings;
mod order;
mod roles;

pub use embeddings::{embeddings_answer, embeddings_request};
pub use order::check as check_order;
pub use roles::{gateway_request, provider_answer};

/// What takes the bytes of one input.
pub type Target = fn(&[u8]);

/// Every target by its name; `fuzz/fuzz_targets` has one file for each.
pub static TARGETS: &[(&str, Target)] = &[
    ("anthropic_answer", anthropic_answer),
    ("anthropic_stream", anthropic_stream),
    ("chat_request", chat_request),
    ("completions_request", completions_request),
    ("config", config),
    ("embeddings_answer", embeddings_answer),
    ("embeddings_request", embeddings_request),
    ("gateway_request", gateway_request),
    ("messages_request", messages_request),
    ("gemini_answer", gemini_answer),
    ("gemini_stream", gemini_stream),
    ("multipart", multipart),
    ("openai_answer", openai_answer),
    ("openai_stream", openai_stream),
    ("provider_answer", provider_answer),
    ("sse", sse),
];

/// Longest event that the targets read.
const MAX_EVENT: usize = 1 << 20;

/// All events of a stream that comes in these pieces.
fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<sse::Event> {
    let mut parser = sse::Parser::new(MAX_EVENT);
    let mut events = Vec::new();
    for piece in pieces {
        parser.push(piece);
        while let Ok(Some(event)) = parser.next() {
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

/// Events are the same wherever the stream is cut, and what is written reads back.
pub fn sse(data: &[u8]) {
    let whole = events([data]);
    let (head, tail) = halves(data);
    assert!(events([head, tail]) == whole, "cut at {}", head.len());
    assert!(events(data.chunks(1)) == whole, "byte by byte");
    let mut out = Vec::new();
    for event in &whole {
        assert!(!event.data.contains('\r') && !event.name.contains(['\r', '\n']), "{event:?}");
        if event.name.is_empty() {
            sse::write_data(&mut out, &event.data);
        } else {
            sse::write_event(&mut out, &event.name, &event.data);
        }
    }
    assert!(events([out.as_slice()]) == whole, "written again");
}

/// A form is refused, or every part of it but the one that is replaced stays.
pub fn multipart(data: &[u8]) {
    const TYPE: &str = "multipart/form-data; boundary=XX";
    let Ok(form) = Form::parse(TYPE, data) else { return };
    let (Ok(model), Ok(written)) = (form.text("model"), form.with("model", "our-model")) else { return };
    let again = Form::parse(TYPE, &written);
    assert!(again.is_ok(), "{:?}", again.err());
    let Ok(again) = again else { return };
    assert_eq!(again.text("model"), Ok(model.map(|_| "our-model")));
    for name in ["file", "prompt", "image[]"] {
        assert_eq!(again.text(name), form.text(name));
    }
    assert!(model.is_none_or(|model| written.len() + model.len() == data.len() + "our-model".len()));
}

/// A request is refused, or every dialect refuses it or writes one JSON object for its own model.
pub fn chat_request(data: &[u8]) {
    request(&Chat, data);
}

/// The same for a caller of messages.
pub fn messages_request(data: &[u8]) {
    request(&Messages, data);
}

/// The same for a caller of completions.
pub fn completions_request(data: &[u8]) {
    request(&Completions, data);
}

fn request(surface: &dyn ChatSurface, data: &[u8]) {
    if json::too_deep(data) {
        return;
    }
    let Ok(object) = Object::parse(data) else { return };
    let Ok(asked) = surface.asked(&object) else { return };
    for format in dialects::chat_formats() {
        let passed = format.pass_request(&object, &asked, "our-model").body;
        check_request(&passed);
        let again = parsed(&passed);
        let says =
            again.get("model").is_none() || surface.asked(&again).is_ok_and(|again| again.stream == asked.stream);
        assert!(says, "it asks for the same");
        let Ok(chat) = surface.request(&object) else { continue };
        match format.request(&chat, "our-model") {
            Ok(outbound) => check_request(&outbound.body),
            Err(error) => check_refusal(&error),
        }
    }
}

/// Some hosts are told the model by the path; none is told the caller's.
fn check_request(body: &[u8]) {
    let model = parsed(body).read::<String>("model");
    assert!(matches!(model.as_ref().map(Option::as_deref), Ok(None | Some("our-model"))), "{model:?}");
}

fn check_refusal(error: &crate::errors::ApiError) {
    assert!((400..500).contains(&error.status) && !error.message.is_empty(), "{error:?}");
    check_failure(error);
}

/// A failure has a status of failure, and its body is an object with a message.
fn check_failure(error: &crate::errors::ApiError) {
    assert!((400..600).contains(&error.status), "{error:?}");
    for body in [Chat.error(error), Messages.error(error)] {
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

/// A whole answer of Anthropic, or a failure.
pub fn anthropic_answer(data: &[u8]) {
    answers::whole(&Anthropic, data);
}

/// A streamed answer of Anthropic.
pub fn anthropic_stream(data: &[u8]) {
    answers::streamed(&Anthropic, data);
}

/// A whole answer of Gemini, or a failure.
pub fn gemini_answer(data: &[u8]) {
    answers::whole(&Gemini, data);
}

/// A streamed answer of Gemini.
pub fn gemini_stream(data: &[u8]) {
    answers::streamed(&Gemini, data);
}

/// A whole answer of an API that is compatible with OpenAI's, or a failure.
pub fn openai_answer(data: &[u8]) {
    answers::whole(&OpenAi, data);
}

/// A streamed answer of an API that is compatible with OpenAI's.
pub fn openai_stream(data: &[u8]) {
    answers::streamed(&OpenAi, data);
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
