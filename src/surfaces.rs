//! The APIs that callers use. A surface reads its own requests into the hub's words and writes the hub's answers
//! in its own form; it does not know who answers.

use serde::Deserialize;

use crate::errors::{ApiError, Retry};
use crate::hub::embeddings::Encoding;
use crate::hub::{ChatRequest, EmbeddingAnswer, EmbeddingRequest, Event};
use crate::json::Object;
use crate::multipart::Form;
use crate::wire::Wire;

pub mod chat;
pub mod completions;
pub mod embeddings;
pub mod files;
pub mod messages;
pub mod models;
pub mod raw;
pub mod responses;

mod thinking;

use models::Form as ListForm;

/// What the gateway must know of a request, whatever its surface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The model, as the caller named it.
    pub model: String,
    /// Is the answer to be streamed?
    pub stream: bool,
    /// Did the caller ask for usage at the end of the stream?
    pub include_usage: bool,
    /// Did the caller use the form that preceded tools?
    pub legacy_functions: bool,
    /// How vectors shall be written.
    pub encoding: Encoding,
    /// What the header `anthropic-beta` names; a surface leaves this to the gateway.
    pub betas: Vec<String>,
}

/// What an answer needs beside what the provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerContext {
    /// Taken where the provider gives no id: letters and digits, without the surface's prefix.
    pub id: String,
    /// Seconds since the epoch.
    pub created: u64,
    /// The target's model, for providers that do not say.
    pub model: String,
    /// As in [`Asked`].
    pub include_usage: bool,
    /// As in [`ChatRequest`].
    pub legacy_functions: bool,
}

