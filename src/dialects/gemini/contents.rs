//! The conversation: OpenAI's flat list of messages as Gemini's turns.
//!
//! Gemini wants the results of all calls of a turn in the one turn that follows it, as many as there were calls. Calls
//! of today's models have no ids: a result belongs to a call by its name and its place.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::media;
use super::model::Model;
use super::parts::{Call, FunctionCall, FunctionResponse, MODEL, Part, Returned, Turn, USER};
use super::signatures::Signatures;
use super::tools;
use crate::errors::ApiError;
use crate::hub::ids;
use crate::hub::request::{self, ChatRequest, Content, Message, PartKind, Role};
use crate::json;

/// Stands in for the signature of a call that another model made.
///
/// <https://ai.google.dev/gemini-api/docs/thought-signatures#faqs>
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// What is said, and by whom.
#[derive(Debug)]
pub(super) struct Conversation<'a> {
    /// Text of all system and developer messages, in their order.
    pub(super) system: Vec<Part<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    calls: Vec<Known<'a>>,
    /// How many turns with calls there were.
    steps: usize,
    model: Model,
}

/// A call of an earlier turn.
#[derive(Debug)]
struct Known<'a> {
    /// The caller's id of it.
    id: &'a str,
    name: &'a str,
    /// The provider's id of it, if it gave one.
    native: Option<&'a str>,
    step: usize,
    place: usize,
    answered: bool,
}

impl<'a> Conversation<'a> {
    /// Reads all messages.
    pub(super) fn of(chat: &'a ChatRequest<'a>, model: Model) -> Result<Self, ApiError> {
        let mut talk = Self { system: Vec::new(), turns: Vec::new(), calls: Vec::new(), steps: 0, model };
        for (at, message) in chat.messages.iter().enumerate() {
            match message.role {
                Role::System | Role::Developer => talk.system(message, at)?,
                Role::User => talk.user(message, at)?,
                Role::Assistant => talk.assistant(message, at)?,
                Role::Tool | Role::Function => talk.result(message, at)?,
            }
        }
        if talk.turns.is_empty() {
            // Gemini refuses a request without turns.
            let parts = std::mem::take(&mut talk.system);
            if parts.is_empty() {
                return Err(ApiError::invalid("messages: expected something to answer").param("messages"));
            }
            talk.turns.push(Turn { role: USER, parts, step: None });
        }
        Ok(talk)
    }

    fn system(&mut self, message: &'a Message<'a>, at: usize) -> Result<(), ApiError> {
        let parts = said(&message.content, at)?;
        if parts.iter().any(|part| !matches!(part, Part::Text(_))) {
            let path = format!("messages[{at}].content");
            return Err(ApiError::invalid(format!("{path}: this provider takes instructions as text")).param(path));
        }
        self.system.extend(parts);
        Ok(())
    }

    /// Gemini refuses a turn without parts.
    fn user(&mut self, message: &'a Message<'a>, at: usize) -> Result<(), ApiError> {
        let mut parts = said(&message.content, at)?;
        if parts.is_empty() {
            parts.push(Part::Text(Cow::Borrowed(" ")));
        }
        self.turns.push(Turn { role: USER, parts, step: None });
        Ok(())
    }

    /// An assistant that says nothing has no turn.
    fn assistant(&mut self, message: &'a Message<'a>, at: usize) -> Result<(), ApiError> {
        let mut parts = said(&message.content, at)?;
        parts.extend(message.refusal.as_deref().and_then(text));
        let signatures = Signatures::of(message);
        signatures.sign(&mut parts);
        // Only the first of several calls has a signature, but it says where all of them are from.
        let ours = signatures.calls.iter().any(Option::is_some);
        for (place, call) in message.tool_calls.iter().enumerate() {
            let path = format!("messages[{at}].tool_calls[{place}].function");
            let id = Some(call.id.as_ref()).filter(|id| ours && !id.is_empty() && !ids::is_made(id));
            let signature = signatures.calls.get(place).cloned().flatten();
            parts.push(self.call((&call.function, &call.id, id), signature, ours || place > 0, place, &path)?);
        }
        if let Some(call) = &message.function_call {
            let (place, path) = (message.tool_calls.len(), format!("messages[{at}].function_call"));
            parts.push(self.call((call, "", None), None, place > 0, place, &path)?);
        }
        if parts.is_empty() {
            return Ok(());
        }
        let calls = parts.iter().any(|part| matches!(part, Part::Call(_)));
        self.turns.push(Turn { role: MODEL, parts, step: calls.then_some(self.steps) });
        self.steps += usize::from(calls);
        Ok(())
    }

