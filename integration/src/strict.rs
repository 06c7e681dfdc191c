//! Providers that take their own API, as its documents describe it, and nothing else. They answer by what they are
//! asked:
//!
//! - With results of tools last, they say what they heard.
//! - With a tool that they may use, `Weather of Paris, Rome?` calls it for each place.
//! - With a schema, they fill that in.
//! - Otherwise they say what they were told; `Say too much.` and `Say something bad.` end before that is all.
//!
//! Some have more than conversations: embeddings, completions, counting, sound and images, files.
//!
//! Asked to think, they show [`THOUGHT`] first, where their API shows thoughts, and sign it where it signs.

use serde_json::{Value, json};

use crate::provider::Seen;
use crate::reply::Reply;

mod anthropic;
mod chat;
mod cohere;
mod completions;
mod converse;
mod count;
mod embeddings;
mod endpoint;
mod event_stream;
mod files;
mod form;
mod gemini;
mod host;
mod hosts;
mod media;
mod ollama;
mod responses;
mod schema;
mod sigv4;

pub use host::{Host, KEYS};
pub use hosts::HOSTS;
pub use sigv4::ENV as AWS_ENV;

/// What is thought before an answer.
pub const THOUGHT: &str = "Let me look.";
/// The signature of a thought.
pub const SIGNATURE: &str = "c2lnbmVkIGJ5IHRoZSBwcm92aWRlcg==";

/// Tokens of every prompt, whatever they are called; those that a cache had, and got, are among them.
pub const INPUT: u64 = 11;
const CACHED: u64 = 4;
const WRITTEN: u64 = 2;
/// Tokens of every answer, thoughts among them.
pub const OUTPUT: u64 = 7;
const REASONING: u64 = 3;

/// What is wrong with a request.
pub type Fault = String;

/// An API.
pub trait Api: Sync {
    /// Its name; surfaces of the same API have the same.
    fn name(&self) -> &'static str;

    /// Reads a request.
    ///
    /// # Errors
    /// It is none that the API takes.
    fn read(&self, body: &[u8], path: &InPath) -> Result<Asked, Fault>;

    /// A whole answer.
    fn whole(&self, answer: &Answer) -> Value;

    /// A streamed one.
    fn stream(&self, answer: &Answer) -> Stream;

    /// The body of a failure.
    fn failure(&self, status: u16, message: &str) -> Value;

    /// A failure inside a stream.
    fn failure_event(&self, message: &str) -> Vec<u8>;

    /// What its answers tell of the tokens.
    fn counts(&self) -> Counts;

    /// The type of its streams.
    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    /// Headers of failures.
    fn failure_headers(&self, _status: u16) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// Has it tools?
    fn has_tools(&self) -> bool {
        true
    }

    /// Does it show thoughts?
    fn shows_thoughts(&self) -> bool {
        true
    }

    /// Does it sign them?
    fn signs(&self) -> bool {
        false
    }
}

/// What the path of a request says.
#[derive(Clone, Debug)]
pub struct InPath {
    /// The model, where it is there.
    pub model: Option<String>,
    /// Whether the answer is to be streamed, where it is there.
    pub stream: Option<bool>,
}

/// A request, in words of no API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Instructions.
    pub system: Vec<String>,
    /// What was said last.
    pub user: String,
    /// Results of tools after that.
    pub results: Vec<String>,
    /// Data of images, or their addresses, in their order.
    pub images: Vec<String>,
    /// A tool that may be called.
    pub tool: Option<String>,
    /// Must it be?
    pub forced: bool,
    /// Only one call?
    pub alone: bool,
    /// The form of the answer.
    pub schema: Option<Value>,
    /// Is the answer to be streamed?
    pub stream: bool,
    /// Is it to be thought about?
    pub thinking: bool,
    /// Signatures of earlier thoughts.
    pub signatures: Vec<String>,
    /// The most tokens of the answer.
    pub limit: Option<u64>,
    /// How free the answer may be.
    pub temperature: Option<f64>,
    /// What ends the answer.
    pub stop: Vec<String>,
}

