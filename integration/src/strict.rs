//! A provider that takes its own API and nothing else, and answers by what it is asked.
//!
//! - With results of tools last, it says what it heard.
//! - With a tool that it may use, `Weather of Paris, Rome?` calls it for each place.
//! - With a schema, it fills that in.
//! - Otherwise it says what it was told.

use crate::document::PROVIDER_KEYS;
use crate::provider::Seen;
use crate::reply::Reply;
use crate::speech::Speech;
use serde_json::{Value, json};

pub mod anthropic;
pub mod openai;
mod schema;
mod voice;

/// A request, in words of neither API.
#[derive(Debug, Default)]
pub struct Asked {
    /// Instructions.
    system: Vec<String>,
    /// What was said last.
    user: String,
    /// Results of tools after that.
    results: Vec<String>,
    /// A tool that may be called.
    tool: Option<String>,
    /// Must it be?
    forced: bool,
    /// Only one call?
    alone: bool,
    /// The form of the answer.
    schema: Option<Value>,
    stream: bool,
}

/// What it is answered.
#[derive(Debug)]
enum Answer {
    Text(String),
    /// Arguments of calls of a tool.
    Calls(String, Vec<Value>),
}

/// What is wrong with a request.
pub type Fault = String;

/// The answer; 400 for what is not the provider's own API.
pub fn answer(speech: Speech, seen: &Seen) -> Reply {
    let asked = headers(speech, seen).and_then(|()| match speech {
        Speech::OpenAi => openai::read(&seen.body),
        Speech::Anthropic => anthropic::read(&seen.body),
    });
    match asked {
        Ok(asked) => voice::say(speech, &asked.answer(), asked.stream),
        Err(fault) => {
            let mut failure = speech.failure("invalid_request_error");
            failure["error"]["message"] = json!(format!("the strict provider refuses: {fault}"));
            Reply::json(400, &failure)
        }
    }
}

impl Asked {
    fn answer(&self) -> Answer {
        if !self.results.is_empty() {
            return Answer::Text(format!("I heard: {}", self.results.join(" | ")));
        }
        let places = self.user.strip_prefix("Weather of ").and_then(|rest| rest.strip_suffix('?'));
        if let Some(tool) = &self.tool
            && (self.forced || places.is_some())
        {
            let places = places.unwrap_or(&self.user).split(", ").take(if self.alone { 1 } else { usize::MAX });
            return Answer::Calls(tool.clone(), places.map(|place| json!({ "city": place })).collect());
        }
        if let Some(schema) = &self.schema {
            return Answer::Text(schema::fill(schema).to_string());
        }
        let system = self.system.join(" ");
        let before = if system.is_empty() { String::new() } else { format!("({system}) ") };
        Answer::Text(format!("{before}You said: {}", self.user))
    }
}

/// The right path, the provider's own key in the right header, and nothing of the caller's.
fn headers(speech: Speech, seen: &Seen) -> Result<(), Fault> {
    let (path, name, key) = match speech {
        Speech::OpenAi => ("/v1/chat/completions", "authorization", format!("Bearer {PROVIDER_KEYS}openai")),
        Speech::Anthropic => ("/v1/messages", "x-api-key", format!("{PROVIDER_KEYS}anthropic")),
    };
    require((seen.head.word(0), seen.head.word(1)) == ("POST", path), || seen.head.line.clone())?;
    require(seen.head.get(name) == Some(&key), || format!("no {name}"))?;
    require(seen.head.get("content-type") == Some("application/json"), || "content-type".to_owned())?;
    if speech == Speech::Anthropic {
        require(seen.head.get("anthropic-version") == Some("2023-06-01"), || "no anthropic-version".to_owned())?;
    }
    for (header, value) in &seen.head.headers {
        let credential = ["authorization", "x-api-key", "api-key", "x-goog-api-key"].contains(&header.as_str());
        require(!credential || header == name, || format!("{header} beside {name}"))?;
        let inner = ["x-tollhouse-", "x-envoy-", "x-stainless-"].iter().any(|prefix| header.starts_with(prefix));
        require(!inner && !value.contains("c0ffee"), || format!("{header}: {value}"))?;
    }
    Ok(())
}

fn require(good: bool, fault: impl FnOnce() -> Fault) -> Result<(), Fault> {
    if good { Ok(()) } else { Err(fault()) }
}
