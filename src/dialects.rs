//! The APIs that providers speak. A dialect writes the hub's requests in its own form and reads its own answers
//! into the hub's words; it does not know who asked, nor the host, the clock or the configuration.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::errors::ApiError;
use crate::hub::{ChatRequest, EmbeddingAnswer, EmbeddingRequest, Event};
use crate::json::Object;
use crate::stream::{Framing, sse};
use crate::surfaces::Asked;
use crate::usage::Usage;
use crate::wire::Wire;

pub mod anthropic;
pub mod azure_openai;
pub mod bedrock;
pub mod cohere;
pub mod compatible;
pub mod gemini;
pub mod ollama;
pub mod openai;

mod embedding;
mod passing;
mod path;
pub mod raw;
mod unsaid;

use passing::AsItCame;

/// Every dialect; the configuration, its error messages and the tests go by this list.
pub static DIALECTS: &[&dyn Dialect] = &[
    &anthropic::Anthropic,
    &anthropic::BedrockAnthropic,
    &anthropic::VertexAnthropic,
    &azure_openai::AzureOpenAi,
    &azure_openai::AzureOpenAiResponses,
    &bedrock::BedrockConverse,
    &cohere::Cohere,
    &gemini::Gemini,
    &gemini::VertexGemini,
    &ollama::Ollama,
    &openai::OpenAi,
    &openai::responses::OpenAiResponses,
    &compatible::CEREBRAS,
    &compatible::DEEPSEEK,
    &compatible::FIREWORKS,
    &compatible::GROQ,
    &compatible::HUGGINGFACE,
    &compatible::MISTRAL,
    &compatible::OPENROUTER,
    &compatible::PERPLEXITY,
    &compatible::TOGETHER,
    &compatible::XAI,
    &compatible::ZAI,
];

/// The dialect of this name.
pub fn find(name: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|d| d.name() == name)
}

/// Every format of chats that some dialect speaks.
pub fn chat_formats() -> impl Iterator<Item = &'static dyn ChatFormat> {
    DIALECTS.iter().flat_map(|dialect| dialect.tasks()).filter_map(|task| task.chat())
}

/// Every format of embeddings to which some dialect is translated.
pub fn embedding_formats() -> impl Iterator<Item = &'static dyn EmbeddingFormat> {
    DIALECTS.iter().flat_map(|dialect| dialect.tasks()).filter_map(|task| task.embeddings())
}

/// One API of providers: where it is, how it is addressed, and the formats that it speaks.
pub trait Dialect: Sync {
    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// Where its first provider answers: scheme, host and the path that all its paths start with. Empty where every
    /// account has an address of its own, which the configuration must say.
    fn endpoint(&self) -> &'static str;

    /// What its models can be asked for, each in the format of that. Callers of other formats are translated to the
    /// first of their task.
    fn tasks(&self) -> &'static [Task];

    /// The path of a request below the endpoint, with its query.
    fn path(&self, to: &Address<'_>) -> String;

    /// The header that carries the provider's key, and its value.
    fn credential(&self, key: &str) -> (&'static str, String);

    /// Headers that every request needs.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Headers of a caller of the same wire format that mean something to this provider.
    fn caller_headers(&self) -> &'static [&'static str] {
        &[]
    }
}

/// Where a request goes at its provider.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    /// The format that it is written in.
    pub wire: Wire,
    /// The model, as the provider calls it.
    pub model: &'a str,
    /// Is the answer to be streamed?
    pub stream: bool,
    /// What the provider's configuration adds.
    pub settings: &'a Settings,
}

/// What some dialects need to know of a provider beside its endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Azure: the version of the API.
    pub api_version: Option<String>,
    /// Vertex: the project.
    pub project: Option<String>,
    /// Vertex: the region, or `global`.
    pub location: Option<String>,
}