/// What a request is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Is it thought about?
    pub thinking: bool,
    /// What is said.
    pub said: Said,
    /// Why it ends.
    pub end: End,
}

/// What is said.
#[derive(Clone, Debug)]
pub enum Said {
    /// Text.
    Text(String),
    /// A tool, and the arguments of its calls.
    Calls(String, Vec<Value>),
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All is said.
    Whole,
    /// Results of tools are waited for.
    Calls,
    /// There are no more tokens.
    Limit,
    /// It must not be said.
    Filter,
}

/// A stream, event by event.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// What comes before the first content.
    pub opening: Vec<Vec<u8>>,
    /// The content.
    pub content: Vec<Vec<u8>>,
    /// The end.
    pub closing: Vec<Vec<u8>>,
}

/// What an API tells of tokens beside [`INPUT`] and [`OUTPUT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Read from a cache.
    pub cached: u64,
    /// Written to a cache.
    pub written: u64,
    /// Thoughts.
    pub reasoning: u64,
}

impl Counts {
    /// Of all kinds.
    const ALL: Self = Self { cached: CACHED, written: WRITTEN, reasoning: REASONING };
}

/// The answer; 400 for what is not the provider's own API.
pub fn answer(host: &Host, seen: &Seen) -> Reply {
    let converse = || host.read(seen).map(|(api, asked)| say(api, &asked.answer(), asked.stream));
    let reply = host.beside(seen).unwrap_or_else(converse);
    reply.unwrap_or_else(|fault| host.fail(seen, 400, &format!("the strict provider refuses: {fault}")))
}

/// An answer, whole or streamed.
pub fn say(api: &dyn Api, answer: &Answer, stream: bool) -> Reply {
    if !stream {
        return Reply::json(200, &api.whole(answer));
    }
    let Stream { opening, content, closing } = api.stream(answer);
    begun(api).chunks([opening, content, closing].concat()).end()
}

/// The head of a stream.
pub fn begun(api: &dyn Api) -> Reply {
    Reply::new(200).header("content-type", api.stream_type())
}

impl Asked {
    /// What is answered.
    pub fn answer(&self) -> Answer {
        let said = self.said();
        let end = match (&said, self.user.as_str()) {
            (Said::Calls(..), _) => End::Calls,
            (_, "Say too much.") => End::Limit,
            (_, "Say something bad.") => End::Filter,
            _ => End::Whole,
        };
        Answer { thinking: self.thinking, said, end }
    }

    fn said(&self) -> Said {
        if !self.results.is_empty() {
            return Said::Text(format!("I heard: {}", self.results.join(" | ")));
        }
        let places = self.user.strip_prefix("Weather of ").and_then(|rest| rest.strip_suffix('?'));
        if let Some(tool) = &self.tool
            && (self.forced || places.is_some())
        {
            let places = places.unwrap_or(&self.user).split(", ").take(if self.alone { 1 } else { usize::MAX });
            return Said::Calls(tool.clone(), places.map(|place| json!({ "city": place })).collect());
        }
        if let Some(schema) = &self.schema {
            return Said::Text(schema::fill(schema).to_string());
        }
        let system = self.system.join(" ");
        let before = if system.is_empty() { String::new() } else { format!("({system}) ") };
        Said::Text(format!("{before}You said: {}", self.user))
    }
}

fn require(good: bool, fault: impl FnOnce() -> Fault) -> Result<(), Fault> {
    if good { Ok(()) } else { Err(fault()) }
}

/// Reads a body, whose fault is told with its place.
fn parse<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|e| e.to_string())
}

/// Pieces of a few characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(5).collect();
    ends.push(text.len());
    ends.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect()
}

/// The id of a call, for providers that give one.
fn id(number: usize) -> String {
    format!("call_up_{number}")
}

/// Strikes out the call that a result belongs to.
fn answered(open: &mut Vec<String>, id: &str) -> Result<(), Fault> {
    let called = open.iter().position(|call| call == id);
    open.remove(called.ok_or_else(|| format!("{id} was not called in the turn before"))?);
    Ok(())
}
