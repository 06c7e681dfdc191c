//! The APIs that callers use. A surface reads its own requests into the hub's words and writes the hub's answers
//! in its own form; it does not know who answers.

use crate::errors::{ApiError, Retry};
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::wire::Wire;

pub mod chat;
pub mod embeddings;
pub mod messages;
pub mod models;
pub mod responses;

mod thinking;

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

    /// Reads the request in the hub's words.
    ///
    /// # Errors
    /// A field has another type than the surface's documents say.
    fn request<'a>(&self, body: &Object<'a>) -> Result<ChatRequest<'a>, ApiError>;

    /// Writes a whole answer.
    fn answer(&self, events: &[Event<'_>], context: &AnswerContext) -> Vec<u8>;

    /// Writes an answer as it comes.
    fn stream(&self, context: AnswerContext) -> Box<dyn StreamWriter>;

    /// The body of a failure that is told with its status.
    fn error(&self, error: &ApiError) -> Vec<u8>;

    /// The event of a failure that is told inside a stream, after the status has been sent.
    fn stream_error(&self, error: &ApiError) -> Vec<u8>;
}

/// Writes the events of one stream as the bytes of server-sent events.
pub trait StreamWriter {
    /// Appends what the caller is told of `event`.
    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>);

    /// Appends the end of a whole answer. A failed one ends with [`Surface::stream_error`] instead.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// Every surface that calls a model, by its path.
static CALLS: &[(&str, &dyn Surface)] = &[
    ("/v1/chat/completions", &chat::Chat),
    ("/v1/embeddings", &embeddings::Embeddings),
    ("/v1/messages", &messages::Messages),
    ("/v1/responses", &responses::Responses),
    ("/anthropic/v1/messages", &messages::Messages),
];

/// What a request asks of us.
#[derive(Clone, Copy)]
pub enum Route<'a> {
    /// A model is to be called.
    Call(&'static dyn Surface),
    /// The models that the caller may use.
    Models,
    /// One of them.
    Model(&'a str),
}

/// The surface in whose form a request to this path is answered, whatever is wrong with it. Models have a form for
/// each, by `form`.
pub fn of_path(path: &str, form: models::Form) -> &'static dyn Surface {
    let call = CALLS.iter().find(|(p, _)| *p == path).map(|(_, surface)| *surface);
    let is_model = path == "/v1/models" || path.starts_with("/v1/models/");
    match (call, form) {
        (Some(surface), _) => surface,
        (None, models::Form::Anthropic) if is_model => &messages::Messages,
        (None, _) => &chat::Chat,
    }
}

/// Finds out what is asked.
///
/// # Errors
/// A path that nobody serves, or a method that it does not have.
pub fn route<'a>(method: &str, path: &'a str) -> Result<Route<'a>, ApiError> {
    let call = CALLS.iter().find(|(p, _)| *p == path).map(|(_, surface)| Route::Call(*surface));
    let list = || (path == "/v1/models").then_some(Route::Models);
    let one = || path.strip_prefix("/v1/models/").filter(|id| !id.is_empty()).map(Route::Model);
    let (route, allowed) = match call {
        Some(route) => (route, "POST"),
        None => (list().or_else(one).ok_or_else(|| unknown_path(path))?, "GET"),
    };
    if method == allowed {
        return Ok(route);
    }
    let message = format!("`{path}` takes {allowed} only.");
    Err(ApiError::new(405, message).code("method_not_allowed").retry(Retry::Never))
}

fn unknown_path(path: &str) -> ApiError {
    let shown: String = path.chars().take(200).collect();
    ApiError::new(404, format!("Nothing is served at `{shown}`.")).code("unknown_url").retry(Retry::Never)
}