/// What a model can be asked for, and the format of a provider in which it is.
#[derive(Clone, Copy)]
pub enum Task {
    /// To go on with a conversation. Callers of every surface of chats are served.
    Chat(&'static dyn ChatFormat),
    /// To count the tokens of a conversation, where that is said in words of its own.
    Count(&'static dyn CountFormat),
    /// To embed texts. Callers of every surface of embeddings are served.
    Embeddings(&'static dyn EmbeddingFormat),
    /// Something for which the hub has no words, or which callers ask in this format only. They alone are served.
    Pass(&'static dyn PassFormat),
}

impl Task {
    /// The format, whatever is asked.
    pub fn format(self) -> &'static dyn Format {
        match self {
            Self::Chat(format) => format,
            Self::Count(format) => format,
            Self::Embeddings(format) => format,
            Self::Pass(format) => format,
        }
    }

    /// The format, if it is one of chats.
    pub fn chat(self) -> Option<&'static dyn ChatFormat> {
        if let Self::Chat(format) = self { Some(format) } else { None }
    }

    /// The format, if it is one of embeddings that are translated.
    pub fn embeddings(self) -> Option<&'static dyn EmbeddingFormat> {
        if let Self::Embeddings(format) = self { Some(format) } else { None }
    }
}

/// A request and answer format, as a provider speaks it.
pub trait Format: Sync {
    /// Which one; a surface of the same format passes.
    fn wire(&self) -> Wire;

    /// Does this model answer in this format? Where it does not, callers of the same format are translated.
    fn serves(&self, _model: &str) -> bool {
        true
    }

    /// Reads an answer with a status of failure. `header` looks up a header of it by its lower-case name.
    fn error(&self, status: u16, body: &[u8], header: &dyn Fn(&str) -> Option<String>) -> ApiError;
}

/// A format that only passes.
pub trait PassFormat: Format {
    /// Edits a request: only what is ours, which is the model.
    fn pass_request(&self, body: &Object<'_>, asked: &Asked, model: &str) -> Outbound;

    /// The tokens that a whole answer with a status of success tells, if it does.
    ///
    /// # Errors
    /// It is not an answer of this API, or it reports a failure.
    fn usage(&self, body: &[u8]) -> Result<Option<Usage>, ApiError>;

    /// Mends a whole answer; `None` leaves the provider's bytes as they are.
    fn pass_answer(&self, _body: &[u8], _asked: &Asked) -> Option<Vec<u8>> {
        None
    }

    /// How much of an answer is read.
    fn reads(&self) -> Reads {
        Reads::Whole
    }
}

/// How much of an answer that passes is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All of it, which must be JSON. Tokens that it does not tell are estimated by the request.
    Whole,
    /// What may tell tokens: JSON and events. Everything else passes as it comes.
    Counts,
    /// Nothing.
    Nothing,
}

/// A format in which tokens are counted.
pub trait CountFormat: Format {
    /// Writes a request from the hub's words.
    ///
    /// # Errors
    /// As [`ChatFormat::request`].
    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError>;

    /// The number that a whole answer with a status of success tells.
    ///
    /// # Errors
    /// It tells none.
    fn tokens(&self, body: &[u8]) -> Result<u64, ApiError>;
}

/// A format of embeddings that no caller speaks, so that all are translated.
pub trait EmbeddingFormat: Format {
    /// Writes a request from the hub's words.
    ///
    /// # Errors
    /// The request says something that this provider cannot do and that must not be dropped silently.
    fn request(&self, wanted: &EmbeddingRequest<'_>, model: &str) -> Result<Outbound, ApiError>;

    /// Reads an answer with a status of success. `header` looks up a header of it by its lower-case name.
    ///
    /// # Errors
    /// It is not an answer of this API, or it reports a failure.
    fn answer<'a>(
        &self,
        body: &'a [u8],
        header: &dyn Fn(&str) -> Option<String>,
    ) -> Result<EmbeddingAnswer<'a>, ApiError>;
}

/// A format of chats.
pub trait ChatFormat: Format {
    /// How its streams are cut into events.
    fn framing(&self) -> Framing {
        Framing::Sse
    }

    /// Writes a request from the hub's words.
    ///
    /// # Errors
    /// The request says something that this provider cannot do and that must not be dropped silently.
    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError>;

