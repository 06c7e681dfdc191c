//! Anthropic's messages.
//!
//! <https://docs.anthropic.com/en/api/messages>

mod answer;
pub(super) mod betas;
pub(super) mod blocks;
mod calls;
mod count;
mod error;
mod frames;
pub(super) mod host;
mod hosted;
mod media;
pub(super) mod messages;
pub(super) mod model;
mod pass;
mod replay;
pub(super) mod request;
pub(super) mod sampling;
pub(super) mod schema;
mod stream;
pub(super) mod thinking;
pub(super) mod tools;
mod usage;

#[cfg(test)]
mod tests;

pub use hosted::{BedrockAnthropic, VertexAnthropic};

use crate::dialects::{Address, ChatFormat, Dialect, Format, Outbound, StreamReader, Task};
use crate::errors::ApiError;
use crate::hub::{ChatRequest, Event};
use crate::json::Object;
use crate::surfaces::Asked;
use crate::wire::Wire;
use host::Host;

/// Anthropic's own API and everything that speaks it.
#[derive(Clone, Copy, Debug)]
pub struct Anthropic;

impl Dialect for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn endpoint(&self) -> &'static str {
        "https://api.anthropic.com/v1"
    }

    fn tasks(&self) -> &'static [Task] {
        static TASKS: &[Task] = &[Task::Chat(&Anthropic), Task::Pass(&count::Count(Host::Direct))];
        TASKS
    }

    fn path(&self, to: &Address<'_>) -> String {
        if to.wire == Wire::AnthropicCountTokens { "/messages/count_tokens" } else { "/messages" }.to_owned()
    }

    fn credential(&self, key: &str) -> (&'static str, String) {
        ("x-api-key", key.to_owned())
    }

    /// <https://docs.anthropic.com/en/api/versioning>
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-version", "2023-06-01")]
    }

    fn caller_headers(&self) -> &'static [&'static str] {
        &[betas::HEADER]
    }
}

impl Format for Anthropic {
    fn wire(&self) -> Wire {
        Wire::AnthropicMessages
    }

    fn error(&self, status: u16, body: &[u8], _header: &dyn Fn(&str) -> Option<String>) -> ApiError {
        error::read(status, body)
    }
}

impl ChatFormat for Anthropic {
    fn request(&self, chat: &ChatRequest<'_>, model: &str) -> Result<Outbound, ApiError> {
        request::write(chat, model, Host::Direct)
    }

    fn pass_request(&self, body: &Object<'_>, asked: &Asked, model: &str) -> Outbound {
        pass::request(body, asked, model, Host::Direct)
    }

    fn answer<'a>(&self, body: &'a [u8]) -> Result<Vec<Event<'a>>, ApiError> {
        answer::read(body)
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::<stream::Reader>::default()
    }
}