/// What callers can ask of a model, and the surface on which they do.
#[derive(Clone, Copy)]
pub enum Task {
    /// To go on with a conversation.
    Chat(&'static dyn ChatSurface),
    /// To count the tokens of a conversation.
    Count(&'static dyn CountSurface),
    /// To embed texts.
    Embeddings(&'static dyn EmbeddingSurface),
    /// Something for which the hub has no words: only providers of the same wire format can answer.
    Pass(&'static dyn Surface),
}

impl Task {
    /// The surface, whatever is asked.
    pub fn surface(self) -> &'static dyn Surface {
        match self {
            Self::Chat(surface) => surface,
            Self::Count(surface) => surface,
            Self::Embeddings(surface) => surface,
            Self::Pass(surface) => surface,
        }
    }
}

/// One API of callers.
pub trait Surface: Sync {
    /// Its name in logs and metrics: `chat`.
    fn name(&self) -> &'static str;

    /// The format that it speaks; a dialect of the same format gets and gives the caller's own bytes.
    fn wire(&self) -> Wire;

    /// Reads what the gateway must know, and refuses what no provider could answer.
    ///
    /// # Errors
    /// The request lacks what the surface requires, or has it in another type.
    fn asked(&self, body: &Object<'_>) -> Result<Asked, ApiError>;

    /// May a body be a form?
    fn takes_forms(&self) -> bool {
        false
    }

    /// The same as [`asked`](Self::asked) of a form.
    ///
    /// # Errors
    /// The form lacks what the surface requires.
    fn asked_by_form(&self, _form: &Form<'_>) -> Result<Asked, ApiError> {
        Err(ApiError::invalid("A form is not what this takes."))
    }

    /// What limits must know of it. What has another type than expected is for the provider to refuse.
    fn bounds(&self, body: &Object<'_>) -> Bounds {
        Bounds { user: bound(body, "user"), ..Bounds::default() }
    }

    /// The body of a failure that is told with its status.
    fn error(&self, error: &ApiError) -> Vec<u8>;
}

/// What a request says of how much it may come to, and for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The most tokens that the model may write, if the caller says.
    pub output: Option<u64>,
    /// May the model call tools?
    pub tools: bool,
    /// The end user.
    pub user: Option<String>,
}

/// A member that limits go by, if it has the type that it should have.
fn bound<'a, T: Deserialize<'a>>(body: &Object<'a>, name: &str) -> Option<T> {
    body.read(name).ok().flatten()
}

/// A surface of chats.
pub trait ChatSurface: Surface {
    /// Reads the request in the hub's words.
    ///
    /// # Errors
    /// A field has another type than the surface's documents say.
    fn request<'a>(&self, body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError>;

    /// Writes a whole answer.
    fn answer(&self, events: &[Event<'_>], context: &AnswerContext) -> Vec<u8>;

    /// Writes an answer as it comes.
    fn stream(&self, context: AnswerContext) -> Box<dyn StreamWriter>;

    /// The event of a failure that is told inside a stream, after the status has been sent.
    fn stream_error(&self, error: &ApiError) -> Vec<u8>;
}

/// A surface that counts tokens.
pub trait CountSurface: Surface {
    /// Reads the request in the hub's words.
    ///
    /// # Errors
    /// As [`ChatSurface::request`].
    fn request<'a>(&self, body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError>;

    /// Writes the number.
    fn answer(&self, tokens: u64) -> Vec<u8>;
}

/// A surface of embeddings, whose answers have no streams.
pub trait EmbeddingSurface: Surface {
    /// Reads the request in the hub's words.
    ///
    /// # Errors
    /// A field has another type than the surface's documents say, or nobody but the surface's own format knows it.
    fn request<'a>(&self, body: &Object<'a>) -> Result<EmbeddingRequest<'a>, ApiError>;

    /// Writes an answer. `model` is taken where the provider names none.
    fn answer(&self, answer: &EmbeddingAnswer<'_>, encoding: Encoding, model: &str) -> Vec<u8>;
}

/// Writes the events of one stream as the bytes of server-sent events.
pub trait StreamWriter {
    /// Appends what the caller is told of `event`.
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>);

    /// Appends the end of a whole answer. A failed one ends with [`ChatSurface::stream_error`] instead.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// Every task of models, by the path of its surface.
static TASKS: &[(&str, Task)] = &[
    ("/v1/chat/completions", Task::Chat(&chat::Chat)),
    ("/v1/completions", Task::Chat(&completions::Completions)),
    ("/v1/audio/speech", Task::Pass(&raw::SPEECH)),
    ("/v1/audio/transcriptions", Task::Pass(&raw::TRANSCRIPTIONS)),
    ("/v1/audio/translations", Task::Pass(&raw::TRANSLATIONS)),
    ("/v1/embeddings", Task::Embeddings(&embeddings::Embeddings)),
    ("/v1/images/edits", Task::Pass(&raw::IMAGE_EDITS)),
    ("/v1/images/generations", Task::Pass(&raw::IMAGE_GENERATIONS)),
    ("/v1/images/variations", Task::Pass(&raw::IMAGE_VARIATIONS)),
    ("/v1/messages", Task::Chat(&messages::Messages)),
    ("/v1/messages/count_tokens", Task::Count(&messages::count::CountTokens)),
    ("/v1/moderations", Task::Pass(&raw::MODERATIONS)),
    ("/v1/rerank", Task::Pass(&raw::RERANK_V1)),
    ("/v1/responses", Task::Chat(&responses::Responses)),
    ("/v2/rerank", Task::Pass(&raw::RERANK)),
    ("/anthropic/v1/messages", Task::Chat(&messages::Messages)),
    ("/anthropic/v1/messages/count_tokens", Task::Count(&messages::count::CountTokens)),
];

/// What a request asks of us.
#[derive(Clone, Copy)]
pub enum Route<'a> {
    /// A model is to be called.
    Call(Task),
    /// Something that a provider keeps.
    Files,
    /// The models that the caller may use.
    Models(ListForm),
    /// One of them.
    Model(&'a str, ListForm),
}

impl Route<'_> {
    /// The name of what is asked, for policies.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Call(task) => task.surface().name(),
            Self::Files => files::Files.name(),
            Self::Models(_) | Self::Model(..) => "models",
        }
    }
}

/// The list of models, and the form that it has at this path; the caller's own where there is none.
static MODELS: &[(&str, Option<ListForm>)] =
    &[("/v1/models", None), ("/anthropic/v1/models", Some(ListForm::Anthropic))];

/// The surface in whose form a request to this path is answered, whatever is wrong with it. `form` is the form of lists
/// that the caller can read.
pub fn of_path(path: &str, form: ListForm) -> &'static dyn Surface {
    let call = TASKS.iter().find(|(p, _)| *p == path).map(|(_, task)| task.surface());
    match (call, models(path, form)) {
        (Some(surface), _) => surface,
        (None, Some(Route::Models(ListForm::Anthropic) | Route::Model(_, ListForm::Anthropic))) => &messages::Messages,
        (None, _) if path.starts_with("/anthropic/") => &messages::Messages,
        (None, _) => &chat::Chat,
    }
}

fn models(path: &str, form: ListForm) -> Option<Route<'_>> {
    MODELS.iter().find_map(|(list, own)| {
        let form = own.unwrap_or(form);
        match path.strip_prefix(list)? {
            "" => Some(Route::Models(form)),
            rest => rest.strip_prefix('/').filter(|id| !id.is_empty()).map(|id| Route::Model(id, form)),
        }
    })
}

/// What is asked at a path, and by which methods.
fn find(path: &str, form: ListForm) -> Option<(Route<'_>, &'static [&'static str])> {
    if let Some((_, task)) = TASKS.iter().find(|(p, _)| *p == path) {
        return Some((Route::Call(*task), &["POST"]));
    }
    if let Some(methods) = files::methods(path) {
        return Some((Route::Files, methods));
    }
    models(path, form).map(|route| (route, &["GET"][..]))
}

/// Finds out what is asked.
///
/// # Errors
/// A path that nobody serves, or a method that it does not have.
pub fn route<'a>(method: &str, path: &'a str, form: ListForm) -> Result<Route<'a>, ApiError> {
    let (route, methods) = find(path, form).ok_or_else(|| unknown_path(path))?;
    if methods.contains(&method) {
        return Ok(route);
    }
    let message = format!("`{path}` takes {} only.", methods.join(" and "));
    Err(ApiError::new(405, message).code("method_not_allowed").retry(Retry::Never))
}

/// The methods of a path, for the header `allow`.
pub fn allowed(path: &str) -> String {
    find(path, ListForm::OpenAi).map(|(_, methods)| methods.join(", ")).unwrap_or_default()
}

fn unknown_path(path: &str) -> ApiError {
    let shown: String = path.chars().take(200).collect();
    ApiError::new(404, format!("Nothing is served at `{shown}`.")).code("unknown_url").retry(Retry::Never)
}