    /// Edits a request of the same wire format: only what is ours (the model, and asking for usage), and what the
    /// provider is known to refuse.
    fn pass_request(&self, body: &Object<'_>, asked: &Asked, model: &str) -> Outbound;

    /// Reads a whole answer with a status of success.
    ///
    /// # Errors
    /// It is not an answer of this API, or it reports a failure.
    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError>;

    /// Reads a streamed answer.
    fn stream(&self) -> Box<dyn StreamReader>;

    /// Reads an answer of the same wire format that passes through. `asked` says what must be hidden;
    /// where nothing must, events pass as they came.
    fn pass_stream(&self, _asked: &Asked) -> Box<dyn StreamPasser> {
        Box::new(AsItCame::new(self.stream()))
    }

    /// Reads a whole answer of the same wire format that passes through.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    fn pass_answer<'a>(&self, body: &'a [u8]) -> Result<PassedAnswer<'a>, ApiError> {
        Ok(PassedAnswer { events: self.answer(body)?, mended: None })
    }
}

/// An answer that passes through.
#[derive(Debug)]
pub struct PassedAnswer<'a> {
    /// What it says.
    pub events: Vec<Event<'a>>,
    /// What is written in its place; `None` leaves the provider's bytes as they are.
    pub mended: Option<Vec<u8>>,
}

/// A request for a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// JSON.
    pub body: Vec<u8>,
    /// Fields of the caller's request that this provider has no word for and that were left out.
    pub dropped: Vec<Cow<'static, str>>,
    /// More headers that this request needs.
    pub headers: Vec<(&'static str, String)>,
}

impl Outbound {
    /// A request in the provider's words, without these fields of the caller's.
    pub fn json(body: &impl Serialize, dropped: Vec<Cow<'static, str>>) -> Self {
        // Strings and numbers always serialize.
        Self { body: serde_json::to_vec(body).unwrap_or_default(), dropped, headers: Vec::new() }
    }

    /// A request that says all that the caller said, without a header of its own.
    pub fn whole(body: Vec<u8>) -> Self {
        Self { body, dropped: Vec::new(), headers: Vec::new() }
    }
}

/// How a stream goes on after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    Open,
    /// The same, and the event is no JSON: no caller should have to read it.
    Unread,
    /// That was the provider's end marker; what follows is ignored.
    Done,
}

impl Progress {
    /// After an event that says nothing. JSON of another form may be something new, so that it passes.
    fn unread(data: &str) -> Self {
        if serde_json::from_str::<&RawValue>(data).is_ok() { Self::Open } else { Self::Unread }
    }
}

/// Reads one stream into the hub's words.
pub trait StreamReader {
    /// Appends what `event` says.
    ///
    /// # Errors
    /// The provider reports a failure, or says what its API does not allow; the stream is over.
    fn read(&mut self, event: &sse::Event, out: &mut Vec<Event<'static>>) -> Result<Progress, ApiError>;

    /// The bytes ended without an end marker. Appends what was still owed if the answer is whole all the same.
    ///
    /// # Errors
    /// The answer was cut off.
    fn end(&mut self, out: &mut Vec<Event<'static>>) -> Result<(), ApiError>;

    /// Does an event that only says text leave nothing behind? Then those like it, but for the text, need not be read.
    fn forgets_text(&self) -> bool {
        false
    }
}

/// Reads one stream for the meter and passes its events on, mended where SDKs would trip.
pub trait StreamPasser {
    /// Appends what `event` says to `events` and what the caller gets of it to `out`.
    ///
    /// # Errors
    /// As [`StreamReader::read`]; nothing was appended to `out`.
    fn pass(
        &mut self,
        event: &sse::Event,
        events: &mut Vec<Event<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<Progress, ApiError>;

    /// As [`StreamReader::end`], with what the caller is still owed (an end marker) appended to `out`.
    ///
    /// # Errors
    /// The answer was cut off.
    fn end(&mut self, events: &mut Vec<Event<'static>>, out: &mut Vec<u8>) -> Result<(), ApiError>;

    /// As [`StreamReader::forgets_text`].
    fn forgets_text(&self) -> bool {
        false
    }
}