    /// `signed`: the turn has a signature, or its first call has got one.
    fn call(
        &mut self,
        (call, id, native): (&'a request::FunctionCall<'a>, &'a str, Option<&'a str>),
        signature: Option<Cow<'a, str>>,
        signed: bool,
        place: usize,
        path: &str,
    ) -> Result<Part<'a>, ApiError> {
        let name = tools::name(&call.name, &format!("{path}.name"))?;
        let args = arguments(&call.arguments, &format!("{path}.arguments"))?;
        self.calls.push(Known { id, name, native, step: self.steps, place, answered: false });
        let filler = (self.model.wants_signatures() && !signed).then_some(NO_SIGNATURE);
        let function_call = FunctionCall { id: native, name, args };
        Ok(Part::Call(Call { function_call, thought_signature: signature.or(filler.map(Cow::Borrowed)) }))
    }

    fn result(&mut self, message: &'a Message<'a>, at: usize) -> Result<(), ApiError> {
        let parts = said(&message.content, at)?;
        let call = self.answered(message).ok_or_else(|| {
            let path = format!("messages[{at}].tool_call_id");
            ApiError::invalid(format!("{path}: no earlier call waits for this result")).param(path)
        })?;
        let (step, place) = (call.step, call.place);
        let failed = message.is_error == Some(true);
        let response = FunctionResponse { id: call.native, name: call.name, response: returned(&parts, failed), place };
        let Some(turn) = self.results(step) else { return Ok(()) };
        // Results of calls of one name are told apart by their order.
        let before = |part: &Part<'_>| matches!(part, Part::FunctionResponse(other) if other.place < place);
        let position = turn.parts.iter().take_while(|part| before(part)).count();
        turn.parts.insert(position, Part::FunctionResponse(response));
        turn.parts.extend(parts.into_iter().filter(|part| !matches!(part, Part::Text(_))));
        Ok(())
    }

    /// The call that a message answers: the newest of its id, or the first open one of its name.
    fn answered(&mut self, message: &Message<'_>) -> Option<&Known<'a>> {
        let mut open = self.calls.iter_mut().filter(|call| !call.answered);
        let call = match message.tool_call_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => open.rfind(|call| call.id == id)?,
            None => open.find(|call| message.name.as_deref().is_none_or(|name| call.name == name))?,
        };
        call.answered = true;
        Some(call)
    }

    /// The turn for results of a step, right after the calls.
    fn results(&mut self, step: usize) -> Option<&mut Turn<'a>> {
        let calls = self.turns.iter().position(|turn| turn.step == Some(step))?;
        let at = calls + 1;
        if self.turns.get(at).is_none_or(|turn| turn.step != Some(step)) {
            self.turns.insert(at, Turn { role: USER, parts: Vec::new(), step: Some(step) });
        }
        self.turns.get_mut(at)
    }
}

/// The arguments of a call: one JSON object, or nothing.
fn arguments<'a>(arguments: &'a str, path: &str) -> Result<&'a RawValue, ApiError> {
    let text = arguments.trim();
    object(if matches!(text, "" | "null") { "{}" } else { text })
        .ok_or_else(|| ApiError::invalid(format!("{path}: expected the text of a JSON object")).param(path))
}

/// The text as JSON, if it is one object.
fn object(text: &str) -> Option<&RawValue> {
    let readable = text.starts_with('{') && !json::too_deep(text.as_bytes());
    readable.then(|| serde_json::from_str(text).ok()).flatten()
}

/// What a tool returned.
fn returned<'a>(parts: &[Part<'a>], failed: bool) -> Returned<'a> {
    let mut texts = parts.iter().filter_map(|part| if let Part::Text(text) = part { Some(text) } else { None });
    let text = match (texts.next(), texts.next()) {
        (None, _) => Cow::Borrowed(""),
        (Some(text), None) => text.clone(),
        (Some(first), Some(second)) => texts.fold(format!("{first}{second}"), |all, text| all + text).into(),
    };
    if let Cow::Borrowed(text) = text
        && let Some(object) = object(text.trim())
    {
        return if failed { Returned::Failure(object) } else { Returned::Object(object) };
    }
    if failed { Returned::Error(text) } else { Returned::Result(text) }
}

/// The parts of content.
fn said<'a>(content: &'a Content<'a>, at: usize) -> Result<Vec<Part<'a>>, ApiError> {
    let parts = match content {
        Content::None => return Ok(Vec::new()),
        Content::Text(said) => return Ok(text(said).into_iter().collect()),
        Content::Parts(parts) => parts,
    };
    let mut out = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        out.extend(piece(&part.kind).map_err(|reason| {
            let path = format!("messages[{at}].content[{index}]");
            ApiError::invalid(format!("{path}: {reason}")).param(path)
        })?);
    }
    Ok(out)
}

fn piece<'a>(kind: &'a PartKind<'a>) -> Result<Option<Part<'a>>, String> {
    Ok(Some(match kind {
        PartKind::Text(said) | PartKind::Refusal(said) => return Ok(text(said)),
        PartKind::ImageUrl(url) => media::image(url)?,
        PartKind::File(file) => media::file(file)?,
        PartKind::Other(kind) => return Err(format!("this provider takes no content of type `{kind}`")),
    }))
}

/// Gemini refuses empty text.
fn text(text: &str) -> Option<Part<'_>> {
    (!text.is_empty()).then_some(Part::Text(Cow::Borrowed(text)))
}
