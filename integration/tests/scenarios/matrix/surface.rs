//! Callers: what each sends, and how it reads what comes back.

use integration::caller::Answer;
use integration::strict::{Counts, End};
use serde_json::{Value, json};

use super::chat::Chat;
use super::messages::Messages;
use super::responses::Responses;

/// All of them.
pub(crate) const SURFACES: [&dyn Surface; 3] = [&Chat, &Messages, &Responses];

/// An API of callers. Readers assert that what comes is well formed.
pub(crate) trait Surface: Sync {
    fn path(&self) -> &'static str;

    /// As the gateway calls it.
    fn name(&self) -> &'static str;

    /// A request.
    fn body(&self, model: &str, talk: &Talk) -> Value;

    /// A whole answer.
    fn whole(&self, body: &Value) -> Told;

    /// A streamed one, or what came of it before it failed.
    fn streamed(&self, events: &[Event]) -> Told;

    /// The type and message of a failure.
    fn failure(&self, body: &Value) -> Failure;

    /// The `type` of a failure of this status.
    fn kind(&self, status: u16) -> &'static str;
}

/// What is said in a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Talk {
    pub(crate) user: String,
    /// A tool that tells the weather, and thinking before it is used.
    pub(crate) tool: bool,
    pub(crate) stream: bool,
    pub(crate) then: Option<Then>,
}

/// What follows the user.
#[derive(Clone, Debug)]
pub(crate) struct Then {
    /// The assistant's turn as it came.
    pub(crate) turn: Vec<Value>,
    /// Ids of its calls, and their results.
    pub(crate) results: Vec<(String, String)>,
}

impl Talk {
    pub(crate) fn new(user: &str, stream: bool) -> Self {
        Self { user: user.to_owned(), stream, ..Self::default() }
    }

    pub(crate) fn limit(&self) -> u64 {
        if self.tool { 4096 } else { 99 }
    }
}

/// What every request says.
pub(crate) const SYSTEM: &str = "Be brief.";
pub(crate) const STOP: &str = "THE END";
pub(crate) const TEMPERATURE: f64 = 0.5;

/// What the tool takes.
pub(crate) fn parameters() -> Value {
    json!({
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
        "additionalProperties": false,
    })
}

/// An answer, in words of no API.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) thought: String,
    pub(crate) calls: Vec<Call>,
    pub(crate) end: Option<End>,
    /// Tokens in and out, and the kinds of them.
    pub(crate) usage: Option<(u64, u64, Counts)>,
    /// The answer, as it is sent back in the next request.
    pub(crate) turn: Vec<Value>,
    pub(crate) failure: Option<Failure>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) kind: String,
    pub(crate) message: String,
}

impl Failure {
    /// From an object with members of these names.
    pub(crate) fn of(object: &Value) -> Self {
        let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
        Self { kind: text("type"), message: text("message") }
    }
}

/// A server-sent event: its name and its data.
pub(crate) type Event = (Option<String>, String);

/// Cuts an answer into its events. Nothing but events may be in it.
pub(crate) fn events(answer: &Answer) -> Vec<Event> {
    let text = answer.text().replace("\r\n", "\n");
    let whole = text.strip_suffix("\n\n").unwrap_or_else(|| panic!("an event without end: {text}"));
    whole.split("\n\n").filter_map(event).collect()
}

fn event(text: &str) -> Option<Event> {
    let (mut name, mut data) = (None, None);
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("event", value)) => name = Some(value.to_owned()),
            Some(("data", value)) => assert!(data.replace(value.to_owned()).is_none(), "{text}"),
            _ => assert!(line.starts_with(':'), "{line}"),
        }
    }
    data.map(|data| (name, data))
}

/// Appends to a text that comes in pieces.
pub(crate) fn push(text: &mut String, piece: &Value) {
    text.push_str(piece.as_str().unwrap_or_default());
}

/// A text that must be there.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A count; what is not told is 0.
pub(crate) fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}
