//! Callers: the surfaces that chat, and clients that are stricter than any SDK.

use serde_json::Value;
use tollhouse_filter::errors::ApiError;
use tollhouse_filter::hub::Event;
use tollhouse_filter::surfaces::{AnswerContext, ChatSurface, chat::Chat, messages::Messages, responses::Responses};

use super::outcome::Outcome;
use super::{client, messages_client, responses, sums};

/// A caller's form, and who reads it.
pub struct Caller {
    pub surface: &'static dyn ChatSurface,
    /// The strict clients.
    pub answer: fn(&[u8]) -> Outcome,
    pub stream: fn(&[u8]) -> Outcome,
    /// The lenient one.
    pub sum: fn(&[u8]) -> Value,
}

pub const CHAT: Caller = Caller {
    surface: &Chat,
    answer: client::read_answer,
    stream: |bytes| client::read_stream(bytes, true),
    sum: sums::chat,
};
pub const MESSAGES: Caller = Caller {
    surface: &Messages,
    answer: messages_client::read_answer,
    stream: messages_client::read_stream,
    sum: sums::messages,
};
pub const RESPONSES: Caller = Caller {
    surface: &Responses,
    answer: responses::read_answer,
    stream: responses::read_stream,
    sum: sums::responses,
};

/// All of them.
pub const CALLERS: [&Caller; 3] = [&CHAT, &MESSAGES, &RESPONSES];

/// A request for which the caller asked for everything.
pub fn context() -> AnswerContext {
    let (id, model) = ("testid".to_owned(), "test-model".to_owned());
    AnswerContext { id, created: 1, model, include_usage: true, legacy_functions: false }
}

impl Caller {
    /// What the caller gets of a stream that says this.
    pub fn streamed(&self, said: &[Event<'_>], failure: Option<&ApiError>, context: AnswerContext) -> Vec<u8> {
        let (mut writer, mut out) = (self.surface.stream(context), Vec::new());
        said.iter().for_each(|event| writer.write(event, &mut out));
        match failure {
            Some(error) => out.extend(self.surface.stream_error(error)),
            None => writer.end(&mut out),
        }
        out
    }
}
